/** On which side of a threshold a value is an anomaly. */
export type Direction = "ABOVE" | "BELOW";

/** When a value is an anomaly, in its simplest form: a STATIC detector of one bound. */
export interface Condition {
  readonly direction: Direction;
  readonly threshold: number;
  /** Events the window must hold before the rule says anything. */
  readonly minimumSamples: number;
}

/** Half-open span of time [fromMs, toMs), milliseconds since the epoch. */
export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A metric read over a window; null when it has no value (a mean over nothing). */
export interface Reading {
  readonly value: number | null;
  readonly samples: number;
  readonly window: Window;
}

/** What an evaluation found in the worst of its series. LEARNING: no detector knows enough to judge. */
export type EvaluationOutcome = "NORMAL" | "BREACHED" | "INSUFFICIENT_DATA" | "LEARNING";

/** One evaluation of a rule, its last bucket: of one series its value, of several together what they have in common. */
export interface Evaluation {
  readonly outcome: EvaluationOutcome;
  /** The value of the only series; null of several, and where there is none. */
  readonly value: number | null;
  /** Events or units of all series; null where the answer does not tell. */
  readonly samples: number | null;
  readonly window: Window;
  readonly series: number;
  readonly breached: number;
}

/** The window an evaluation at `nowMs` reads: [now - window, now). */
export const windowAt = (nowMs: number, windowMs: number): Window => ({ fromMs: nowMs - windowMs, toMs: nowMs });

/** The first turn of a rule after `nowMs`, on the grid its turns lie on: turns that were missed are not made up for. */
export const nextTurnMs = (dueMs: number, intervalSeconds: number, nowMs: number): number => {
  const intervalMs = intervalSeconds * 1_000;
  const missed = Math.max(0, Math.floor((nowMs - dueMs) / intervalMs));
  return dueMs + (missed + 1) * intervalMs;
};
