import { Cron } from "croner";
import { refuse } from "@tessera/platform/errors/refusal";
import { startOfLocalDate } from "../calendar.ts";
import { parseZone } from "../cohort-window.ts";
import { DAY_MS, HOUR_MS } from "../duration.ts";
import { zoneOffset, type OffsetAt } from "@tessera/platform/time/zone";

/** Days of the week, as in the SDL; their places are those of cron, Sunday first. */
export const WEEKDAYS = ["SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY"] as const;

/** How often a report in words of the calendar is due, as in the SDL. */
export type ReportPeriod = "DAY" | "WEEK" | "MONTH";

/** When a report is due, as the graph delivers it: by a cron expression, or in words of the calendar. */
export interface ReportScheduleInput {
  readonly cron?: string | null | undefined;
  readonly every?: ReportPeriod | null | undefined;
  readonly at?: string | null | undefined;
  readonly weekday?: (typeof WEEKDAYS)[number] | null | undefined;
  readonly day?: number | null | undefined;
  readonly timeZone?: string;
}

/** When a report is due: the readings of a zone's clock that a cron expression of five fields names. */
export interface ReportSchedule {
  readonly cron: string;
  readonly timeZone: string;
}

/** Characters of a cron expression: five fields with lists of what they may hold. */
const MAX_CRON = 200;
const AT = /^([01]\d|2[0-3]):([0-5]\d)$/;
/** One minute of the hour, so that a report is due once an hour at most. */
const ONE_MINUTE = /^[0-5]?\d$/;
/** Readings looked at for the next due moment: more than an hourly report has in the day that clocks were set back by at most. */
const MAX_READINGS = 60;
/** How far back the newest due moment is looked for, the shortest first: few moments lie within the first that has one. */
const BACK_MS = [2 * HOUR_MS, 26 * HOUR_MS, 8 * DAY_MS, 33 * DAY_MS, 400 * DAY_MS] as const;

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

const readings = (cron: string): Cron => new Cron(cron, { paused: true, timezone: "UTC", mode: "5-part" });

const parseCron = (text: string, where: string): string => {
  const cron = text.trim().split(/\s+/).join(" ").toUpperCase();
  if (cron.length > MAX_CRON) throw bad(where, `A cron expression has at most ${MAX_CRON} characters.`);
  const [minute = "", ...others] = cron.split(" ");
  if (others.length !== 4)
    throw bad(where, "A cron expression has five fields: minute, hour, day of the month, month, day of the week.");
  if (!ONE_MINUTE.test(minute))
    throw bad(where, "The minute is one number from 0 to 59: a report is due once an hour at most.");
  try {
    readings(cron);
  } catch (error) {
    throw refuse(
      "BAD_INPUT",
      "This is not a cron expression: name what each of its five fields may hold.",
      { field: where },
      error,
    );
  }
  return cron;
};

const dayOfMonth = (day: number, where: string): string => {
  if (!Number.isInteger(day) || day < 1 || day > 31) throw bad(where, "`day` is between 1 and 31.");
  if (day > 28 && day < 31)
    throw bad(where, "Not every month has this day: take one up to 28, or 31 for the last day of each month.");
  return day === 31 ? "L" : String(day);
};

/** The cron expression of a schedule in words of the calendar. */
const cronOfWords = (input: ReportScheduleInput, where: string): string => {
  const { every = null, at = null, weekday = null, day = null } = input;
  const [, hour, minute] = AT.exec(at ?? "") ?? [];
  if (hour === undefined || minute === undefined) throw bad(`${where}.at`, "`at` is a time of the day: `07:30`.");
  if ((weekday !== null) !== (every === "WEEK"))
    throw bad(`${where}.weekday`, "WEEK has a `weekday`, and nothing else has one.");
  if ((day !== null) !== (every === "MONTH")) throw bad(`${where}.day`, "MONTH has a `day`, and nothing else has one.");
  const time = `${Number(minute)} ${Number(hour)}`;
  if (weekday !== null) return `${time} * * ${WEEKDAYS.indexOf(weekday)}`;
  return day === null ? `${time} * * *` : `${time} ${dayOfMonth(day, `${where}.day`)} * *`;
};

/**
 * The first moment at which the zone's clock shows a reading, which is given as the same reading of UTC; where it skips the reading, the moment at which
 * it does.
 */
const momentOf = (readingMs: number, offsetAt: OffsetAt): number => startOfLocalDate(readingMs, offsetAt);

const nextReading = (cron: Cron, readingMs: number): number | null =>
  cron.nextRun(new Date(readingMs))?.getTime() ?? null;

/** The first moment after one at which a schedule is due; null when there is none any more. Milliseconds since the epoch. */
export const dueAfter = ({ cron, timeZone }: ReportSchedule, afterMs: number): number | null => {
  const offsetAt = zoneOffset(timeZone);
  const named = readings(cron);
  // What the clock shows now, and all before it, has been shown or passed over: what comes after may have been as well, where it was set back.
  let reading = nextReading(named, afterMs + offsetAt(afterMs));
  for (let seen = 0; seen < MAX_READINGS && reading !== null; seen += 1) {
    const due = momentOf(reading, offsetAt);
    if (due > afterMs) return due;
    reading = nextReading(named, reading);
  }
  return null;
};

const newestSince = (schedule: ReportSchedule, sinceMs: number, nowMs: number): number | null => {
  let newest: number | null = null;
  for (let due = dueAfter(schedule, sinceMs); due !== null && due <= nowMs; due = dueAfter(schedule, due)) newest = due;
  return newest;
};

/** The newest moment at which a schedule was due, not before `firstMs` and not after `nowMs`: of several that were missed, the one to be made up for. */
export const newestDue = (schedule: ReportSchedule, firstMs: number, nowMs: number): number | null => {
  for (const backMs of BACK_MS) {
    const found = newestSince(schedule, Math.max(firstMs - 1, nowMs - backMs), nowMs);
    if (found !== null) return found;
  }
  return firstMs <= nowMs ? firstMs : null;
};

/** Reads when a report is due; refuses with BAD_INPUT, also what is never due. */
export const parseSchedule = (input: ReportScheduleInput, nowMs: number, where: string): ReportSchedule => {
  const { cron = null, every = null, timeZone = "UTC" } = input;
  const words = [every, input.at ?? null, input.weekday ?? null, input.day ?? null];
  if ((cron === null) === (every === null) || (cron !== null && words.some((word) => word !== null)))
    throw bad(where, "A schedule is either `cron`, or `every` with `at`.");
  const schedule = {
    cron: cron === null ? cronOfWords(input, where) : parseCron(cron, `${where}.cron`),
    timeZone: parseZone(timeZone, `${where}.timeZone`),
  };
  if (dueAfter(schedule, nowMs) === null) throw bad(where, "No day is ever like this: the report would never be due.");
  return schedule;
};
