import { refuse } from "@tessera/platform/errors/refusal";
import type { ChartType } from "./chart.ts";

/** Questions a widget may ask, as in the SDL, with the input that each is asked by and the field of the widget's input that gives it. */
export const QUESTIONS = {
  OLAP: { field: "olap", input: "OlapInput" },
  TIME_SERIES: { field: "timeSeries", input: "TimeSeriesInput" },
  FUNNEL: { field: "funnel", input: "FunnelInput" },
  RETENTION: { field: "retention", input: "RetentionInput" },
  STICKINESS: { field: "stickiness", input: "StickinessInput" },
  LIFECYCLE: { field: "lifecycle", input: "LifecycleInput" },
  ACTIVE_USERS: { field: "activeUsers", input: "ActiveUsersInput" },
  ATTRIBUTION: { field: "attribution", input: "AttributionInput" },
  PATHS: { field: "paths", input: "PathsInput" },
  SESSION_METRICS: { field: "sessionMetrics", input: "SessionMetricsInput" },
  VELOCITY: { field: "velocity", input: "VelocityInput" },
  RINGS: { field: "rings", input: "RingsInput" },
  EVENT_QUALITY: { field: "eventQuality", input: "EventQualityInput" },
  API_EXECUTIONS: { field: "apiExecutions", input: "ApiExecutionsInput" },
  COHORT_SIZES: { field: "cohortSizes", input: "CohortSizesInput" },
  DRIFT: { field: "drift", input: "DriftInput" },
  SAVED_QUERY: { field: "savedQuery", input: "DashboardSavedQueryInput" },
} as const;

/** One of {@link QUESTIONS}. */
export type QuestionKind = keyof typeof QUESTIONS;

/** Questions about what people do, or how things went: every kind whose answer is not rows of measures. */
export type BehaviourKind = Exclude<QuestionKind, "OLAP" | "TIME_SERIES" | "SAVED_QUERY">;

/** Types of the SDL that questions are answered by. */
export const ANSWERS = {
  OLAP: "OlapResult",
  TIME_SERIES: "TimeSeries",
  FUNNEL: "FunnelAnswer",
  RETENTION: "RetentionResult",
  STICKINESS: "StickinessResult",
  LIFECYCLE: "LifecycleResult",
  ACTIVE_USERS: "ActiveUsersResult",
  ATTRIBUTION: "AttributionAnswer",
  PATHS: "PathsAnswer",
  SESSION_METRICS: "SessionMetrics",
  VELOCITY: "VelocityResult",
  RINGS: "RingsResult",
  EVENT_QUALITY: "EventQualityResult",
  DRIFT: "DriftResult",
  COHORT_SIZES: "CohortSizesResult",
  API_EXECUTIONS: "ApiExecutionsResult",
} as const;
/** One of the types that questions are answered by. */
export type AnswerType = (typeof ANSWERS)[keyof typeof ANSWERS];

/** Every question a widget may ask. */
// boundary: the keys of a constant are what its type says.
export const QUESTION_KINDS = Object.keys(QUESTIONS) as readonly QuestionKind[];

/** What kind of question an input gives, of those that it may; refuses with BAD_INPUT, at its place, none and more than one. `whose` begins the sentence that says so. */
export const onlyQuestion = <Kind extends QuestionKind>(
  kinds: readonly Kind[],
  given: { readonly [Field in (typeof QUESTIONS)[Kind]["field"]]?: unknown },
  whose: string,
  where: string,
): Kind => {
  const fields: Readonly<Record<string, unknown>> = given;
  const [kind, ...others] = kinds.filter((one) => (fields[QUESTIONS[one].field] ?? null) !== null);
  if (kind !== undefined && others.length === 0) return kind;
  throw refuse("BAD_INPUT", `${whose} asks exactly one question, such as \`olap\` or \`funnel\`.`, { field: where });
};

/** The input of a question: plain JSON of the shape its type has in the SDL. */
export type QuestionInput = Readonly<Record<string, unknown>>;

/** A question as a widget keeps it: the input as it was sent, with the chart that suits its answer. */
export interface Question {
  readonly kind: QuestionKind;
  readonly input: QuestionInput;
  readonly suggestion: Suggestion;
}

/** A chart that suits an answer, and why. */
export interface Suggestion {
  readonly chart: ChartType;
  readonly reason: string;
}
