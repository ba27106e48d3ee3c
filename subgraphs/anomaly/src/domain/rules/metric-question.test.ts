import { describe, expect, test } from "@jest/globals";
import { metricSchema } from "../metric-definition.ts";
import { metricQuestion, placeInMetric } from "./metric-question.ts";

const metric = metricSchema.parse({
  ...{ measure: "PROPERTY_SUM", property: "price", eventNames: ["order", "sale"], window: "PT1H" },
  filters: [
    { field: "COUNTRY", operator: "NOT_IN", values: ["DE"] },
    { field: "PROPERTY", property: "plan.name", operator: "STARTS_WITH", values: ["a", "b"] },
    { field: "PROPERTY", property: "items", operator: "AT_LEAST", bound: 2 },
  ],
});
const range = { sliding: "P1D" };

describe("a metric of a rule's own as a question", () => {
  test("has every part of the metric", () => {
    const field = "properties.plan.name";
    expect(metricQuestion(metric, range)).toEqual({
      olap: {
        range,
        measures: [{ function: "SUM", of: "properties.price" }],
        filter: {
          and: [
            { field: "name", in: ["order", "sale"] },
            { field: "synthetic", eq: "false" },
            { not: { field: "country", in: ["DE"] } },
            {
              or: [
                { field, startsWith: "a" },
                { field, startsWith: "b" },
              ],
            },
            { field: "properties.items", gte: 2 },
          ],
        },
      },
    });
  });

  test.each([
    ["olap.measures.0.of", "property"],
    ["olap.filter.and.0.in.1", "eventNames.1"],
    ["olap.filter.and.2.not.field", "filters.0.property"],
    ["olap.filter.and.3.or.1.field", "filters.1.property"],
    ["olap.filter.and.4.field", "filters.2.property"],
    ["olap.filter.and.0", null],
    ["olap.filter.and.1.eq", null],
    ["olap.range", null],
    ["olap.filter.and.4.gte", null],
  ])("%s is of %s", (place, expected) => {
    expect(placeInMetric(metric, place)).toBe(expected);
  });

  test("counts its filters from those of its events", () => {
    const all = metricSchema.parse({
      ...{ measure: "COUNT", window: "PT1H", includeSynthetic: true },
      filters: [{ field: "PROPERTY", property: "plan", operator: "IN", values: ["a"] }],
    });
    expect(placeInMetric(all, "olap.filter.and.0.field")).toBe("filters.0.property");
  });
});
