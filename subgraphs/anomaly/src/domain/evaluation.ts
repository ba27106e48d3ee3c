/** On which side of the threshold a value is an anomaly. */
export type Direction = "ABOVE" | "BELOW";

/** When a value is an anomaly. */
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

/** One evaluation; a breach always has a value. */
export type Evaluation =
  | (Reading & { readonly outcome: "BREACHED"; readonly value: number })
  | (Reading & { readonly outcome: "NORMAL" | "INSUFFICIENT_DATA" });

/** The window an evaluation at `nowMs` reads: [now - window, now). */
export const windowAt = (nowMs: number, windowMs: number): Window => ({ fromMs: nowMs - windowMs, toMs: nowMs });

const isBreach = (value: number, { direction, threshold }: Condition): boolean => {
  switch (direction) {
    case "ABOVE":
      return value > threshold;
    case "BELOW":
      return value < threshold;
  }
};

/** Judges a reading by a condition; a value equal to the threshold is normal. */
export const judge = (reading: Reading, condition: Condition): Evaluation => {
  const { value } = reading;
  if (value === null || reading.samples < condition.minimumSamples) return { ...reading, outcome: "INSUFFICIENT_DATA" };
  return isBreach(value, condition) ? { ...reading, value, outcome: "BREACHED" } : { ...reading, outcome: "NORMAL" };
};

/** The first turn of a rule after `nowMs`, on the grid its turns lie on: turns that were missed are not made up for. */
export const nextTurnMs = (dueMs: number, intervalSeconds: number, nowMs: number): number => {
  const intervalMs = intervalSeconds * 1_000;
  const missed = Math.max(0, Math.floor((nowMs - dueMs) / intervalMs));
  return dueMs + (missed + 1) * intervalMs;
};
