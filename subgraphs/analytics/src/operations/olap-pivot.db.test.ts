import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { TenantId } from "@tessera/contracts/ids";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { everyFeature } from "@tessera/platform/testing/every-feature";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import fc from "fast-check";
import type { Column } from "../domain/columns.ts";
import type { PivotColumn } from "../domain/pivot.ts";
import type { OlapInput } from "../domain/query.ts";
import { createAnalyticsStore } from "../store/analytics-store.ts";
import { anyWorld, rollupWorld } from "../../testing/arbitraries.ts";
import { differences, rowsOf, valuesOf } from "../../testing/flatten-answer.ts";
import { textOf } from "../../testing/reference-filter.ts";
import {
  bucketLabel,
  referenceGroups,
  referenceTotals,
  type ReferenceRow,
  type ReferenceValue,
} from "../../testing/reference-olap.ts";
import { storeEvents, type TestEvent } from "../../testing/test-events.ts";
import { queryOlap, type OlapAnswer } from "./query-olap.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(180_000);

const RUNS = 8;

let world: TestResources;
let ask: (tenantId: TenantId, input: OlapInput) => Promise<OlapAnswer>;
beforeAll(() => {
  world = openTestResources();
  const store = createAnalyticsStore(world.resources.eventStore);
  const olap = queryOlap({ features: everyFeature, store, nowMs: Date.now });
  ask = (tenantId, input) => olap(callerWith(tenantId, ["analytics:read", "analytics:personal-data"]), input);
});
afterAll(() => world.close());

const stored = async (events: readonly TestEvent[]): Promise<TenantId> => {
  const tenantId = freshTenantId();
  if (events.length > 0) await storeEvents(world.writer, tenantId, events);
  return tenantId;
};

const cellsAt = (columns: readonly Column[], row: number): readonly ReferenceValue[] =>
  columns.map((column) => valuesOf(column)[row] ?? null);
const one = (measures: readonly ReferenceValue[]): readonly ReferenceRow[] => [
  { label: null, dimensions: [], measures },
];

/** The value of an event by which it stands in a column. */
const placeOf = (event: TestEvent, { pivot, timeZone = "UTC" }: OlapInput): string => {
  const granularity = pivot?.granularity ?? "NONE";
  if (granularity !== "NONE") return bucketLabel(event.timeMs, granularity, timeZone);
  return JSON.stringify((pivot?.by ?? []).map((field) => textOf(event, field, timeZone)));
};

const shownPlace = ({ time, values }: PivotColumn, { pivot, timeZone = "UTC" }: OlapInput): string =>
  time === null ? JSON.stringify(values) : bucketLabel(Date.parse(time), pivot?.granularity ?? "NONE", timeZone);

/** Every column holds what the question measures of its events alone, row by row and over all. */
const check = async (tenantId: TenantId, events: readonly TestEvent[], input: OlapInput): Promise<number> => {
  const { granularity = "NONE", timeZone = "UTC", pivot } = input;
  const answer = await ask(tenantId, input);
  const rows = rowsOf(answer.columns, answer.rowCount, granularity, timeZone);
  const columns = answer.pivot?.columns ?? [];
  const places = columns.filter(({ others }) => !others).map((column) => shownPlace(column, input));
  expect(new Set(places).size).toBe(places.length);
  columns.forEach((column) => {
    const own = events.filter((event) =>
      column.others ? !places.includes(placeOf(event, input)) : placeOf(event, input) === shownPlace(column, input),
    );
    const groups = new Map(
      referenceGroups(own, input).map((row) => [JSON.stringify([row.label, row.dimensions]), row.measures]),
    );
    const empty = referenceTotals([], input);
    rows.forEach((row, index) => {
      const expected = groups.get(JSON.stringify([row.label, row.dimensions])) ?? empty;
      expect(differences(one(cellsAt(column.columns, index)), one(expected))).toEqual([]);
    });
    expect(differences(one(cellsAt(column.totals, 0)), one(referenceTotals(own, input)))).toEqual([]);
  });
  if ((pivot?.by ?? []).length > 0 && pivot?.others !== false)
    expect(columns.some(({ others }) => others)).toBe(answer.pivot?.hasMore);
  return columns.length;
};

const PIVOTS: readonly NonNullable<OlapInput["pivot"]>[] = [
  { by: ["device"] },
  { by: ["country", "time.dayOfWeek"], maxColumns: 2 },
  { by: ["source"], maxColumns: 1 },
  { by: ["properties.plan"], maxColumns: 2, others: false },
  { by: ["revenue"], maxColumns: 3 },
  { by: ["synthetic"], maxColumns: 1 },
  { by: ["url.path.1"], maxColumns: 2 },
  { granularity: "DAY" },
];

