import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { createClient } from "@clickhouse/client";
import type { TenantId } from "@tessera/contracts/ids";
import { wholeTenant } from "@tessera/platform/store/data-policy";
import { rewriteRows } from "@tessera/platform/store/rewrite-rows";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { testEngines } from "@tessera/platform/testing/engines";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { plan } from "../domain/planner.ts";
import { parseOlap } from "../domain/query.ts";
import { createAnalyticsStore, type AnalyticsStore } from "../store/analytics-store.ts";
import { storeEvents } from "../../testing/test-events.ts";

jest.setTimeout(120_000);

const DAY_MS = 86_400_000;
const DAYS = 6;
const FROM = Date.parse("2026-09-28T00:00:00Z");
const PEOPLE = 7;

let world: TestResources;
let store: AnalyticsStore;
beforeAll(() => {
  world = openTestResources();
  store = createAnalyticsStore(world.resources.eventStore);
});
afterAll(() => world.close());

/** Two events an hour of two names over six days of two months; seven people. */
const stored = async (): Promise<TenantId> => {
  const tenantId = freshTenantId();
  await storeEvents(
    world.writer,
    tenantId,
    Array.from({ length: DAYS * 48 }, (_event, index) => ({
      ...{ id: crypto.randomUUID(), name: index % 2 === 0 ? "view" : "buy", userId: `u${index % PEOPLE}` },
      timeMs: FROM + index * (DAY_MS / 48),
    })),
  );
  return tenantId;
};

const asked = () => {
  const { query, orderBy, limit } = parseOlap(
    {
      range: { from: new Date(FROM).toISOString(), to: new Date(FROM + DAYS * DAY_MS).toISOString() },
      measures: [{ function: "COUNT" }, { function: "UNIQUES", of: "persons" }],
      granularity: "DAY",
    },
    { personalData: false },
  );
  return { query, orderBy, limit, having: [], lines: null, plan: plan(query, null) };
};

const everyDay = Array.from({ length: DAYS }, (_day, index) => ({
  ...{ isTotal: false, bucketMs: FROM + index * DAY_MS, dimensions: [] },
  measures: [48, PEOPLE],
}));

describe("whole days of the rollup by the hour", () => {
  test("are read from rows that are merged by day and name: fewer than there are hours", async () => {
    const [tenantId, request] = [await stored(), asked()];
    const { days, ...hourly } = request.plan;
    expect(days).toEqual({ fromMs: FROM, toMs: FROM + DAYS * DAY_MS });
    const [byDay, byHour] = [
      await store.olap(wholeTenant(tenantId), request),
      await store.olap(wholeTenant(tenantId), { ...request, plan: hourly }),
    ];
    expect(byDay.rows).toEqual(everyDay);
    expect(byHour.rows).toEqual(everyDay);
    expect(byDay.totals).toEqual([DAYS * 48, PEOPLE]);
    expect(byDay.cost.rowsRead).toBeLessThan(byHour.cost.rowsRead);
  });

  test("are of one tenant, and gone when it is erased", async () => {
    const [tenantId, other] = [await stored(), await stored()];
    const { url, passwords } = testEngines().clickhouse;
    const worker = createClient({ url, username: "tessera_jobs", password: passwords.tessera_jobs });
    try {
      await rewriteRows(worker, tenantId, { table: "rollup_hour_name", where: "1", params: {} });
    } finally {
      await worker.close();
    }
    const [erased, kept] = [
      await store.olap(wholeTenant(tenantId), asked()),
      await store.olap(wholeTenant(other), asked()),
    ];
    expect([erased.rows, erased.totals]).toEqual([[], [0, 0]]);
    expect([kept.rows, kept.totals]).toEqual([everyDay, [DAYS * 48, PEOPLE]]);
  });
});
