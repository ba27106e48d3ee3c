import type { MutationResolvers, QueryResolvers } from "../../generated/resolvers.ts";
import { toDeleteCalendarResult, toSaveCalendarResult } from "./calendar-views.ts";

/** Root queries about event calendars. */
export const calendarQueries = {
  eventCalendars: (_root, _arguments, { caller, operations }) => operations.eventCalendars(caller),
  eventCalendar: (_root, { id }, { caller, operations }) => operations.eventCalendar(caller, id),
  previewEventCalendar: (_root, { input, ...asked }, { operations }) => operations.previewEventCalendar(input, asked),
} satisfies QueryResolvers;

/** Root mutations about the same. */
export const calendarMutations = {
  saveEventCalendar: (_root, asked, { caller, operations }) =>
    operations
      .saveEventCalendar(caller, asked)
      .then((outcome) => toSaveCalendarResult({ id: asked.id ?? "", name: asked.input.name }, outcome)),
  deleteEventCalendar: (_root, { id }, { caller, operations }) =>
    operations.deleteEventCalendar(caller, id).then((outcome) => toDeleteCalendarResult(id, outcome)),
} satisfies MutationResolvers;
