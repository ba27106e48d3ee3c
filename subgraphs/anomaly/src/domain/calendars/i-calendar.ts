import ICAL from "ical.js";
import { errorMessage } from "@tessera/platform/errors/error-message";
import type { Checked, RuleProblem } from "../checked.ts";
import { isZone, momentOf } from "../zone-clock.ts";
import { MAX_ENTRIES, MAX_YEARLY_DAYS } from "./check-calendar.ts";
import { WEEKDAYS, type CalendarEntry, type EntryTime, type YearlyDay } from "./event-calendar.ts";
import { dayOf, firstDayIn, yearOf } from "./yearly-days.ts";

const DAY_MS = 86_400_000;
/** Characters of a file: ten years of a country's holidays have a tenth of them. */
export const MAX_FILE_CHARACTERS = 500_000;
/** Events of a file. */
const MAX_EVENTS = 500;
/** Years before and after the present one whose occurrences are written down one by one, of events that can't be said as days that come every year. */
const [YEARS_BEFORE, YEARS_AFTER] = [2, 5];
/** Events that are told to be wrong, one by one. */
const MAX_TOLD_PROBLEMS = 10;
/** Characters of a label and of a title. */
const [LABEL_CHARACTERS, TITLE_CHARACTERS] = [60, 200];
/** Days of the week as iCalendar writes them, Monday first. */
const ICAL_WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

type Time = InstanceType<typeof ICAL.Time>;
type Event = InstanceType<typeof ICAL.Event>;
type Recur = InstanceType<typeof ICAL.Recur>;

/** What is wrong with an event, in words that name it. */
class Unreadable extends Error {}

const labelOf = (summary: string): string => {
  const plain = summary.normalize("NFKD").replace(/\p{M}/gu, "").normalize("NFC").toLowerCase();
  const text = plain.replace(/[^\p{Ll}\p{Lo}\p{N}]+/gu, "-").replace(/^-+/u, "");
  const label = Array.from(text).slice(0, LABEL_CHARACTERS).join("").replace(/-+$/u, "");
  return label === "" ? "event" : label;
};

const dayOfTime = ({ year, month, day }: Time): number => dayOf(year, month, day);

/** The zone a time is told in; a floating one is on the calendar's own clock. */
const zoneOf = (event: Event, time: Time, timeZone: string): string => {
  if (time.zone?.tzid === "UTC") return "UTC";
  const named = event.component.getFirstProperty("dtstart")?.getFirstParameter("tzid") ?? "";
  if (named === "") return timeZone;
  if (isZone(named)) return named;
  throw new Unreadable(`its zone ${named} is none of the IANA list: write TZID=Europe/Berlin or the like`);
};

const momentOfTime = (event: Event, time: Time, timeZone: string): number => {
  const { year, month, day, hour, minute, second } = time;
  const reading = Date.UTC(year, month - 1, day, hour, minute, second);
  return momentOf(zoneOf(event, time, timeZone), reading, -Infinity);
};

const onceOf = (event: Event, start: Time, end: Time, timeZone: string): EntryTime => {
  if (start.isDate)
    return {
      kind: "DAYS",
      firstDay: dayOfTime(start),
      lastDay: Math.max(dayOfTime(start), dayOfTime(end) - 1),
    };
  const [fromMs, untilMs] = [momentOfTime(event, start, timeZone), momentOfTime(event, end, timeZone)];
  if (untilMs <= fromMs) throw new Unreadable("it ends no later than it begins: give DTEND or DURATION");
  return { kind: "SPAN", fromMs, untilMs };
};

const WEEKDAY_PART = /^([+-]?[1-5])(MO|TU|WE|TH|FR|SA|SU)$/;

