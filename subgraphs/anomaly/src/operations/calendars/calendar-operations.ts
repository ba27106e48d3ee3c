import type { Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import type { WatchedAnswer } from "@tessera/contracts/watched-series";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import { checkCalendar, entryFormOf } from "../../domain/calendars/check-calendar.ts";
import type {
  DeletedCalendar,
  EventCalendar,
  SavedCalendar,
  SavedCalendarOutcome,
} from "../../domain/calendars/event-calendar.ts";
import { readICalendar } from "../../domain/calendars/i-calendar.ts";
import {
  markBuckets,
  NO_CALENDAR,
  occurrencesIn,
  type MarkOf,
  type Occurrence,
} from "../../domain/calendars/occurrences.ts";
import type { WatchedQuestionRule } from "../../domain/rules/watch.ts";
import type { CalendarStore } from "../../store/calendars/calendar-store.ts";
import { keptId, soundOf } from "../silences/silence-operations.ts";

/** What event calendars need. */
export interface CalendarDeps {
  readonly calendars: CalendarStore;
  readonly nowMs: NowMs;
  readonly newId: () => string;
}

/** What the author of a calendar says: entries of their own, a file of them, or both. */
export interface CalendarInput {
  readonly name: string;
  readonly timeZone: string;
  readonly entries?: readonly object[] | null | undefined;
  readonly iCalendar?: string | null | undefined;
}

/** A time whose occurrences are told; left out: from now, for a year. */
export interface OccurrencesAsked {
  readonly from?: string | null | undefined;
  readonly until?: string | null | undefined;
  readonly first: number;
}

/** Longest time whose occurrences are told at once: five years, in which leap days and all of Easter's moods show. */
const MAX_TOLD_MS = 5 * 366 * 86_400_000;
const YEAR_MS = 366 * 86_400_000;
/** Occurrences that are told at once. */
const MAX_TOLD = 1_000;

/** The calendar an input says, its file's entries after its own. */
const calendarOf = (input: CalendarInput, nowMs: number): EventCalendar => {
  const { iCalendar, ...own } = input;
  // The zone is checked first: floating times of the file are on its clock.
  const calendar = soundOf(checkCalendar(own));
  if (iCalendar === null || iCalendar === undefined) return calendar;
  const read = soundOf(readICalendar(iCalendar, calendar.timeZone, nowMs));
  return soundOf(checkCalendar({ ...own, entries: [...(own.entries ?? []), ...read.map(entryFormOf)] }));
};

const occurrencesOf =
  ({ nowMs }: Pick<CalendarDeps, "nowMs">) =>
  (calendar: EventCalendar, { from, until, first }: OccurrencesAsked): readonly Occurrence[] => {
    const fromMs = from === null || from === undefined ? nowMs() : Date.parse(from);
    const untilMs = until === null || until === undefined ? fromMs + YEAR_MS : Date.parse(until);
    if (!(fromMs < untilMs && untilMs - fromMs <= MAX_TOLD_MS))
      throw refuse("BAD_INPUT", "Give an end that lies at most five years after the beginning.", { field: "until" });
    if (first < 1 || first > MAX_TOLD)
      throw refuse("BAD_INPUT", `\`first\` must be between 1 and ${MAX_TOLD}.`, { field: "first" });
    return occurrencesIn(calendar, fromMs, untilMs).slice(0, first);
  };

const save =
  ({ calendars, nowMs, newId }: CalendarDeps) =>
  async (
    caller: Caller,
    asked: {
      readonly id?: string | null | undefined;
      readonly version?: number | null | undefined;
      readonly input: CalendarInput;
    },
  ): Promise<SavedCalendarOutcome> => {
    const { id = null, version = null } = asked;
    if ((id === null) !== (version === null))
      throw refuse(
        "BAD_INPUT",
        "Name `id` and the `version` that was read to change a calendar, neither to make one.",
        { field: "version" },
      );
    const definition = calendarOf(asked.input, nowMs());
    if (id === null) return calendars.save(caller.tenantId, { id: newId(), version, definition }, nowMs());
    const calendarId = keptId(id);
    if (calendarId === null) return { kind: "NOT_FOUND" };
    return calendars.save(caller.tenantId, { id: calendarId, version, definition }, nowMs());
  };

const byId = async (
  { calendars }: Pick<CalendarDeps, "calendars">,
  tenantId: TenantId,
  text: string,
): Promise<SavedCalendar | null> => {
  const id = keptId(text);
  return id === null ? null : calendars.find(tenantId, id);
};

/** Everything that is done on request about event calendars, ready to be called. */
export const createCalendarOperations = (deps: CalendarDeps) => ({
  eventCalendars: ({ tenantId }: Caller): Promise<readonly SavedCalendar[]> => deps.calendars.list(tenantId),
  eventCalendar: ({ tenantId }: Caller, id: string): Promise<SavedCalendar | null> => byId(deps, tenantId, id),
  occurrencesOf: occurrencesOf(deps),
  previewEventCalendar: (input: CalendarInput, asked: OccurrencesAsked): readonly Occurrence[] =>
    occurrencesOf(deps)(calendarOf(input, deps.nowMs()), asked),
  saveEventCalendar: save(deps),
  deleteEventCalendar: async ({ tenantId }: Caller, text: string): Promise<DeletedCalendar> => {
    const id = keptId(text);
    return id === null ? { kind: "NOT_FOUND" } : deps.calendars.remove(tenantId, id);
  },
});

/** See {@link createCalendarOperations}. */
export type CalendarOperations = ReturnType<typeof createCalendarOperations>;

/** Tells by the event calendar of a rule which buckets of an answer are holidays and known events. */
export type ReadCalendar = (
  tenantId: TenantId,
  watch: Pick<WatchedQuestionRule, "calendar">,
  answer: Pick<WatchedAnswer, "bucketsMs" | "endsMs">,
) => Promise<MarkOf>;

/** Builds {@link ReadCalendar}; a calendar that is not there is refused at its place in a rule's input. */
export const createReadCalendar =
  (calendars: Pick<CalendarStore, "find">): ReadCalendar =>
  async (tenantId, { calendar: id }, { bucketsMs, endsMs }) => {
    if (id === null) return NO_CALENDAR;
    const calendar = await calendars.find(tenantId, id);
    if (calendar === null)
      throw refuse("NOT_FOUND", "The tenant has no such event calendar.", { field: "input.question.calendar" });
    return markBuckets(calendar.definition, bucketsMs[0] ?? 0, endsMs.at(-1) ?? 0);
  };
