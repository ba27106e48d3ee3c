import { startOfLocalDate } from "./calendar.ts";
import { DAY_MS } from "./duration.ts";
import type { TimeRange } from "./time-range.ts";
import type { OffsetAt } from "@tessera/platform/time/zone";

/** How long a range is, in the widest unit of the zone's calendar that measures it: a month stays a month, whatever its days. */
interface Length {
  readonly unit: "MONTH" | "DAY" | "MILLISECOND";
  readonly count: number;
}

/** The date a moment lies in on the zone's calendar, as that date's midnight in UTC. */
const dateOf = (ms: number, offsetAt: OffsetAt): number => Math.floor((ms + offsetAt(ms)) / DAY_MS) * DAY_MS;

const isDateStart = (ms: number, offsetAt: OffsetAt): boolean =>
  startOfLocalDate(dateOf(ms, offsetAt), offsetAt) === ms;

const isMonthStart = (ms: number, offsetAt: OffsetAt): boolean =>
  isDateStart(ms, offsetAt) && new Date(dateOf(ms, offsetAt)).getUTCDate() === 1;

const monthOf = (dateUtcMs: number): number => {
  const date = new Date(dateUtcMs);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
};

/** The length of a range; months only where another moment that it is measured from begins one too. */
const lengthOf = ({ fromMs, toMs }: TimeRange, from: number, offsetAt: OffsetAt): Length => {
  const moments = [fromMs, toMs, from];
  const [first, last] = [dateOf(fromMs, offsetAt), dateOf(toMs, offsetAt)];
  if (moments.every((ms) => isMonthStart(ms, offsetAt)))
    return { unit: "MONTH", count: monthOf(last) - monthOf(first) };
  if (moments.every((ms) => isDateStart(ms, offsetAt))) return { unit: "DAY", count: (last - first) / DAY_MS };
  return { unit: "MILLISECOND", count: toMs - fromMs };
};

const moved = (ms: number, { unit, count }: Length, sign: 1 | -1, offsetAt: OffsetAt): number => {
  if (unit === "MILLISECOND") return ms + sign * count;
  const date = dateOf(ms, offsetAt);
  if (unit === "DAY") return startOfLocalDate(date + sign * count * DAY_MS, offsetAt);
  const at = new Date(date);
  return startOfLocalDate(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + sign * count, 1), offsetAt);
};

/**
 * The period right before a range and as long: as many months where it begins and ends with months on the zone's calendar, else as many days where
 * it begins and ends with days, else as many milliseconds.
 */
export const precedingPeriod = (range: TimeRange, offsetAt: OffsetAt): TimeRange => ({
  fromMs: moved(range.fromMs, lengthOf(range, range.fromMs, offsetAt), -1, offsetAt),
  toMs: range.fromMs,
});

/** The period that begins at a moment and is as long as a range, measured as {@link precedingPeriod} measures where the moment begins a month or a day too. */
export const periodFrom = (fromMs: number, range: TimeRange, offsetAt: OffsetAt): TimeRange => ({
  fromMs,
  toMs: moved(fromMs, lengthOf(range, fromMs, offsetAt), 1, offsetAt),
});

/** The same date one year before; the 28th for the 29th of February. */
const dateYearBefore = (dateUtcMs: number): number => {
  const date = new Date(dateUtcMs);
  const [year, month, day] = [date.getUTCFullYear() - 1, date.getUTCMonth(), date.getUTCDate()];
  return Date.UTC(year, month, Math.min(day, new Date(Date.UTC(year, month + 1, 0)).getUTCDate()));
};

const yearBefore = (ms: number, offsetAt: OffsetAt): number => {
  const date = dateOf(ms, offsetAt);
  const timeOfDay = isDateStart(ms, offsetAt) ? 0 : ms + offsetAt(ms) - date;
  return startOfLocalDate(dateYearBefore(date) + timeOfDay, offsetAt);
};

/** The period one year before on the zone's calendar and clock. */
export const periodYearBefore = ({ fromMs, toMs }: TimeRange, offsetAt: OffsetAt): TimeRange => ({
  fromMs: yearBefore(fromMs, offsetAt),
  toMs: yearBefore(toMs, offsetAt),
});