/** The day of the year a recurrence names, where it is one that comes by its date or as a weekday of a month; null of any other. */
const yearlyDayOf = ({ freq, parts }: Recur, start: Time): YearlyDay | null => {
  const said = new Map<string, unknown>(Object.entries(parts));
  if (freq !== "YEARLY") return null;
  const one = (name: string): unknown => {
    const values = said.get(name);
    return Array.isArray(values) && values.length === 1 ? values[0] : undefined;
  };
  if ([...said.keys()].some((name) => !["BYMONTH", "BYMONTHDAY", "BYDAY"].includes(name) || one(name) === undefined))
    return null;
  const [month, day] = [Number(one("BYMONTH") ?? start.month), Number(one("BYMONTHDAY") ?? start.day)];
  if (one("BYDAY") === undefined) {
    const sameDay = month === start.month && day === start.day;
    return sameDay ? { kind: "DATE", month, day } : null;
  }
  const [, nth = "", name = ""] = WEEKDAY_PART.exec(String(one("BYDAY"))) ?? [];
  const weekday = WEEKDAYS[ICAL_WEEKDAYS.indexOf(name)];
  if (weekday === undefined || one("BYMONTH") === undefined || one("BYMONTHDAY") !== undefined) return null;
  return { kind: "NTH_WEEKDAY", month, weekday, nth: Number(nth) };
};

/** A recurrence as it is followed here: the day of its year, and the years it has. */
interface Yearly {
  readonly on: YearlyDay;
  readonly firstYear: number;
  readonly lastYear: number | null;
  readonly interval: number;
}

const timeOf = ({ on, firstYear, lastYear }: Yearly, days: number): EntryTime & { readonly kind: "YEARLY" } => ({
  ...{ kind: "YEARLY", on, offsetDays: 0, days, observed: "AS_IT_FALLS", firstYear, lastYear },
});

const UNFOLLOWED =
  "only days that come every year by their date or as the n-th weekday of a month are followed (FREQ=YEARLY with BYMONTH, BYMONTHDAY or BYDAY): write its occurrences as events of their own";

const yearlyOf = (event: Event): Yearly | null => {
  const rules = event.component.getAllProperties("rrule");
  const beyond = ["rdate", "exrule", "recurrence-id"].some((name) => event.component.hasProperty(name));
  if (rules.length === 0 && !beyond) return null;
  const [rule] = rules.map((property) => property.getFirstValue());
  const on = rule instanceof ICAL.Recur && !beyond && rules.length === 1 ? yearlyDayOf(rule, event.startDate) : null;
  if (!(rule instanceof ICAL.Recur) || on === null) throw new Unreadable(UNFOLLOWED);
  const { interval, count, until } = rule;
  const firstYear = event.startDate.year;
  if (count && on.kind === "DATE" && on.month === 2 && on.day === 29) throw new Unreadable(UNFOLLOWED);
  if (count) return { on, firstYear, interval, lastYear: firstYear + interval * (count - 1) };
  if (!until) return { on, firstYear, interval, lastYear: null };
  const inLast = firstDayIn(timeOf({ on, firstYear, interval, lastYear: null }, 1), until.year);
  const reached = inLast !== null && inLast <= dayOfTime(until);
  return { on, firstYear, interval, lastYear: reached ? until.year : until.year - 1 };
};

const skippedDays = (event: Event): ReadonlySet<number> =>
  new Set(
    event.component
      .getAllProperties("exdate")
      .flatMap((property): readonly unknown[] => property.getValues())
      .flatMap((value) => (value instanceof ICAL.Time ? [dayOfTime(value)] : [])),
  );

/** The occurrences of a recurrence around the present year, one by one. */
const eachOf = (event: Event, yearly: Yearly, { timeZone, year }: Reading): readonly EntryTime[] => {
  const { startDate, endDate } = event;
  const skipped = skippedDays(event);
  const years = Array.from({ length: YEARS_BEFORE + YEARS_AFTER + 1 }, (_, place) => year - YEARS_BEFORE + place);
  return years.flatMap((one): readonly EntryTime[] => {
    const due = one >= yearly.firstYear && (one - yearly.firstYear) % yearly.interval === 0;
    const day = due ? firstDayIn(timeOf(yearly, 1), one) : null;
    if (day === null || skipped.has(day)) return [];
    const moved = (time: Time): Time => {
      const there = time.clone();
      there.adjust(day - dayOfTime(startDate), 0, 0, 0);
      return there;
    };
    return [onceOf(event, moved(startDate), moved(endDate), timeZone)];
  });
};

