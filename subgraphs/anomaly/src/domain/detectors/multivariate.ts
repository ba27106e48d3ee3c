import { shrunkInverse } from "./covariance.ts";
import type { Finding, Weighed } from "./detector.ts";
import type { MultivariateDefinition } from "./detector-definition.ts";
import { boundedScore, NOTHING_MEASURED, sideOf, told, unjudged } from "./finding.ts";
import type { GroupDetector } from "./group-detector.ts";
import { createMoments, partsOf, standardised, type Member, type Moments } from "./moments.ts";
import { residualsOf } from "./pca-residual.ts";
import { chiSquareAbove } from "./quantiles.ts";

/** A member against what the others let expect of it: the expectation, and how far from it it usually lies. */
interface Conditional extends Member {
  readonly expected: number;
  readonly deviation: number;
  /** How many of those it lies from it. */
  readonly off: number;
  /** Its own distance from its mean, and what the others add to what is expected of it. */
  readonly weighed: readonly Weighed[];
}

/** Mahalanobis' squared distance of a bucket, and each member given all others: the part of the distance that is its own. */
const conditionalsOf = (members: readonly Member[], moments: Moments) => {
  const size = members.length;
  const { spreads, correlation, standard } = standardised(members, moments);
  const inverse = shrunkInverse(correlation, size, moments.weight(members));
  let squared = 0;
  const conditionals = members.map((member, at): Conditional => {
    const part = (other: number): number => (inverse[at * size + other] ?? 0) * (standard[other] ?? 0);
    let drawn = 0;
    for (let other = 0; other < size; other += 1) drawn += part(other);
    squared += drawn * (standard[at] ?? 0);
    const precision = inverse[at * (size + 1)] ?? 1;
    const deviation = (spreads[at] ?? 1) / Math.sqrt(precision);
    const off = drawn / Math.sqrt(precision);
    return {
      ...{ ...member, deviation, off, expected: member.value - off * deviation },
      weighed: partsOf(members, at, part),
    };
  });
  return { squared, conditionals };
};

const judgeMember = (
  { value, expected, deviation, off, weighed }: Conditional,
  {
    normal,
    joint,
    isFurthest,
    squared,
    together,
  }: {
    readonly normal: number;
    readonly joint: number;
    readonly isFurthest: boolean;
    readonly squared: number;
    readonly together: number;
  },
): Finding => {
  const score = boundedScore(
    Math.max(Math.abs(off) / normal, isFurthest ? Math.sqrt(Math.max(0, squared) / joint) : 0),
  );
  const others = Math.max(0, squared - off * off);
  const within = deviation * (isFurthest ? Math.min(normal, Math.sqrt(Math.max(0, joint - others))) : normal);
  return {
    outcome: score > 1 ? "ANOMALOUS" : "NORMAL",
    score,
    ...{ expected, low: expected - within, high: expected + within, side: sideOf(value, expected) },
    weighed,
    because: `${told(value)} where the ${together - 1} other series let expect ${told(expected)}, ${told(Math.abs(off))} standard deviations off`,
  };
};

/**
 * Series that usually move together: Mahalanobis' distance of the bucket by their shrunk covariance, against the chi-square distribution, and each series given all others. A series is anomalous when
 * it is too far from what the others let expect of it; when only all together are too far, the one that is furthest. By PCA_RESIDUAL: what the principal components leave of the bucket.
 */
export const createMultivariate = (
  definition: MultivariateDefinition,
  saved: ReadonlyMap<string, unknown>,
): GroupDetector => {
  const moments = createMoments(definition.over, saved);
  const chance = 10 ** -definition.rarity;
  /** Bounds of squared distances by how many series they are of; buckets mostly hold all. */
  const bounds = new Map<number, number>();
  const boundOf = (degrees: number): number => {
    const bound = bounds.get(degrees) ?? chiSquareAbove(chance, degrees);
    bounds.set(degrees, bound);
    return bound;
  };
  const judgeAll = (members: readonly Member[]): ReadonlyMap<string, Finding> => {
    if (definition.method === "PCA_RESIDUAL") return residualsOf(members, moments, definition);
    const { squared, conditionals } = conditionalsOf(members, moments);
    const furthest = conditionals.reduce((one, other) => (Math.abs(other.off) > Math.abs(one.off) ? other : one));
    const beyond = { normal: Math.sqrt(boundOf(1)), joint: boundOf(members.length) };
    return new Map(
      conditionals.map((one) => [
        one.name,
        judgeMember(one, { ...beyond, isFurthest: one === furthest, squared, together: members.length }),
      ]),
    );
  };
  return {
    judge: (buckets) => {
      const members = [...buckets]
        .toSorted(([one], [other]) => (one < other ? -1 : 1))
        .flatMap(([name, observation]): Member[] => {
          const { value } = observation;
          const place = value === null ? null : moments.placeOf(name, value);
          return value === null || place === null ? [] : [{ place, name, observation, value }];
        });
      const known = members.filter(({ place }) => moments.seen(place) >= definition.learns);
      const findings = known.length > 1 ? judgeAll(known) : new Map<string, Finding>();
      moments.learn(members);
      const learning = (name: string): Finding => {
        const place = members.find((member) => member.name === name)?.place;
        if (place === undefined) return unjudged("LEARNING", "it is none of the series that are judged together");
        const seen = Math.min(definition.learns, moments.seen(place));
        return unjudged("LEARNING", `${seen} of ${definition.learns} buckets of it are known, and of others as well`);
      };
      return new Map(
        [...buckets].map(([name, { value }]) => [
          name,
          value === null ? NOTHING_MEASURED : (findings.get(name) ?? learning(name)),
        ]),
      );
    },
    save: moments.save,
  };
};
