/** A bucket of a story: what came in it. */
export interface BurnBucket {
  readonly atMs: number;
  readonly untilMs: number;
  readonly total: number;
  readonly bad: number;
}

/** A pair of windows in minutes, with the factor both must be beyond. */
export interface ReferencePair {
  readonly longMinutes: number;
  readonly shortMinutes: number;
  readonly factor: number;
}

const MINUTE_MS = 60_000;

/** What came in the minutes before a moment, looked up in the whole story. */
export const countedIn = (story: readonly BurnBucket[], untilMs: number, minutes: number) => {
  const within = story.filter(({ atMs, untilMs: ends }) => ends <= untilMs && atMs >= untilMs - minutes * MINUTE_MS);
  return {
    total: within.reduce((sum, { total }) => sum + total, 0),
    bad: within.reduce((sum, { bad }) => sum + bad, 0),
  };
};

/** Whether so many of so many are more than `factor` times `budget` thousandths; in thousandths of both, so that whole numbers are compared. */
const beyond = (counts: { total: number; bad: number }, budgetThousandths: number, factor: number): boolean =>
  BigInt(counts.bad) * 1_000_000n >
  BigInt(Math.round(factor * 1_000)) * BigInt(budgetThousandths) * BigInt(counts.total);

/**
 * The triggers of the workbook by their definition: at the end of each bucket, whether any pair burns over both its windows, each counted anew from the whole story. The objective is 100 % minus so many tenths of a percent.
 */
export const referenceBurn = (
  story: readonly BurnBucket[],
  pairs: readonly ReferencePair[],
  budgetThousandths: number,
  minimumBad: number,
): readonly ("ANOMALOUS" | "NORMAL" | "NO_DATA")[] =>
  story.map(({ untilMs }) => {
    const counted = pairs.map(({ longMinutes, shortMinutes, factor }) => ({
      factor,
      long: countedIn(story, untilMs, longMinutes),
      short: countedIn(story, untilMs, shortMinutes),
    }));
    const longest = Math.max(...pairs.map(({ longMinutes }) => longMinutes));
    if (countedIn(story, untilMs, longest).total === 0) return "NO_DATA";
    const burns = counted.some(
      ({ factor, long, short }) =>
        long.bad >= minimumBad && beyond(long, budgetThousandths, factor) && beyond(short, budgetThousandths, factor),
    );
    return burns ? "ANOMALOUS" : "NORMAL";
  });
