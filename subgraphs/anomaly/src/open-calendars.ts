import type { Resources } from "@tessera/platform/runtime/resources";
import { calendarCodec } from "./domain/calendars/check-calendar.ts";
import { createCalendarOperations, type CalendarOperations } from "./operations/calendars/calendar-operations.ts";
import { createCalendarStore } from "./store/calendars/calendar-store.ts";

/** Opens the event calendars that rules go by. */
export const openCalendars = ({ sql, nowMs, newId }: Pick<Resources, "sql" | "nowMs" | "newId">): CalendarOperations =>
  createCalendarOperations({ calendars: createCalendarStore({ sql, codec: calendarCodec }), nowMs, newId });
