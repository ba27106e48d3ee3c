import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Caller } from "@tessera/contracts/caller";
import { TENANT_PERMISSIONS } from "@tessera/contracts/permissions";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import {
  limitOf,
  LIMITS,
  openAdministrationRoom,
  SET_LIMITS,
  type AdministrationRoom,
} from "./testing/administration-room.ts";

// The first statement of an object mapper that is compiled on the spot; the bound is on the test, not on the product.
jest.setTimeout(120_000);

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

let room: AdministrationRoom;
beforeAll(() => {
  room = openAdministrationRoom();
});
beforeEach(() => room.renew());
afterAll(() => room.test.close());

const SCALE = `mutation ($input: ScaleTenantInput!) { scaleTenant(input: $input) { id state approval before { concurrentQueries workerWeight } after { concurrentQueries workerWeight }
  prediction { monthlyCostChange peakLoad waitShareBefore waitShareAfter jobTurns } decidedBy { id } } }`;
const DECIDE = `mutation ($input: DecideScaleRequestInput!) { decideScaleRequest(input: $input) { id state decidedBy { id } note } }`;
const scaled = z.object({ scaleTenant: z.looseObject({ id: z.string(), state: z.string() }) });

describe("scaling", () => {
  const more = { concurrentQueries: 16, workerWeight: 3, reason: "quarter end" };
  const hardOf = async (metric: string) => limitOf((await room.ask(room.manager, LIMITS))["limits"], metric)?.hard;

  it("waits for somebody else, then changes the limits at once and is told to an autoscaler", async () => {
    await room.use([{ startedAtMs: room.nowMs - HOUR_MS, usage: { storeMs: 6 * HOUR_MS } }]);
    const { scaleTenant } = scaled.parse(await room.ask(room.manager, SCALE, { input: more }));
    expect(scaleTenant).toMatchObject({
      ...{ state: "PENDING", approval: "SECOND_PERSON", decidedBy: null },
      ...{ before: { concurrentQueries: 8, workerWeight: 1 }, after: { concurrentQueries: 16, workerWeight: 3 } },
      prediction: { monthlyCostChange: 260, peakLoad: 6, jobTurns: 3 },
    });
    expect(await hardOf("CONCURRENT_QUERIES")).toBe(8);
    const approve = { input: { id: scaleTenant.id, approve: true, note: "go" } };
    expect(await room.refusalOf(room.manager, DECIDE, approve)).toBe("CONFLICT");
    expect(await room.refusalOf(room.manager, SCALE, { input: { ...more, workerWeight: 4 } })).toBe("CONFLICT");
    const second: Caller = { ...room.manager, subject: { kind: "USER", id: "grace" } };
    expect(await room.ask(second, DECIDE, approve)).toMatchObject({
      decideScaleRequest: { state: "APPLIED", decidedBy: { id: "grace" }, note: "go" },
    });
    expect([await hardOf("CONCURRENT_QUERIES"), await hardOf("WORKER_WEIGHT")]).toEqual([16, 3]);
    expect(await room.told("tenant.scaled")).toMatchObject([
      { requestId: scaleTenant.id, before: { concurrentQueries: 8 }, after: { workerWeight: 3 } },
    ]);
    expect(await room.refusalOf(second, DECIDE, approve)).toBe("CONFLICT");
    const { scaleRequests } = await room.ask(room.manager, "{ scaleRequests { id state reason } }");
    expect(scaleRequests).toEqual([{ id: scaleTenant.id, state: "APPLIED", reason: "quarter end" }]);
  });

  it("needs nobody where it costs no more", async () => {
    const less = { concurrentQueries: 2, reason: "quiet months" };
    expect(await room.ask(room.manager, SCALE, { input: less })).toMatchObject({
      scaleTenant: { state: "APPLIED", approval: "NONE" },
    });
    expect(await hardOf("CONCURRENT_QUERIES")).toBe(2);
  });

  it("is withdrawn by who asked, rejected by others, and of another tenant unknown", async () => {
    const first = scaled.parse(await room.ask(room.manager, SCALE, { input: more })).scaleTenant;
    const decide = (caller: Caller, id: string) =>
      askSubgraph(room.subgraph, caller, DECIDE, { input: { id, approve: false } });
    const stranger = callerWith(freshTenantId(), TENANT_PERMISSIONS);
    expect((await decide(stranger, first.id)).errors).toEqual((await decide(stranger, randomUUID())).errors);
    expect((await decide(room.manager, first.id)).data).toMatchObject({ decideScaleRequest: { state: "WITHDRAWN" } });
    const again = scaled.parse(await room.ask(room.manager, SCALE, { input: more })).scaleTenant;
    const second: Caller = { ...room.manager, subject: { kind: "USER", id: "grace" } };
    expect((await decide(second, again.id)).data).toMatchObject({ decideScaleRequest: { state: "REJECTED" } });
    expect(await hardOf("CONCURRENT_QUERIES")).toBe(8);
    expect(await room.told("tenant.scaled")).toEqual([]);
  });

  it("gives a tenant's jobs as many of the same turn as its weight", async () => {
    const tags = async (): Promise<number[]> => {
      const found: number[] = [];
      for (let job = 0; job < 4; job += 1) {
        const { rows } = await room.test.owner.query<{ fair_tag: number }>(
          `INSERT INTO job (id, tenant_id, kind, input, created_by, fair_tag, expires_at)
           VALUES (gen_random_uuid(), $1, 'OLAP', '{}', 'test', job_fair_tag_across_tenants($1), now() + interval '1 day') RETURNING fair_tag`,
          [room.tenantId],
        );
        found.push(rows[0]?.fair_tag ?? NaN);
      }
      await room.test.owner.query("DELETE FROM job WHERE tenant_id = $1", [room.tenantId]);
      return found.map((tag) => tag - (found[0] ?? 0));
    };
    expect(await tags()).toEqual([0, 1, 2, 3]);
    await room.ask(room.operator, SET_LIMITS, {
      input: { tenantId: room.tenantId, limits: [{ metric: "WORKER_WEIGHT", scope: "TENANT", hard: 2 }] },
    });
    expect(await tags()).toEqual([0, 0, 1, 1]);
  });
});

