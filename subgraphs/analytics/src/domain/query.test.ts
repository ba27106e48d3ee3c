import { describe, expect, test } from "@jest/globals";
import { parseOlap, parseTimeSeries, type OlapInput, type TimeSeriesInput } from "./query.ts";

const range = { from: "2026-03-01T00:00:00Z", to: "2026-03-02T00:00:00Z" };
const COUNT = { function: "COUNT" } as const;
const olap = (input: Partial<OlapInput>) => parseOlap({ range, measures: [COUNT], ...input }, { personalData: true });
const series = (input: Partial<TimeSeriesInput>) =>
  parseTimeSeries({ range, granularity: "HOUR", measures: [COUNT], ...input }, { personalData: true });

describe("an olap question", () => {
  test.each<[string, Partial<OlapInput>, string]>([
    ["an empty range", { range: { from: range.from, to: range.from } }, "earlier"],
    ["a reversed range", { range: { from: range.to, to: range.from } }, "earlier"],
    ["a range of eleven years", { range: { from: "2015-01-01T00:00:00Z", to: "2026-01-01T00:00:00Z" } }, "10 years"],
    ["a range before computers", { range: { from: "1900-01-01T00:00:00Z", to: "1901-01-01T00:00:00Z" } }, "1971"],
    ["no measure", { measures: [] }, "1 to 10 measures"],
    [
      "eleven measures",
      { measures: Array.from({ length: 11 }, (_one, index) => ({ ...COUNT, name: `c${index}` })) },
      "1 to 10 measures",
    ],
    ["two columns of one name", { measures: [COUNT, COUNT] }, "Two columns"],
    [
      "a measure named as a dimension",
      { dimensions: ["name"], measures: [{ ...COUNT, name: "name" }] },
      "another column",
    ],
    ["a measure named as the bucket", { measures: [{ ...COUNT, name: "time" }] }, "another column"],
    ["a name with a quote", { measures: [{ ...COUNT, name: "a'b" }] }, "letters, digits"],
    ["a sum of nothing", { measures: [{ function: "SUM" }] }, "computes over"],
    ["a sum of text", { measures: [{ function: "SUM", of: "country" }] }, "computes over"],
    ["a count of something", { measures: [{ function: "COUNT", of: "revenue" }] }, "no meaning"],
    ["levels of a sum", { measures: [{ function: "SUM", of: "properties.a", levels: [0.5] }] }, "no meaning"],
    ["quantiles without levels", { measures: [{ function: "QUANTILES", of: "properties.a" }] }, "1 to 10 levels"],
    [
      "a level above one",
      { measures: [{ function: "QUANTILES", of: "properties.a", levels: [50] }] },
      "1 to 10 levels",
    ],
    ["revenue of mixed currencies", { measures: [{ function: "SUM", of: "revenue" }] }, "mix currencies"],
    [
      "nine dimensions",
      { dimensions: ["name", "url", "city", "os", "browser", "device", "source", "region", "country"] },
      "at most 8",
    ],
    ["a dimension twice", { dimensions: ["name", "name"] }, "twice"],
    ["an order by no column", { orderBy: [{ column: "country" }] }, "no such column"],
    ["no row", { limit: 0 }, "between 1 and 10,000"],
    ["too many rows", { limit: 10_001 }, "between 1 and 10,000"],
  ])("is refused for %s", (_what, input, words) => {
    expect(() => olap(input)).toThrow(words);
  });

  test.each<[string, Partial<OlapInput>]>([
    ["a currency of its own", { measures: [{ function: "SUM", of: "revenue", currency: "EUR" }] }],
    [
      "a filter on one currency",
      { measures: [{ function: "SUM", of: "revenue" }], filter: { field: "currency", eq: "EUR" } },
    ],
    ["the currency as a dimension", { measures: [{ function: "SUM", of: "revenue" }], dimensions: ["currency"] }],
  ])("may add up revenue with %s", (_what, input) => {
    expect(olap(input).query.measures).toHaveLength(1);
  });

  test("names columns after function, field and level", () => {
    const { query } = olap({
      measures: [
        COUNT,
        { function: "UNIQUES", of: "persons" },
        { function: "SUM", of: "revenue", currency: "EUR" },
        { function: "QUANTILES", of: "properties.cart.total", levels: [0.5, 0.999] },
      ],
    });
    expect(query.measures.map(({ name }) => name)).toEqual([
      "count",
      "uniques_persons",
      "sum_revenue_EUR",
      "properties_cart_total_p50",
      "properties_cart_total_p99_9",
    ]);
  });
});

describe("a timeSeries question", () => {
  test.each<[string, Partial<TimeSeriesInput>, string]>([
    ["no buckets", { granularity: "NONE" }, "needs buckets"],
    ["four fields", { splitBy: ["name", "url", "city", "os"] }, "at most 3"],
    ["too many lines", { splitBy: ["name"], maxLines: 101 }, "between 1 and 100"],
    ["too many points", { splitBy: ["name"], maxLines: 100, granularity: "MINUTE" }, "more than 50,000"],
  ])("is refused for %s", (_what, input, words) => {
    expect(() => series(input)).toThrow(words);
  });
});
