import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import type { Watch } from "../rules/watch.ts";
import { DEFAULT_NUMBERS, numberShown } from "./number-shown.ts";

const watch = (question: object, more: object = {}): Watch => ({
  ...{ kind: "QUESTION", question: { ...question }, value: null, granularity: "HOUR", timeZone: "UTC", delayMs: 0 },
  ...{ maxSeries: 10, calendar: null, objective: null, ...more },
});
const told = (of: Watch): string => {
  const { name, unit, times, each } = numberShown(of);
  return [name, unit, times, each].join("|");
};

test("A number that is not named is the one the documents say is watched then", () => {
  const document = readFileSync(new URL("../../../../../docs/watched-series.md", import.meta.url), "utf8");
  const rows = document.split("\n").flatMap((line) => {
    const [, question = "", numbers = ""] = line.split("|").map((cell) => cell.trim());
    const [, field] = /^`(\w+)`$/u.exec(question) ?? [];
    const [, first] = /^`(\w+)`/u.exec(numbers) ?? [];
    return field === undefined || first === undefined || numbers.includes("to be named")
      ? []
      : [[field, first] as const];
  });
  const documented = new Map(rows.filter(([field]) => field in DEFAULT_NUMBERS).toReversed());
  // Sessions are the number of sessions unless another is named: the table says so in words.
  documented.set("sessionMetrics", "sessions");
  expect(Object.fromEntries(documented)).toEqual(DEFAULT_NUMBERS);
});

test.each([
  [watch({ funnel: {} }), "conversionRate|%|100|each hour"],
  [watch({ funnel: {} }, { value: { name: "entered" }, granularity: "DAY" }), "entered||1|each day"],
  [watch({ apiExecutions: {} }, { value: { name: "latencyMsP95" } }), "latencyMsP95|ms|1|each hour"],
  [watch({ eventQuality: {} }, { value: { name: "delaySecondsMax" } }), "delaySecondsMax|s|1|each hour"],
  [watch({ sessionMetrics: { currency: "EUR" } }, { value: { name: "revenue" } }), "revenue|EUR|1|each hour"],
  [watch({ cohortSizes: {} }, { value: { name: "ageSeconds" } }), "ageSeconds|s|1|each hour"],
  // A column that somebody named `rate` may be anything.
  [watch({ olap: { measures: [{ name: "rate" }] } }), "rate||1|each hour"],
  [watch({ olap: { measures: [{ function: "COUNT" }] } }), "count||1|each hour"],
  [
    watch(
      { olap: { measures: [{ name: "n" }, { name: "sales", function: "SUM", of: "revenue", currency: "EUR" }] } },
      { value: { name: "sales" } },
    ),
    "sales|EUR|1|each hour",
  ],
  [
    watch({ timeSeries: { measures: [{ function: "AVG", of: "properties.ms" }] } }),
    "avg of properties.ms||1|each hour",
  ],
  [watch({ lifecycle: {} }, { value: { name: "fresh" } }), "fresh||1|each hour"],
  [watch({ olap: { metrics: [{ name: "sales" }] } }, { granularity: "WEEK" }), "sales||1|each week"],
  [watch({ savedQuery: { name: "buys" } }, { granularity: "MINUTE" }), "buys||1|each minute"],
  [watch({ olap: {} }, { objective: "o", value: { name: "bad_share" } }), "bad events|%|100|each hour"],
])("What is watched by %j is told as %s", (of, expected) => expect(told(of)).toBe(expected));
