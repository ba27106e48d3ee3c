import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { z } from "zod";
import type { ExecutionKind, ExecutionRecorded } from "@tessera/contracts/events/execution-recorded";
import type { TenantId } from "@tessera/contracts/ids";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { createStoredEvents } from "./store/stored-events.ts";
import { RECORDS_KEPT_DAYS, usageRecordOf } from "./domain/usage-record.ts";
import { createUsageUpkeep } from "./jobs/usage-upkeep.ts";
import { createUsageLedger } from "./reactions/usage-ledger.ts";
import { createLedgerStore, type LedgerStore } from "./store/ledger-store.ts";
import { entryOf, executionOf } from "./testing/executions.ts";

jest.setTimeout(120_000);

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOON = Date.parse("2026-11-20T12:00:00.000Z");

let test: TestResources;
let ledger: LedgerStore;
let tenantId: TenantId;
let watched: TenantId[];

beforeAll(() => {
  test = openTestResources({ nowMs: () => NOON });
  ledger = createLedgerStore(test.resources.sql);
});
beforeEach(() => {
  tenantId = freshTenantId();
  watched = [];
});
afterAll(() => test.close());

const consumer = () =>
  createUsageLedger({
    ...test.resources,
    ledger,
    watchLimits: (_transaction, id) => {
      watched.push(id);
      return Promise.resolve();
    },
  });
const record = (executions: readonly ExecutionRecorded[]) =>
  test.resources.sql.transaction(tenantId, (transaction) =>
    ledger.record(transaction, tenantId, executions.map(usageRecordOf), NOON - RECORDS_KEPT_DAYS * DAY_MS),
  );

const MEASURES = ["cost_points", "rows_read", "bytes_read", "store_ms", "elapsed_ms", "response_bytes", "events"];
const SUMS = [...MEASURES, "subscription_seconds", "predictions"].map((name) => `sum(${name})::text AS ${name}`).join();
const REFUSED = "count(*) FILTER (WHERE decision = 'REFUSED')::text AS refused";
const FAILED = "count(*) FILTER (WHERE decision = 'FAILED')::text AS failed";
const GROUPS = "subject_kind, subject_id, kind, operation";

/** What the rollup must hold, computed from the records alone, beside what it holds. */
const rollups = async () => {
  const expected = await test.owner.query<object>(
    `SELECT date_trunc('hour', started_at, 'UTC') AS hour, ${GROUPS}, count(*)::text AS executions, ${REFUSED}, ${FAILED}, ${SUMS}
     FROM usage_record WHERE tenant_id = $1 GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5`,
    [tenantId],
  );
  const columns = [...MEASURES, "subscription_seconds", "predictions"].map((name) => `${name}::text`).join();
  const actual = await test.owner.query<object>(
    `SELECT hour, ${GROUPS}, executions::text, refused::text, failed::text, ${columns}
     FROM usage_hour WHERE tenant_id = $1 ORDER BY 1, 2, 3, 4, 5`,
    [tenantId],
  );
  const dayExpected = await test.owner.query<object>(
    `SELECT (started_at AT TIME ZONE 'UTC')::date::text AS day, count(*)::text AS executions, sum(cost_points)::text AS cost_points,
       sum(rows_read)::text AS rows_read, sum(events)::text AS events FROM usage_record WHERE tenant_id = $1 GROUP BY 1 ORDER BY 1`,
    [tenantId],
  );
  const dayActual = await test.owner.query<object>(
    `SELECT day::text, executions::text, cost_points::text, rows_read::text, events::text FROM usage_day WHERE tenant_id = $1 ORDER BY 1`,
    [tenantId],
  );
  return { expected: [expected.rows, dayExpected.rows], actual: [actual.rows, dayActual.rows] };
};

const amount = fc.double({ min: 0, max: 1e9, noNaN: true });
const whole = fc.nat(2_000_000_000);
const execution = fc
  .record({
    executionId: fc.uuid(),
    kind: fc.constantFrom<ExecutionKind>("QUERY", "MUTATION", "INGEST", "JOB", "EXPORT", "SUBSCRIPTION"),
    operationName: fc.option(fc.constantFrom("Dashboard", "Funnel")),
    decision: fc.constantFrom("ALLOWED" as const, "REFUSED" as const, "FAILED" as const),
    subject: fc.constantFrom({ kind: "API_KEY", id: "k1" } as const, { kind: "USER", id: "u1" } as const),
    fields: fc.constantFrom(["Query.recommendations", "Query.olap"], []),
    startedAtMs: fc.integer({ min: NOON - 40 * HOUR_MS, max: NOON }),
    usage: fc.record({
      ...{ costPoints: amount, storeMs: amount, elapsedMs: amount, subscriptionSeconds: amount },
      ...{ rowsRead: whole, bytesRead: whole, responseBytes: whole, events: whole },
    }),
  })
  .map((parts) => executionOf(freshTenantId(), parts));

