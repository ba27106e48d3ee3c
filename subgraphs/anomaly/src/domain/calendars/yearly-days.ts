import { WEEKDAYS, type EntryTime, type YearlyDay } from "./event-calendar.ts";

const DAY_MS = 86_400_000;

/** A date as days since the epoch; a day beyond the month's end is one of the next month. */
export const dayOf = (year: number, month: number, day: number): number => Date.UTC(year, month - 1, day) / DAY_MS;

/** The year a day lies in. */
export const yearOf = (day: number): number => new Date(day * DAY_MS).getUTCFullYear();

/** Day of the week, 0 is Monday: the epoch began on a Thursday. */
export const weekdayOf = (day: number): number => (((day + 3) % 7) + 7) % 7;

/** Easter Sunday of the Gregorian computus (Meeus, Jones and Butcher: Meeus, Astronomical Algorithms, 1991, chapter 8). */
const westernEaster = (year: number): number => {
  const [a, b, c] = [year % 19, Math.floor(year / 100), year % 100];
  const [d, e] = [Math.floor(b / 4), b % 4];
  const g = Math.floor((8 * b + 13) / 25);
  const h = (19 * a + b - d - g + 15) % 30;
  const l = (32 + 2 * e + 2 * Math.floor(c / 4) - h - (c % 4)) % 7;
  const m = Math.floor((a + 11 * h + 19 * l) / 433);
  const after = h + l - 7 * m;
  const month = Math.floor((after + 90) / 25);
  return dayOf(year, month, (after + 33 * month + 19) % 32);
};

/** Easter Sunday of the Julian computus (Meeus, the same chapter), as the Gregorian date it falls on. */
const orthodoxEaster = (year: number): number => {
  const d = (19 * (year % 19) + 15) % 30;
  const e = (2 * (year % 4) + 4 * (year % 7) - d + 34) % 7;
  const behind = Math.floor(year / 100) - Math.floor(year / 400) - 2;
  return dayOf(year, Math.floor((d + e + 114) / 31), ((d + e + 114) % 31) + 1 + behind);
};

const daysOfMonth = (year: number, month: number): number => dayOf(year, month + 1, 1) - dayOf(year, month, 1);

const nthWeekday = (year: number, month: number, weekday: number, nth: number): number | null => {
  const [first, last] = [dayOf(year, month, 1), dayOf(year, month + 1, 1) - 1];
  const day =
    nth > 0
      ? first + ((weekday - weekdayOf(first) + 7) % 7) + 7 * (nth - 1)
      : last - ((weekdayOf(last) - weekday + 7) % 7) + 7 * (nth + 1);
  return day >= first && day <= last ? day : null;
};

const baseOf = (on: YearlyDay, year: number): number | null => {
  switch (on.kind) {
    case "DATE":
      return on.day <= daysOfMonth(year, on.month) ? dayOf(year, on.month, on.day) : null;
    case "NTH_WEEKDAY":
      return nthWeekday(year, on.month, WEEKDAYS.indexOf(on.weekday), on.nth);
    case "EASTER":
      return on.church === "WESTERN" ? westernEaster(year) : orthodoxEaster(year);
  }
};

const SATURDAY = 5;

const observedOn = (day: number, observed: (EntryTime & { readonly kind: "YEARLY" })["observed"]): number => {
  const beyond = weekdayOf(day) - SATURDAY;
  if (beyond < 0 || observed === "AS_IT_FALLS") return day;
  return observed === "NEAREST_WEEKDAY" && beyond === 0 ? day - 1 : day + 2 - beyond;
};

/** The first day of what comes in a year, as days since the epoch; null in a year that has none: no 29 February, no fifth Monday. */
export const firstDayIn = (time: EntryTime & { readonly kind: "YEARLY" }, year: number): number | null => {
  if ((time.firstYear !== null && year < time.firstYear) || (time.lastYear !== null && year > time.lastYear))
    return null;
  const base = baseOf(time.on, year);
  return base === null ? null : observedOn(base + time.offsetDays, time.observed);
};
