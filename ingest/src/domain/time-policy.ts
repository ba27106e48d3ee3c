import { CLOCK_DRIFT_MS, EARLIEST_TIME_MS, LATE_AFTER_MS, MAX_FUTURE_MS } from "./limits.ts";
import { rejection, type Rejection } from "./rejection.ts";

/** What ingest may note on an event that it accepts. */
export type QualityFlag = "ID_GENERATED" | "TIME_DEFAULTED" | "LATE" | "FUTURE";

/** What becomes of an event by its time. */
export type TimeVerdict =
  | { readonly kind: "ON_TIME" }
  | { readonly kind: "FLAGGED"; readonly flag: "LATE" | "FUTURE" }
  | { readonly kind: "REJECTED"; readonly rejection: Rejection };

const ON_TIME: TimeVerdict = { kind: "ON_TIME" };
const LATE: TimeVerdict = { kind: "FLAGGED", flag: "LATE" };
const FUTURE: TimeVerdict = { kind: "FLAGGED", flag: "FUTURE" };

/**
 * The policy on late and future events: from 1990 on everything is accepted, more than 24 hours late is flagged LATE; up to 5 minutes ahead
 * is clock drift, up to 24 hours ahead is flagged FUTURE, further ahead is rejected.
 */
export const judgeTime = (timeMs: number, nowMs: number): TimeVerdict => {
  if (timeMs < EARLIEST_TIME_MS)
    return {
      kind: "REJECTED",
      rejection: rejection(
        "TOO_OLD",
        "/time",
        `time lies before ${new Date(EARLIEST_TIME_MS).toISOString()}, the earliest that is kept.`,
      ),
    };
  if (timeMs > nowMs + MAX_FUTURE_MS)
    return {
      kind: "REJECTED",
      rejection: rejection("TOO_FAR_AHEAD", "/time", "time lies more than 24 hours ahead of the server's clock."),
    };
  if (timeMs > nowMs + CLOCK_DRIFT_MS) return FUTURE;
  return timeMs < nowMs - LATE_AFTER_MS ? LATE : ON_TIME;
};
