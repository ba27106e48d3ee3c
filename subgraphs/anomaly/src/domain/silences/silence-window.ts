import { Cron } from "croner";
import { momentOf, readingIn } from "../zone-clock.ts";

/** Half-open span of time [fromMs, untilMs), milliseconds since the epoch. */
export interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}

/**
 * When a silence is in force. ONCE: between two moments. RECURRING: for `durationMs` from each moment at which the clock of a zone shows what the cron expression names, within
 * [fromMs, untilMs). A reading that the clock skips counts at the moment at which it does, one that it shows twice at the first; the duration is time that passes, not what clocks show.
 */
export type SilenceWindow =
  | ({ readonly kind: "ONCE" } & Span)
  | {
      readonly kind: "RECURRING";
      readonly cron: string;
      readonly timeZone: string;
      readonly durationMs: number;
      readonly fromMs: number;
      readonly untilMs: number | null;
    };

/** Readings looked at for the next beginning: more than an hourly expression has in the day that clocks were set back by at most. */
const MAX_READINGS = 60;

/** Reads a cron expression of five fields; throws what it is not. */
export const cronReadings = (cron: string): Cron => new Cron(cron, { paused: true, timezone: "UTC", mode: "5-part" });

/** The first moment after one at which the clock of a zone shows what a cron expression names; null when there is none. */
export const nextOnClock = (cron: string, timeZone: string, afterMs: number): number | null => {
  const named = cronReadings(cron);
  const next = (readingMs: number): number | null => named.nextRun(new Date(readingMs))?.getTime() ?? null;
  let reading = next(readingIn(timeZone, afterMs));
  for (let seen = 0; seen < MAX_READINGS && reading !== null; seen += 1) {
    const momentMs = momentOf(timeZone, reading, -Infinity);
    if (momentMs > afterMs) return momentMs;
    reading = next(reading);
  }
  return null;
};

/** The occurrence of a window that a moment lies in, else the next after it; null when there is none any more. */
export const occurrenceAt = (window: SilenceWindow, atMs: number): Span | null => {
  if (window.kind === "ONCE") return atMs < window.untilMs ? { fromMs: window.fromMs, untilMs: window.untilMs } : null;
  const { cron, timeZone, durationMs } = window;
  const begins = nextOnClock(cron, timeZone, Math.max(window.fromMs - 1, atMs - durationMs));
  if (begins === null || (window.untilMs !== null && begins >= window.untilMs)) return null;
  return { fromMs: begins, untilMs: Math.min(begins + durationMs, window.untilMs ?? Infinity) };
};

/** Whether a window is in force at a moment. */
export const isInForce = (window: SilenceWindow, atMs: number): boolean => {
  const occurrence = occurrenceAt(window, atMs);
  return occurrence !== null && occurrence.fromMs <= atMs && atMs < occurrence.untilMs;
};
