import type { WatchedQuestionRule } from "./watch.ts";

/** Questions whose numbers the analytics room can take apart. */
const TAKEN_APART: ReadonlySet<string> = new Set([
  ...["olap", "timeSeries", "savedQuery", "funnel", "retention", "stickiness", "lifecycle", "activeUsers"],
  ...["sessionMetrics", "velocity", "rings", "eventQuality", "apiExecutions", "cohortSizes", "drift"],
]);
/** Numbers of theirs that it can't: how late events come, how long executions take, and the age of a cohort's computation. */
const NOT_TAKEN_APART: Readonly<Record<string, RegExp>> = {
  ...{ eventQuality: /^delaySeconds/u, apiExecutions: /^latencyMs/u, cohortSizes: /^ageSeconds$/u },
};

/** Whether the number that a rule watches of a question can be taken apart. */
export const isTakenApart = ({ question, value }: WatchedQuestionRule): boolean => {
  const [field = "", input] = Object.entries(question)[0] ?? [];
  // What other tenants had reported before is not known.
  if (field === "velocity" && (Reflect.get(Object(input), "reported") ?? null) !== null) return false;
  return TAKEN_APART.has(field) && NOT_TAKEN_APART[field]?.test(value?.name ?? "") !== true;
};