describe("a pivot", () => {
  test.each([
    ["any question", anyWorld],
    ["questions that rollups answer", rollupWorld],
  ])("measures each cell, each column and everything beyond them from its events, for %s", async (_what, worlds) => {
    let columns = 0;
    await fc.assert(
      fc.asyncProperty(worlds, fc.constantFrom(...PIVOTS), fc.constantFrom(2, 300), async (random, pivot, limit) => {
        const events = [...new Map(random.events.map((event) => [event.id, event])).values()];
        const tenantId = await stored(events);
        for (const query of random.queries.slice(0, 3)) {
          const timed = (pivot.granularity ?? "NONE") !== "NONE";
          const dimensions = (query.dimensions ?? []).filter(
            (name) => !(pivot.by ?? []).includes(name) && name !== "time",
          );
          const granularity = timed ? "NONE" : query.granularity === "MINUTE" ? "HOUR" : (query.granularity ?? "NONE");
          columns += await check(tenantId, events, { ...query, dimensions, granularity, pivot, limit });
        }
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
    expect(columns).toBeGreaterThan(0);
  });

  test("of revenue by country says nothing of what would add currencies, and counts beside it", async () => {
    const event = (country: string, currency: string, device: string): TestEvent => ({
      ...{ id: randomUUID(), name: "buy", timeMs: Date.UTC(2026, 10, 1, 12), revenue: "2", country, currency, device },
    });
    const tenantId = await stored([event("DE", "EUR", "a"), event("DE", "USD", "a"), event("US", "USD", "b")]);
    const { pivot, subtotals } = await ask(tenantId, {
      range: { from: "2026-11-01T00:00:00Z", to: "2026-11-02T00:00:00Z" },
      measures: [{ function: "COUNT" }, { function: "SUM", of: "revenue" }],
      ...{ dimensions: ["country", "currency"], pivot: { by: ["device"] }, subtotals: [["country"], ["currency"]] },
    });
    expect(pivot?.columns).toMatchObject([
      { values: ["a"], totals: [{ integers: [2] }, { decimals: [null] }] },
      { values: ["b"], totals: [{ integers: [1] }, { decimals: [null] }] },
    ]);
    expect(subtotals.map(({ columns }) => columns.map(valuesOf))).toEqual([
      [
        ["DE", "US"],
        [2, 1],
        [null, null],
      ],
      [
        ["USD", "EUR"],
        [2, 1],
        ["4", "2"],
      ],
    ]);
  });

  test("stands beside no rows at all", async () => {
    const tenantId = await stored([{ id: randomUUID(), name: "a", timeMs: Date.UTC(2026, 10, 1, 12), device: "x" }]);
    const answer = await ask(tenantId, {
      ...{ range: { from: "2026-11-01T00:00:00Z", to: "2026-11-02T00:00:00Z" }, measures: [{ function: "COUNT" }] },
      ...{ dimensions: ["name"], having: [{ column: "count", gt: 5 }], pivot: { by: ["device"] } },
    });
    expect(answer.pivot).toMatchObject({
      columns: [{ values: ["x"], columns: [{ integers: [] }], totals: [{ integers: [1] }] }],
    });
  });

  test.each<[string, Partial<OlapInput>, string, string]>([
    ["by nothing", { pivot: {} }, "input.pivot", "one of both"],
    ["by fields and time", { pivot: { by: ["device"], granularity: "DAY" } }, "input.pivot", "one of both"],
    ["by what makes rows", { pivot: { by: ["country"] } }, "input.pivot.by.0", "name it once"],
    ["by a field twice", { pivot: { by: ["device", "device"] } }, "input.pivot.by.1", "name it once"],
    ["by four fields", { pivot: { by: ["device", "os", "browser", "source"] } }, "input.pivot.by", "at most 3"],
    ["by lists", { pivot: { by: ["qualityFlags"] } }, "input.pivot.by.0", "lists"],
    ["by a field there is not", { pivot: { by: ["devise"] } }, "input.pivot.by.0", "Did you mean `device`?"],
    ["by time twice", { granularity: "DAY", pivot: { granularity: "DAY" } }, "input.pivot.granularity", "leave out"],
    ["by too many buckets", { pivot: { granularity: "MINUTE" } }, "input.pivot.granularity", "100 columns fit"],
    [
      "of too many columns",
      { pivot: { by: ["device"], maxColumns: 101 } },
      "input.pivot.maxColumns",
      "between 1 and 100",
    ],
  ])("%s is refused", async (_what, part, field, words) => {
    const input: OlapInput = {
      range: { from: "2026-11-01T00:00:00Z", to: "2026-11-03T00:00:00Z" },
      ...{ measures: [{ function: "COUNT" }], dimensions: ["country"], ...part },
    };
    await expect(ask(freshTenantId(), input)).rejects.toMatchObject({
      ...{ code: "BAD_INPUT", extras: { field }, message: expect.stringContaining(words) },
    });
  });
});
