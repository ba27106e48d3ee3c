import type { QuietHours } from "../../domain/notify/quiet-hours.ts";

const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const formats = new Map<string, Intl.DateTimeFormat>();

/** What a clock on the wall shows: its reading as a minute since 1970, the day of the week, and the minute of the day. */
const wallOf = (timeZone: string, atMs: number) => {
  const format =
    formats.get(timeZone) ??
    new Intl.DateTimeFormat("en-US", {
      ...{ timeZone, weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
      ...{ year: "numeric", month: "2-digit", day: "2-digit" },
    });
  formats.set(timeZone, format);
  const parts = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, value]));
  const [minute, date] = [
    Number(parts.get("hour")) * 60 + Number(parts.get("minute")),
    `${parts.get("year")}-${parts.get("month")}-${parts.get("day")}T00:00:00Z`,
  ];
  return { weekday: WEEKDAYS.indexOf(parts.get("weekday") ?? ""), minute, reading: Date.parse(date) / 60_000 + minute };
};

/** Whether it is quiet, by every minute of the week that lies in a window: those of today, and of yesterday where it goes over midnight. */
export const referenceQuiet = ({
  fromMinute,
  toMinute,
  weekdays,
  timeZone,
}: QuietHours): ((atMs: number) => boolean) => {
  const quiet = new Set<string>();
  const length = (toMinute - fromMinute + 1_440) % 1_440;
  for (let day = 0; day < 7; day += 1)
    for (let place = fromMinute; place < fromMinute + length; place += 1)
      if (weekdays.length === 0 || weekdays.includes(day))
        quiet.add(`${(day + Math.floor(place / 1_440)) % 7} ${place % 1_440}`);
  return (atMs) => {
    const { weekday, minute } = wallOf(timeZone, atMs);
    return quiet.has(`${weekday} ${minute}`);
  };
};

/** Minutes before a moment from which on the clock is watched: more than any clock is set back by. */
const WATCHED = 240;

/** The first minute after a moment in which the clock shows, or skips, for the first time a reading whose minute of the day is named. */
export const referenceDigest = (names: (minute: number) => boolean, timeZone: string, atMs: number): number => {
  const first = Math.floor(atMs / 60_000) - WATCHED;
  let furthest = wallOf(timeZone, first * 60_000).reading;
  for (let minute = first + 1; ; minute += 1) {
    const { reading } = wallOf(timeZone, minute * 60_000);
    for (; furthest < reading;) {
      furthest += 1;
      if (names(furthest % 1_440) && minute * 60_000 > atMs) return minute * 60_000;
    }
  }
};
