import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { BATCH_STORED } from "@tessera/contracts/events/batch-stored";
import type { TenantId } from "@tessera/contracts/ids";
import { wholeTenant } from "@tessera/platform/store/data-policy";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import fc from "fast-check";
import { openRollupRoom, type RollupRoom } from "../../../testing/rollup-room.ts";
import type { TestEvent } from "../../../testing/test-events.ts";
import { countBatchStatement } from "../../store/rollups/rollup-rows-sql.ts";
import type { RollupData } from "../../store/rollups/rollup-data.ts";
import { createRollupConsumer } from "./count-batches.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(120_000);

const FROM = Date.UTC(2026, 8, 1);
const AT_ONCE = { retryMs: 0, maxRetryMs: 0 };
const SELDOM = { retryMs: 3_600_000, maxRetryMs: 3_600_000 };
/** Inserts whose tokens this engine remembers: more than come while everybody waits for one batch. */
const REMEMBERED = 12;

let room: RollupRoom;
beforeAll(() => {
  room = openRollupRoom();
});
afterAll(() => room.close());

const events = (count: number): readonly TestEvent[] =>
  Array.from({ length: count }, (_event, index) => ({
    ...{ id: randomUUID(), name: "view", userId: `u${index}`, timeMs: FROM + index * 60_000, country: "DE" },
  }));

/** Rows of rollups in an engine that forgets tokens soon, as one does after ten thousand inserts: a batch that comes later is counted again. */
const forgetful = (): RollupData["countBatch"] => {
  let known: { readonly token: string; readonly alias: string }[] = [];
  return async (build, batch) => {
    const token = `'${build.buildId}:${batch.batchId}'`;
    const alias = known.find((one) => one.token === token)?.alias ?? `'${build.buildId}:${randomUUID()}'`;
    known = [...known.filter((one) => one.token !== token), { token, alias }].slice(-REMEMBERED);
    const statement = countBatchStatement(build, batch);
    const own = { ...statement, text: statement.text.replace(token, alias) };
    await room.longQueries.fill(wholeTenant(build.tenantId), own, { maxSeconds: 60 });
  };
};

/** Events that a rollup counts, and those that answers read from it and from single events together. */
const countedIn = async (tenantId: TenantId, rollupId: string): Promise<number> => {
  const found = await room.world.owner.query<{ id: string }>(
    "SELECT id FROM rollup_build WHERE rollup_id = $1 AND state = 'READY'",
    [rollupId],
  );
  const text =
    "SELECT sum(events) AS events FROM worker_rollup_rows WHERE tenant_id = {tenant: String} AND build_id = {build: UUID}";
  const params = { tenant: tenantId, build: found.rows[0]?.id ?? randomUUID() };
  const rows = await room.world.resources.eventStore.query(
    wholeTenant(tenantId),
    { name: "counted", text, params },
    (row) => (row !== null && typeof row === "object" && "events" in row ? Number(row.events) : -1),
  );
  return rows.rows[0] ?? -1;
};
const isSettled = async (tenantId: TenantId): Promise<boolean> =>
  (await room.builds.answering(tenantId)).waiting?.length === 0;
const standing = async (): Promise<readonly unknown[]> =>
  (
    await room.world.owner.query<{ apart_tenant: string }>(
      "SELECT apart_tenant FROM event_log_consumer WHERE apart_tenant IS NOT NULL AND starts_with(name, $1)",
      [room.consumerName],
    )
  ).rows.map(({ apart_tenant }) => apart_tenant);

/** A tenant with two rollups that are complete, and a third of its events. */
const shop = async (): Promise<{ readonly tenantId: TenantId; readonly rollups: readonly string[] }> => {
  const tenantId = freshTenantId();
  await room.ingest(tenantId, events(5));
  await room.count(tenantId);
  const rollups: string[] = [];
  for (const name of ["by_day", "by_hour"]) {
    const content = { dimensions: ["country"], grain: name === "by_day" ? "DAY" : "HOUR" } as const;
    const { id } = await room.define(tenantId, name, content);
    await room.built(tenantId, id);
    rollups.push(id);
  }
  return { tenantId, rollups };
};

