import type { QuestionKind, Suggestion } from "./question.ts";

/** What an answer is made of, as far as charts differ by it. */
export interface AnswerShape {
  readonly kind: Exclude<QuestionKind, "SAVED_QUERY">;
  /** True when one of its dimensions is time. */
  readonly time: boolean;
  /** Its dimensions but time. */
  readonly dimensions: readonly string[];
  readonly measures: number;
}

interface Rule extends Suggestion {
  readonly holds: (shape: AnswerShape) => boolean;
}

const BY_KIND = {
  FUNNEL: { chart: "FUNNEL", reason: "Steps in their order, each a part of the one before it." },
  RETENTION: { chart: "HEATMAP", reason: "A number for each pair of a group's beginning and a period." },
  PATHS: { chart: "SANKEY", reason: "Flows between places, conserved at each." },
  ATTRIBUTION: { chart: "BAR", reason: "Credits of named channels, compared by length." },
  STICKINESS: { chart: "BAR", reason: "A distribution over whole numbers of periods." },
  LIFECYCLE: { chart: "STACKED_BAR", reason: "Parts of a whole by period." },
  ACTIVE_USERS: { chart: "LINE", reason: "Numbers over time." },
  TIME_SERIES: { chart: "LINE", reason: "Numbers over time." },
  VELOCITY: { chart: "BAR", reason: "Peaks of named entities, compared by length." },
  RINGS: { chart: "TABLE", reason: "Groups with several numbers each, and who is in them." },
  EVENT_QUALITY: { chart: "TABLE", reason: "Expectations with several numbers each." },
  API_EXECUTIONS: { chart: "LINE", reason: "Numbers over time." },
  COHORT_SIZES: { chart: "LINE", reason: "A number over time." },
  DRIFT: { chart: "BAR", reason: "Two distributions over the same bins, compared by length." },
} as const satisfies Partial<Record<QuestionKind, Suggestion>>;

/** Rules for `olap`, the first that holds counts. */
const OLAP_RULES: readonly Rule[] = [
  {
    ...{ chart: "LINE", reason: "Numbers over time, a line for each value of at most one field." },
    holds: ({ time, dimensions }) => time && dimensions.length <= 1,
  },
  {
    ...{ chart: "NUMBER", reason: "One row of few numbers." },
    holds: ({ time, dimensions, measures }) => !time && dimensions.length === 0 && measures <= 4,
  },
  {
    ...{ chart: "MAP", reason: "One number for each country." },
    holds: ({ time, dimensions, measures }) =>
      !time && dimensions.length === 1 && dimensions[0] === "country" && measures === 1,
  },
  {
    ...{ chart: "BAR", reason: "Few numbers for each value of one field, compared by length." },
    holds: ({ time, dimensions, measures }) => !time && dimensions.length === 1 && measures <= 4,
  },
  {
    ...{ chart: "HEATMAP", reason: "One number for each pair of values of two fields." },
    holds: ({ time, dimensions, measures }) => !time && dimensions.length === 2 && measures === 1,
  },
];

const TABLE: Suggestion = { chart: "TABLE", reason: "More fields or numbers than positions and lengths tell apart." };

const ofSessions = ({ time, dimensions }: AnswerShape): Suggestion => {
  if (time) return { chart: "LINE", reason: "Sessions by when they start." };
  if (dimensions.length === 0) return { chart: "NUMBER", reason: "Numbers of all sessions together." };
  return { chart: "BAR", reason: "Sessions of each group, compared by length." };
};

/**
 * The chart that suits an answer of a shape. The rules follow the order of accuracy in which people read numbers (Cleveland and McGill 1984: position
 * along a common scale, then length, colour last) and what can be said by a chart at all (Mackinlay 1986, expressiveness).
 */
export const suggestChart = (shape: AnswerShape): Suggestion => {
  if (shape.kind === "SESSION_METRICS") return ofSessions(shape);
  if (shape.kind !== "OLAP") return BY_KIND[shape.kind];
  const { chart, reason } = OLAP_RULES.find(({ holds }) => holds(shape)) ?? TABLE;
  return { chart, reason };
};
