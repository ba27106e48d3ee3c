import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import type { DataPolicy } from "@tessera/contracts/data-policy";
import { parseEventId, type TenantId } from "@tessera/contracts/ids";
import { encodePolicy, MAX_ENCODED_POLICY, wholeTenant } from "@tessera/platform/store/data-policy";
import { everyFeature } from "@tessera/platform/testing/every-feature";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import fc from "fast-check";
import { z } from "zod";
import { anyWorld, rollupWorld } from "../../testing/arbitraries.ts";
import { differences, rowsOf, valuesOf } from "../../testing/flatten-answer.ts";
import { referenceGroups, referenceTotals } from "../../testing/reference-olap.ts";
import { anyPolicy, anyPropertyPolicy, isVisible, masked } from "../../testing/reference-policy.ts";
import { storeEvents, type TestEvent } from "../../testing/test-events.ts";
import type { OlapInput } from "../domain/query.ts";
import { createAnalyticsStore, type AnalyticsStore } from "../store/analytics-store.ts";
import { findEvents } from "./find-events.ts";
import { queryEvents } from "./query-events.ts";
import { queryOlap } from "./query-olap.ts";

jest.setTimeout(180_000);
const RUNS = 12;

let world: TestResources;
let store: AnalyticsStore;

beforeAll(() => {
  world = openTestResources();
  store = createAnalyticsStore(world.resources.eventStore);
});
afterAll(() => world.close());

const NOTHING: DataPolicy = {
  ...{ allow: {}, deny: {}, atLeast: {}, lessThan: {}, masks: {} },
  ...{ synthetic: null, salt: "0123456789abcdef0123456789abcdef" },
};
const callerUnder = (tenantId: TenantId, dataPolicy: DataPolicy): Caller => ({
  ...callerWith(tenantId, ["analytics:read", "analytics:personal-data"]),
  dataPolicy,
});
const distinct = (events: readonly TestEvent[]): readonly TestEvent[] => [
  ...new Map(events.map((event) => [event.id, event])).values(),
];
const stored = async (events: readonly TestEvent[]): Promise<TenantId> => {
  const tenantId = freshTenantId();
  if (events.length > 0) await storeEvents(world.writer, tenantId, events);
  return tenantId;
};

const check = async (caller: Caller, shown: readonly TestEvent[], input: OlapInput): Promise<void> => {
  const { granularity = "NONE", timeZone = "UTC" } = input;
  const answer = await queryOlap({ features: everyFeature, store, nowMs: Date.now })(caller, {
    ...input,
    limit: 10_000,
  });
  const rows = rowsOf(answer.columns, answer.rowCount, granularity, timeZone);
  expect(differences(rows, referenceGroups(shown, input))).toEqual([]);
  const totals = { label: null, dimensions: [], measures: answer.totals.map((column) => valuesOf(column)[0] ?? null) };
  expect(differences([totals], [{ label: null, dimensions: [], measures: referenceTotals(shown, input) }])).toEqual([]);
};

