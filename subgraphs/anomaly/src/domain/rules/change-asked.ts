import type { Anomaly } from "../anomaly.ts";
import type { Filter, Measure, Metric, TextField } from "../metric.ts";
import type { Window } from "../evaluation.ts";
import type { WatchedQuestionRule } from "./watch.ts";
import type { Rule } from "../rule.ts";
import { OTHERS, type SeriesGroup } from "./series.ts";
import { isTakenApart } from "./taken-apart.ts";

/** The label under which attribution tells what it does not tell apart: which labels these are is different in each bucket. */
const OTHER_LABELS = "(other)";

type Json = Readonly<Record<string, unknown>>;

const TEXT_NAMES: Readonly<Record<TextField, string>> = {
  ...{ SOURCE: "source", COUNTRY: "country", REGION: "region", CITY: "city", DEVICE: "device", OS: "os" },
  ...{ BROWSER: "browser", URL: "url", REFERRER: "referrer", UTM_SOURCE: "utmSource" },
  ...{ UTM_MEDIUM: "utmMedium", UTM_CAMPAIGN: "utmCampaign" },
};
const NUMBER_TESTS = { GREATER_THAN: "gt", AT_LEAST: "gte", LESS_THAN: "lt", AT_MOST: "lte" } as const;

const fieldOf = ({ operand }: Filter): string => {
  if (operand.field === "PROPERTY") return `properties.${operand.property}`;
  return operand.field === "REVENUE" ? "revenue" : TEXT_NAMES[operand.field];
};

const filterOf = (filter: Filter): Json => {
  const field = fieldOf(filter);
  if (filter.kind === "NUMBER") return { field, [NUMBER_TESTS[filter.operator]]: filter.bound };
  switch (filter.operator) {
    case "IN":
      return { field, in: filter.values };
    case "NOT_IN":
      return { not: { field, in: filter.values } };
    case "CONTAINS":
      return { or: filter.values.map((contains) => ({ field, contains })) };
    case "STARTS_WITH":
      return { or: filter.values.map((startsWith) => ({ field, startsWith })) };
  }
};

const measureOf = (measure: Measure): Json => {
  switch (measure.kind) {
    case "COUNT":
      return { function: "COUNT" };
    case "UNIQUE_USERS":
      return { function: "UNIQUES", of: "persons" };
    case "UNIQUE_SESSIONS":
      return { function: "UNIQUES", of: "sessions" };
    case "REVENUE_SUM":
    case "REVENUE_AVERAGE":
      return {
        function: measure.kind === "REVENUE_SUM" ? "SUM" : "AVG",
        of: "revenue",
        currency: measure.currency,
      };
    case "PROPERTY_SUM":
    case "PROPERTY_AVERAGE":
      return { function: measure.kind === "PROPERTY_SUM" ? "SUM" : "AVG", of: `properties.${measure.property}` };
  }
};

/** A metric as a question to `olap` over a range. */
const metricQuestion = (metric: Metric, range: Json): Json => {
  const filters = [
    ...(metric.eventNames.length === 0 ? [] : [{ field: "name", in: metric.eventNames }]),
    ...(metric.includeSynthetic ? [] : [{ field: "synthetic", eq: "false" }]),
    ...metric.filters.map(filterOf),
  ];
  const filter = filters.length === 0 ? {} : { filter: { and: filters } };
  return { olap: { range, measures: [measureOf(metric.measure)], ...filter } };
};

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
