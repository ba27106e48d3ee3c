import type { Caller } from "./caller.ts";

/** A question that has a number over time, asked of the analytics room; the input of its field `watchedSeries`, which says what each part means. */
export interface WatchedQuestion {
  /** One question by the name of its field, as dashboards ask it. */
  readonly question: Readonly<Record<string, unknown>>;
  readonly value: Readonly<Record<string, unknown>> | null;
  readonly granularity: string;
  readonly timeZone: string;
  readonly maxSeries: number;
  /** RFC 3339; the buckets are those that lie wholly between. */
  readonly from: string;
  readonly to: string;
  /** From when on events weigh in which series are kept, RFC 3339. */
  readonly heaviestFrom: string | null;
  /** Whether names are asked about that are slips of names of something sent; left out: they are refused. */
  readonly allowUnknown?: boolean;
}

/** One series of an answer: what it is of, and a value for each bucket. */
export interface WatchedSeries {
  readonly group: readonly { readonly name: string; readonly value: string | null }[];
  readonly values: readonly (number | null)[];
  /** Events or units each value is of; null where that is not known. */
  readonly samples: readonly (number | null)[];
}

/** Where an answer comes from. */
export interface WatchedProvenance {
  /** Every event acknowledged before this moment is in it, RFC 3339. */
  readonly asOf: string;
  readonly exactness: string;
  /** Tables it was read from. */
  readonly tables: readonly string[];
}

/** An answer in series; moments are milliseconds since the epoch. */
export interface WatchedAnswer {
  readonly bucketsMs: readonly number[];
  readonly endsMs: readonly number[];
  /** Whether a bucket had all it will have. */
  readonly complete: readonly boolean[];
  /** Whether what a bucket holds never falls as more events come. */
  readonly rising: boolean;
  /** What a bucket holds in which a series has no events. */
  readonly emptyValue: number | null;
  /** The heaviest first. */
  readonly series: readonly WatchedSeries[];
  /** All others together; null where there are none, and where the number does not add up. */
  readonly others: WatchedSeries | null;
  /** Series there are; at least so many where there are more than were read. */
  readonly seriesCount: number;
  /** Whether there are more series than were read, so that one that is not told may hold anything; left out: there are none. */
  readonly hasMore?: boolean;
  /** Null, or left out: nothing had to be read. */
  readonly provenance?: WatchedProvenance | null;
}

/** How many people and how much money a change of a number concerns. */
export interface WatchedImpact {
  /** People too many or too few. */
  readonly people: number;
  /** Revenue too much or too little, by currency. */
  readonly revenue: readonly { readonly currency: string; readonly amount: number }[];
}

/**
 * Asks the analytics room, wherever it runs, with the permissions, data policy and budget of the caller. Rejects with the room's own refusals, and with
 * DEPENDENCY_UNAVAILABLE when it gives no answer.
 */
export interface AskAnalytics {
  watchedSeries(caller: Caller, question: WatchedQuestion, signal?: AbortSignal): Promise<WatchedAnswer>;
  /** How far a change reaches that this room knows as the key of a `WatchedChange`. */
  impactOf(caller: Caller, change: string, signal?: AbortSignal): Promise<WatchedImpact>;
}
