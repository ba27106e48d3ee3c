import { Matrix } from "ml-matrix";
import { z } from "zod";
import { shrunkInverse } from "./covariance.ts";
import type { Finding, Observation } from "./detector.ts";
import type { MultivariateDefinition } from "./detector-definition.ts";
import { boundedScore, evenly, NOTHING_MEASURED, sideOf, spreadOf, told, unjudged } from "./finding.ts";
import type { GroupDetector } from "./group-detector.ts";
import { readKept } from "./packed.ts";
import { chiSquareAbove } from "./quantiles.ts";

/** Series that are judged together at most; of more, those that came first. Judging takes the third power of their number. */
export const MAX_TOGETHER = 30;

const keptSchema = z.object({
  /** Which of the series it was that came. */
  place: z.number().int().min(0),
  seen: z.number().int().min(0),
  mean: z.number(),
  /** Covariances with all series, itself among them, by their names. */
  with: z.array(z.tuple([z.string(), z.number()])).max(MAX_TOGETHER),
});

/** A series of a bucket in which it was measured. */
interface Member {
  readonly place: number;
  readonly name: string;
  readonly observation: Observation;
  readonly value: number;
}

/** What was learnt of series together: means and covariances, the later buckets weighing more. */
const createMoments = (over: number, saved: ReadonlyMap<string, unknown>) => {
  const kept = [...saved]
    .map(([name, state]) => ({ name, state: readKept(keptSchema, state) }))
    .flatMap(({ name, state }) => (state === null ? [] : [{ name, ...state }]))
    .toSorted((one, other) => one.place - other.place)
    .slice(0, MAX_TOGETHER);
  const names = kept.map(({ name }) => name);
  const means = kept.map(({ mean }) => mean);
  const covariances = new Float64Array(MAX_TOGETHER * MAX_TOGETHER);
  for (const [row, one] of kept.entries())
    for (const [name, covariance] of one.with) {
      const column = names.indexOf(name);
      if (column >= 0) covariances[row * MAX_TOGETHER + column] = covariance;
    }
  let seen = kept.reduce((most, one) => Math.max(most, one.seen), 0);
  const between = (one: number, other: number): number => covariances[one * MAX_TOGETHER + other] ?? 0;
  return {
    seen: () => seen,
    weight: () => Math.min(seen, over),
    mean: (place: number) => means[place] ?? 0,
    between,
    placeOf: (name: string, value: number): number | null => {
      const place = names.indexOf(name);
      if (place >= 0) return place;
      if (names.length >= MAX_TOGETHER) return null;
      names.push(name);
      means.push(value);
      return names.length - 1;
    },
    /** Pairs of which one is missing keep what was learnt of them. */
    learn: (members: readonly Member[]): void => {
      seen += 1;
      const weight = 1 / Math.min(over, seen);
      const errors = members.map(({ place, value }) => value - (means[place] ?? 0));
      for (const [at, one] of members.entries())
        for (const [beside, other] of members.entries()) {
          const product = (errors[at] ?? 0) * (errors[beside] ?? 0);
          covariances[one.place * MAX_TOGETHER + other.place] =
            (1 - weight) * (between(one.place, other.place) + weight * product);
        }
      for (const [at, { place }] of members.entries()) means[place] = (means[place] ?? 0) + weight * (errors[at] ?? 0);
    },
    save: (): ReadonlyMap<string, unknown> =>
      new Map(
        names.map((name, place) => {
          const covariancesOf = names.map((other, beside) => [other, between(place, beside)]);
          return [name, { place, seen, mean: means[place] ?? 0, with: covariancesOf }];
        }),
      ),
  };
};

type Moments = ReturnType<typeof createMoments>;

/** A member against what the others let expect of it: the expectation, and how far from it it usually lies. */
interface Conditional extends Member {
  readonly expected: number;
  readonly deviation: number;
  /** How many of those it lies from it. */
  readonly off: number;
}

/** Mahalanobis' squared distance of a bucket, and each member given all others: the part of the distance that is its own. */
const conditionalsOf = (members: readonly Member[], moments: Moments) => {
  const spreads = members.map(({ place }) => spreadOf(Math.sqrt(moments.between(place, place)), moments.mean(place)));
  const correlation = Matrix.zeros(members.length, members.length);
  members.forEach((one, row) =>
    members.forEach((other, column) => {
      const scale = (spreads[row] ?? 1) * (spreads[column] ?? 1);
      correlation.set(
        row,
        column,
        row === column ? 1 : Math.max(-1, Math.min(1, moments.between(one.place, other.place) / scale)),
      );
    }),
  );
  const inverse = shrunkInverse(correlation, moments.weight());
  const standard = members.map(({ place, value }, at) => (value - moments.mean(place)) / (spreads[at] ?? 1));
  const drawn = inverse.mmul(Matrix.columnVector(standard)).to1DArray();
  const squared = drawn.reduce((sum, one, at) => sum + one * (standard[at] ?? 0), 0);
  const conditionals = members.map((member, at): Conditional => {
    const precision = inverse.get(at, at);
    const deviation = (spreads[at] ?? 1) / Math.sqrt(precision);
    const off = (drawn[at] ?? 0) / Math.sqrt(precision);
    return { ...member, deviation, off, expected: member.value - off * deviation };
  });
  return { squared, conditionals };
};

const judgeMember = (
  { observation, value, expected, deviation, off }: Conditional,
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
    weighed: evenly([observation.atMs]),
    because: `${told(value)} where the ${together - 1} other series let expect ${told(expected)}, ${told(Math.abs(off))} standard deviations off`,
  };
};

/**
 * Series that usually move together: Mahalanobis' distance of the bucket by their shrunk covariance, against the chi-square distribution, and each series given all others. A series is anomalous when
 * it is too far from what the others let expect of it; when only all together are too far, the one that is furthest.
 */
export const createMultivariate = (
  definition: MultivariateDefinition,
  saved: ReadonlyMap<string, unknown>,
): GroupDetector => {
  const moments = createMoments(definition.over, saved);
  const chance = 10 ** -definition.rarity;
  const judgeAll = (members: readonly Member[]): ReadonlyMap<string, Finding> => {
    const { squared, conditionals } = conditionalsOf(members, moments);
    const furthest = conditionals.reduce((one, other) => (Math.abs(other.off) > Math.abs(one.off) ? other : one));
    const bounds = { normal: Math.sqrt(chiSquareAbove(chance, 1)), joint: chiSquareAbove(chance, members.length) };
    return new Map(
      conditionals.map((one) => [
        one.name,
        judgeMember(one, { ...bounds, isFurthest: one === furthest, squared, together: members.length }),
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
      const known = moments.seen() >= definition.learns && members.length > 1;
      const findings = known ? judgeAll(members) : new Map<string, Finding>();
      moments.learn(members);
      const learning = unjudged(
        "LEARNING",
        `${moments.seen()} of ${definition.learns} buckets are known of the series together`,
      );
      return new Map(
        [...buckets].map(([name, { value }]) => [
          name,
          value === null ? NOTHING_MEASURED : (findings.get(name) ?? learning),
        ]),
      );
    },
    save: moments.save,
  };
};
