import { describe, expect, it } from "@jest/globals";
import { createInputCheck } from "../../http/check-input.ts";
import { questionFieldOf, questionSchema, toOlapInput, type Question } from "./question.ts";

const range = { from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z" };
const least: Question = { range, measures: [{ function: "count" }] };
const check = createInputCheck(questionSchema);
const refusal = (field: string) => expect.objectContaining({ code: "BAD_INPUT", extras: { field } });

describe("a question in the graph's words", () => {
  it("leaves to the graph what was left out", () => {
    expect(toOlapInput(least)).toEqual({ range, measures: [{ function: "COUNT" }], dimensions: [] });
  });

  it("carries every part, in the graph's names", () => {
    const question = check({
      ...least,
      measures: [
        { name: "p", function: "quantiles", of: "properties.load_ms", levels: [0.5, 0.99], exact: true },
        { name: "slow", function: "count", filter: { field: "schema_version", gte: 3 } },
        { name: "part", function: "formula", formula: "slow / 2" },
      ],
      dimensions: ["utm_source", "properties.plan_name"],
      filters: [{ field: "schema_version", gte: 2 }],
      granularity: "week",
      time_zone: "Europe/Berlin",
      order_by: [{ column: "utm_source", direction: "asc" }, { column: "p_p99" }],
      limit: 7,
      fill: "linear",
      pivot: { by: ["time.hour_of_day", "utm_term"], max_columns: 5, others: false },
      approximate: "never",
      sample: 0.5,
      fast: false,
    });
    expect(toOlapInput(question)).toEqual({
      range,
      measures: [
        { name: "p", function: "QUANTILES", of: "properties.load_ms", levels: [0.5, 0.99], exact: true },
        { name: "slow", function: "COUNT", filter: { field: "schemaVersion", gte: 3 } },
        { name: "part", function: "FORMULA", formula: "slow / 2" },
      ],
      dimensions: ["utmSource", "properties.plan_name"],
      filter: { and: [{ field: "schemaVersion", gte: 2 }] },
      granularity: "WEEK",
      timeZone: "Europe/Berlin",
      orderBy: [{ column: "utmSource", direction: "ASC" }, { column: "p_p99" }],
      limit: 7,
      fill: "LINEAR",
      pivot: { by: ["time.hourOfDay", "utmTerm"], maxColumns: 5, others: false },
      approximate: "NEVER",
      sample: 0.5,
      fast: false,
    });
  });

  it("says a range relative to now in the graph's words", () => {
    const calendar = { unit: "quarter", count: 2, ending: "with_current", ago: 1, time_zone: "Asia/Tokyo" };
    expect(toOlapInput(check({ ...least, range: { calendar } })).range).toEqual({
      calendar: { unit: "QUARTER", count: 2, ending: "WITH_CURRENT", ago: 1, timeZone: "Asia/Tokyo" },
    });
    for (const relative of [{ sliding: "PT24H" }, { from: range.from }, { calendar: { unit: "day" } }])
      expect(() => toOlapInput(check({ ...least, range: relative }))).not.toThrow();
  });

  it("says values of any type as the texts events are compared with, at every depth of a filter", () => {
    const cohort = "01890a5d-ac96-774b-bcce-b302099a8057";
    const filters = check({
      ...least,
      filters: [
        { or: [{ field: "synthetic", eq: true }, { not: { field: "properties.count", in: [1, "two", false] } }] },
        { field: "utm_medium", starts_with: "e", contains: "mail", exists: true },
        { not: { in_cohort: { cohort, as_of: "2026-01-01T00:00:00Z" } } },
      ],
    });
    expect(toOlapInput(filters).filter).toEqual({
      and: [
        { or: [{ field: "synthetic", eq: "true" }, { not: { field: "properties.count", in: ["1", "two", "false"] } }] },
        { field: "utmMedium", startsWith: "e", contains: "mail", exists: true },
        { not: { inCohort: { cohort, asOf: "2026-01-01T00:00:00Z" } } },
      ],
    });
  });

  it("refuses a measure with the name of a dimension, which would hide it in rows", () => {
    const question: Question = {
      ...least,
      measures: [{ function: "count", name: "country" }],
      dimensions: ["country"],
    };
    expect(() => toOlapInput(question)).toThrow(refusal("measures.0.name"));
  });

  it.each<[string, unknown, string]>([
    ["no range", { measures: [{ function: "count" }] }, "range"],
    ["a date for a moment", { ...least, range: { ...range, to: "2026-12-01" } }, "range.to"],
    ["an unknown unit", { ...least, range: { calendar: { unit: "fortnight" } } }, "range.calendar.unit"],
    ["too many units", { ...least, range: { calendar: { unit: "day", count: 9_999 } } }, "range.calendar.count"],
    ["no measure", { ...least, measures: [] }, "measures"],
    ["an unknown function", { ...least, measures: [{ function: "COUNT" }] }, "measures.0.function"],
    ["an unknown part", { ...least, rows: 3 }, "rows"],
    ["an unknown test", { ...least, filters: [{ not: { field: "name", equals: "a" } }] }, "filters.0.not.equals"],
    ["an unknown fill", { ...least, fill: "zero" }, "fill"],
    ["too many columns", { ...least, pivot: { by: ["os"], max_columns: 101 } }, "pivot.max_columns"],
    ["no room for rows", { ...least, limit: 0 }, "limit"],
    ["too many rows", { ...least, limit: 10_001 }, "limit"],
    ["an unknown granularity", { ...least, granularity: "fortnight" }, "granularity"],
    ["an unknown wish for estimates", { ...least, approximate: "NEVER" }, "approximate"],
    ["an unknown format", { ...least, format: "csv" }, "format"],
    ["nine dimensions", { ...least, dimensions: Array.from({ length: 9 }, () => "name") }, "dimensions"],
  ])("refuses %s, naming the field", (_what, body, field) => expect(() => check(body)).toThrow(refusal(field)));

  it("refuses what is nested without end before it is walked", () => {
    let filter: unknown = { field: "name" };
    for (let depth = 0; depth < 20_000; depth += 1) filter = { not: filter };
    expect(() => check({ ...least, filters: [filter] })).toThrow(expect.objectContaining({ code: "BAD_INPUT" }));
  });

  it.each([
    ["filter.and.3.field", "filters.3.field"],
    ["filter.and", "filters"],
    ["measures.0.of", "measures.0.of"],
    ["filter.android", "filter.android"],
  ])("calls the graph's %s by the name it was asked under: %s", (field, own) => {
    expect(questionFieldOf(field)).toBe(own);
  });
});