/** On whose clock floating times are, and the present year. */
interface Reading {
  readonly timeZone: string;
  readonly year: number;
}

const timesOf = (event: Event, reading: Reading): readonly EntryTime[] => {
  const { startDate, endDate } = event;
  const yearly = yearlyOf(event);
  if (yearly === null) return [onceOf(event, startDate, endDate, reading.timeZone)];
  const days = Math.max(1, dayOfTime(endDate) - dayOfTime(startDate));
  const asRule = startDate.isDate && yearly.interval === 1 && skippedDays(event).size === 0 && days <= MAX_YEARLY_DAYS;
  return asRule ? [timeOf(yearly, days)] : eachOf(event, yearly, reading);
};

const entriesOf = (event: Event, reading: Reading): readonly CalendarEntry[] => {
  if (!event.component.hasProperty("dtstart")) throw new Unreadable("it has no DTSTART");
  const summary: unknown = event.component.getFirstPropertyValue("summary");
  const named = typeof summary === "string" ? summary.trim() : "";
  const title = Array.from(named).slice(0, TITLE_CHARACTERS).join("").trim();
  return timesOf(event, reading).map((time) => ({
    ...{ label: labelOf(named), title: title === "" ? null : title, time, like: null },
  }));
};

const problem = (message: string): Checked<never> => ({ valid: false, problems: [{ field: "iCalendar", message }] });

const componentsOf = (text: string): Checked<readonly InstanceType<typeof ICAL.Component>[]> => {
  try {
    const parsed: unknown = ICAL.parse(text);
    const roots = Array.isArray(parsed) && Array.isArray(parsed[0]) ? parsed : [parsed];
    // boundary: what the library's parser answers, jCal, only its own Component reads.
    const calendars = roots.map((root) => new ICAL.Component(root as string));
    return { valid: true, value: calendars.flatMap((calendar) => calendar.getAllSubcomponents("vevent")) };
  } catch (error) {
    return problem(`The text is no iCalendar file (RFC 5545): ${errorMessage(error)}.`);
  }
};

/**
 * Reads the events of an iCalendar file (RFC 5545) as entries: what comes every year by its date or as a weekday of a month stays so, of other yearly events the occurrences from two years ago to five
 * years ahead are written down, and any other recurrence is refused. Cancelled events are none. Each problem names the event.
 */
export const readICalendar = (text: string, timeZone: string, nowMs: number): Checked<readonly CalendarEntry[]> => {
  if (text.length > MAX_FILE_CHARACTERS) return problem(`A file has at most ${MAX_FILE_CHARACTERS} characters.`);
  const components = componentsOf(text);
  if (!components.valid) return components;
  if (components.value.length > MAX_EVENTS)
    return problem(`A file has at most ${MAX_EVENTS} events; this one has ${components.value.length}.`);
  const reading = { timeZone, year: yearOf(Math.floor(nowMs / DAY_MS)) };
  const entries: CalendarEntry[] = [];
  const problems: RuleProblem[] = [];
  for (const component of components.value) {
    if (component.getFirstPropertyValue("status") === "CANCELLED") continue;
    const event = new ICAL.Event(component, { exceptions: [] });
    try {
      entries.push(...entriesOf(event, reading));
    } catch (error) {
      const named = `${String(component.getFirstPropertyValue("summary") ?? "")} (${String(component.getFirstPropertyValue("uid") ?? "without UID")})`;
      problems.push({ field: "iCalendar", message: `The event ${named.trim()}: ${errorMessage(error)}.` });
    }
  }
  if (problems.length > 0) return { valid: false, problems: problems.slice(0, MAX_TOLD_PROBLEMS) };
  if (entries.length > MAX_ENTRIES)
    return problem(`A calendar has at most ${MAX_ENTRIES} entries; the file makes ${entries.length}.`);
  return { valid: true, value: entries };
};
