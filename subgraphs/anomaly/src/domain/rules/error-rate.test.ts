import { expect, test } from "@jest/globals";
import { watchesErrorRate } from "./error-rate.ts";
import type { Watch, WatchedQuestionRule } from "./watch.ts";

const asked = (question: WatchedQuestionRule["question"], more: Partial<WatchedQuestionRule> = {}): Watch => ({
  ...{ kind: "QUESTION", question, value: null, granularity: "HOUR", timeZone: "UTC", delayMs: 0, maxSeries: 10 },
  ...{ calendar: null, objective: null, ...more },
});

test.each([
  [
    "the share of executions that the service failed, which is what is watched unless said",
    asked({ apiExecutions: {} }),
    true,
  ],
  ["the same by its name", asked({ apiExecutions: {} }, { value: { name: "serverErrorShare" } }), true],
  ["the share that failed at all", asked({ apiExecutions: {} }, { value: { name: "failedShare" } }), true],
  ["how many there were", asked({ apiExecutions: {} }, { value: { name: "executions" } }), false],
  ["an objective, whatever it is of", asked({ eventCount: {} }, { objective: "o" }), true],
  [
    "a number of another question, also one of that name",
    asked({ olap: {} }, { value: { name: "failedShare" } }),
    false,
  ],
])("a rule on %s watches a rate of errors, or does not", (_name, watch, expected) => {
  expect(watchesErrorRate(watch)).toBe(expected);
});
