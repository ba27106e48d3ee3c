/** Times over which an objective is kept: so many days up to now, or the month of its zone's calendar. */
export const OBJECTIVE_WINDOWS = ["DAYS_7", "DAYS_28", "DAYS_30", "DAYS_90", "CALENDAR_MONTH"] as const;
/** One of {@link OBJECTIVE_WINDOWS}. */
export type ObjectiveWindow = (typeof OBJECTIVE_WINDOWS)[number];

/** A filter of events in the form of the analytics room's `EventFilterInput`, which checks it. */
export type EventFilter = Readonly<Record<string, unknown>>;

/** On which side of a bound a number is good; at the bound it is. */
export interface GoodBound {
  readonly side: "AT_MOST" | "AT_LEAST";
  readonly bound: number;
}

/**
 * What is measured. EVENTS: events that are good of all. LATENCY: events whose number is no greater than a bound, of those that have one. SLICES: hours in which a metric is within a bound, of
 * those in which it has a value.
 */
export type Indicator =
  | { readonly kind: "EVENTS"; readonly of: EventFilter | null; readonly good: EventFilter }
  | { readonly kind: "LATENCY"; readonly of: EventFilter | null; readonly field: string; readonly atMost: number }
  | {
      readonly kind: "SLICES";
      readonly of: EventFilter | null;
      readonly metric: string;
      readonly good: GoodBound;
    };

/** A service level objective: how much of something shall be good over a time. */
export interface Objective {
  readonly name: string;
  readonly description: string | null;
  /** Who answers for it, in their author's words. */
  readonly owner: string | null;
  readonly indicator: Indicator;
  /** How much shall be good, in percent. */
  readonly percent: number;
  readonly window: ObjectiveWindow;
  /** On whose clock days and months begin. */
  readonly timeZone: string;
  /** The field by which each group is held to the objective by itself; null: all together alone. */
  readonly groupBy: string | null;
  /** Groups that are told apart, the heaviest. */
  readonly maxGroups: number;
}

/** An objective as it stands. */
export interface SavedObjective {
  readonly id: string;
  readonly definition: Objective;
  /** Grows by one with each change. */
  readonly version: number;
  readonly createdAtMs: number;
  readonly changedAtMs: number;
}

/** What became of an objective that was to be saved. */
export type SavedObjectiveOutcome =
  | { readonly kind: "SAVED" | "STALE"; readonly objective: SavedObjective }
  | { readonly kind: "NAME_TAKEN" | "NOT_FOUND" }
  | { readonly kind: "LIMIT_REACHED"; readonly limit: number };

/** What became of an objective that was to be deleted; one that rules watch stays, and they are told by their ids. */
export type DeletedObjective =
  { readonly kind: "DELETED" | "NOT_FOUND" } | { readonly kind: "IN_USE"; readonly rules: readonly string[] };

/** Reads and writes objectives in the form that is kept. */
export interface ObjectiveCodec {
  readonly read: (definition: unknown) => Objective;
  readonly write: (objective: Objective) => unknown;
}
