import type { CalendarOccurrenceResolvers, EventCalendarResolvers } from "../../generated/resolvers.ts";
import { toDateTime } from "../views.ts";
import { toCalendarEntry } from "./calendar-views.ts";

const EventCalendar: EventCalendarResolvers = {
  name: ({ definition }) => definition.name,
  timeZone: ({ definition }) => definition.timeZone,
  entries: ({ definition }) => definition.entries.map(toCalendarEntry),
  occurrences: ({ definition }, asked, { operations }) => operations.occurrencesOf(definition, asked),
  createdAt: ({ createdAtMs }) => toDateTime(createdAtMs),
  changedAt: ({ changedAtMs }) => toDateTime(changedAtMs),
};

const CalendarOccurrence: CalendarOccurrenceResolvers = {
  label: ({ entry }) => entry.label,
  title: ({ entry }) => entry.title,
  like: ({ entry }) => entry.like,
  from: ({ fromMs }) => toDateTime(fromMs),
  until: ({ untilMs }) => toDateTime(untilMs),
};

/** Resolvers of the types about event calendars. */
export const calendarTypes = { EventCalendar, CalendarOccurrence };
