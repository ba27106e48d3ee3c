import { describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { metricSchema } from "../metric-definition.ts";
import type { Rule } from "../rule.ts";
import { changeAsked, episodeOf } from "./change-asked.ts";
import { OTHERS, type SeriesGroup } from "./series.ts";
import { watchedQuestionSchema, type Watch } from "./watch.ts";

const window = { fromMs: Date.parse("2026-11-21T10:00:00Z"), toMs: Date.parse("2026-11-21T11:00:00Z") };
const span = { from: "2026-11-21T10:00:00.000Z", to: "2026-11-21T11:00:00.000Z" };

const ruleOf = (watch: Watch): Pick<Rule, "watch"> => ({ watch });
const asked = (watch: Watch, group: SeriesGroup = []): unknown => {
  const text = changeAsked(ruleOf(watch), { group, window });
  return text === null ? null : z.unknown().parse(JSON.parse(text));
};
const question = (field: string, rest: Record<string, unknown> = {}) =>
  watchedQuestionSchema.parse({ question: { [field]: { some: "input" } }, granularity: "HOUR", ...rest });
const metric = (definition: Record<string, unknown>): Watch => ({
  kind: "METRIC",
  metric: metricSchema.parse({ window: "PT1H", eventNames: [], filters: [], includeSynthetic: true, ...definition }),
});
const olapOf = (watch: Watch): unknown =>
  z.object({ question: z.object({ olap: z.unknown() }) }).parse(asked(watch)).question.olap;

describe("the change of an anomaly", () => {
  test.each(["olap", "timeSeries", "savedQuery", "funnel", "retention"])(
    "is asked of a question to %s as the rule has it, held to the series' group",
    (field) => {
      const watch = question(field, { value: { name: "orders" }, timeZone: "Europe/Berlin" });
      expect(
        asked(watch, [
          { name: "country", value: "DE" },
          { name: "device", value: null },
        ]),
      ).toEqual({
        ...{ question: { [field]: { some: "input" } }, value: { name: "orders" }, ...span, timeZone: "Europe/Berlin" },
        where: [
          { dimension: "country", values: ["DE"] },
          { dimension: "device", values: [null] },
        ],
      });
    },
  );

  test("is asked of attribution where credits add up over conversions, and of no labels that are not told apart", () => {
    const models = [{ kind: "LINEAR" }, { kind: "MARKOV" }, { kind: "SHAPLEY", game: "RATE" }, { kind: "UPLIFT" }];
    const of = (value: object) =>
      watchedQuestionSchema.parse({ question: { attribution: { models } }, granularity: "HOUR", value });
    const group = (value: string) => [{ name: "channel", value }];
    for (const value of [{}, { model: "LINEAR" }, { name: "conversions" }])
      expect(asked(of(value), group("Paid"))).not.toBeNull();
    for (const model of ["MARKOV", "SHAPLEY", "UPLIFT"]) expect(asked(of({ model }), group("Paid"))).toBeNull();
    expect(asked(of({}), group("(other)"))).toBeNull();
  });

  test("is asked of paths with the labels that their number is of", () => {
    const value = { name: "transitionShare", from: "cart", to: "buy" };
    expect(asked(question("paths", { value }))).toMatchObject({ question: { paths: { some: "input" } }, value });
  });

  test("is asked of quantiles too: of how late events come, and of how long executions take", () => {
    for (const [field, name] of [
      ["eventQuality", "delaySecondsP95"],
      ["apiExecutions", "latencyMsP99"],
    ] as const)
      expect(asked(question(field, { value: { name } }))).toMatchObject({ value: { name } });
  });

  test("is asked of the age of a cohort, from which it leads to the cohort", () => {
    expect(asked(question("cohortSizes", { value: { name: "ageSeconds" } }))).not.toBeNull();
  });

  test("is asked of life cycles with the period that buckets are", () => {
    expect(asked(question("lifecycle", { value: { name: "fresh" }, granularity: "DAY" }))).toMatchObject({
      question: { lifecycle: { period: "DAY" } },
    });
  });

  test("is none of all other series together", () => {
    expect(asked(question("olap"), OTHERS)).toBeNull();
  });

  test.each([
    [{ measure: "COUNT" }, { function: "COUNT" }],
    [{ measure: "UNIQUE_USERS" }, { function: "UNIQUES", of: "persons" }],
    [{ measure: "UNIQUE_SESSIONS" }, { function: "UNIQUES", of: "sessions" }],
    [
      { measure: "REVENUE_SUM", currency: "EUR" },
      { function: "SUM", of: "revenue", currency: "EUR" },
    ],
    [
      { measure: "REVENUE_AVERAGE", currency: "EUR" },
      { function: "AVG", of: "revenue", currency: "EUR" },
    ],
    [
      { measure: "PROPERTY_SUM", property: "cart.total" },
      { function: "SUM", of: "properties.cart.total" },
    ],
    [
      { measure: "PROPERTY_AVERAGE", property: "cart.total" },
      { function: "AVG", of: "properties.cart.total" },
    ],
  ])("is asked of a metric %j by a question for the same number", (definition, measure) => {
    expect(olapOf(metric(definition))).toEqual({ range: span, measures: [measure] });
  });

  test.each([
    [
      { field: "COUNTRY", operator: "IN", values: ["DE", "FR"] },
      { field: "country", in: ["DE", "FR"] },
    ],
    [{ field: "UTM_SOURCE", operator: "NOT_IN", values: ["ad"] }, { not: { field: "utmSource", in: ["ad"] } }],
    [{ field: "URL", operator: "CONTAINS", values: ["/pay"] }, { or: [{ field: "url", contains: "/pay" }] }],
    [
      { field: "PROPERTY", property: "plan", operator: "STARTS_WITH", values: ["pro", "team"] },
      {
        or: [
          { field: "properties.plan", startsWith: "pro" },
          { field: "properties.plan", startsWith: "team" },
        ],
      },
    ],
    [
      { field: "REVENUE", operator: "AT_LEAST", bound: 10 },
      { field: "revenue", gte: 10 },
    ],
    [
      { field: "PROPERTY", property: "n", operator: "LESS_THAN", bound: -1 },
      { field: "properties.n", lt: -1 },
    ],
  ])("is asked with the metric's filter %j", (filter, wanted) => {
    const watch = metric({ measure: "COUNT", eventNames: ["buy"], filters: [filter], includeSynthetic: false });
    expect(olapOf(watch)).toMatchObject({
      filter: { and: [{ field: "name", in: ["buy"] }, { field: "synthetic", eq: "false" }, wanted] },
    });
  });

  test("spans the whole episode where the anomaly was seen after it began, and its first bucket where it was not", () => {
    const evidence = {
      ...{ value: 1, samples: 1, score: 2, expected: 3, low: 2, high: null, side: "BELOW" as const },
      window,
    };
    const told = { ...evidence, because: "less", weighed: [], impact: null };
    const [earlier, later] = [window.toMs - 1, window.toMs + 7_200_000];
    expect(episodeOf({ evidence: told, lastSeenAtMs: later })).toEqual({ ...window, toMs: later });
    expect(episodeOf({ evidence: told, lastSeenAtMs: earlier })).toEqual(window);
  });
});