describe("the usage ledger", () => {
  it("replaying records in any order, in any pieces and any number of times changes nothing; rollups are the sums of the records", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(execution, { minLength: 1, maxLength: 25, selector: ({ executionId }) => executionId }),
        fc.array(fc.array(fc.nat(), { minLength: 1, maxLength: 30 }), { maxLength: 4 }),
        async (executions, replays) => {
          tenantId = freshTenantId();
          expect(await record(executions)).toBe(executions.length);
          const before = await rollups();
          expect(before.actual).toEqual(before.expected);
          for (const replay of replays) {
            const again = replay.flatMap((place) => executions.slice(place % executions.length).slice(0, 3));
            expect(await record(again)).toBe(0);
          }
          expect(await rollups()).toEqual(before);
        },
      ),
      { numRuns: 40, endOnFailure: true },
    );
  });

  it("an execution told twice, also within one batch, is one record", async () => {
    const told = executionOf(tenantId, { usage: { costPoints: 2.5, rowsRead: 7 } });
    await test.resources.eventLog.append([entryOf(told), entryOf(told, "again"), entryOf(executionOf(tenantId))]);
    const one = consumer();
    for (let taken = 0; watched.every((id) => id !== tenantId); taken += 1) {
      if (taken > 200) throw new Error("The entries were not taken.");
      await one.drain();
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    const { rows } = await test.owner.query<object>(
      "SELECT count(*)::int AS records, sum(cost_points)::float AS points FROM usage_record WHERE tenant_id = $1",
      [tenantId],
    );
    expect(rows).toEqual([{ records: 2, points: 3.5 }]);
    expect((await rollups()).actual).toEqual((await rollups()).expected);
  });

  it("an entry that is no record of an execution does not hold back the others", async () => {
    const told = executionOf(tenantId);
    const broken = { ...entryOf(told, "broken"), payload: { ...told, executionId: "none", startedAtMs: 8.7e15 } };
    await test.resources.eventLog.append([broken, entryOf(told)]);
    const one = consumer();
    for (let taken = 0; watched.every((id) => id !== tenantId) && taken < 200; taken += 1) {
      await one.drain();
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    expect((await ledger.hours(tenantId, NOON, NOON + HOUR_MS)).map(({ records }) => records)).toEqual([1n]);
  });

  it("by hour the ledger tells how many records it holds and a checksum of their ids that does not depend on their order", async () => {
    const executions = Array.from({ length: 5 }, (_, n) =>
      executionOf(tenantId, { startedAtMs: NOON - (n % 2) * HOUR_MS }),
    );
    await record(executions);
    const hours = await ledger.hours(tenantId, NOON - 2 * HOUR_MS, NOON + HOUR_MS);
    expect(hours.map(({ records, rolledUp }) => [records, rolledUp])).toEqual([
      [2n, 2n],
      [3n, 3n],
    ]);
    const other = freshTenantId();
    await test.resources.sql.transaction(other, (transaction) =>
      ledger.record(transaction, other, executions.toReversed().map(usageRecordOf), 0),
    );
    expect(await ledger.hours(other, NOON - 2 * HOUR_MS, NOON + HOUR_MS)).toEqual(hours);
  });

  it("records past their age are removed and never counted again, and the rollups keep them", async () => {
    const old = executionOf(tenantId, { startedAtMs: NOON - (RECORDS_KEPT_DAYS + 1) * DAY_MS });
    await test.resources.sql.transaction(tenantId, (transaction) =>
      ledger.record(transaction, tenantId, [usageRecordOf(old)], 0),
    );
    for (let pruned = 1; pruned > 0;)
      pruned = await ledger.pruneAcrossTenants(NOON - RECORDS_KEPT_DAYS * DAY_MS, 5_000);
    expect(await record([old])).toBe(0);
    const { rows } = await test.owner.query<object>(
      `SELECT (SELECT count(*)::int FROM usage_record WHERE tenant_id = $1) AS records,
         (SELECT sum(executions)::int FROM usage_hour WHERE tenant_id = $1) AS rolled_up`,
      [tenantId],
    );
    expect(rows).toEqual([{ records: 0, rolled_up: 1 }]);
  });

  it("the application can neither change a record nor take one away", async () => {
    await record([executionOf(tenantId)]);
    for (const text of ["UPDATE usage_record SET cost_points = 0", "DELETE FROM usage_record"]) {
      const attempt = test.resources.sql.run(tenantId, { name: text, text, params: [] }, () => null);
      await expect(attempt).rejects.toMatchObject({ code: "42501" });
    }
  });
});

describe("storage", () => {
  it("is sampled once an hour: the number of the tenant's events times the mean size of a sample", async () => {
    await test.owner.query("INSERT INTO tenant (id, name, slug) VALUES ($1::uuid, 'Test', $1::text)", [tenantId]);
    const events = Array.from({ length: 10 }, (_, n) => ({
      ...{
        tenant_id: tenantId,
        event_id: randomUUID(),
        batch_id: randomUUID(),
        batch_row: n,
        name: "view",
        sequence: n,
      },
      ...{ time: "2026-11-20 11:00:00.000", received_at: "2026-11-20 11:00:00.000", user_id: "x".repeat(1_000) },
      properties: { text: "y".repeat(500) },
    }));
    await test.writer.insert({ table: "events", values: events, format: "JSONEachRow" });
    const storedEvents = createStoredEvents(test.resources.eventStore);
    const { events: count, bytes } = await storedEvents.size(tenantId);
    expect(count).toBe(10);
    expect(bytes).toBeGreaterThan(15_000);
    expect(bytes).toBeLessThan(40_000);
    const list = () => Promise.resolve([tenantId]);
    const upkeep = createUsageUpkeep({
      ...{ logger: test.resources.logger, nowMs: () => NOON, storedEvents },
      ledger: { ...ledger, tenantsAcrossTenants: list },
    });
    await upkeep.runOnce();
    await upkeep.runOnce();
    const { rows } = await test.owner.query<object>(
      "SELECT hour, events, bytes FROM usage_storage WHERE tenant_id = $1",
      [tenantId],
    );
    const sample = z
      .array(z.object({ hour: z.date(), events: z.coerce.number(), bytes: z.coerce.number() }))
      .parse(rows);
    expect(sample).toEqual([{ hour: new Date(NOON), events: 10, bytes }]);
  });

  it("a tenant without events takes nothing", async () => {
    expect(await createStoredEvents(test.resources.eventStore).size(tenantId)).toEqual({ events: 0, bytes: 0 });
  });
});
