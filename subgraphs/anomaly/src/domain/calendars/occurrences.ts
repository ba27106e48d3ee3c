import { momentOf } from "../zone-clock.ts";
import { WEEKDAYS, type CalendarEntry, type EventCalendar } from "./event-calendar.ts";
import { firstDayIn, yearOf } from "./yearly-days.ts";

const DAY_MS = 86_400_000;
/** Days around a time in which a day of any zone that touches it lies. */
const AROUND_DAYS = 2;

/** One time an entry of a calendar is. */
export interface Occurrence {
  readonly entry: CalendarEntry;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** First and last days of an entry that touch some days, as days since the epoch. */
const daysIn = ({ time }: CalendarEntry, first: number, last: number): readonly (readonly [number, number])[] => {
  if (time.kind === "SPAN") return [];
  if (time.kind === "DAYS")
    return time.firstDay <= last && time.lastDay >= first ? [[time.firstDay, time.lastDay]] : [];
  const [from, until] = [yearOf(first) - 1, yearOf(last) + 1];
  return Array.from({ length: until - from + 1 }, (_, place) => firstDayIn(time, from + place)).flatMap((day) => {
    if (day === null || day > last || day + time.days - 1 < first) return [];
    return [[day, day + time.days - 1] as const];
  });
};

const midnightOf = (timeZone: string, day: number): number =>
  momentOf(timeZone, day * DAY_MS, (day - AROUND_DAYS) * DAY_MS);

/** When the entries of a calendar are, as far as that touches [fromMs, untilMs): in order of time, at the same time in the calendar's order. */
export const occurrencesIn = (
  { timeZone, entries }: Pick<EventCalendar, "timeZone" | "entries">,
  fromMs: number,
  untilMs: number,
): readonly Occurrence[] => {
  const [first, last] = [Math.floor(fromMs / DAY_MS) - AROUND_DAYS, Math.floor(untilMs / DAY_MS) + AROUND_DAYS];
  return entries
    .flatMap((entry): readonly Occurrence[] =>
      entry.time.kind === "SPAN"
        ? [{ entry, fromMs: entry.time.fromMs, untilMs: entry.time.untilMs }]
        : daysIn(entry, first, last).map(([begins, ends]) => ({
            ...{ entry, fromMs: midnightOf(timeZone, begins), untilMs: midnightOf(timeZone, ends + 1) },
          })),
    )
    .filter((one) => one.fromMs < untilMs && one.untilMs > fromMs)
    .toSorted((one, other) => one.fromMs - other.fromMs);
};

/** What a calendar says of a bucket: the label detectors know it by, and the weekday its hours are those of; both null on ordinary days. */
export interface DayMark {
  readonly label: string | null;
  /** Day of the week, 0 is Monday. */
  readonly like: number | null;
}

/** Tells what a calendar says of the buckets of some time. */
export type MarkOf = (atMs: number, untilMs: number) => DayMark;

const ORDINARY: DayMark = { label: null, like: null };

/** A calendar that says nothing. */
export const NO_CALENDAR: MarkOf = () => ORDINARY;

/** Whether so much of a bucket and an occurrence is the same time that the bucket is of it: half of the shorter of both. */
const covers = ({ fromMs, untilMs }: Occurrence, atMs: number, endMs: number): boolean => {
  const shared = Math.min(untilMs, endMs) - Math.max(fromMs, atMs);
  return shared > 0 && 2 * shared >= Math.min(untilMs - fromMs, endMs - atMs);
};

/** Reads a calendar once for the buckets between two moments. */
export const markBuckets = (calendar: EventCalendar, fromMs: number, untilMs: number): MarkOf => {
  const place = new Map(calendar.entries.map((entry, index) => [entry, index]));
  const occurrences = occurrencesIn(calendar, fromMs, untilMs);
  return (atMs, endMs) => {
    const [found] = occurrences
      .filter((one) => covers(one, atMs, endMs))
      .toSorted((one, other) => (place.get(one.entry) ?? 0) - (place.get(other.entry) ?? 0));
    if (found === undefined) return ORDINARY;
    const { label, like } = found.entry;
    return like === null ? { label, like: null } : { label: null, like: WEEKDAYS.indexOf(like) };
  };
};
