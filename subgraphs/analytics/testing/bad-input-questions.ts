/** A part of a question. */
export type Input = Readonly<Record<string, unknown>>;
/** A range of some days. */
export const range = { from: "2026-11-01T00:00:00Z", to: "2026-11-20T00:00:00Z" };
/** The number of events. */
export const count = { function: "COUNT" };

/** A kind of question: its document, an input that is answered, and where its parts stand. */
export interface QuestionKind {
  readonly type: string;
  readonly selection: string;
  readonly input: Input;
  /** Where its first filter stands; null for kinds without. */
  readonly filterAt: readonly (string | number)[] | null;
  /** A text that is none of its scalar's, and where. */
  readonly noText: Input;
  /** Whether filters of it may name cohorts. */
  readonly cohorts: boolean;
}

const kind = (
  type: string,
  selection: string,
  input: Input,
  filterAt: readonly (string | number)[] | null,
  other: Partial<Pick<QuestionKind, "noText" | "cohorts">> = {},
): QuestionKind => ({
  ...{ type, selection, input, filterAt, noText: { timeZone: "Mars/Olympus" }, cohorts: true },
  ...other,
});

const PART = { name: "a", key: ["country"] };

/** Every kind of question with an input that says which events, or when. */
export const QUESTIONS: Readonly<Record<string, QuestionKind>> = {
  olap: kind("OlapInput", "rowCount", { range, measures: [count] }, ["filter"]),
  timeSeries: kind("TimeSeriesInput", "buckets", { range, measures: [count], granularity: "DAY" }, ["filter"]),
  funnel: kind("FunnelInput", "cutUnits", { range, steps: [{ anyOf: [{}] }] }, ["steps", 0, "anyOf", 0, "filter"]),
  retention: kind("RetentionInput", "hasMoreGroups", { range, start: {}, returning: {} }, ["start", "filter"]),
  stickiness: kind("StickinessInput", "total", { range, event: {} }, ["event", "filter"]),
  lifecycle: kind("LifecycleInput", "starts", { range, event: {} }, ["event", "filter"]),
  activeUsers: kind("ActiveUsersInput", "daily", { range, event: {} }, ["event", "filter"]),
  attribution: kind(
    ...(["AttributionInput", "conversions"] as const),
    { range, conversion: { events: ["buy"] }, touchpoints: [{}], models: [{ kind: "LINEAR" }] },
    ["touchpoints", 0, "filter"],
    { noText: { lookback: "a week" } },
  ),
  paths: kind("PathsInput", "paths", { range }, ["steps", 0, "filter"]),
  sessions: kind("SessionsInput", "edges { cursor }", { range }, ["filter"]),
  sessionMetrics: kind("SessionMetricsInput", "groupCount", { range }, ["filter"]),
  velocity: kind(
    ...(["VelocityInput", "entities"] as const),
    { range, event: {}, by: "country", within: "PT1H", moreThan: 5 },
    ["event", "filter"],
  ),
  rings: kind("RingsInput", "ringCount", { range, of: "sessionId", through: ["country"] }, ["event", "filter"]),
  eventQuality: kind(
    ...(["EventQualityInput", "events"] as const),
    { range, expect: [{ name: "german", holds: { field: "country", eq: "DE" } }] },
    ["event", "filter"],
  ),
  drift: kind(
    ...(["DriftInput", "reference { from }"] as const),
    { range, field: "country", kind: "CATEGORICAL", reference: { trailing: "P7D" } },
    ["event", "filter"],
  ),
  backtestCorrelationRule: kind(
    ...(["BacktestCorrelationRuleInput", "version"] as const),
    { range, pattern: { kind: "COUNT", parts: [PART], atLeast: 2, window: "PT1H" } },
    ["pattern", "parts", 0, "filter"],
    { cohorts: false },
  ),
  liveWindows: kind("LiveWindowsInput", "kind", { kind: "TUMBLING", size: "PT1M" }, ["filter"], {
    ...{ noText: { timeframe: "a while" }, cohorts: false },
  }),
  previewCohort: kind(
    ...(["PreviewCohortInput", "size"] as const),
    { definition: { did: { event: {} } } },
    ["definition", "did", "event", "filter"],
    { noText: { asOf: "today" }, cohorts: false },
  ),
  apiExecutions: kind("ApiExecutionsInput", "buckets", { range }, null),
};
