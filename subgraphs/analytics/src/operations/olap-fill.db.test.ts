import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { TenantId } from "@tessera/contracts/ids";
import { wholeTenant } from "@tessera/platform/store/data-policy";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { everyFeature } from "@tessera/platform/testing/every-feature";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import fc from "fast-check";
import { bucketsOf } from "../domain/calendar.ts";
import { groupOrder } from "../domain/group-order.ts";
import { plan } from "../domain/planner.ts";
import { parseOlap, type Fill, type OlapInput, type SortDirection } from "../domain/query.ts";
import { zoneOffset } from "@tessera/platform/time/zone";
import { createAnalyticsStore, type AnalyticsStore } from "../store/analytics-store.ts";
import { anyWorld } from "../../testing/arbitraries.ts";
import { differences, rowsOf } from "../../testing/flatten-answer.ts";
import { referenceFilled } from "../../testing/reference-fill.ts";
import { bucketLabel, referenceGroups } from "../../testing/reference-olap.ts";
import { storeEvents, type TestEvent } from "../../testing/test-events.ts";
import { queryOlap, type OlapAnswer } from "./query-olap.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(120_000);

const RUNS = 10;
/** Columns that rows may be ordered by. */
const MAX_ORDER_STEPS = 8;

let world: TestResources;
let store: AnalyticsStore;
let ask: (tenantId: TenantId, input: OlapInput) => Promise<OlapAnswer>;
beforeAll(() => {
  world = openTestResources();
  store = createAnalyticsStore(world.resources.eventStore);
  const olap = queryOlap({ features: everyFeature, store, nowMs: Date.now });
  ask = (tenantId, input) => olap(callerWith(tenantId, ["analytics:read", "analytics:personal-data"]), input);
});
afterAll(() => world.close());

/** A random order by some of the columns of a question. */
const anyOrder = (input: OlapInput): fc.Arbitrary<NonNullable<OlapInput["orderBy"]>> => {
  const columns = [
    ...(input.granularity === "NONE" ? [] : ["time"]),
    ...(input.dimensions ?? []).filter((name) => name !== "time"),
    ...input.measures.filter((one) => one.function !== "QUANTILES").flatMap(({ name }) => name ?? []),
  ];
  const direction = fc.constantFrom<SortDirection>("ASC", "DESC");
  return fc
    .tuple(
      fc.shuffledSubarray(columns, {
        minLength: Math.min(2, columns.length),
        maxLength: Math.min(MAX_ORDER_STEPS, columns.length),
      }),
      fc.array(direction, { minLength: columns.length, maxLength: columns.length }),
    )
    .map(([names, directions]) =>
      names.map((column, index) => ({ column, direction: directions[index] ?? ("DESC" as const) })),
    );
};

const questions = anyWorld.chain(({ events, queries }) =>
  fc.record({
    events: fc.constant([...new Map(events.map((event) => [event.id, event])).values()]),
    queries: fc.tuple(
      ...queries.map((query) =>
        fc.record({
          query: fc.constant(query),
          orderBy: anyOrder(query),
          fill: fc.constantFrom<Fill>("EMPTY", "PREVIOUS", "LINEAR"),
          limit: fc.constantFrom(3, 10_000),
        }),
      ),
    ),
  }),
);

const stored = async (events: readonly TestEvent[]): Promise<TenantId> => {
  const tenantId = freshTenantId();
  if (events.length > 0) await storeEvents(world.writer, tenantId, events);
  return tenantId;
};

