import type { WatchedQuestion } from "@tessera/contracts/watched-series";
import type { WatchedQuestionRule } from "./watch.ts";

/** For which time a rule's question is asked, milliseconds since the epoch, and how many of its series. */
export interface SpanAsked {
  readonly fromMs: number;
  readonly toMs: number;
  /** From when on events weigh in which series are kept; null: from the beginning. */
  readonly heaviestFromMs: number | null;
  /** Left out: as many as the rule keeps. */
  readonly maxSeries?: number;
}

const iso = (ms: number): string => new Date(ms).toISOString();

/** The question of a rule as the analytics room is asked it. Its names were looked at when it was written: one that is like a name that came later is no slip. */
export const questionAsked = (watch: WatchedQuestionRule, span: SpanAsked): WatchedQuestion => {
  const { question, value, granularity, timeZone } = watch;
  const { fromMs, toMs, heaviestFromMs, maxSeries = watch.maxSeries } = span;
  const heaviestFrom = heaviestFromMs === null ? null : iso(heaviestFromMs);
  const range = { from: iso(fromMs), to: iso(toMs) };
  return { question, value, granularity, timeZone, maxSeries, heaviestFrom, ...range, allowUnknown: true };
};
