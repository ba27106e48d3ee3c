import { dateOf } from "../../domain/calendars/check-calendar.ts";
import type {
  CalendarEntry,
  DeletedCalendar,
  EntryTime,
  SavedCalendarOutcome,
} from "../../domain/calendars/event-calendar.ts";
import type { EventCalendarEntry, ResolversTypes, ResolversUnionTypes } from "../../generated/resolvers.ts";
import { toDateTime } from "../views.ts";

type Results = ResolversUnionTypes<ResolversTypes>;
type Times = Omit<EventCalendarEntry, "label" | "title" | "like" | "__typename">;

const NEVER: Times = {
  ...{ days: null, span: null, date: null, weekday: null, easter: null },
  ...{ offsetDays: null, lasts: null, observed: null, firstYear: null, lastYear: null },
};

const toTimes = (time: EntryTime): Times => {
  if (time.kind === "DAYS") return { ...NEVER, days: { from: dateOf(time.firstDay), to: dateOf(time.lastDay) } };
  if (time.kind === "SPAN")
    return { ...NEVER, span: { from: toDateTime(time.fromMs), until: toDateTime(time.untilMs) } };
  const { on, days, kind: _kind, ...same } = time;
  const yearly = { ...NEVER, ...same, lasts: days };
  switch (on.kind) {
    case "DATE":
      return { ...yearly, date: { month: on.month, day: on.day } };
    case "NTH_WEEKDAY":
      return { ...yearly, weekday: { month: on.month, weekday: on.weekday, nth: on.nth } };
    case "EASTER":
      return { ...yearly, easter: { church: on.church } };
  }
};

/** An entry as callers see it. */
export const toCalendarEntry = ({ label, title, like, time }: CalendarEntry): EventCalendarEntry => ({
  ...{ label, title, like },
  ...toTimes(time),
});

/** What became of `saveEventCalendar`, as callers see it. */
export const toSaveCalendarResult = (
  { id, name }: { readonly id: string; readonly name: string },
  outcome: SavedCalendarOutcome,
): Results["SaveEventCalendarResult"] => {
  switch (outcome.kind) {
    case "SAVED":
      return { __typename: "EventCalendarSaved", calendar: outcome.calendar };
    case "STALE":
      return { __typename: "EventCalendarChangedMeanwhile", calendar: outcome.calendar };
    case "NAME_TAKEN":
      return { __typename: "EventCalendarNameTaken", name };
    case "NOT_FOUND":
      return { __typename: "EventCalendarNotFound", id };
    case "LIMIT_REACHED":
      return { __typename: "EventCalendarLimitReached", limit: outcome.limit };
  }
};

/** What became of `deleteEventCalendar`, as callers see it. */
export const toDeleteCalendarResult = (id: string, outcome: DeletedCalendar): Results["DeleteEventCalendarResult"] => {
  switch (outcome.kind) {
    case "DELETED":
      return { __typename: "EventCalendarDeleted", id };
    case "NOT_FOUND":
      return { __typename: "EventCalendarNotFound", id };
    case "IN_USE":
      return { __typename: "EventCalendarInUse", rules: [...outcome.rules] };
  }
};
