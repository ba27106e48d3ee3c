import type { Provenance } from "../provenance.ts";
import { WATCHED_LIMITS, type WatchedWindow } from "./watched-window.ts";

/** What a series is of: values of the question's groups, in their order; empty where it has none. */
export type WatchedGroup = readonly { readonly name: string; readonly value: string | null }[];

/** What one bucket of a series holds. */
export interface WatchedPoint {
  readonly value: number | null;
  /** Events, persons or other units the value is of; null where the answer does not tell. */
  readonly samples: number | null;
}

/** A series while it is put together: what its buckets hold by their start. */
export interface WatchedLine {
  readonly group: WatchedGroup;
  readonly points: Map<number, WatchedPoint>;
}

/** Everything that was read for an answer. */
export interface WatchedReading {
  readonly lines: readonly WatchedLine[];
  /** How heavy each line is, the heaviest kept; in the order of the lines. */
  readonly weights: readonly number[];
  /** What a bucket holds in which a series has no events. */
  readonly empty: WatchedPoint;
  /** Whether values of several series together are their sum. */
  readonly additive: boolean;
  /** Whether what a bucket holds never falls as more events come. */
  readonly rising: boolean;
  /** Starts of buckets that had not all they will have. */
  readonly incompleteMs: ReadonlySet<number>;
  /** Whether there were more groups than were read or counted. */
  readonly more: boolean;
  /** Groups there are at least, told as lines or not. */
  readonly fewest: number;
  /** What groups hold together that are no lines, by the start of the bucket. */
  readonly rest: ReadonlyMap<number, WatchedPoint>;
  /** Starts of buckets in which a line without a point may hold anything: not all groups were read of them. */
  readonly unknownMs: ReadonlySet<number>;
  readonly valueName: string;
  readonly provenances: readonly Provenance[];
}

/** One series of an answer: a value for each bucket. */
export interface WatchedSeries {
  readonly group: WatchedGroup;
  readonly values: readonly (number | null)[];
  readonly samples: readonly (number | null)[];
}

/** The series that are kept, and what became of the others. */
export interface KeptSeries {
  readonly series: readonly WatchedSeries[];
  /** Those that are not kept, together; null where there are none, and where their values don't add up. */
  readonly others: WatchedSeries | null;
  /** How many series there were, kept or not; at least so many where not all were counted. */
  readonly seriesCount: number;
}

/** Names a group: equal for equal groups alone. */
export const groupKey = (group: WatchedGroup): string => JSON.stringify(group.map(({ name, value }) => [name, value]));

const add = (one: number | null, other: number | null): number | null =>
  one === null ? other : other === null ? one : one + other;

/** What is left of everything without the groups that were told; only of numbers that add up. */
export const lessTold = (all: WatchedPoint, told: readonly WatchedPoint[]): WatchedPoint => {
  const left = (part: keyof WatchedPoint): number | null => {
    const whole = all[part];
    return whole === null ? null : told.reduce((rest, point) => rest - (point[part] ?? 0), whole);
  };
  return { value: left("value"), samples: left("samples") };
};

const UNKNOWN: WatchedPoint = { value: null, samples: null };

const laidOut = (
  { buckets }: WatchedWindow,
  { empty, unknownMs }: Pick<WatchedReading, "empty" | "unknownMs">,
  { group, points }: WatchedLine,
): WatchedSeries => {
  const held = buckets.map(({ fromMs }) => points.get(fromMs) ?? (unknownMs.has(fromMs) ? UNKNOWN : empty));
  return { group, values: held.map(({ value }) => value), samples: held.map(({ samples }) => samples) };
};

const together = (group: WatchedGroup, series: readonly WatchedSeries[]): WatchedSeries | null => {
  const [first, ...rest] = series;
  if (first === undefined) return null;
  const [values, samples] = [[...first.values], [...first.samples]];
  for (const one of rest)
    for (const [index, value] of one.values.entries()) {
      values[index] = add(values[index] ?? null, value);
      samples[index] = add(samples[index] ?? null, one.samples[index] ?? null);
    }
  return { group: group.map(({ name }) => ({ name, value: null })), values, samples };
};

/** Series that one answer keeps: so many as are wanted, and as have room in it with all their buckets. */
export const mostSeries = ({ buckets }: Pick<WatchedWindow, "buckets">, wanted: number): number =>
  Math.max(1, Math.min(wanted, Math.floor(WATCHED_LIMITS.points / buckets.length)));

/**
 * Keeps the heaviest series, of equally heavy ones those whose groups come first by their text, so that the same events always give the same; the others
 * are added up where sums mean something, and counted in any case.
 */
export const keepHeaviest = (
  window: WatchedWindow,
  reading: Pick<WatchedReading, "lines" | "weights" | "empty" | "additive" | "fewest" | "rest" | "unknownMs">,
  most: number,
): KeptSeries => {
  const { lines, weights, additive, rest } = reading;
  const ranked = lines
    .map((line, index) => ({ line, weight: weights[index] ?? 0, key: groupKey(line.group) }))
    .toSorted((a, b) => b.weight - a.weight || (a.key < b.key ? -1 : 1));
  const bound = mostSeries(window, most);
  const laid = ranked.map(({ line }) => laidOut(window, reading, line));
  const group = ranked[0]?.line.group ?? [];
  const unread = rest.size === 0 ? [] : [laidOut(window, reading, { group, points: new Map(rest) })];
  return {
    series: laid.slice(0, bound),
    others: additive ? together(group, [...laid.slice(bound), ...unread]) : null,
    seriesCount: Math.max(ranked.length, reading.fewest),
  };
};
