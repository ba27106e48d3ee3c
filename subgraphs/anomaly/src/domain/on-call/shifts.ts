import { zoneOffset } from "@tessera/platform/time/zone";
import { momentOf, readingIn } from "../zone-clock.ts";
import {
  handoverReading,
  turnAt,
  whoIsOnCall,
  type OnCall,
  type OnCallLayer,
  type OnCallOverride,
  type OnCallSchedule,
} from "./on-call-schedule.ts";

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** How far ahead shifts are laid out at a time, and at most: a year, after which a preview says nothing. */
const STRETCH_MS = 7 * DAY_MS;
const MAX_AHEAD_MS = 366 * DAY_MS;
/** Shifts a preview may ask for. */
export const MAX_SHIFTS = 200;

/** A time [fromMs, untilMs) in which the same person is on call for the same reason, or nobody is: a gap. */
export interface Shift {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly onCall: OnCall;
}

/** All moments at which a zone's clock shows a reading, or passes over it. */
const momentsOf = (timeZone: string, readingMs: number): readonly number[] => {
  const offsets = [readingMs - DAY_MS, readingMs + DAY_MS].map(zoneOffset(timeZone));
  return [momentOf(timeZone, readingMs, -Infinity), ...offsets.map((offset) => readingMs - offset)];
};

/** The moment within a day at which the clock is set, if it is. */
const clockChange = (timeZone: string, fromMs: number): readonly number[] => {
  let [low, high] = [fromMs, fromMs + DAY_MS];
  const offsetAt = zoneOffset(timeZone);
  const before = offsetAt(low);
  if (offsetAt(high) === before) return [];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(middle) === before) low = middle;
    else high = middle;
  }
  return [high];
};

const edgesOfLayer = (layer: OnCallLayer, timeZone: string, fromMs: number, untilMs: number): readonly number[] => {
  const edges: number[] = [];
  for (let turn = Math.max(0, turnAt(layer, timeZone, fromMs)); ; turn += 1) {
    const begins = momentOf(timeZone, handoverReading(layer, turn), -Infinity);
    if (begins >= untilMs) break;
    edges.push(begins);
  }
  if (layer.lastDateMs !== null)
    edges.push(momentOf(timeZone, layer.lastDateMs + layer.handoverMinute * MINUTE_MS, -Infinity));
  return edges;
};

/** Every moment in a stretch at which somebody else may come on call: between two of them nothing changes. */
const edgesOf = (
  { timeZone, layers }: OnCallSchedule,
  overrides: readonly OnCallOverride[],
  fromMs: number,
  untilMs: number,
): readonly number[] => {
  const edges = new Set<number>(overrides.flatMap(({ fromMs: from, untilMs: until }) => [from, until]));
  for (const layer of layers) for (const ms of edgesOfLayer(layer, timeZone, fromMs, untilMs)) edges.add(ms);
  const minutes = new Set(
    layers.flatMap(({ hours }) => hours.flatMap(({ fromMinute, toMinute }) => [fromMinute, toMinute])),
  );
  for (let ms = fromMs - DAY_MS; ms < untilMs + DAY_MS; ms += DAY_MS) {
    for (const change of clockChange(timeZone, ms)) edges.add(change);
    const midnight = Math.floor(readingIn(timeZone, ms) / DAY_MS) * DAY_MS;
    for (const minute of minutes) for (const one of momentsOf(timeZone, midnight + minute * MINUTE_MS)) edges.add(one);
  }
  return [...edges].filter((ms) => ms > fromMs && ms < untilMs).toSorted((a, b) => a - b);
};

const isSame = (a: OnCall, b: OnCall): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Who is on call from one moment to another, gaps included, in order and without overlap. */
export const shiftsBetween = (
  schedule: OnCallSchedule,
  overrides: readonly OnCallOverride[],
  fromMs: number,
  untilMs: number,
): readonly Shift[] => {
  const shifts: Shift[] = [];
  const edges = [fromMs, ...edgesOf(schedule, overrides, fromMs, untilMs), untilMs];
  edges.slice(0, -1).forEach((startMs, place) => {
    const onCall = whoIsOnCall(schedule, overrides, startMs);
    const endMs = edges[place + 1] ?? untilMs;
    const last = shifts.at(-1);
    if (last !== undefined && isSame(last.onCall, onCall)) shifts[shifts.length - 1] = { ...last, untilMs: endMs };
    else shifts.push({ fromMs: startMs, untilMs: endMs, onCall });
  });
  return shifts;
};

/** The next shifts from a moment on, gaps included, at most so many and at most a year ahead; each but the last found is whole. */
export const nextShifts = (
  schedule: OnCallSchedule,
  overrides: readonly OnCallOverride[],
  fromMs: number,
  count: number,
): readonly Shift[] => {
  const shifts: Shift[] = [];
  for (let at = fromMs; at < fromMs + MAX_AHEAD_MS && shifts.length <= count; at += STRETCH_MS) {
    for (const shift of shiftsBetween(schedule, overrides, at, at + STRETCH_MS)) {
      const last = shifts.at(-1);
      if (last !== undefined && isSame(last.onCall, shift.onCall))
        shifts[shifts.length - 1] = { ...last, untilMs: shift.untilMs };
      else shifts.push(shift);
    }
  }
  return shifts.slice(0, count);
};
