import { z } from "zod";
import { checked, storedValue, type Checked } from "../checked.ts";
import { isZone } from "../zone-clock.ts";
import {
  CHURCHES,
  OBSERVANCES,
  WEEKDAYS,
  type CalendarCodec,
  type CalendarEntry,
  type EntryTime,
  type EventCalendar,
} from "./event-calendar.ts";

const DAY_MS = 86_400_000;
/** Characters of a calendar's and an entry's name. */
const MAX_NAME_CHARACTERS = 200;
/** Entries of a calendar: each is looked at by every turn of a rule that goes by it. */
export const MAX_ENTRIES = 500;
/** Longest entry: a year. What is longer is what is usual. */
const MAX_ENTRY_DAYS = 366;
/** Days that come every year last at most a month. */
export const MAX_YEARLY_DAYS = 31;
/** Days between a day that comes every year and the one it is counted from. */
const MAX_OFFSET_DAYS = 100;
/** Years a calendar knows: those of the Gregorian and the Julian computus that anybody has checked. */
const [FIRST_YEAR, LAST_YEAR] = [1970, 2199];
const [FIRST_MS, END_MS] = [Date.UTC(FIRST_YEAR, 0, 1), Date.UTC(LAST_YEAR + 1, 0, 1)];
/** Most days each month may have. */
const DAYS_OF_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const label = z
  .string()
  .regex(
    /^[\p{Ll}\p{Lo}\p{N}][\p{Ll}\p{Lo}\p{N}-]{0,59}$/u,
    "A label is 1 to 60 small letters, digits and hyphens, such as black-friday.",
  );
const known = (ms: number): boolean => ms >= FIRST_MS && ms < END_MS;
const KNOWN_YEARS = `A calendar knows the years ${FIRST_YEAR} to ${LAST_YEAR}.`;
const date = z.iso
  .date("Give a date, such as 2026-12-24.")
  .transform((text) => Date.parse(`${text}T00:00:00Z`))
  .refine(known, KNOWN_YEARS)
  .transform((ms) => ms / DAY_MS);
const instant = z.iso
  .datetime({ offset: true })
  .transform((text) => Date.parse(text))
  .refine(known, KNOWN_YEARS);
const month = z.number().int().min(1).max(12);
const year = z.number().int().min(FIRST_YEAR).max(LAST_YEAR).nullish();

const spans = (from: number, until: number, unit: number): boolean =>
  until > from && until - from <= MAX_ENTRY_DAYS * unit;

const daysSchema = z
  .object({ from: date, to: date.nullish() })
  .transform(({ from, to }): EntryTime => ({ kind: "DAYS", firstDay: from, lastDay: to ?? from }))
  .refine((time) => time.kind !== "DAYS" || spans(time.firstDay, time.lastDay + 1, 1), {
    path: ["to"],
    error: `The last day is the first or one of the ${MAX_ENTRY_DAYS - 1} after it.`,
  });
const spanSchema = z
  .object({ from: instant, until: instant })
  .transform(({ from, until }): EntryTime => ({ kind: "SPAN", fromMs: from, untilMs: until }))
  .refine((time) => time.kind !== "SPAN" || spans(time.fromMs, time.untilMs, DAY_MS), {
    path: ["until"],
    error: `A span ends after it begins, and within ${MAX_ENTRY_DAYS} days.`,
  });

const dateOfYear = z
  .object({ month, day: z.number().int().min(1).max(31) })
  .refine((one) => one.day <= (DAYS_OF_MONTH[one.month - 1] ?? 0), {
    ...{ path: ["day"], error: "The month never has that day." },
  });
const nthWeekday = z.object({
  month,
  weekday: z.enum(WEEKDAYS),
  nth: z
    .number()
    .int()
    .min(-5)
    .max(5)
    .refine((nth) => nth !== 0, "Count from 1, or from the month's end with -1."),
});
const times = {
  days: daysSchema.nullish(),
  span: spanSchema.nullish(),
  date: dateOfYear.nullish(),
  weekday: nthWeekday.nullish(),
  easter: z.object({ church: z.enum(CHURCHES) }).nullish(),
};
const yearly = {
  offsetDays: z.number().int().min(-MAX_OFFSET_DAYS).max(MAX_OFFSET_DAYS).nullish(),
  lasts: z.number().int().min(1).max(MAX_YEARLY_DAYS).nullish(),
  observed: z.enum(OBSERVANCES).nullish(),
  firstYear: year,
  lastYear: year,
};
const entryFields = z.object({
  ...{ label, title: z.string().trim().min(1).max(MAX_NAME_CHARACTERS).nullish() },
  ...{ like: z.enum(WEEKDAYS).nullish(), ...times, ...yearly },
});
type EntryInput = z.infer<typeof entryFields>;

