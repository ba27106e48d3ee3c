import { HOUR_MS } from "../duration.ts";
import type { TimeRange } from "../time-range.ts";

/** What came of testing a kept expectation, as in the SDL. */
export type ExpectationOutcome = "PASSING" | "FAILING" | "UNTESTED" | "ERROR";

/** What one test of a kept expectation came to. */
export interface ExpectationVerdict {
  readonly verdict: ExpectationOutcome;
  /** The version that was tested. */
  readonly version: number;
  readonly testedAtMs: number;
  /** The time whose events were tested. */
  readonly range: TimeRange;
  /** The least share that had to pass. */
  readonly atLeast: number;
  /** Events that were tested, and those that passed; null where it could not be tested. */
  readonly tested: number | null;
  readonly passed: number | null;
  /** Why it could not be tested; null where it was. */
  readonly error: { readonly code: string; readonly detail: string } | null;
}

/** Verdicts kept of an expectation, the newest: more than a week of hours. */
export const MAX_VERDICTS = 200;

/** Milliseconds after the end of an hour when it is tested: what was sent in it is stored by then, but for who sends late. */
const SETTLE_MS = 5 * 60_000;

const hourOf = (ms: number): number => Math.floor((ms - SETTLE_MS) / HOUR_MS) * HOUR_MS;

/** The time that is tested at a moment: as long as the expectation's span, up to the end of the last hour that has settled. */
export const testedRange = (nowMs: number, spanMs: number): TimeRange => ({
  fromMs: hourOf(nowMs) - spanMs,
  toMs: hourOf(nowMs),
});

/** When the next hour after a moment will have settled. */
export const nextTestMs = (nowMs: number): number => hourOf(nowMs) + HOUR_MS + SETTLE_MS;

/** What counts come to: where nothing was tested, neither. */
export const outcomeOf = (tested: number, passed: number, atLeast: number): ExpectationOutcome => {
  if (tested === 0) return "UNTESTED";
  return passed / tested >= atLeast ? "PASSING" : "FAILING";
};

/** The share of tested events that passed; null where nothing was tested. */
export const shareOf = ({ tested, passed }: Pick<ExpectationVerdict, "tested" | "passed">): number | null =>
  tested === null || passed === null || tested === 0 ? null : passed / tested;