describe("batches that can't be counted in a tenant's rollups", () => {
  test("hold up nobody else; once they can be, each event is counted once, though the engine has long forgotten them", async () => {
    const [ill, well] = [await shop(), await shop()];
    const countBatch = forgetful();
    let broken = true;
    const data: RollupData = {
      ...room.deps.data,
      // The engine counts, and nobody learns of it.
      countBatch: async (build, batch) => {
        await countBatch(build, batch);
        if (broken && build.tenantId === ill.tenantId && build.rollup.grain === "HOUR") throw new Error("Cut off.");
      },
    };
    let consumer = createRollupConsumer({ ...room.deps, data, apart: SELDOM }, room.consumerName);
    const drained = async (holds: () => Promise<boolean>): Promise<void> => {
      while (!(await holds())) await consumer.drain().catch(() => 0);
    };
    await room.ingest(ill.tenantId, events(3));
    await drained(async () => (await standing()).length === 1);
    for (let batch = 0; batch <= REMEMBERED; batch += 1) await room.ingest(well.tenantId, events(1));
    await drained(() => isSettled(well.tenantId));
    for (const id of well.rollups) expect(await countedIn(well.tenantId, id)).toBe(5 + REMEMBERED + 1);
    await room.ingest(ill.tenantId, events(2));
    broken = false;
    consumer = createRollupConsumer({ ...room.deps, data, apart: AT_ONCE }, room.consumerName);
    await drained(() => isSettled(ill.tenantId));
    for (const id of ill.rollups) {
      await room.built(ill.tenantId, id);
      expect(await countedIn(ill.tenantId, id)).toBe(10);
    }
    expect(await standing()).toEqual([]);
  });

  test("that can't be read wait with what comes after them, which is read from single events until they are mended", async () => {
    const { tenantId, rollups } = await shop();
    const consumer = createRollupConsumer({ ...room.deps, apart: AT_ONCE }, room.consumerName);
    const batchId = randomUUID();
    const payload = { tenantId, batchId: "none", rows: 0, receivedAtMs: Date.now(), minTimeMs: FROM, maxTimeMs: FROM };
    await room.world.resources.eventLog.append([{ tenantId, topic: BATCH_STORED, dedupeKey: batchId, payload }]);
    await room.ingest(tenantId, events(4));
    while (!(await standing()).includes(tenantId)) await consumer.drain().catch(() => 0);
    const { waiting, builds } = await room.builds.answering(tenantId);
    expect([waiting?.length, builds.length]).toEqual([2, 2]);
    await room.world.owner.query(
      "UPDATE event_log SET payload = payload || $2 WHERE tenant_id = $1 AND dedupe_key = $3",
      [...[tenantId, { batchId }, batchId]],
    );
    while (!(await isSettled(tenantId))) await consumer.drain().catch(() => 0);
    for (const id of rollups) expect(await countedIn(tenantId, id)).toBe(9);
  });

  test("are counted once in every story of failures, ends of processes and forgotten tokens", async () => {
    const tenants = [await shop(), await shop()];
    const expected = new Map(tenants.map(({ tenantId }) => [tenantId, 5]));
    const step = fc.record({
      ...{ tenant: fc.nat(1), batches: fc.integer({ min: 1, max: 3 }), fails: fc.nat(14) },
      ...{ after: fc.boolean(), isNew: fc.boolean(), others: fc.nat(1) },
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 5 }), async (steps) => {
        const countBatch = forgetful();
        let [fails, after] = [0, false];
        const data: RollupData = {
          ...room.deps.data,
          countBatch: async (build, batch) => {
            const isBroken = fails > 0;
            if (isBroken) fails -= 1;
            if (isBroken && !after) throw new Error("Broken before.");
            await countBatch(build, batch);
            if (isBroken) throw new Error("Broken after.");
          },
        };
        const start = () => createRollupConsumer({ ...room.deps, data, apart: AT_ONCE }, room.consumerName);
        let consumer = start();
        const told = async (place: number, batches: number): Promise<void> => {
          const { tenantId } = tenants[place] ?? { tenantId: freshTenantId() };
          for (let batch = 1; batch <= batches; batch += 1) await room.ingest(tenantId, events(batch));
          expected.set(tenantId, (expected.get(tenantId) ?? 0) + (batches * (batches + 1)) / 2);
        };
        for (const one of steps) {
          await told(one.tenant, one.batches);
          [fails, after] = [one.fails, one.after];
          if (one.isNew) consumer = start();
          for (let round = 0; round < 6; round += 1) await consumer.drain().catch(() => 0);
          if (one.others === 1) await told(1 - one.tenant, 3);
        }
        fails = 0;
        for (const { tenantId, rollups } of tenants) {
          while (!(await isSettled(tenantId))) await consumer.drain().catch(() => 0);
          for (const id of rollups) {
            await room.built(tenantId, id);
            expect(await countedIn(tenantId, id)).toBe(expected.get(tenantId));
          }
        }
      }),
      { numRuns: 3, endOnFailure: true },
    );
  });
});
