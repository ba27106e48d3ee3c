import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { TenantId } from "@tessera/contracts/ids";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { everyFeature } from "@tessera/platform/testing/every-feature";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import fc from "fast-check";
import { bucketsOf, type Granularity } from "../domain/calendar.ts";
import type { Column } from "../domain/columns.ts";
import type { OlapInput } from "../domain/query.ts";
import { zoneOffset } from "@tessera/platform/time/zone";
import { createAnalyticsStore } from "../store/analytics-store.ts";
import { anyWorld } from "../../testing/arbitraries.ts";
import { differences, rowsOf, valuesOf } from "../../testing/flatten-answer.ts";
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
jest.setTimeout(120_000);

const RUNS = 12;
const LIMIT = 300;

let world: TestResources;
let ask: (tenantId: TenantId, input: OlapInput) => Promise<OlapAnswer>;
beforeAll(() => {
  world = openTestResources();
  const olap = queryOlap({
    features: everyFeature,
    store: createAnalyticsStore(world.resources.eventStore),
    nowMs: Date.now,
  });
  ask = (tenantId, input) => olap(callerWith(tenantId, ["analytics:read", "analytics:personal-data"]), input);
});
afterAll(() => world.close());

const inWorlds = (each: (tenantId: TenantId, events: readonly TestEvent[], input: OlapInput) => Promise<void>) =>
  fc.assert(
    fc.asyncProperty(anyWorld, async ({ events, queries }) => {
      const known = [...new Map(events.map((event) => [event.id, event])).values()];
      const tenantId = freshTenantId();
      if (known.length > 0) await storeEvents(world.writer, tenantId, known);
      for (const query of queries.slice(0, 3)) await each(tenantId, known, query);
    }),
    { numRuns: RUNS, endOnFailure: true },
  );

/** The values of a row over all columns. */
const cellsAt = (columns: readonly Column[], row: number): readonly ReferenceValue[] =>
  columns.map((column) => valuesOf(column)[row] ?? null);

const one = (measures: readonly ReferenceValue[]): readonly ReferenceRow[] => [
  { label: null, dimensions: [], measures },
];

/** The labels of a range's buckets in order; one null without buckets. */
const labelsOf = (input: OlapInput, range: OlapInput["range"]): readonly (string | null)[] => {
  const { granularity = "NONE", timeZone = "UTC" } = input;
  if (granularity === "NONE") return [null];
  const span = { fromMs: Date.parse(range.from), toMs: Date.parse(range.to) };
  return bucketsOf(granularity, span, zoneOffset(timeZone)).startsMs.map((ms) =>
    bucketLabel(ms, granularity, timeZone),
  );
};

const rowsIn = (answer: Pick<OlapAnswer, "columns" | "rowCount">, granularity: Granularity, timeZone = "UTC") =>
  rowsOf(answer.columns, answer.rowCount, granularity, timeZone);

const changeOf = (now: ReferenceValue, then: ReferenceValue): number | null =>
  now === null || then === null || Number(then) === 0 ? null : (Number(now) - Number(then)) / Math.abs(Number(then));

