import { randomUUID } from "node:crypto";
import { BATCH_STORED } from "@tessera/contracts/events/batch-stored";
import { parseTenantId, type TenantId } from "@tessera/contracts/ids";
import { createLongQueryStore } from "@tessera/platform/store/long-query-store";
import { wholeTenant } from "@tessera/platform/store/data-policy";
import { testEngines } from "@tessera/platform/testing/engines";
import { openTestResources } from "@tessera/platform/testing/test-resources";
import { z } from "zod";
import { asksPeople } from "../src/domain/filter.ts";
import { planOn } from "../src/domain/planner.ts";
import { shapeOf } from "../src/domain/rollups/asked-shape.ts";
import { chooseByMeasure, choosePlan, rejectedOwn } from "../src/domain/rollups/choose-plan.ts";
import { compileRollup } from "../src/domain/rollups/compile-rollup.ts";
import { planOwn } from "../src/domain/rollups/own-plan.ts";
import type { Rollup, RollupContent } from "../src/domain/rollups/rollup.ts";
import { makeBuilds } from "../src/jobs/build-rollups.ts";
import { DEFAULT_RULES } from "../src/domain/people/identity.ts";
import { MAX_IDENTITIES, MAX_LINKS, unlinked } from "../src/domain/people/links.ts";
import { createRollupConsumer } from "../src/reactions/rollups/count-batches.ts";
import { openPeople } from "../src/store/people/open-people.ts";
import { openRollups } from "../src/store/rollups/open-rollups.ts";
import type { ClaimedBuild } from "../src/store/rollups/rollup-store-types.ts";
import { storeEvents, type TestEvent } from "./test-events.ts";

/** The rules that the composition root gives to the store of rollups. */
const RULES = { compile: compileRollup, planOwn, choose: choosePlan, chooseByMeasure, rejected: rejectedOwn, shapeOf };
/** What a test leaves out of a rollup. */
const PLAIN: RollupContent = { description: "", dimensions: [], measures: [], filter: null, grain: "HOUR" };
/** Looks for an entry of the log that other tests' transactions may hold back. */
const MAX_LOOKS = 600;
const LOOK_MS = 50;

/** Looks until something holds that other tests' transactions may hold back; throws when it never does. */
const eventually = async (holds: () => Promise<boolean>): Promise<void> => {
  for (let look = 0; look < MAX_LOOKS; look += 1) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  throw new Error("It did not come to hold.");
};

/** The stores over the engines of this test run; `eager` answers from an own rollup whenever one can, whatever it reads. */
const openStores = (nowMs: () => number) => {
  const world = openTestResources();
  const { clickhouse } = testEngines();
  const password = clickhouse.passwords.tessera_jobs;
  const longQueries = createLongQueryStore({ url: clickhouse.url, username: "tessera_jobs", password });
  const { resources } = world;
  const rules = { defaults: DEFAULT_RULES, unlinked, bounds: { links: MAX_LINKS, identities: MAX_IDENTITIES } };
  const people = openPeople({
    ...{ ...resources, longQueries, rules, asksPeople },
    fromEvents: (rejected, query) => planOn(null, rejected, query),
  });
  const consumerName = `test.rollups.${randomUUID()}`;
  const owning = { ...resources, nowMs, longQueries, below: people.store, consumer: consumerName };
  const opened = openRollups({ ...owning, rules: RULES });
  const eager = openRollups({
    ...owning,
    rules: { ...RULES, choose: (shared, own, rejected) => choosePlan({ ...shared, rows: Infinity }, own, rejected) },
  }).store;
  return { ...opened, world, people, longQueries, consumerName, eager };
};
type Stores = ReturnType<typeof openStores>;

/** Takes the builds of this room's tenants alone, whoever had taken them: other rooms work beside, on the same table. */
const claimsOf =
  ({ world, builds }: Stores, tenants: ReadonlySet<TenantId>) =>
  async (): Promise<readonly ClaimedBuild[]> => {
    const claimed = z.object({ tenant_id: z.string(), id: z.string(), run: z.number() });
    const { rows } = await world.owner.query(
      "UPDATE rollup_build SET run = run + 1, lease_until = 'infinity' WHERE state = 'BUILDING' AND tenant_id = ANY ($1::uuid[]) RETURNING tenant_id, id, run",
      [[...tenants]],
    );
    const found: ClaimedBuild[] = [];
    for (const { tenant_id, id, run } of rows.map((row) => claimed.parse(row))) {
      const tenantId = parseTenantId(tenant_id);
      if (tenantId !== null) found.push(...(await builds.claimed(tenantId, id, run)));
    }
    return found;
  };

