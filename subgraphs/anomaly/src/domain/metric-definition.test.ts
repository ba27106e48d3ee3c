import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { anyMetricDefinition, countOf } from "../testing/definitions.ts";
import { metricSchema } from "./metric-definition.ts";
import { metricDefinitionOf } from "./metric.ts";

test("A metric comes back from its flat form as it was, also by way of JSON", () => {
  fc.assert(
    fc.property(anyMetricDefinition, (definition) => {
      const metric = metricSchema.parse(JSON.parse(JSON.stringify(definition)));
      expect(metricDefinitionOf(metric)).toEqual(definition);
      expect(metricSchema.parse(metricDefinitionOf(metric))).toEqual(metric);
    }),
  );
});

const filter = { field: "COUNTRY", operator: "IN", values: ["DE"] };

test.each([
  ["a property that is measured but not named", "property", { measure: "PROPERTY_SUM" }],
  ["a property with quotation marks", "property", { measure: "PROPERTY_SUM", property: "a`b" }],
  ["a property that is named but not measured", "property", { property: "amount" }],
  ["revenue without its currency", "currency", { measure: "REVENUE_SUM" }],
  ["a currency that is none", "currency", { measure: "REVENUE_SUM", currency: "euro" }],
  ["a currency where no money is measured", "currency", { currency: "EUR" }],
  ["a window too short", "window", { window: "PT9S" }],
  ["a window too long", "window", { window: "P32D" }],
  ["a window of no fixed length", "window", { window: "P1M" }],
  ["too many event names", "eventNames", { eventNames: Array.from({ length: 51 }, () => "e") }],
  ["an event without a name", "eventNames.0", { eventNames: [""] }],
  ["too many filters", "filters", { filters: Array.from({ length: 21 }, () => filter) }],
  ["a text filter without texts", "filters.0.values", { filters: [{ ...filter, values: [] }] }],
  ["a text filter with a number", "filters.0.bound", { filters: [{ ...filter, bound: 1 }] }],
  [
    "a text field compared as a number",
    "filters.0.operator",
    { filters: [{ field: "COUNTRY", operator: "AT_LEAST", bound: 1 }] },
  ],
  ["revenue compared as text", "filters.0.operator", { filters: [{ ...filter, field: "REVENUE" }] }],
  ["a number filter without its number", "filters.0.bound", { filters: [{ field: "REVENUE", operator: "AT_LEAST" }] }],
  [
    "a number filter with texts",
    "filters.0.values",
    { filters: [{ field: "REVENUE", operator: "AT_LEAST", bound: 1, values: ["1"] }] },
  ],
  ["a filter by a property that is not named", "filters.0.property", { filters: [{ ...filter, field: "PROPERTY" }] }],
  ["a property named where none is filtered by", "filters.0.property", { filters: [{ ...filter, property: "a" }] }],
])("%s is refused and its place named", (_case, place, wrong) => {
  const result = metricSchema.safeParse({ ...countOf("order"), ...wrong });
  expect(result.error?.issues.map(({ path }) => path.join("."))).toEqual([place]);
});
