import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { TenantId } from "@tessera/contracts/ids";
import { everyFeature } from "@tessera/platform/testing/every-feature";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import type { OlapInput } from "../domain/query.ts";
import { sketchRelativeError, TDIGEST_RANK_ERROR } from "../domain/sketch-error.ts";
import { createAnalyticsStore } from "../store/analytics-store.ts";
import { valuesOf } from "../../testing/flatten-answer.ts";
import { storeEvents, type TestEvent } from "../../testing/test-events.ts";
import { queryOlap } from "./query-olap.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(120_000);

const NOW = Date.UTC(2026, 10, 20, 12);
const DAY = { from: "2026-11-20T00:00:00Z", to: "2026-11-21T00:00:00Z" };

let world: TestResources;
let tenantId: TenantId;
beforeAll(async () => {
  world = openTestResources();
  tenantId = freshTenantId();
  await storeEvents(
    world.writer,
    tenantId,
    // 20,000 people, each with one event whose amount is its number; five countries of different size, one of them missing.
    Array.from({ length: 20_000 }, (_event, index): TestEvent => ({
      id: randomUUID(),
      name: "view",
      timeMs: NOW - index,
      userId: `user ${index}`,
      ...(index % 10 < 4
        ? { country: "DE" }
        : index % 10 < 7
          ? { country: "US" }
          : index % 10 < 9
            ? {}
            : { country: index % 20 < 10 ? "FR" : "AT" }),
      ...(index % 2 === 0 ? { revenue: (index / 100).toFixed(2), currency: index % 4 === 0 ? "EUR" : "USD" } : {}),
      properties: { amount: index },
    })),
  );
});
afterAll(() => world.close());

const ask = (input: Partial<OlapInput>) =>
  queryOlap({ features: everyFeature, store: createAnalyticsStore(world.resources.eventStore), nowMs: () => NOW })(
    callerWith(tenantId, ["analytics:read"]),
    {
      range: DAY,
      measures: [{ function: "COUNT" }],
      ...input,
    },
  );

describe("order and limit", () => {
  test("by default the first measure decides, from great to small, and ties go by the dimensions", async () => {
    const { columns } = await ask({ dimensions: ["country"] });
    expect(columns.map(valuesOf)).toEqual([
      ["DE", "US", null, "AT", "FR"],
      [8_000, 6_000, 4_000, 1_000, 1_000],
    ]);
  });

  test.each(["ASC", "DESC"] as const)("a missing value comes last, %s", async (direction) => {
    const { columns } = await ask({ dimensions: ["country"], orderBy: [{ column: "country", direction }] });
    const expected = direction === "ASC" ? ["AT", "DE", "FR", "US", null] : ["US", "FR", "DE", "AT", null];
    expect(columns.map(valuesOf)[0]).toEqual(expected);
  });

  test("decimals are ordered as numbers, not as text", async () => {
    const { columns } = await ask({
      dimensions: ["country"],
      measures: [{ function: "MAX", of: "revenue", currency: "EUR" }],
      orderBy: [{ column: "max_revenue_EUR", direction: "DESC" }],
    });
    const values = columns.map(valuesOf)[1] ?? [];
    const known = values.filter((value) => value !== null).map(Number);
    expect(known).toEqual(known.toSorted((a, b) => b - a));
    expect(values.slice(known.length).every((value) => value === null)).toBe(true);
  });

  test("the limit cuts rows and says so, and the totals are of everything", async () => {
    const { columns, hasMore, rowCount, totals } = await ask({ dimensions: ["country"], limit: 2 });
    expect([columns.map(valuesOf)[0], rowCount, hasMore]).toEqual([["DE", "US"], 2, true]);
    expect(totals.map(valuesOf)).toEqual([[20_000]]);
    expect((await ask({ dimensions: ["country"], limit: 5 })).hasMore).toBe(false);
  });

  test("a total that would mix currencies is null; each group keeps its own", async () => {
    const { columns, totals } = await ask({ dimensions: ["currency"], measures: [{ function: "SUM", of: "revenue" }] });
    expect(totals.map(valuesOf)).toEqual([[null]]);
    expect(columns.map(valuesOf)).toEqual([
      ["USD", "EUR", null],
      ["500000", "499900", "0"],
    ]);
  });
});

describe("estimates", () => {
  const distance = (value: unknown, truth: number): number => Math.abs(Number(value) - truth) / truth;

  test("distinct people are estimated within four standard errors, from either rollup, and are exact when asked to be", async () => {
    const uniques = { function: "UNIQUES", of: "persons" } as const;
    const hour = await ask({ measures: [uniques] });
    expect(hour.provenance).toMatchObject({ exactness: "APPROXIMATE", relativeError: sketchRelativeError(14) });
    expect(hour.provenance.tables.map(({ table }) => table)).toEqual(["rollup_hour_name"]);
    expect(distance(hour.totals.map(valuesOf)[0]?.[0], 20_000)).toBeLessThan(4 * sketchRelativeError(14));
    const day = await ask({ measures: [uniques], filter: { not: { field: "country", eq: "XX" } } });
    expect(day.provenance.tables.map(({ table }) => table)).toEqual(["rollup_day_dimensions"]);
    expect(distance(day.totals.map(valuesOf)[0]?.[0], 20_000)).toBeLessThan(4 * sketchRelativeError(12));
    const exact = await ask({ measures: [{ ...uniques, exact: true }] });
    expect(exact.provenance).toMatchObject({ exactness: "EXACT", relativeError: null, approximations: [] });
    expect(exact.totals.map(valuesOf)).toEqual([[20_000]]);
  });

  test("quantiles are estimated within the stated error of the rank, and exact when asked to be", async () => {
    const quantiles = { function: "QUANTILES", of: "properties.amount", levels: [0.1, 0.5, 0.99] } as const;
    const [estimated, exact] = [
      await ask({ measures: [quantiles] }),
      await ask({ measures: [{ ...quantiles, exact: true }] }),
    ];
    // Amounts are 0 ... 19,999 once each, so that a value is its own rank.
    estimated.totals.map(valuesOf).forEach((values, index) => {
      const level = quantiles.levels[index] ?? NaN;
      expect(Math.abs(Number(values[0]) / 20_000 - level)).toBeLessThan(TDIGEST_RANK_ERROR);
    });
    exact.totals.map(valuesOf).forEach((values, index) => {
      expect(values[0]).toBeCloseTo(19_999 * (quantiles.levels[index] ?? NaN), 6);
    });
  });
});
