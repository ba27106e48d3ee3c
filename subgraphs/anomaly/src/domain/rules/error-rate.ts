import type { Watch } from "./watch.ts";

/** Numbers of the API's executions that are rates of errors; the first is what is watched where none is named. */
const ERROR_SHARES: readonly string[] = ["serverErrorShare", "failedShare"];

/** Whether a rule watches a rate of errors: the share of executions that failed, or how fast the error budget of an objective burns. */
export const watchesErrorRate = (watch: Watch): boolean => {
  if (watch.kind === "METRIC") return false;
  if (watch.objective !== null) return true;
  return (
    Object.hasOwn(watch.question, "apiExecutions") && ERROR_SHARES.includes(watch.value?.name ?? "serverErrorShare")
  );
};
