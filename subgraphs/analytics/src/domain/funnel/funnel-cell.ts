/** What a unit may have had beside the steps: an event that it did, or a value of a field at its entry, as the tally names it. */
export type FunnelFinding = { readonly with: boolean } & (
  { readonly kind: "EVENT"; readonly event: string } | { readonly kind: "FIELD"; readonly value: string }
);

/** Which units of a funnel are meant: those that reached a step, got no further than it, converted or did not; in a group and a bucket of entries, where those are named. */
export interface FunnelCell {
  readonly outcome: "REACHED" | "DROPPED_OFF" | "CONVERTED" | "NOT_CONVERTED";
  /** Index of the step. */
  readonly step: number;
  /** The group as the tally names it; null for all. */
  readonly group: string | null;
  /** Milliseconds since the epoch between which units entered; null for any. */
  readonly entered: { readonly fromMs: number; readonly toMs: number } | null;
  /** Name of the very next event, the empty text for none; null for any. */
  readonly next: string | null;
  /** Names of what they did one after another, and whether nothing came after; null for anything. */
  readonly afterwards: { readonly events: readonly string[]; readonly ended: boolean } | null;
  /** Units with or without something; null for any. */
  readonly finding: FunnelFinding | null;
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
