import {
  WEEKDAYS,
  type CalendarEntry,
  type EntryTime,
  type EventCalendar,
} from "../src/domain/calendars/event-calendar.ts";

const DAY_MS = 86_400_000;
const QUARTER_MS = 900_000;
/** Days around a bucket in which the occurrences it may be of lie whole: none of those that are compared lasts longer. */
const AROUND_DAYS = 12;

/** Paschal full moons by golden number, 1 to 19, for 1900 to 2199: month and day of the Gregorian calendar (Book of Common Prayer, 1662, tables to find Easter), and of the Julian one. */
const FULL_MOONS = {
  WESTERN: "4-14 4-3 3-23 4-11 3-31 4-18 4-8 3-28 4-16 4-5 3-25 4-13 4-2 3-22 4-10 3-30 4-17 4-7 3-27",
  ORTHODOX: "4-5 3-25 4-13 4-2 3-22 4-10 3-30 4-18 4-7 3-27 4-15 4-4 3-24 4-12 4-1 3-21 4-9 3-29 4-17",
};

const weekday = (day: number): number => (new Date(day * DAY_MS).getUTCDay() + 6) % 7;

/** Easter as it is defined: the Sunday after the paschal full moon of the year's golden number. */
export const referenceEaster = (church: keyof typeof FULL_MOONS, year: number): number => {
  const [month = 0, date = 0] = (FULL_MOONS[church].split(" ")[year % 19] ?? "").split("-").map(Number);
  // A Julian date is 13 days later in the Gregorian calendar from March 1900 to February 2100, 14 to February 2200.
  const behind = church === "WESTERN" ? 0 : year < 2100 ? 13 : 14;
  let day = Date.UTC(year, month - 1, date) / DAY_MS + behind + 1;
  while (weekday(day) !== 6) day += 1;
  return day;
};

type Yearly = EntryTime & { readonly kind: "YEARLY" };

/** Whether a day is the one an entry counts from, by looking at the day itself. */
const isBase = ({ on }: Yearly, day: number): boolean => {
  const date = new Date(day * DAY_MS);
  const [year, month, dayOfMonth] = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
  if (on.kind === "EASTER") return day === referenceEaster(on.church, year);
  if (month !== on.month) return false;
  if (on.kind === "DATE") return dayOfMonth === on.day;
  const daysInMonth = new Date(Date.UTC(year, month, 0)).getUTCDate();
  const before = Math.ceil(dayOfMonth / 7);
  const after = Math.ceil((daysInMonth - dayOfMonth + 1) / 7);
  return WEEKDAYS[weekday(day)] === on.weekday && on.nth === (on.nth > 0 ? before : -after);
};

const moved = (day: number, observed: Yearly["observed"]): number => {
  let there = day;
  if (observed === "NEAREST_WEEKDAY" && weekday(there) === 5) return there - 1;
  while (observed !== "AS_IT_FALLS" && weekday(there) > 4) there += 1;
  return there;
};

const startsOf = (time: Yearly, firstDay: number, lastDay: number): readonly number[] =>
  Array.from({ length: lastDay - firstDay + 1 }, (_, place) => firstDay + place)
    .filter((day) => isBase(time, day))
    .filter((day) => {
      const year = new Date(day * DAY_MS).getUTCFullYear();
      return (time.firstYear ?? year) <= year && (time.lastYear ?? year) >= year;
    })
    .map((day) => moved(day + time.offsetDays, time.observed));

/** What a zone's clock shows: its date as days since the epoch. */
const clockOf = (timeZone: string): ((ms: number) => number) => {
  const format = new Intl.DateTimeFormat("en-CA", { timeZone });
  const known = new Map<number, number>();
  return (ms) => {
    const date = known.get(ms) ?? Date.parse(`${format.format(ms)}T00:00:00Z`) / DAY_MS;
    known.set(ms, date);
    return date;
  };
};

/** Whether a moment is of each of an entry's occurrences. */
const momentsOf = (
  entry: CalendarEntry,
  dateIn: (ms: number) => number,
  aroundMs: number,
): readonly ((ms: number) => boolean)[] => {
  const { time } = entry;
  if (time.kind === "SPAN") return [(ms) => ms >= time.fromMs && ms < time.untilMs];
  const around = Math.floor(aroundMs / DAY_MS);
  const starts = time.kind === "DAYS" ? [time.firstDay] : startsOf(time, around - 250, around + 250);
  const lasts = time.kind === "DAYS" ? time.lastDay - time.firstDay + 1 : time.days;
  return starts.map((first) => (ms: number) => {
    const date = dateIn(ms);
    return date >= first && date < first + lasts;
  });
};

/**
 * The entry a bucket is of, quarter by quarter of an hour: the first in the calendar of which one occurrence shares with the bucket half of the time of the shorter of both. Buckets and spans are of
 * whole quarters.
 */
export const referenceEntry = (calendar: EventCalendar, atMs: number, untilMs: number): CalendarEntry | null => {
  const quarters = (fromMs: number, toMs: number): readonly number[] =>
    Array.from({ length: (toMs - fromMs) / QUARTER_MS }, (_, place) => fromMs + place * QUARTER_MS);
  const wide = quarters(atMs - AROUND_DAYS * DAY_MS, untilMs + AROUND_DAYS * DAY_MS);
  const dateIn = clockOf(calendar.timeZone);
  const found = calendar.entries.find((entry) =>
    momentsOf(entry, dateIn, atMs).some((isOf) => {
      const shared = quarters(atMs, untilMs).filter(isOf).length;
      if (shared === 0) return false;
      const [lasts, holds] = [wide.filter(isOf).length, (untilMs - atMs) / QUARTER_MS];
      return 2 * shared >= Math.min(lasts, holds);
    }),
  );
  return found ?? null;
};
