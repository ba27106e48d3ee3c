import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { TenantId } from "@tessera/contracts/ids";
import { wholeTenant } from "@tessera/platform/store/data-policy";
import { everyFeature } from "@tessera/platform/testing/every-feature";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import fc from "fast-check";
import { totalColumns } from "../domain/olap-answer.ts";
import { plan, planOn, type Plan } from "../domain/planner.ts";
import { parseOlap, type OlapInput } from "../domain/query.ts";
import { createAnalyticsStore, type AnalyticsStore } from "../store/analytics-store.ts";
import { anyWorld, rollupWorld } from "../../testing/arbitraries.ts";
import { differences, rowsOf, valuesOf } from "../../testing/flatten-answer.ts";
import { referenceGroups, referenceTotals } from "../../testing/reference-olap.ts";
import { storeEvents, type TestEvent } from "../../testing/test-events.ts";
import { queryOlap } from "./query-olap.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(120_000);

/** Random worlds per property, each with several questions; enough to meet every branch, few enough for two cores. */
const RUNS = 15;

let world: TestResources;
let store: AnalyticsStore;
beforeAll(() => {
  world = openTestResources();
  store = createAnalyticsStore(world.resources.eventStore);
});
afterAll(() => world.close());

const caller = (tenantId: TenantId) => callerWith(tenantId, ["analytics:read", "analytics:personal-data"]);

const stored = async (events: readonly TestEvent[]): Promise<TenantId> => {
  const tenantId = freshTenantId();
  if (events.length > 0) await storeEvents(world.writer, tenantId, events);
  return tenantId;
};

/** Distinct ids, as ingest guarantees. */
const distinct = (events: readonly TestEvent[]): readonly TestEvent[] => [
  ...new Map(events.map((event) => [event.id, event])).values(),
];

const check = async (tenantId: TenantId, events: readonly TestEvent[], input: OlapInput): Promise<void> => {
  const { granularity = "NONE", timeZone = "UTC" } = input;
  const answer = await queryOlap({ features: everyFeature, store, nowMs: Date.now })(caller(tenantId), {
    ...input,
    limit: 10_000,
  });
  const rows = rowsOf(answer.columns, answer.rowCount, granularity, timeZone);
  expect(differences(rows, referenceGroups(events, input))).toEqual([]);
  const totals = { label: null, dimensions: [], measures: answer.totals.map((column) => valuesOf(column)[0] ?? null) };
  expect(differences([totals], [{ label: null, dimensions: [], measures: referenceTotals(events, input) }])).toEqual(
    [],
  );
};

/** Rounds of random worlds after which both rollups have been planned for certain. */
const MAX_ROUNDS = 10;

describe("olap", () => {
  test("answers as the plain reference does, for any events and any question", async () => {
    await fc.assert(
      fc.asyncProperty(anyWorld, async ({ events, queries }) => {
        const known = distinct(events);
        const tenantId = await stored(known);
        for (const query of queries) await check(tenantId, known, query);
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  });

  test("a rollup, stitched to single events at the range's ends, answers as single events alone do", async () => {
    const used = new Map<string, number>();
    const uses = (table: string): number => used.get(table) ?? 0;
    const isEnough = (): boolean =>
      uses("rollup_hour_name") > 5 && uses("rollup_day_dimensions") > 3 && uses("whole days") > 0;
    // The guarantee is about rollups: both must have been planned some times.
    for (let round = 0; round < MAX_ROUNDS && !isEnough(); round += 1)
      await fc.assert(
        fc.asyncProperty(rollupWorld, async ({ events, queries }) => {
          const known = distinct(events);
          const tenantId = await stored(known);
          for (const input of queries) {
            await check(tenantId, known, input);
            const { query, orderBy, limit } = parseOlap({ ...input, limit: 10_000 }, { personalData: false });
            const planned = plan(query, null);
            used.set(planned.rollup ?? "events", (used.get(planned.rollup ?? "events") ?? 0) + 1);
            const read = (by: Plan) =>
              store.olap(wholeTenant(tenantId), { query, plan: by, having: [], orderBy, limit, lines: null });
            const [rollup, raw] = [await read(planned), await read(planOn(null, [], query))];
            expect(rollup.rows).toEqual(raw.rows);
            expect(totalColumns(query, rollup.totals)).toEqual(totalColumns(query, raw.totals));
            if (planned.days === undefined) continue;
            used.set("whole days", uses("whole days") + 1);
            const { days: _days, ...hourly } = planned;
            const byHour = await read(hourly);
            expect([byHour.rows, byHour.totals]).toEqual([rollup.rows, rollup.totals]);
          }
        }),
        { numRuns: RUNS, endOnFailure: true },
      );
    expect(isEnough()).toBe(true);
  });
});