describe("a caller under a data policy", () => {
  test.each([
    ["any question", anyWorld],
    ["questions that rollups could answer", rollupWorld],
  ] as const)(
    "gets to %s the answer of a store that holds the visible events alone, with masked values",
    async (_what, worlds) => {
      await fc.assert(
        fc.asyncProperty(worlds, anyPolicy, async ({ events, queries }, policy) => {
          const known = distinct(events);
          const tenantId = await stored(known);
          const shown = known.filter((event) => isVisible(event, policy)).map((event) => masked(event, policy));
          for (const query of queries) await check(callerUnder(tenantId, policy), shown, query);
        }),
        { numRuns: RUNS, endOnFailure: true },
      );
    },
  );

  test("finds by id, and in lists, exactly the visible events, whatever index leads there", async () => {
    await fc.assert(
      fc.asyncProperty(anyWorld, anyPolicy, async ({ events }, policy) => {
        const known = distinct(events);
        const caller = callerUnder(await stored(known), policy);
        const ids = known.map(({ id }) => id);
        const visible = known.filter((event) => isVisible(event, policy)).map(({ id }) => id);
        const found = await findEvents({ store })(caller, ids);
        expect(found.flatMap((event) => (event === null ? [] : [event.id]))).toEqual(visible);
        const page = await queryEvents({ store, nowMs: Date.now })(caller, { first: 1_000 });
        expect(page.edges.map(({ node }) => node.id).toSorted()).toEqual(visible.toSorted());
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  });

  test("sees by conditions on properties and beginnings exactly what they say, and without the property nothing they don't", async () => {
    const id = z.object({ id: z.string() });
    const statement = { name: "ids", text: "SELECT toString(event_id) AS id FROM events", params: {} };
    await fc.assert(
      fc.asyncProperty(
        anyWorld,
        fc.array(anyPropertyPolicy, { minLength: 8, maxLength: 8 }),
        async ({ events }, all) => {
          const known = distinct(events);
          const tenantId = await stored(known);
          for (const policy of all) {
            const visible = known.filter((event) => isVisible(event, policy)).map((event) => event.id);
            const found = await world.resources.eventStore.query(callerUnder(tenantId, policy), statement, (row) =>
              id.parse(row),
            );
            expect(found.rows.map((row) => row.id).toSorted()).toEqual(visible.toSorted());
          }
        },
      ),
      { numRuns: RUNS, endOnFailure: true },
    );
  });

  const COPIES = [
    ["events", "count()", "1"],
    ["event_ids", "count()", "1"],
    ["events_by_person", "count()", "1"],
    ["batches", "sum(rows)", "1"],
    ["rollup_hour_name", "sum(events)", "1"],
    ["rollup_day_dimensions", "sum(events)", "1"],
  ] as const;

  test("no copy, index or rollup of the events counts a hidden one, whatever a statement asks", async () => {
    const count = z.object({ n: z.coerce.number() });
    await fc.assert(
      fc.asyncProperty(anyWorld, anyPolicy, async ({ events }, policy) => {
        const known = distinct(events);
        const tenantId = await stored(known);
        const visible = known.filter((event) => isVisible(event, policy)).length;
        for (const [table, counted] of COPIES) {
          const statement = { name: "count", text: `SELECT ${counted} AS n FROM ${table}`, params: {} };
          const { rows } = await world.resources.eventStore.query(callerUnder(tenantId, policy), statement, (row) =>
            count.parse(row),
          );
          expect([table, rows[0]?.n]).toEqual([table, visible]);
        }
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  });

  test.each([
    ["the tables themselves", "SELECT count() AS n FROM tessera.events"],
    ["the tables, with settings", "SELECT count() AS n FROM tessera.events SETTINGS additional_table_filters = {}"],
    ["the views, as of another tenant", "SELECT count() AS n FROM events WHERE tenant_id != {own: String}"],
    ["a rollup itself", "SELECT sum(events) AS n FROM tessera.rollup_hour_name"],
  ])("no text of a statement reaches past the policy: %s", async (_what, text) => {
    await stored([{ id: "0190aaaa-0000-7000-8000-0000000000ff", name: "others", timeMs: Date.now() }]);
    const tenantId = await stored([{ id: "0190aaaa-0000-7000-8000-000000000001", name: "hidden", timeMs: Date.now() }]);
    const reader = callerUnder(tenantId, { ...NOTHING, deny: { name: ["hidden"] } });
    const statement = { name: "past", text, params: { own: tenantId } };
    const { rows } = await world.resources.eventStore.query(reader, statement, (row) => row);
    expect(JSON.stringify(rows)).toMatch(/"n":"?0"?/);
    const whole = { name: "whole", text: "SELECT count() AS n FROM tessera.events", params: {} };
    const all = await world.resources.eventStore.query(wholeTenant(tenantId), whole, (row) => row);
    expect(JSON.stringify(all.rows)).toMatch(/"n":"?1"?/);
  });

  test("personal ids are masked in events, and a search for the true id finds nobody", async () => {
    const event = { id: "0190aaaa-0000-7000-8000-000000000002", name: "view", timeMs: Date.now(), userId: "ada" };
    const tenantId = await stored([event]);
    const shownAs = async (masks: DataPolicy["masks"]) => {
      const caller = callerUnder(tenantId, { ...NOTHING, masks });
      const id = parseEventId(event.id);
      const [found] = id === null ? [] : await findEvents({ store })(caller, [id]);
      const filter = { field: "userId", eq: "ada" };
      const searched = await queryEvents({ store, nowMs: Date.now })(caller, { first: 10, filter });
      expect(searched.edges).toEqual([]);
      expect(searched.provenance).toMatchObject({ rowsFilteredBy: [], maskedColumns: ["user_id"] });
      return found?.userId;
    };
    expect(await shownAs({ user_id: { kind: "NULL" } })).toBeNull();
    expect(await shownAs({ user_id: { kind: "CONSTANT", value: "someone" } })).toBe("someone");
    expect(await shownAs({ user_id: { kind: "HASH" } })).toMatch(/^[0-9a-f]{32}$/);
  });

  test("the longest policy that is let through is carried, a longer one is refused and never left out", async () => {
    const tenantId = await stored([{ id: "0190aaaa-0000-7000-8000-000000000003", name: "view", timeMs: Date.now() }]);
    const withValues = (count: number): DataPolicy => ({
      ...NOTHING,
      deny: { name: Array.from({ length: count }, (_, index) => `${"x".repeat(50)}${index}`) },
    });
    let count = 1;
    while (encodePolicy(withValues(count + 1)).length <= MAX_ENCODED_POLICY) count += 1;
    const ask = (policy: DataPolicy) => queryEvents({ store, nowMs: Date.now })(callerUnder(tenantId, policy), {});
    expect((await ask(withValues(count))).edges).toHaveLength(1);
    await expect(ask(withValues(count + 1))).rejects.toMatchObject({ code: "FORBIDDEN" });
  });
});
