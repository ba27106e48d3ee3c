import type { AbuseKind, AbuseSource, ActiveThrottle } from "@tessera/contracts/abuse";
import type { Subject } from "@tessera/contracts/caller";
import { WINDOW_MS, type SourceFinding } from "./detect.ts";

/** Milliseconds of the first throttle. */
export const FIRST_THROTTLE_MS = 900_000;
/** How many times longer each further one is. */
const LONGER_TIMES = 4;
/** Milliseconds of the longest throttle: a day. */
export const LONGEST_THROTTLE_MS = 86_400_000;
/** Milliseconds after its end until a throttle is forgotten, so that the next one is a first one again: a week. */
export const FORGOTTEN_AFTER_MS = 604_800_000;
/** Milliseconds after somebody lifted a throttle in which the source is told of but not throttled: time to put right what was misjudged. */
export const LIFTED_GRACE_MS = 3_600_000;
/** Part of its quota a subject keeps that is held back, in percent. */
export const REDUCED_PERCENT = 25;
/** Repetition from which on a subject is blocked instead. */
export const BLOCKED_FROM_STRIKE = 3;

/** A throttle with its history. Times are milliseconds since the epoch. */
export interface Throttle extends ActiveThrottle {
  readonly id: string;
  readonly securityEventId: string;
  readonly startsAtMs: number;
  /** 1 for the first in a while. */
  readonly strikes: number;
  readonly liftedAtMs: number | null;
  readonly liftedBy: Subject | null;
  readonly liftReason: string | null;
}

/** What a finding leads to, before it has ids. */
export type Sentence = Pick<Throttle, "level" | "percent" | "startsAtMs" | "untilMs" | "strikes">;

/** Whether a throttle holds at a time. */
export const isActive = ({ liftedAtMs, untilMs }: Pick<Throttle, "liftedAtMs" | "untilMs">, nowMs: number): boolean =>
  liftedAtMs === null && untilMs > nowMs;

const isAddress = ({ kind }: AbuseSource): boolean => kind === "ADDRESS" || kind === "NETWORK";

/** How long the n-th throttle is. */
export const throttleMsOf = (strikes: number): number =>
  Math.min(LONGEST_THROTTLE_MS, FIRST_THROTTLE_MS * LONGER_TIMES ** (strikes - 1));

/**
 * What a finding leads to, given the newest throttle of its source: each repetition lasts four times as long, up to a day; addresses are blocked at once,
 * subjects from the third time on. Null when it leads to none: its window has long passed, or the last throttle was lifted within the hour.
 */
export const sentenceOf = (previous: Throttle | null, finding: SourceFinding, nowMs: number): Sentence | null => {
  if (finding.windowToMs + WINDOW_MS < nowMs) return null;
  if (previous !== null && previous.liftedAtMs !== null && nowMs - previous.liftedAtMs < LIFTED_GRACE_MS) return null;
  const isForgotten =
    previous === null || previous.liftedAtMs !== null || nowMs - previous.untilMs > FORGOTTEN_AFTER_MS;
  const strikes = isForgotten ? 1 : previous.strikes + 1;
  const blocked = isAddress(finding.source) || strikes >= BLOCKED_FROM_STRIKE;
  const endsBefore = previous !== null && previous.liftedAtMs === null ? previous.untilMs : 0;
  return {
    ...(blocked ? { level: "BLOCKED", percent: 0 } : { level: "REDUCED", percent: REDUCED_PERCENT }),
    startsAtMs: nowMs,
    untilMs: Math.max(endsBefore, nowMs + throttleMsOf(strikes)),
    strikes,
  };
};

/** A durable thing that was noticed. Times are milliseconds since the epoch; `createdAtMs` is when it was noticed. */
export interface SecurityEvent {
  readonly id: string;
  readonly createdAtMs: number;
  readonly kind: AbuseKind;
  readonly source: AbuseSource;
  readonly windowFromMs: number;
  readonly windowToMs: number;
  readonly measured: number;
  readonly bound: number;
  readonly usual: number;
  readonly throttle: Throttle | null;
}

/** Which events are asked for; null: whatever it is. */
export interface SecurityEventFilter {
  readonly kinds: readonly AbuseKind[] | null;
  readonly sourceKind: AbuseSource["kind"] | null;
  readonly sourceId: string | null;
  readonly sinceMs: number | null;
}
