import { DAY_MS, HOUR_MS, SECOND_MS } from "../duration.ts";

const MINUTE_MS = 60 * SECOND_MS;

/** Lower edges of the bins of times to convert, in milliseconds: a scale people think in, from at once to a year; the last bin has no end. */
export const TIME_EDGES_MS: readonly number[] = [
  0,
  ...[1, 5, 15, 30].map((seconds) => seconds * SECOND_MS),
  ...[1, 5, 15, 30].map((minutes) => minutes * MINUTE_MS),
  ...[1, 3, 6, 12].map((hours) => hours * HOUR_MS),
  ...[1, 2, 3, 7, 14, 30, 60, 90, 180, 365].map((days) => days * DAY_MS),
];

/** A bin of a histogram of times, as in the SDL; seconds. */
export interface TimeBin {
  readonly fromSeconds: number;
  readonly toSeconds: number | null;
  readonly count: number;
}

/** Lays counts by lower edge (milliseconds) out as bins, from the first to the last that hold something, empty ones between them. */
export const timeBins = (counts: ReadonlyMap<number, number>, scale: (count: number) => number): readonly TimeBin[] => {
  const held = TIME_EDGES_MS.map((edge) => counts.get(edge) ?? 0);
  const first = held.findIndex((count) => count > 0);
  const last = held.findLastIndex((count) => count > 0);
  return TIME_EDGES_MS.flatMap((edge, index) => {
    if (first < 0 || index < first || index > last) return [];
    const next = TIME_EDGES_MS[index + 1];
    return [
      {
        fromSeconds: edge / SECOND_MS,
        toSeconds: next === undefined ? null : next / SECOND_MS,
        count: scale(held[index] ?? 0),
      },
    ];
  });
};