describe("rows for buckets without events", () => {
  test("hold nothing, the value before or one between, in the order and up to the limit asked for, for any question", async () => {
    await fc.assert(
      fc.asyncProperty(questions, async ({ events, queries }) => {
        const tenantId = await stored(events);
        for (const { query, orderBy, fill, limit } of queries) {
          const { granularity = "NONE", timeZone = "UTC", range } = query;
          if (granularity === "NONE") continue;
          const input = { ...query, fill, orderBy: (query.dimensions ?? []).includes("time") ? [] : orderBy };
          const span = { fromMs: Date.parse(range.from), toMs: Date.parse(range.to) };
          const labels = bucketsOf(granularity, span, zoneOffset(timeZone)).startsMs.map((ms) =>
            bucketLabel(ms, granularity, timeZone),
          );
          const groups = referenceGroups(events, query);
          const expected = referenceFilled(groups, labels, input);
          if (expected.length > 10_000) continue;
          const answer = await ask(tenantId, { ...input, limit });
          const all = limit === 10_000 ? answer : await ask(tenantId, { ...input, limit: 10_000 });
          const rows = rowsOf(all.columns, all.rowCount, granularity, timeZone);
          expect(differences(rows, expected)).toEqual([]);
          const known = new Set(groups.map(({ label, dimensions }) => JSON.stringify([label, dimensions])));
          expect(all.filled).toEqual(
            rows.map(({ label, dimensions }) => !known.has(JSON.stringify([label, dimensions]))),
          );
          expect(rowsOf(answer.columns, answer.rowCount, granularity, timeZone)).toEqual(rows.slice(0, limit));
          expect(answer.hasMore).toBe(expected.length > limit);
        }
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  });

  test("stand in subtotals over time too, and are compared with other periods as all rows are", async () => {
    const at = (day: number): TestEvent => ({
      ...{ id: `00000000-0000-4000-8000-00000000000${day}`, name: "view", country: day === 1 ? "DE" : "US" },
      timeMs: Date.UTC(2026, 10, day, 12),
    });
    const tenantId = await stored([at(1), at(4), at(7)]);
    const answer = await ask(tenantId, {
      range: { from: "2026-11-04T00:00:00Z", to: "2026-11-07T00:00:00Z" },
      ...{ measures: [{ function: "COUNT" }], dimensions: ["country"], granularity: "DAY", fill: "EMPTY" },
      ...{ subtotals: [["time"]], compare: [{ period: "PREVIOUS_PERIOD" }] },
    });
    const days = ["2026-11-04T00:00:00Z", "2026-11-05T00:00:00Z", "2026-11-06T00:00:00Z"];
    const told = { times: days };
    expect(answer.columns).toMatchObject([told, { texts: ["US", "US", "US"] }, { integers: [1, 0, 0] }]);
    expect(answer.subtotals).toMatchObject([{ columns: [told, { integers: [1, 0, 0] }], filled: [false, true, true] }]);
    expect(answer.comparisons[0]?.columns).toMatchObject([{ integers: [0, 0, 0] }]);
  });

  test.each<[string, Partial<OlapInput>, string]>([
    ["without buckets", { granularity: "NONE" }, "take a `granularity`"],
    ["beside having", { having: [{ column: "count", gt: 1 }] }, "take one of both"],
  ])("%s are refused", async (_what, part, words) => {
    const input: OlapInput = {
      range: { from: "2026-11-01T00:00:00Z", to: "2026-11-03T00:00:00Z" },
      ...{ measures: [{ function: "COUNT" }], granularity: "DAY", fill: "EMPTY", ...part },
    };
    await expect(ask(freshTenantId(), input)).rejects.toMatchObject({
      code: "BAD_INPUT",
      extras: { field: "input.fill" },
      message: expect.stringContaining(words),
    });
  });

  test("that are too many are refused before they are made, with what to change", async () => {
    const tenantId = await stored(
      Array.from({ length: 20 }, (_event, index) => ({
        ...{ id: crypto.randomUUID(), name: `n${index}`, timeMs: Date.UTC(2026, 10, 1, 12) },
      })),
    );
    const input: OlapInput = {
      range: { from: "2026-11-01T00:00:00Z", to: "2026-11-03T12:00:00Z" },
      ...{ measures: [{ function: "COUNT" }], dimensions: ["name"], granularity: "MINUTE", fill: "EMPTY" },
    };
    await expect(ask(tenantId, input)).rejects.toMatchObject({
      code: "RESULT_TOO_LARGE",
      extras: { field: "input.fill" },
    });
  });
});

describe("order by several keys", () => {
  test("is the same when the store puts rows in order and when we do, for any columns and directions", async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(questions, async ({ events, queries }) => {
        const tenantId = await stored(events);
        for (const { query: input, orderBy: steps } of queries) {
          const { query, orderBy } = parseOlap({ ...input, filter: null, orderBy: steps }, { personalData: true });
          const request = { query, plan: plan(query, null), having: [], orderBy, limit: 10_000, lines: null };
          const { rows } = await store.olap(wholeTenant(tenantId), request);
          const byText = rows.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
          expect(byText.toSorted(groupOrder(query, orderBy))).toEqual(rows);
          if (orderBy.length > 1) compared += rows.length;
        }
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
    expect(compared).toBeGreaterThan(0);
  });
});