describe("beside the rows of olap", () => {
  test("a period holds what the question measures when it is put to that period, row by row, and the changes", async () => {
    await inWorlds(async (tenantId, events, input) => {
      const from = new Date(Date.parse(input.range.from) - 1_234_567).toISOString();
      const compare = [
        { period: "PREVIOUS_PERIOD" } as const,
        { period: "PREVIOUS_YEAR" } as const,
        { period: "CUSTOM", from } as const,
      ];
      const answer = await ask(tenantId, { ...input, limit: LIMIT, compare });
      const { granularity = "NONE", timeZone = "UTC" } = input;
      const rows = rowsIn(answer, granularity, timeZone);
      expect(answer.comparisons.map(({ period }) => period)).toEqual(compare.map(({ period }) => period));
      const labels = labelsOf(input, input.range);
      const empty = referenceTotals([], input);
      for (const comparison of answer.comparisons) {
        const then = { ...input, range: { from: comparison.from, to: comparison.to } };
        const thenLabels = labelsOf(input, then.range);
        const groups = new Map(
          referenceGroups(events, then).map((row) => [JSON.stringify([row.label, row.dimensions]), row.measures]),
        );
        rows.forEach((row, index) => {
          const label = thenLabels[labels.indexOf(row.label)];
          const measures = groups.get(JSON.stringify([label, row.dimensions])) ?? empty;
          const expected = label === undefined ? empty.map(() => null) : measures;
          expect(differences(one(cellsAt(comparison.columns, index)), one(expected))).toEqual([]);
          const changes = row.measures.map((value, measure) => changeOf(value, expected[measure] ?? null));
          expect(differences(one(cellsAt(comparison.changes, index)), one(changes))).toEqual([]);
        });
        expect(differences(one(cellsAt(comparison.totals, 0)), one(referenceTotals(events, then)))).toEqual([]);
      }
    });
  });

  test("subtotals and others are measured from the events, so that distinct values and quantiles are right", async () => {
    await inWorlds(async (tenantId, events, input) => {
      const { granularity = "NONE", timeZone = "UTC", dimensions = [] } = input;
      const groups = [...(granularity === "NONE" ? [] : ["time"]), ...dimensions.filter((name) => name !== "time")];
      if (dimensions.includes("time") || groups.length < 2) return;
      const subtotals = [...groups.map((name) => [name]), ...(groups.length > 2 ? [groups.slice(1).toReversed()] : [])];
      const others = granularity === "NONE";
      const answer = await ask(tenantId, { ...input, limit: others ? 2 : LIMIT, subtotals, others });
      answer.subtotals.forEach(({ by, ...subtotal }) => {
        const own = by.includes("time") ? granularity : "NONE";
        const coarser = { ...input, dimensions: dimensions.filter((name) => by.includes(name)), granularity: own };
        const expected = referenceGroups(events, coarser);
        expect(subtotal.rowCount).toBe(others ? Math.min(2, expected.length) : expected.length);
        const found = rowsIn(subtotal, own, timeZone);
        const chosen = expected.filter(({ label, dimensions: values }) =>
          found.some((row) => row.label === label && JSON.stringify(row.dimensions) === JSON.stringify(values)),
        );
        expect(differences(found, chosen)).toEqual([]);
      });
      if (!answer.hasMore || !others) return;
      const shown = new Set(rowsIn(answer, "NONE").map((row) => JSON.stringify(row.dimensions)));
      const rest = events.filter((event) =>
        referenceGroups([event], input).some((row) => !shown.has(JSON.stringify(row.dimensions))),
      );
      expect(differences(one(cellsAt(answer.others ?? [], 0)), one(referenceTotals(rest, input)))).toEqual([]);
    });
  });

  test("having leaves out rows and nothing of the totals", async () => {
    await inWorlds(async (tenantId, events, input) => {
      const { granularity = "NONE", timeZone = "UTC", dimensions = [] } = input;
      const [column] = (await ask(tenantId, { ...input, limit: 1 })).totals;
      const having = [{ column: column?.name ?? "", gte: 1, lt: 3 }];
      const answer = await ask(tenantId, { ...input, limit: LIMIT, having });
      const passed = referenceGroups(events, input).filter(
        ({ measures: [first = null] }) => first !== null && Number(first) >= 1 && Number(first) < 3,
      );
      if (granularity !== "NONE" || dimensions.length > 0)
        expect(differences(rowsIn(answer, granularity, timeZone), passed)).toEqual([]);
      expect(differences(one(cellsAt(answer.totals, 0)), one(referenceTotals(events, input)))).toEqual([]);
    });
  });

  test.each<[string, Partial<OlapInput>, string]>([
    [
      "a fifth period",
      { compare: Array.from({ length: 5 }, () => ({ period: "PREVIOUS_YEAR" as const })) },
      "at most 4",
    ],
    [
      "a beginning for a period that has its own",
      { compare: [{ period: "PREVIOUS_YEAR", from: "2026-01-01T00:00:00Z" }] },
      "Only CUSTOM",
    ],
    ["CUSTOM without a beginning", { compare: [{ period: "CUSTOM" }] }, "needs `from`"],
    ["a period before all time", { compare: [{ period: "CUSTOM", from: "1960-01-01T00:00:00Z" }] }, "1971"],
    ["many rows to compare", { compare: [{ period: "PREVIOUS_YEAR" }], limit: 5_000 }, "at most 1,000 rows"],
    ["a subtotal by everything", { subtotals: [["country", "name"]] }, "not by all"],
    ["a subtotal by nothing", { subtotals: [[]] }, "not by none"],
    ["a subtotal by what is not grouped by", { subtotals: [["device"]] }, "country, name"],
    ["others over time", { others: true, granularity: "DAY" }, "timeSeries"],
    ["others beside having", { others: true, having: [{ column: "count", gt: 1 }] }, "leaves out"],
    ["a test of no measure", { having: [{ column: "country", gt: 1 }] }, "no such measure"],
    ["a measure that is tested for nothing", { having: [{ column: "count" }] }, "gt, gte, lt or lte"],
  ])("%s is refused", async (_what, part, words) => {
    const input: OlapInput = {
      range: { from: "2026-11-01T00:00:00Z", to: "2026-11-03T00:00:00Z" },
      measures: [{ function: "COUNT" }],
      dimensions: ["country", "name"],
      ...part,
    };
    await expect(ask(freshTenantId(), input)).rejects.toThrow(words);
  });
});
