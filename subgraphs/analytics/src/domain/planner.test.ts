import { describe, expect, test } from "@jest/globals";
import type { DataPolicy } from "@tessera/contracts/data-policy";
import type { FilterInput } from "./filter-input.ts";
import { plan } from "./planner.ts";
import { parseOlap, type OlapInput } from "./query.ts";
import { sketchRelativeError } from "./sketch-error.ts";

const MONTH = { from: "2026-03-01T00:00:00Z", to: "2026-04-01T00:00:00Z" };
const COUNT = { function: "COUNT" } as const;

const planOf = (input: Partial<OlapInput>, policy: DataPolicy | null = null) =>
  plan(parseOlap({ range: MONTH, measures: [COUNT], ...input }, { personalData: true }).query, policy);

const filter = (field: string): FilterInput => ({ field, exists: true });

describe("the planner", () => {
  test.each<[string, Partial<OlapInput>, string]>([
    ["a plain count", {}, "rollup_hour_name"],
    ["names and currencies", { dimensions: ["name", "currency"] }, "rollup_hour_name"],
    [
      "people and sessions",
      {
        measures: [
          { function: "UNIQUES", of: "persons" },
          { function: "UNIQUES", of: "sessions" },
        ],
      },
      "rollup_hour_name",
    ],
    [
      "revenue of one currency",
      { measures: [{ function: "SUM", of: "revenue", currency: "EUR" }] },
      "rollup_hour_name",
    ],
    ["local days of whole-hour zones", { granularity: "DAY", timeZone: "Europe/Berlin" }, "rollup_hour_name"],
    ["countries and devices", { dimensions: ["country", "device"] }, "rollup_day_dimensions"],
    ["a filter on the source", { filter: filter("source") }, "rollup_day_dimensions"],
    ["UTC weeks by country", { dimensions: ["country"], granularity: "WEEK" }, "rollup_day_dimensions"],
  ])("%s comes from %s", (_what, input, table) => {
    expect(planOf(input).rollup).toBe(table);
  });

  test.each<[string, Partial<OlapInput>, readonly RegExp[]]>([
    [
      "a dimension no rollup holds",
      { dimensions: ["browser"] },
      [/hold browser, which is grouped by/, /hold browser, which is grouped by/],
    ],
    [
      "a filter no rollup holds",
      { filter: { not: filter("properties.plan") } },
      [/hold properties.plan, which is filtered on/, /hold properties.plan, which is filtered on/],
    ],
    ["exact uniques", { measures: [{ function: "UNIQUES", of: "persons", exact: true }] }, [/exact/, /exact/]],
    [
      "quantiles",
      { measures: [{ function: "QUANTILES", of: "revenue", currency: "EUR", levels: [0.5] }] },
      [/no distribution/, /no distribution/],
    ],
    [
      "the least revenue",
      { measures: [{ function: "MIN", of: "revenue", currency: "EUR" }] },
      [/holds sums/, /holds sums/],
    ],
    [
      "sessions by country",
      { dimensions: ["country"], measures: [{ function: "UNIQUES", of: "sessions" }] },
      [/hold country/, /no sketch/],
    ],
    [
      "local days of a quarter-hour zone",
      { granularity: "DAY", timeZone: "Asia/Kathmandu" },
      [/inside a hour/, /inside a UTC day/],
    ],
    [
      "local days by country",
      { granularity: "DAY", timeZone: "Europe/Berlin", dimensions: ["country"] },
      [/hold country/, /inside a UTC day/],
    ],
    [
      "minutes",
      { granularity: "MINUTE", range: { from: "2026-03-01T00:00:00Z", to: "2026-03-02T00:00:00Z" } },
      [/inside a hour/, /inside a UTC day/],
    ],
    [
      "part of an hour",
      { range: { from: "2026-03-01T00:00:01Z", to: "2026-03-01T01:59:59Z" } },
      [/no whole hour/, /no whole UTC day/],
    ],
  ])("%s needs single events, and the plan says why", (_what, input, reasons) => {
    const planned = planOf(input);
    expect(planned.rollup).toBeNull();
    expect(planned.rejected.map(({ table }) => table)).toEqual(["rollup_hour_name", "rollup_day_dimensions"]);
    planned.rejected.forEach(({ reason }, index) => expect(reason).toMatch(reasons[index] ?? /never/));
  });

  test("ragged ends of a range come from single events, whole hours between from the rollup, without gap or overlap", () => {
    const range = { from: "2026-03-01T10:20:00.000Z", to: "2026-03-03T15:00:00.001Z" };
    const at = (text: string): number => Date.parse(text);
    expect(planOf({ range }).parts).toEqual([
      { table: "events", fromMs: at(range.from), toMs: at("2026-03-01T11:00:00Z") },
      { table: "rollup_hour_name", fromMs: at("2026-03-01T11:00:00Z"), toMs: at("2026-03-03T15:00:00Z") },
      { table: "events", fromMs: at("2026-03-03T15:00:00Z"), toMs: at(range.to) },
    ]);
  });

  const people = { function: "UNIQUES", of: "persons" } as const;
  const visits = { function: "UNIQUES", of: "sessions" } as const;
  const sum = { function: "SUM", of: "revenue", currency: "EUR" } as const;
  test.each<[string, Partial<OlapInput>, boolean]>([
    ["people of the whole range", { measures: [people] }, true],
    [
      "people and sessions by day and name",
      { measures: [COUNT, people, visits], granularity: "DAY", dimensions: ["name"] },
      true,
    ],
    ["people by weekday", { measures: [people], dimensions: ["time.dayOfWeek"] }, true],
    ["people of some names", { measures: [people], filter: { field: "name", in: ["a", "b"] } }, true],
    ["counts alone, which are added up as fast", { measures: [COUNT] }, false],
    ["people and revenue", { measures: [people, sum] }, false],
    ["people by currency", { measures: [people], dimensions: ["currency"] }, false],
    ["people of a currency", { measures: [people], filter: { field: "currency", eq: "EUR" } }, false],
    ["people by hour", { measures: [people], granularity: "HOUR" }, false],
    ["people by the hour of the day", { measures: [people], dimensions: ["time.hourOfDay"] }, false],
    [
      "people by the day of a zone ahead of UTC",
      { measures: [people], granularity: "DAY", timeZone: "Europe/Berlin" },
      false,
    ],
    [
      "people by the weekday of a zone ahead of UTC",
      { measures: [people], dimensions: ["time.dayOfWeek"], timeZone: "Asia/Tokyo" },
      false,
    ],
    ["people by country, whose rollup is of days", { measures: [people], dimensions: ["country"] }, false],
    [
      "people of fewer than three whole days of UTC",
      { measures: [people], range: { from: "2026-03-01T01:00:00Z", to: "2026-03-04T23:00:00Z" } },
      false,
    ],
  ])("%s", (_what, input, inDays) => {
    const [fromMs, toMs] = [Date.parse(MONTH.from), Date.parse(MONTH.to)];
    expect(planOf(input).days).toEqual(inDays ? { fromMs, toMs } : undefined);
  });

  test("an aligned range is one part", () => {
    expect(planOf({}).parts).toEqual([
      { table: "rollup_hour_name", fromMs: Date.parse(MONTH.from), toMs: Date.parse(MONTH.to) },
    ]);
  });

  test("estimates are named with the standard error of their sketch: 1.04 / sqrt(registers)", () => {
    const measures = [COUNT, { function: "UNIQUES", of: "persons", name: "people" }] as const;
    expect(planOf({ measures }).approximations).toEqual([
      { column: "people", method: "uniqCombined64(14)", relativeError: 0.008125 },
    ]);
    expect(planOf({ measures, dimensions: ["country"] }).approximations[0]?.relativeError).toBe(0.01625);
    expect(sketchRelativeError(14)).toBeCloseTo(1.04 / 128, 12);
    expect(planOf({}).approximations).toEqual([]);
  });

  const NOTHING: DataPolicy = {
    ...{ allow: {}, deny: {}, atLeast: {}, lessThan: {}, masks: {} },
    ...{ synthetic: null, salt: "0".repeat(32) },
  };
  const NULL = { kind: "NULL" } as const;
  test.each<[string, Partial<DataPolicy>, Partial<OlapInput>, string | null, RegExp | null]>([
    ["names", { allow: { name: ["view"] } }, {}, "rollup_hour_name", null],
    ["countries", { allow: { country: ["DE"] } }, {}, "rollup_day_dimensions", /filters rows by country/],
    ["cities", { deny: { city: ["Bonn"] } }, {}, null, /filters rows by city/],
    ["times", { atLeast: { time: "2026-03-05T00:00:00.000Z" } }, {}, null, /filters rows by time/],
    ["made-up events", { synthetic: false }, {}, null, /filters rows by synthetic/],
    [
      "masked revenue",
      { masks: { revenue: NULL } },
      { measures: [{ function: "SUM", of: "revenue", currency: "EUR", name: "sum" }] },
      null,
      /sum is of a column that a data policy masks/,
    ],
    [
      "masked sessions",
      { masks: { session_id: NULL } },
      { measures: [{ function: "UNIQUES", of: "sessions", name: "visits" }] },
      null,
      /visits is of a column that a data policy masks/,
    ],
    ["a masked column that is not asked for", { masks: { city: NULL } }, {}, "rollup_hour_name", null],
    [
      "a masked column of the rollup",
      { masks: { country: NULL } },
      { dimensions: ["country"] },
      "rollup_day_dimensions",
      /country/,
    ],
  ])(
    "under a data policy on %s the plan reads what holds it, and says why not cheaper",
    (_what, policy, input, table, reason) => {
      const planned = planOf(input, { ...NOTHING, ...policy });
      expect(planned.rollup).toBe(table);
      if (reason !== null) expect(planned.rejected[0]?.reason).toMatch(reason);
    },
  );
});
