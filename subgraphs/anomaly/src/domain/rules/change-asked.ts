import type { Anomaly } from "../anomaly.ts";
import type { Window } from "../evaluation.ts";
import { metricQuestion } from "./metric-question.ts";
import type { WatchedQuestionRule } from "./watch.ts";
import type { Rule } from "../rule.ts";
import { OTHERS, type SeriesGroup } from "./series.ts";
import { isTakenApart } from "./taken-apart.ts";

/** The label under which attribution tells what it does not tell apart: which labels these are is different in each bucket. */
const OTHER_LABELS = "(other)";

type Json = Readonly<Record<string, unknown>>;

/** The question as it is watched: where people are in their life is told of the periods that buckets are, whatever the question says of them. */
const periodOfBuckets = ({ question, granularity }: WatchedQuestionRule): Json => {
  const { lifecycle } = question;
  return lifecycle === undefined ? question : { lifecycle: { ...Object(lifecycle), period: granularity } };
};

/** A series in a span of time. */
export interface SeriesSpan {
  readonly group: SeriesGroup;
  readonly window: Window;
}

/**
 * The change of a series in a span of time, as `ExplainChangeInput` of the analytics room in JSON; null where its number can't be taken apart, and for the series in which a rule puts all that it does
 * not keep.
 */
export const changeAsked = ({ watch }: Pick<Rule, "watch">, { group, window }: SeriesSpan): string | null => {
  const { fromMs, toMs } = window;
  const range = { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
  if (watch.kind === "METRIC") return JSON.stringify({ question: metricQuestion(watch.metric, range), ...range });
  const others = watch.question["attribution"] !== undefined && group[0]?.value === OTHER_LABELS;
  if (others || !isTakenApart(watch) || (group[0] !== undefined && group[0].name === OTHERS[0]?.name)) return null;
  const { value, timeZone } = watch;
  const question = periodOfBuckets(watch);
  const where = group.map(({ name, value: held }) => ({ dimension: name, values: [held] }));
  return JSON.stringify({ question, value, ...range, timeZone, where });
};

/** The span of an anomaly: from the bucket it began with to the end of the last that showed it. */
export const episodeOf = ({ evidence, lastSeenAtMs }: Pick<Anomaly, "evidence" | "lastSeenAtMs">): Window => ({
  fromMs: evidence.window.fromMs,
  toMs: Math.max(evidence.window.toMs, lastSeenAtMs),
});
