/** Days of the week as hours of the week count them, Monday first. */
export const WEEKDAYS = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"] as const;

/** One of {@link WEEKDAYS}. */
export type Weekday = (typeof WEEKDAYS)[number];

/** What becomes of a day off that falls on a weekend. AS_IT_FALLS: it stays. NEAREST_WEEKDAY: Friday for Saturday, Monday for Sunday. NEXT_MONDAY: Monday for both. */
export const OBSERVANCES = ["AS_IT_FALLS", "NEAREST_WEEKDAY", "NEXT_MONDAY"] as const;

/** Churches whose Easter is meant: the Gregorian computus, or the Julian one told in Gregorian dates. */
export const CHURCHES = ["WESTERN", "ORTHODOX"] as const;

/** A day that comes every year: by its date, as the n-th of its weekdays in a month (negative: counted from the end), or by Easter. Months are 1 to 12. */
export type YearlyDay =
  | { readonly kind: "DATE"; readonly month: number; readonly day: number }
  | { readonly kind: "NTH_WEEKDAY"; readonly month: number; readonly weekday: Weekday; readonly nth: number }
  | { readonly kind: "EASTER"; readonly church: (typeof CHURCHES)[number] };

/** When an entry is: whole days once (first and last as days since the epoch), a span of moments once, or days that come every year. */
export type EntryTime =
  | { readonly kind: "DAYS"; readonly firstDay: number; readonly lastDay: number }
  | { readonly kind: "SPAN"; readonly fromMs: number; readonly untilMs: number }
  | {
      readonly kind: "YEARLY";
      readonly on: YearlyDay;
      readonly offsetDays: number;
      readonly days: number;
      readonly observed: (typeof OBSERVANCES)[number];
      readonly firstYear: number | null;
      readonly lastYear: number | null;
    };

/** A holiday or a known event. */
export interface CalendarEntry {
  /** What detectors know it by: entries with one label are of a kind. */
  readonly label: string;
  readonly title: string | null;
  readonly time: EntryTime;
  /** The weekday its hours are those of; null: they are like none. */
  readonly like: Weekday | null;
}

/** Holidays and known events of a tenant; of two at a time the one that stands first counts. */
export interface EventCalendar {
  readonly name: string;
  /** On whose clock days begin and end. */
  readonly timeZone: string;
  readonly entries: readonly CalendarEntry[];
}

/** A calendar as it stands. */
export interface SavedCalendar {
  readonly id: string;
  readonly definition: EventCalendar;
  /** Grows by one with each change. */
  readonly version: number;
  readonly createdAtMs: number;
  readonly changedAtMs: number;
}

/** What became of a calendar that was to be saved. */
export type SavedCalendarOutcome =
  | { readonly kind: "SAVED" | "STALE"; readonly calendar: SavedCalendar }
  | { readonly kind: "NAME_TAKEN" | "NOT_FOUND" }
  | { readonly kind: "LIMIT_REACHED"; readonly limit: number };

/** What became of a calendar that was to be deleted; one that rules go by stays, and they are told by their ids. */
export type DeletedCalendar =
  { readonly kind: "DELETED" | "NOT_FOUND" } | { readonly kind: "IN_USE"; readonly rules: readonly string[] };

/** Reads and writes calendars in the form their authors give. */
export interface CalendarCodec {
  readonly read: (definition: unknown) => EventCalendar;
  readonly write: (calendar: EventCalendar) => unknown;
}
