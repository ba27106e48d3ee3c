import type { Finding } from "../detectors/detector.ts";
import type { AlertReason, AlertStateName, Severity, Silence } from "./alert.ts";

/** One bucket of a series that was evaluated, [atMs, untilMs), milliseconds since the epoch. */
export interface Bucket {
  readonly atMs: number;
  readonly untilMs: number;
}

/** What somebody wants of an alert. */
export type AlertCommand =
  | { readonly kind: "ACKNOWLEDGE"; readonly by: "CALLER" | "CHANNEL" }
  | { readonly kind: "RESOLVE" }
  | { readonly kind: "SNOOZE"; readonly untilMs: number }
  | { readonly kind: "UNSNOOZE" };

/** Why the machine says no more of a series. */
export type Retirement = "RULE_CHANGED" | "RULE_DELETED" | "SERIES_GONE";

/** A silence that lies around the alert and not in it. */
export type OuterSilence = Extract<Silence, "SUPPRESSED" | "MAINTENANCE" | "INHIBITED" | "FEEDBACK">;

/**
 * What an alert is told. `atMs` is the wall clock when it is told, `bucket` what it is told of. FINDING: what the detector said of a bucket, and its impact (persons, money:
 * the rule's unit; null: not known); `live`: of a live rule, whose bucket may not have ended yet, or may have been told of before it had. NO_SERIES: the answer for a bucket has no such series. TICK: time has passed. COMMAND: somebody wants something; `episode` names the
 * episode they saw, null: whichever is open. CONTEXT: the silences around it, as they are now. RETIRED: the series is watched no more.
 */
export type AlertSignal =
  | {
      readonly kind: "FINDING";
      readonly bucket: Bucket;
      readonly finding: Pick<Finding, "outcome" | "score"> & { readonly side?: Finding["side"] };
      readonly impact: number | null;
      readonly atMs: number;
      readonly live?: true;
    }
  | { readonly kind: "NO_SERIES"; readonly bucket: Bucket; readonly atMs: number }
  | { readonly kind: "TICK"; readonly atMs: number }
  | { readonly kind: "COMMAND"; readonly command: AlertCommand; readonly episode: number | null; readonly atMs: number }
  | { readonly kind: "CONTEXT"; readonly silences: readonly OuterSilence[]; readonly atMs: number }
  | { readonly kind: "RETIRED"; readonly reason: Retirement; readonly atMs: number };

/** What people believe: the episode they were told is open, and how bad it was then. */
export interface Believed {
  readonly episode: number;
  readonly severity: Severity;
}

/** What people were told of the present episode, on the wall clock. */
export interface Notices {
  /** When they were last told. */
  readonly lastMs: number;
  /** Reminders given. */
  readonly reminders: number;
  /** Whether it is on record that there will be no more. */
  readonly capped: boolean;
  /** The last step of the escalation that was taken, null before the first; when; and how often it has begun anew. */
  readonly step: number | null;
  readonly stepMs: number;
  readonly repeats: number;
}

/** All that is remembered of the alert of one series; plain JSON of a bounded size. */
export interface AlertState {
  readonly state: AlertStateName;
  /** Since when it stands there: in PENDING and RESOLVING the beginning of the bucket that led there, else when it came there. */
  readonly sinceMs: number;
  /** End of the last bucket that was taken; null before the first. */
  readonly lastUntilMs: number | null;
  /** The last judged buckets, a letter each, the newest last: Breach, Held (neither), Clear. */
  readonly recent: string;
  /** Buckets without data since the last with. */
  readonly emptyRun: number;
  /** What the alert is about; it decides what ends it. */
  readonly cause: "BREACH" | "NO_DATA";
  /** Worst severity since it was last OK or RESOLVED. */
  readonly severity: Severity;
  /** Episodes that have begun; the open one's number while one is open. */
  readonly episode: number;
  /** Beginning of the bucket with which the last episode began; null before the first. */
  readonly episodeSinceMs: number | null;
  /** End of the last bucket in breach; null before the first. */
  readonly lastBreachMs: number | null;
  /** Whether somebody looks at the open episode. */
  readonly acknowledged: boolean;
  /** Somebody has ended the episode while it lasted: nothing begins until the series has been normal. */
  readonly awaitsReturn: boolean;
  readonly snoozedUntilMs: number | null;
  readonly silences: readonly OuterSilence[];
  /** When the last openings and endings were, of which flapping is told; the newest last. */
  readonly changesMs: readonly number[];
  readonly flapping: boolean;
  /** Whether people were told that it flaps; of no meaning while it does not. */
  readonly flappingTold: boolean;
  readonly believed: Believed | null;
  readonly notices: Notices | null;
}

/** One step of an alert, in the order they were taken. From and to are equal where only the telling changed. */
export interface AlertTransition {
  readonly from: AlertStateName;
  readonly to: AlertStateName;
  readonly reason: AlertReason;
  /** When: the end of the bucket that led to it, or the wall clock where no bucket did. */
  readonly atMs: number;
  readonly severity: Severity;
  /** Number of the episode it belongs to; null while only pending. */
  readonly episode: number | null;
  /** When that began; null while only pending. */
  readonly sinceMs: number | null;
  readonly notify: boolean;
  /** Why people are not told; null when they are, or would not be anyway. */
  readonly silence: Silence | null;
  /** The step of the escalation that is told; null: whoever the routing names, or nobody is told. */
  readonly escalationStep: number | null;
}

/** What a signal led to. */
export interface Stepped {
  readonly alert: AlertState;
  readonly transitions: readonly AlertTransition[];
}

/** The alert of a series nothing is known of yet. */
export const freshAlert = (atMs: number): AlertState => ({
  state: "OK",
  sinceMs: atMs,
  lastUntilMs: null,
  recent: "",
  emptyRun: 0,
  cause: "BREACH",
  severity: "INFO",
  episode: 0,
  episodeSinceMs: null,
  lastBreachMs: null,
  acknowledged: false,
  awaitsReturn: false,
  snoozedUntilMs: null,
  silences: [],
  changesMs: [],
  flapping: false,
  flappingTold: false,
  believed: null,
  notices: null,
});
