import type { Severity } from "./alert.ts";

/** How many of how many judged buckets decide. */
export interface Quorum {
  /** Buckets that must agree. */
  readonly k: number;
  /** Buckets that are looked at: the last ones. */
  readonly n: number;
}

/** When a series is in breach for long and often enough that people are told. */
export interface FirePolicy extends Quorum {
  /** Least score of a bucket that is a breach; 1 is the detector's own threshold. */
  readonly score: number;
  /** How long the alert must have been pending. */
  readonly minimumDurationMs: number;
}

/** When it is over. */
export interface ClearPolicy extends Quorum {
  /** A score below this is normal; never above the score that fires, so that a value on the threshold does not go to and fro. */
  readonly score: number;
  /** How long it must have seemed over. */
  readonly quietMs: number;
}

/** What missing data mean. KEEP: nothing. FIRE: they are a breach. RESOLVE: the series is over. */
export type NoDataAct = "KEEP" | "FIRE" | "RESOLVE";

/** What happens when buckets hold no data. */
export interface NoDataPolicy {
  readonly act: NoDataAct;
  /** Buckets without data, one after the other, until it happens. */
  readonly afterBuckets: number;
  /** How bad it is that data are missing. */
  readonly severity: Severity;
}

/** An alert flaps from its `changes`-th opening or ending within `windowMs` on, until there was none for as long. */
export interface FlappingPolicy {
  readonly changes: number;
  readonly windowMs: number;
}

/** How often people are reminded of what nobody has acknowledged. */
export interface RenotifyPolicy {
  readonly everyMs: number;
  /** Reminders of one episode. */
  readonly atMost: number;
}

/** Who is told when nobody acknowledges: only the delays; whom a step tells is the escalation policy's. */
export interface EscalationTimes {
  /** For each step how long after the one before it (the first: after people were first told) it is taken; 0, for the first alone: with the first telling. */
  readonly afterMs: readonly number[];
  /** How often the steps begin anew after the last. */
  readonly repeats: number;
  /** How long after the last step they do. */
  readonly repeatAfterMs: number;
}

/** From this score or impact on it is at least as bad as `severity`. */
export interface SeverityBand {
  readonly by: "SCORE" | "IMPACT";
  readonly atLeast: number;
  readonly severity: Severity;
}

/** How bad a breach is: the worst of the bands it reaches, else the base. */
export interface SeverityPolicy {
  readonly base: Severity;
  readonly bands: readonly SeverityBand[];
  /** What impact counts: revenue in this currency (ISO 4217); people where there is none. */
  readonly impactCurrency?: string | null | undefined;
}

/** When an alert fires, ends, and whom it disturbs how often. Null turns a part off. */
export interface AlertPolicy {
  readonly fire: FirePolicy;
  readonly clear: ClearPolicy;
  readonly noData: NoDataPolicy;
  readonly flapping: FlappingPolicy | null;
  readonly renotify: RenotifyPolicy | null;
  readonly escalation: EscalationTimes | null;
  readonly severity: SeverityPolicy;
  /** After so long without a bucket in breach an episode ends, whatever else the buckets said. */
  readonly autoResolveMs: number | null;
}