describe("outlook", () => {
  it("tells when a limit will be passed from the days before", async () => {
    const days = Array.from({ length: 20 }, (_, n) => ({
      ...({
        kind: "INGEST",
        startedAtMs: Date.parse("2026-10-31T12:00:00Z") + n * DAY_MS,
        usage: { events: 100 },
      } as const),
    }));
    await room.use(days);
    const limit = { metric: "EVENTS_PER_MONTH", scope: "TENANT", hard: 2_150 };
    await room.ask(room.operator, SET_LIMITS, { input: { tenantId: room.tenantId, limits: [limit] } });
    const { limitForecast } = await room.ask(
      room.manager,
      "{ limitForecast { metric limit used historyDays slopePerDay expectedAt earliestAt latestAt } }",
    );
    // 1,900 used until the 20th, a hundred more a day from the 21st on.
    expect(limitForecast).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          metric: "EVENTS_PER_MONTH",
          limit: 2_150,
          used: 1_900,
          historyDays: 20,
          expectedAt: "2026-11-23T00:00:00.000Z",
        }),
        expect.objectContaining({ metric: "STORAGE_BYTES", historyDays: 0, expectedAt: null }),
      ]),
    );
  });

  it("tells a tenant's health from its last four weeks", async () => {
    const days = Array.from({ length: 28 }, (_, n) => ({
      startedAtMs: room.nowMs - n * DAY_MS,
      operationName: `Op${n % 12}`,
    }));
    await room.use(days);
    const HEALTH =
      "{ tenantHealth { activeDays daysSinceLastUse trend failedShare health churn churnReasons { reason points } } }";
    expect(await room.ask(room.manager, HEALTH)).toMatchObject({
      tenantHealth: { activeDays: 28, daysSinceLastUse: 0, trend: 1, health: 100, churnReasons: [] },
    });
    room.nowMs += 20 * DAY_MS;
    const { tenantHealth } = await room.ask(room.manager, HEALTH);
    expect(tenantHealth).toMatchObject({
      daysSinceLastUse: 20,
      churnReasons: [{ reason: "SILENT", points: 4 }, { reason: "DECLINING", points: 3 }, { reason: "NARROW" }],
    });
  });
});