const yearlyDayOf = ({ date: byDate, weekday, easter }: EntryInput) => {
  if (byDate) return { kind: "DATE", ...byDate } as const;
  if (weekday) return { kind: "NTH_WEEKDAY", ...weekday } as const;
  return easter ? ({ kind: "EASTER", ...easter } as const) : null;
};

const timeOf = (input: EntryInput): EntryTime | null => {
  const once = input.days ?? input.span ?? null;
  const on = yearlyDayOf(input);
  if (on === null) return once;
  const { offsetDays, lasts, observed, firstYear, lastYear } = input;
  return {
    ...{ kind: "YEARLY", on, offsetDays: offsetDays ?? 0, days: lasts ?? 1, observed: observed ?? "AS_IT_FALLS" },
    ...{ firstYear: firstYear ?? null, lastYear: lastYear ?? null },
  };
};

const given = (input: EntryInput, names: readonly (keyof EntryInput)[]): readonly string[] =>
  names.filter((name) => input[name] !== null && input[name] !== undefined);
const TIME_NAMES = ["days", "span", "date", "weekday", "easter"] as const;
const YEARLY_NAMES = ["offsetDays", "lasts", "observed", "firstYear", "lastYear"] as const;

const entrySchema = entryFields.transform((input, context): CalendarEntry => {
  const issue = (path: string, message: string): never => {
    context.addIssue({ code: "custom", path: [path], message });
    return z.NEVER;
  };
  const named = given(input, TIME_NAMES);
  const time = timeOf(input);
  if (named.length !== 1 || time === null)
    return issue(named[1] ?? "days", "Say when it is by one of `days`, `span`, `date`, `weekday` and `easter`.");
  const [beside] = given(input, YEARLY_NAMES);
  if (time.kind !== "YEARLY" && beside !== undefined)
    return issue(beside, "Only what comes every year (`date`, `weekday`, `easter`) has this.");
  const { firstYear = null, lastYear = null } = input;
  if (firstYear !== null && lastYear !== null && lastYear < firstYear)
    return issue("lastYear", "The last year is the first or a later one.");
  return { label: input.label, title: input.title ?? null, time, like: input.like ?? null };
});

const calendarSchema = z.object({
  name: z.string().trim().min(1).max(MAX_NAME_CHARACTERS),
  timeZone: z.string().refine(isZone, "Give an IANA zone, such as Europe/Berlin."),
  entries: z
    .array(entrySchema)
    .max(MAX_ENTRIES)
    .nullish()
    .transform((entries) => entries ?? []),
});

/** Checks what the author of a calendar says; a problem names the field and what to change. */
export const checkCalendar = (input: unknown): Checked<EventCalendar> => checked(calendarSchema.safeParse(input));

/** A day since the epoch as a date, such as 2026-12-24. */
export const dateOf = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10);

const timeForm = (time: EntryTime) => {
  if (time.kind === "DAYS") return { days: { from: dateOf(time.firstDay), to: dateOf(time.lastDay) } };
  if (time.kind === "SPAN")
    return { span: { from: new Date(time.fromMs).toISOString(), until: new Date(time.untilMs).toISOString() } };
  const { on, days, offsetDays, observed, firstYear, lastYear } = time;
  const { kind, ...said } = on;
  const name = { DATE: "date", NTH_WEEKDAY: "weekday", EASTER: "easter" }[kind];
  return { [name]: said, offsetDays, lasts: days, observed, firstYear, lastYear };
};

/** An entry in the form its author gives, which {@link checkCalendar} reads. */
export const entryFormOf = ({ label: kind, title, time, like }: CalendarEntry) => ({
  ...{ label: kind, title, like },
  ...timeForm(time),
});

/** Reads and writes calendars; what was stored once and is no calendar is a broken row. */
export const calendarCodec: CalendarCodec = {
  read: (definition) => storedValue(checkCalendar(definition), "calendar"),
  write: ({ entries, ...same }) => ({ ...same, entries: entries.map(entryFormOf) }),
};
