import type { TestEvent } from "./test-events.ts";

/** How many events of a country each bucket holds, and of how many the amount lies above a bound, counted one by one. */
export const countShares = (
  events: readonly TestEvent[],
  asked: {
    readonly country: string | null | undefined;
    readonly buckets: readonly string[];
    readonly widthMs: number;
    readonly above: number;
  },
) =>
  asked.buckets.map((bucket) => {
    const fromMs = Date.parse(bucket);
    const came = events.filter(
      ({ country, timeMs }) => country === asked.country && timeMs >= fromMs && timeMs < fromMs + asked.widthMs,
    );
    return {
      total: came.length,
      bad: came.filter(({ properties }) => Number(properties?.["amount"]) > asked.above).length,
    };
  });