/** What ingest does: batches are stored as received at one moment, which the log tells too. */
const ingestOf = ({ world }: Stores) => {
  const put = (tenantId: TenantId, events: readonly TestEvent[], receivedAtMs: number): Promise<string> =>
    storeEvents(
      world.writer,
      tenantId,
      events.map((event) => ({ ...event, receivedAtMs })),
    );
  const tell = async (tenantId: TenantId, batchId: string, events: readonly TestEvent[], receivedAtMs: number) => {
    const times = events.map(({ timeMs }) => timeMs);
    const payload = {
      ...{ tenantId, batchId, rows: events.length, receivedAtMs },
      ...{ minTimeMs: Math.min(...times), maxTimeMs: Math.max(...times) },
    };
    await world.resources.eventLog.append([{ tenantId, topic: BATCH_STORED, dedupeKey: batchId, payload }]);
  };
  const ingest = async (tenantId: TenantId, events: readonly TestEvent[], receivedAtMs = Date.now()): Promise<void> => {
    if (events.length > 0) await tell(tenantId, await put(tenantId, events, receivedAtMs), events, receivedAtMs);
  };
  return { put, tell, ingest };
};

/** Keeps a rollup as `defineRollup` does. */
const definedIn = async (
  { rollups }: Stores,
  tenantId: TenantId,
  name: string,
  content: Partial<RollupContent>,
): Promise<Rollup> => {
  const full = { ...PLAIN, ...content };
  compileRollup(full);
  const draft = { id: randomUUID(), buildId: randomUUID(), name, content: full, by: "SERVICE:test" };
  const outcome = await rollups.define(tenantId, { ...draft, expectedVersion: null }, { rollups: 20, names: 200 });
  if (outcome.kind !== "DEFINED") throw new Error(`The rollup was not kept: ${outcome.kind}.`);
  return outcome.rollup;
};

/** Rollups over the engines of this test run, with a consumer and a builder that a test runs by hand. */
export const openRollupRoom = () => {
  const clock = { aheadMs: 0 };
  const nowMs = (): number => Date.now() + clock.aheadMs;
  const stores = openStores(nowMs);
  const { world, builds, rollups, consumerName, longQueries } = stores;
  const { resources } = world;
  const tenants = new Set<TenantId>();
  const claimAcrossTenants = claimsOf(stores, tenants);
  const deps = { ...resources, ...stores, builds: { ...builds, claimAcrossTenants }, nowMs, newId: randomUUID };
  const consumer = createRollupConsumer(deps, consumerName);
  return {
    ...{ ...stores, ...ingestOf(stores), deps, clock },
    /** Counts what the log tells of until nothing of the tenant waits. */
    count: (tenantId: TenantId): Promise<void> =>
      eventually(async () => {
        await consumer.drain();
        return (await builds.answering(tenantId)).waiting?.length === 0;
      }),
    define: (tenantId: TenantId, name: string, content: Partial<RollupContent>): Promise<Rollup> => {
      tenants.add(tenantId);
      return definedIn(stores, tenantId, name, content);
    },
    /** Makes builds until the rollup has none under way. */
    built: async (tenantId: TenantId, id: string): Promise<Rollup | null> => {
      await eventually(async () => {
        await makeBuilds(deps)();
        return (await rollups.find(tenantId, id))?.build?.state !== "BUILDING";
      });
      return rollups.find(tenantId, id);
    },
    /** Events that a tenant's rollups count in all. */
    counted: async (tenantId: TenantId): Promise<number> => {
      const text = "SELECT sum(events) AS events FROM worker_rollup_rows WHERE tenant_id = {tenant: String}";
      const statement = { name: "counted", text, params: { tenant: tenantId } };
      const parse = (row: unknown) => z.object({ events: z.coerce.number() }).parse(row).events;
      return (await resources.eventStore.query(wholeTenant(tenantId), statement, parse)).rows[0] ?? 0;
    },
    close: async (): Promise<void> => {
      // A consumer that is gone would keep the log from being forgotten.
      await world.owner.query("DELETE FROM event_log_consumer WHERE name LIKE $1 || '%'", [consumerName]);
      await longQueries.close();
      await world.close();
    },
  };
};

/** See {@link openRollupRoom}. */
export type RollupRoom = ReturnType<typeof openRollupRoom>;
