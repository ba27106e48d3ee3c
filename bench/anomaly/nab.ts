import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { z } from "zod";

/** Where the given part of the Numenta Anomaly Benchmark lies, beside the repository. */
export const NAB = join(import.meta.dirname, "../../../shared/data/nab");
/** Whether it is there. */
export const nabIsThere = (): boolean => existsSync(join(NAB, "labels/combined_windows.json"));

/** A series of the benchmark with its labelled windows, both ends inside, as places of the series. */
export interface NabSeries {
  readonly file: string;
  readonly times: readonly string[];
  readonly values: readonly number[];
  readonly windows: readonly (readonly [first: number, last: number])[];
}

const windowsShape = z.record(z.string(), z.array(z.tuple([z.string(), z.string()])));

const seriesOf = (file: string, windows: readonly (readonly [string, string])[]): NabSeries => {
  const rows = gunzipSync(readFileSync(join(NAB, "data", `${file}.gz`)))
    .toString()
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map((row) => row.split(","));
  const times = rows.map(([time]) => (time ?? "").slice(0, 19));
  const place = (time: string): number => times.indexOf(time.slice(0, 19));
  return {
    ...{ file, times, values: rows.map(([, value]) => Number(value)) },
    windows: windows.map(([first, last]) => [place(first), place(last)]),
  };
};

/** The series that are given, in order of their names. */
export const readNab = (): readonly NabSeries[] => {
  const windows = windowsShape.parse(JSON.parse(readFileSync(join(NAB, "labels/combined_windows.json"), "utf8")));
  return Object.keys(windows)
    .toSorted()
    .map((file) => seriesOf(file, windows[file] ?? []));
};

/** What finding an anomaly, raising a false alarm and missing one weigh. */
export interface NabProfile {
  readonly found: number;
  readonly falseAlarm: number;
  readonly missed: number;
}
/** The profiles the benchmark is reported by. */
export const NAB_PROFILES = {
  standard: { found: 1, falseAlarm: 0.11, missed: 1 },
  reward_low_FP_rate: { found: 1, falseAlarm: 0.22, missed: 1 },
  reward_low_FN_rate: { found: 1, falseAlarm: 0.11, missed: 2 },
} as const satisfies Record<string, NabProfile>;

const sigmoid = (place: number): number => (place > 3 ? -1 : 2 / (1 + Math.exp(5 * place)) - 1);
const EARLIEST = sigmoid(-1);

/** What an alarm at a place is worth before weights, and the window it lies in; null while the benchmark lets detectors learn. */
const worthOf = ({ times, windows }: NabSeries, place: number): { unit: number; window: number | null } | null => {
  if (place < Math.min(Math.floor(0.15 * times.length), 750)) return null;
  const inside = windows.findIndex(([first, last]) => first <= place && place <= last);
  const [first, last] = windows[inside] ?? [0, 0];
  if (inside >= 0) return { unit: sigmoid(-(last - place + 1) / (last - first + 1)) / EARLIEST, window: inside };
  const before = windows.findLast(([, end]) => end < place);
  const unit = before === undefined ? -1 : sigmoid((place - before[1]) / (before[1] - before[0]));
  return { unit, window: null };
};

/** A score of the benchmark: 0 of no alarm at all, 100 of one at the begin of each window and no other. */
export interface NabScore {
  readonly score: number;
  readonly threshold: number;
}

interface Alarm {
  readonly height: number;
  readonly unit: number;
  readonly window: string | null;
}

const alarmsOf = (series: readonly NabSeries[], scores: readonly (readonly number[])[]): readonly Alarm[] =>
  series.flatMap((one, at) =>
    (scores[at] ?? []).flatMap((height, place) => {
      const worth = height > 0 ? worthOf(one, place) : null;
      if (worth === null) return [];
      return [{ height, unit: worth.unit, window: worth.window === null ? null : `${one.file} ${worth.window}` }];
    }),
  );

/**
 * Scores of alarms by the benchmark's definition (Lavin and Ahmad, "Evaluating Real-time Anomaly Detection Algorithms", 2015), one per threshold that makes a difference,
 * highest threshold first. What is 0 or less is no alarm. A place scores once a threshold is at or below its height.
 */
export const nabScores = (
  series: readonly NabSeries[],
  scores: readonly (readonly number[])[],
  { found, falseAlarm, missed }: NabProfile,
): readonly NabScore[] => {
  const windows = series.reduce((sum, one) => sum + one.windows.length, 0);
  const nothing = -missed * windows;
  const normal = (raw: number): number => (100 * (raw - nothing)) / (found * windows - nothing);
  const best = new Map<string, number>();
  let raw = nothing;
  const told: NabScore[] = [{ score: normal(raw), threshold: Number.POSITIVE_INFINITY }];
  const alarms = alarmsOf(series, scores).toSorted((one, other) => other.height - one.height);
  for (const [place, { height, unit, window }] of alarms.entries()) {
    if (window === null) raw += falseAlarm * unit;
    else {
      const before = best.get(window) ?? -missed;
      raw += Math.max(0, found * unit - before);
      best.set(window, Math.max(before, found * unit));
    }
    if (alarms[place + 1]?.height !== height) told.push({ score: normal(raw), threshold: height });
  }
  return told;
};

/** The best score any one threshold gives. */
export const bestScore = (scores: readonly NabScore[]): NabScore =>
  scores.reduce((best, one) => (one.score > best.score ? one : best));

/** The score at a threshold. */
export const scoreAt = (scores: readonly NabScore[], threshold: number): number =>
  scores.findLast((one) => one.threshold >= threshold)?.score ?? 0;
