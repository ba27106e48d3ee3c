import type { Observation } from "../src/domain/detectors/detector.ts";
import { fitWindow, seasonGrid, type FitSeasons, type SeasonGrid } from "../src/domain/detectors/seasonal-fit.ts";
import type { Seasons } from "../src/domain/detectors/seasonal-smoothing.ts";

const HOUR_MS = 3_600_000;

/** What a band that is fitted expects of a bucket. */
interface ReferenceExpectation {
  readonly expected: number;
  readonly deviation: number;
}

/** A fit without a library: means of places, and how far the season's values lie from each other; slow to be wrong about. */
export const meansOfPlaces: FitSeasons = (values, periods) => {
  const season = periods.at(-1) ?? 1;
  const expected = Array.from({ length: season }, (_, place) => {
    const of = values.filter((_value, index) => (values.length - index) % season === (season - place) % season);
    return of.reduce((sum, value) => sum + value, 0) / of.length;
  });
  return { expected, deviations: expected.map((value) => 0.1 + 0.1 * Math.abs(value)) };
};

const modulo = (value: number, by: number): number => ((value % by) + by) % by;
const middle = (values: readonly number[]): number => {
  const sorted = values.toSorted((one, other) => one - other);
  return ((sorted[Math.floor((sorted.length - 1) / 2)] ?? 0) + (sorted[Math.floor(sorted.length / 2)] ?? 0)) / 2;
};

/** Numbers buckets on the zone's clock: one after the other, but as their places say where a clock was changed by three hours at most. */
const numbered = (series: readonly Observation[], { bucketMs, season }: SeasonGrid) => {
  const numbers: { number: number; place: number; isLike: boolean }[] = [];
  for (const [index, { atMs, hourOfWeek }] of series.entries()) {
    const place = (bucketMs > HOUR_MS ? Math.floor(hourOfWeek / 24) : hourOfWeek) % season;
    const before = numbers[index - 1];
    if (before === undefined) {
      numbers.push({ number: place, place, isLike: false });
      continue;
    }
    const expected = before.number + Math.round((atMs - (series[index - 1]?.atMs ?? 0)) / bucketMs);
    const near = [0, 1, -1, 2, -2, 3, -3].filter((off) => Math.abs(off) * bucketMs <= 3 * HOUR_MS);
    const off = near.find((one) => modulo(expected + one, season) === place);
    numbers.push({
      number: off === undefined ? expected : Math.max(before.number, expected + off),
      place,
      isLike: off === undefined,
    });
  }
  return numbers;
};

/** What the forecast of a band says of each bucket of a series, from the whole list; null where there is none. */
export const referenceFitted = (
  seasons: Seasons,
  series: readonly Observation[],
  fit: FitSeasons,
  slot: number,
): readonly (ReferenceExpectation | null)[] => {
  const [first] = series;
  const grid = first === undefined ? null : seasonGrid(seasons, first.untilMs - first.atMs);
  if (grid === null) return series.map(() => null);
  const { season, window, bucketMs } = grid;
  const stood = numbered(series, grid);
  const cells = new Map<number, number>();
  let forecast: { number: number; expected: number[]; deviations: readonly number[]; isMoved: boolean } | null = null;
  let scale = Math.SQRT2;
  let far: { number: number; error: number }[] = [];
  return series.map(({ value, atMs }, index) => {
    const { number, place, isLike } = stood[index] ?? { number: 0, place: 0, isLike: false };
    let said: ReferenceExpectation | null = null;
    if (forecast !== null) {
      const seasonsAgo = Math.floor(Math.max(0, number - forecast.number - 1) / season);
      const at = modulo(place - forecast.number - 1, season);
      const [expected = 0, deviation = 0] = [forecast.expected[at], forecast.deviations[at]];
      if (seasonsAgo < 3) said = { expected, deviation: scale * deviation * Math.sqrt(1 + seasonsAgo) };
    }
    const kept = isLike || value === null ? Number.NaN : value;
    const there = cells.get(number) ?? Number.NaN;
    if (Number.isNaN(there)) cells.set(number, kept);
    else if (!Number.isNaN(kept)) cells.set(number, (there + kept) / 2);
    if (value !== null && !isLike && forecast !== null && said !== null) {
      const error = value - said.expected;
      const bounded = Math.min(1, (error / said.deviation / 2) ** 2);
      scale = Math.min(10, Math.max(1, scale * Math.sqrt(0.98 + 0.02 * 2.52 * (1 - (1 - bounded) ** 3))));
      const isFar = Math.abs(error) > 2 * said.deviation;
      far = isFar ? [...far.filter((one) => one.error > 0 === error > 0), { number, error }] : [];
      if (far.length === 12) {
        const by = middle(far.map((one) => one.error));
        const since = far[0]?.number ?? number;
        for (const [cell, held] of cells) if (cell < since) cells.set(cell, held + by);
        forecast = { ...forecast, expected: forecast.expected.map((one) => one + by), isMoved: true };
        far = [];
      }
    }
    const from = Math.max(stood[0]?.number ?? 0, number - window + 1);
    const values = Array.from({ length: number - from + 1 }, (_, cell) => cells.get(from + cell) ?? Number.NaN);
    const isDue = forecast === null || forecast.isMoved || number - forecast.number >= season - 3;
    if (isDue && Math.floor(atMs / bucketMs) % 24 === slot && values.length >= 3 * season) {
      const fitted = fitWindow(values, grid, fit);
      if (typeof fitted !== "string") {
        forecast = { number, expected: [...fitted.expected], deviations: fitted.deviations, isMoved: false };
        far = [];
      }
    }
    return said;
  });
};
