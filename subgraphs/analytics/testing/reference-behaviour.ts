import type { AnalysisUnitInput } from "../src/domain/analysis-unit.ts";
import type { EventMatcherInput } from "../src/domain/event-matcher.ts";
import type { CalendarPeriod } from "../src/domain/cohort-window.ts";
import { passes, textOf } from "./reference-filter.ts";
import type { TestEvent } from "./test-events.ts";

/** Whether an event is what a matcher means. */
export const isMatch = (event: TestEvent, { events, filter }: EventMatcherInput): boolean =>
  (events === null || events === undefined || events.includes(event.name)) && passes(event, filter ?? null);

/** Who did an event: the user when known, else the visitor; null for nobody. */
export const personOf = ({ userId = "", anonymousId = "" }: TestEvent): string | null => {
  if (userId !== "") return `user ${userId}`;
  return anonymousId === "" ? null : `visitor ${anonymousId}`;
};

/** Which unit an event is of: a person, a session, or the value of a field or of a type of groups; null or the empty text for none. */
export const unitOf = (event: TestEvent, unit: AnalysisUnitInput | null | undefined): string | null => {
  switch (unit?.kind ?? "PERSON") {
    case "PERSON":
      return personOf(event);
    case "SESSION":
      return event.sessionId ?? null;
    case "FIELD":
      return textOf(event, unit?.field ?? "");
    case "GROUP":
      return textOf(event, `properties.groups.${unit?.group ?? ""}`);
  }
};

const formats = new Map<string, Intl.DateTimeFormat>();
const localDate = (ms: number, timeZone: string): readonly number[] => {
  const format =
    formats.get(timeZone) ??
    new Intl.DateTimeFormat("en-US", { timeZone, year: "numeric", month: "numeric", day: "numeric" });
  formats.set(timeZone, format);
  const parts = format.formatToParts(ms);
  return ["year", "month", "day"].map((type) => Number(parts.find((part) => part.type === type)?.value));
};

/** Number of the calendar period a moment lies in, by the date a calendar on the wall of the zone shows. */
export const periodNumber = (ms: number, period: CalendarPeriod, timeZone: string): number => {
  const [year = 0, month = 1, day = 1] = localDate(ms, timeZone);
  if (period === "MONTH") return year * 12 + month - 1;
  const date = Math.round(Date.UTC(year, month - 1, day) / 86_400_000);
  // 1 January 1970 was a Thursday.
  return period === "DAY" ? date : Math.floor((date + 3) / 7);
};

/** Events of each unit, in no particular order; events without one are left out. */
export const eventsByUnit = (
  events: readonly TestEvent[],
  keyOf: (event: TestEvent) => string | null,
): ReadonlyMap<string, readonly TestEvent[]> => {
  const units = new Map<string, TestEvent[]>();
  for (const event of events) {
    const unit = keyOf(event);
    if (unit === null || unit === "") continue;
    units.set(unit, [...(units.get(unit) ?? []), event]);
  }
  return units;
};
