import type { Severity } from "../alerts/alert.ts";
import { isAtLeast } from "./severity-rank.ts";
import { clockIn, momentOf, readingIn } from "../zone-clock.ts";

/** Hours of the day in which people are left alone, by the clock of a zone; a window that ends before it begins goes on after midnight. */
export interface QuietHours {
  /** Minutes since midnight; the first is quiet, the last is not. */
  readonly fromMinute: number;
  readonly toMinute: number;
  /** Days of the week on which a window begins, 0 is Sunday; each when there are none. */
  readonly weekdays: readonly number[];
  readonly timeZone: string;
  /** Who is told all the same: alerts of this severity and above; nobody when it is null. */
  readonly except: Severity | null;
}

const DAY_MINUTES = 1_440;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

const isOn = ({ weekdays }: QuietHours, weekday: number): boolean =>
  weekdays.length === 0 || weekdays.includes(weekday);

/** Whether the clock shows a reading within the quiet hours. */
export const isQuiet = (hours: QuietHours, atMs: number): boolean => {
  const { minute, weekday } = clockIn(hours.timeZone, atMs);
  const { fromMinute, toMinute } = hours;
  if (fromMinute < toMinute) return minute >= fromMinute && minute < toMinute && isOn(hours, weekday);
  return (minute >= fromMinute && isOn(hours, weekday)) || (minute < toMinute && isOn(hours, (weekday + 6) % 7));
};

/** The end of the window that a quiet moment lies in: the first moment at which the clock shows its end or later. */
const endOfWindow = ({ fromMinute, toMinute, timeZone }: QuietHours, atMs: number): number => {
  const { minute } = clockIn(timeZone, atMs);
  const midnight = Math.floor(readingIn(timeZone, atMs) / DAY_MS) * DAY_MS;
  const isBeforeMidnight = fromMinute >= toMinute && minute >= fromMinute;
  const end = midnight + (isBeforeMidnight ? DAY_MINUTES + toMinute : toMinute) * MINUTE_MS;
  return momentOf(timeZone, end, atMs + 1);
};

/** Windows that may follow on one another without a pause: those of a week, and one more for the day that clocks are set back. */
const MAX_WINDOWS = 9;

/** When somebody may be told: now, or when the quiet hours are over that it lies in. */
export const afterQuiet = (hours: QuietHours | null, severity: Severity, atMs: number): number => {
  if (hours === null || (hours.except !== null && isAtLeast(severity, hours.except))) return atMs;
  let ms = atMs;
  for (let windows = 0; windows < MAX_WINDOWS && isQuiet(hours, ms); windows += 1) ms = endOfWindow(hours, ms);
  return ms;
};
