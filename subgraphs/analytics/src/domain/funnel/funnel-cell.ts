/** Which units of a funnel are meant: those that reached a step, or got no further than it; in a group and a bucket of entries, where those are named. */
export interface FunnelCell {
  readonly outcome: "REACHED" | "DROPPED_OFF";
  /** Index of the step. */
  readonly step: number;
  /** The group as the tally names it; null for all. */
  readonly group: string | null;
  /** Milliseconds since the epoch between which units entered; null for any. */
  readonly entered: { readonly fromMs: number; readonly toMs: number } | null;
  /** Name of the very next event, the empty text for none; null for any. */
  readonly next: string | null;
}

/** Which of the units are listed: those that come after a place, in order of their numbers or from the newest event on. */
export interface FunnelBehind {
  readonly cell: FunnelCell;
  readonly order: "UNIT" | "NEWEST";
  /** The last one listed before: its number, and in milliseconds since the epoch when its event was; null to begin. */
  readonly after: { readonly unit: string; readonly timeMs: number } | null;
  /** Units listed at most. */
  readonly most: number;
}

/** A unit of a cell, by the event that makes it one: the event of the step, or the last one of an attempt that got no further. */
export interface BehindUnit {
  /** The unit's number in decimals. */
  readonly unit: string;
  readonly timeMs: number;
  /** How many of the unit's events of the same moment that were looked at come before it. */
  readonly tie: number;
}

/** How many units a cell counts, and those listed. */
export interface UnitsBehind {
  readonly units: number;
  readonly listed: readonly BehindUnit[];
}

/** An event of a unit, by its id. */
export interface UnitEvent {
  readonly unit: string;
  readonly timeMs: number;
  readonly id: string;
}
