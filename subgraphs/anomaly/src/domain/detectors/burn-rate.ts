import {
  budgetUnitsOf,
  burnRateOf,
  burnsBeyond,
  factorPartsOf,
  mostWithin,
  NO_COUNTS,
  ALL_UNITS,
  type Counts,
} from "../objectives/error-budget.ts";
import { burnMemorySchema, createBurnMemory, type BurnMemory } from "./burn-memory.ts";
import { lengthMsOf, type BurnRateDefinition, type BurnWindows } from "./burn-rate-definition.ts";
import type { Detector, Finding, Observation } from "./detector.ts";
import { boundedScore, MAX_WEIGHED, told, toldLength, unjudged } from "./finding.ts";
import { readKept } from "./packed.ts";

/** Events of one bucket that are counted at most: of so many, all buckets a window may reach over add up to a whole number that is exact. */
const MAX_COUNT = 2 ** 39;

/** What was counted in both windows of a pair. */
interface Pair {
  readonly windows: BurnWindows;
  readonly factorParts: number;
  readonly long: Counts;
  readonly short: Counts;
  /** Where the sums of its long window stand. */
  readonly place: number;
}

/** What a bucket counts: of a share the bad ones exactly, since shares are quotients of whole numbers; of a value one slice, bad where it lies beyond the bound. Nothing measured counts nothing. */
export const countsIn = (
  bad: BurnRateDefinition["bad"],
  { value, samples }: { readonly value: number | null; readonly samples: number | null },
): Counts => {
  if (value === null) return NO_COUNTS;
  switch (bad.by) {
    case "SHARE": {
      const total = Math.min(MAX_COUNT, Math.max(0, Math.round(samples ?? 0)));
      return { total, bad: Math.min(total, Math.max(0, Math.round(value * total))) };
    }
    case "ABOVE":
      return { total: 1, bad: value > bad.bound ? 1 : 0 };
    case "BELOW":
      return { total: 1, bad: value < bad.bound ? 1 : 0 };
  }
};

const isBurning = ({ long, short, factorParts }: Pair, budget: number, minimumBad: number): boolean =>
  long.bad >= minimumBad && burnsBeyond(long, budget, factorParts) && burnsBeyond(short, budget, factorParts);

/** The burn rate that both windows reach; 0 where one of them holds nothing. */
const reached = ({ long, short }: Pair, budget: number): number =>
  Math.min(burnRateOf(long, budget) ?? 0, burnRateOf(short, budget) ?? 0);

/** The greatest share of the bucket that would not have been an anomaly, the buckets before being what they are; null where any would, or none. */
const highOf = (pairs: readonly Pair[], bucket: Counts, budget: number, minimumBad: number): number | null => {
  const most = Math.min(
    ...pairs.map(({ long, short, factorParts }) => {
      const before = long.bad - bucket.bad;
      return Math.max(
        mostWithin(long.total, budget, factorParts) - before,
        mostWithin(short.total, budget, factorParts) - (short.bad - bucket.bad),
        minimumBad - 1 - before,
      );
    }),
  );
  return bucket.total === 0 || most < 0 || most >= bucket.total ? null : most / bucket.total;
};

const over = (length: string): string => toldLength(lengthMsOf(length));

const becauseOf = ({ long, short, windows }: Pair, budget: number): string => {
  const rate = (counts: Counts): string => {
    const burnt = burnRateOf(counts, budget);
    return burnt === null ? "nothing" : told(burnt);
  };
  return `the error budget burns at ${rate(long)} over ${over(windows.long)} and ${rate(short)} over ${over(windows.short)}, against ${windows.factor}`;
};

const judge = (
  { windows, minimumBad, bad }: BurnRateDefinition,
  pairs: readonly Pair[],
  bucket: Counts,
  { memory, budget }: { readonly memory: BurnMemory; readonly budget: number },
): Finding => {
  const scored = pairs.map((pair) => {
    const burning = isBurning(pair, budget, minimumBad);
    const near = Math.min(reached(pair, budget) / pair.windows.factor, pair.long.bad / minimumBad);
    return { pair, burning, score: burning ? reached(pair, budget) : Math.min(1, near) };
  });
  const anomalous = scored.some(({ burning }) => burning);
  const [worst] = scored
    .filter(({ burning }) => burning === anomalous)
    .toSorted((one, other) => other.score - one.score);
  if (worst === undefined) return unjudged("NO_DATA", "there is no window");
  const least = Math.min(...windows.map(({ factor }) => factor));
  const { pair } = worst;
  const weighed = anomalous ? memory.badIn(pair.place) : [];
  return {
    outcome: anomalous ? "ANOMALOUS" : "NORMAL",
    // Of what burns: how many times as fast as the least factor, so that severities tell the pairs apart.
    score: boundedScore(anomalous ? Math.max(1, worst.score / least) : worst.score),
    expected: bad.by === "SHARE" ? budget / ALL_UNITS : null,
    low: null,
    high: bad.by === "SHARE" ? highOf(pairs, bucket, budget, minimumBad) : null,
    side: anomalous ? "ABOVE" : null,
    weighed: weighed
      .toSorted((one, other) => other.bad - one.bad)
      .slice(0, MAX_WEIGHED)
      .map(({ atMs, bad: count }) => ({ atMs, share: count / pair.long.bad })),
    because: becauseOf(pair, budget),
  };
};

/**
 * How fast an error budget is burnt, over pairs of a long and a short window (Google, The Site Reliability Workbook, 2018, chapter 5). Windows count whatever came in them, so that a
 * bucket weighs by its traffic. It learns nothing that a window does not hold.
 */
export const createBurnRate = (definition: BurnRateDefinition, saved: unknown): Detector => {
  const lengths = definition.windows.flatMap(({ long, short }) => [lengthMsOf(long), lengthMsOf(short)]);
  const longest = lengths.indexOf(Math.max(...lengths));
  const budget = budgetUnitsOf(definition.target) ?? ALL_UNITS;
  const memory = createBurnMemory(lengths, readKept(burnMemorySchema, saved));
  const pairsNow = (): readonly Pair[] =>
    definition.windows.map((windows, index) => ({
      ...{ windows, factorParts: factorPartsOf(windows.factor) ?? 0, place: 2 * index },
      ...{ long: memory.sumOf(2 * index), short: memory.sumOf(2 * index + 1) },
    }));
  return {
    judge: (observation: Observation) => {
      const bucket = countsIn(definition.bad, observation);
      memory.put(observation, bucket);
      return memory.sumOf(longest).total === 0
        ? unjudged("NO_DATA", "nothing was counted in any window")
        : judge(definition, pairsNow(), bucket, { memory, budget });
    },
    save: memory.save,
  };
};

/** Buckets of a length that the longest window reaches back over. */
export const bucketsOfBurn = ({ windows }: BurnRateDefinition, bucketMs: number): number =>
  Math.ceil(Math.max(...windows.map(({ long }) => lengthMsOf(long))) / bucketMs);

/** What is wrong with windows for buckets of a length; null when nothing is. */
export const problemWithWindows = ({ windows }: BurnRateDefinition, bucketMs: number): string | null => {
  const broken = windows.flatMap(({ long, short }) => [long, short]).find((text) => lengthMsOf(text) % bucketMs !== 0);
  return broken === undefined
    ? null
    : `Its buckets are ${bucketMs / 60_000} minutes long, and the window ${broken} is no whole number of them: take windows of whole buckets.`;
};
