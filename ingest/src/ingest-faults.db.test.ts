import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BATCH_STORED } from "@tessera/contracts/events/batch-stored";
import { parseBatchId } from "@tessera/contracts/ids";
import { startEmbeddedClickHouse, type EmbeddedClickHouse } from "@tessera/platform/engines/embedded-clickhouse";
import { freeLoopbackPort } from "@tessera/platform/engines/loopback-port";
import { applyClickHouseMigrations, tenantTablesOf } from "@tessera/platform/store/migrate";
import { testEngines } from "@tessera/platform/testing/engines";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { z } from "zod";
import { prepareEvent } from "./domain/validate-event.ts";
import { createEventBlock } from "./store/event-block.ts";
import { createStoreWriter } from "./store/store-writer.ts";
import { eventually, freshTenant } from "./testing/running-ingest.ts";

const migrations = join(import.meta.dirname, "../../clickhouse/migrations");
const SENDERS = 4;
const EVENTS_PER_REQUEST = 40;
const ROUNDS = 3;

const receipt = z.object({ accepted: z.number(), duplicate: z.number(), rejected: z.number() });
const count = z.array(z.tuple([z.coerce.number()]));
const storedRows = z.object({ rows: z.number() });

/** Everything that is killed and what it is checked with; ClickHouse is this test's own. */
interface Scene {
  readonly home: string;
  readonly resources: TestResources;
  readonly port: number;
  readonly writerName: string;
  readonly tables: readonly string[];
  store: EmbeddedClickHouse;
  process: ChildProcess;
}

const startStore = (home: string, tables: readonly string[], port?: number): Promise<EmbeddedClickHouse> =>
  startEmbeddedClickHouse({ dataDir: join(home, "clickhouse"), tenantTables: tables, port });

const startProcess = async (scene: Pick<Scene, "home" | "store" | "port" | "writerName">): Promise<ChildProcess> => {
  const settings = {
    clickhouse: { url: scene.store.url, username: "tessera_writer", password: scene.store.credentials.tessera_writer },
    postgresUrl: testEngines().postgres.appUrl,
    journalDirectory: join(scene.home, "journal"),
    writerName: scene.writerName,
    port: scene.port,
  };
  const script = join(import.meta.dirname, "testing/ingest-process.ts");
  const child = spawn(process.execPath, ["--import", "tsx", script, JSON.stringify(settings)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return child;
};

const openScene = async (): Promise<Scene> => {
  const home = await mkdtemp(join(tmpdir(), "tessera-faults-"));
  await chmod(home, 0o755);
  const tables = await tenantTablesOf(migrations);
  const store = await startStore(home, tables);
  await applyClickHouseMigrations(
    { url: store.url, username: "tessera_owner", password: store.credentials.tessera_owner },
    migrations,
  );
  const base = { home, store, port: (await freeLoopbackPort()) ?? 0, writerName: `faults-${randomUUID()}` };
  return { ...base, tables, resources: openTestResources(), process: await startProcess(base) };
};

const kill = async (scene: Scene, what: "process" | "store"): Promise<void> => {
  if (what === "process") {
    scene.process.kill("SIGKILL");
    await once(scene.process, "exit");
    scene.process = await startProcess(scene);
    return;
  }
  process.kill(scene.store.pid, "SIGKILL");
  await scene.store.exited;
  scene.store = await startStore(scene.home, scene.tables, scene.store.port);
};

/** A number of the store, read by its owner. */
const askOwner = async (store: EmbeddedClickHouse, tenantId: string, sql: string): Promise<number> => {
  const search = new URLSearchParams({ query: `${sql} FORMAT JSONCompactEachRow`, param_tenant: tenantId });
  const owner = `tessera_owner:${store.credentials.tessera_owner}`;
  const answer = await fetch(`${store.url}/?${search.toString()}`, {
    headers: { authorization: `Basic ${Buffer.from(owner).toString("base64")}` },
  });
  const [row] = count.parse([JSON.parse(await answer.text())]);
  return row?.[0] ?? Number.NaN;
};

/** A sender with a log of its own: it sends a request until it is answered, as a client does, and notes what was acknowledged. */
const send = async (
  scene: Scene,
  tenantId: string,
  acknowledged: Set<string>,
  stopped: () => boolean,
): Promise<void> => {
  while (!stopped()) {
    const events = Array.from({ length: EVENTS_PER_REQUEST }, (_, index) => ({
      id: randomUUID(),
      name: `step-${index % 5}`,
      userId: `u${index % 7}`,
      // Two months, so that one insert makes several parts.
      time: new Date(index % 2 === 0 ? Date.now() : Date.now() - 40 * 86_400_000).toISOString(),
    }));
    await eventually(async () => {
      const response = await fetch(`http://127.0.0.1:${scene.port}/api/v2/events?outcomes=rejected`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${tenantId}` },
        body: JSON.stringify(events),
        signal: AbortSignal.timeout(15_000),
      });
      if (response.status !== 200) throw new Error(`answered ${response.status}: ${await response.text()}`);
      const { accepted, duplicate } = receipt.parse(await response.json());
      if (accepted + duplicate !== events.length) throw new Error("not every event was taken");
    }, 120_000);
    for (const { id } of events) acknowledged.add(id);
  }
};

describe("kill -9 in the middle of ingest", () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene();
  }, 120_000);
  afterAll(async () => {
    scene.process.kill("SIGKILL");
    await scene.store.stop();
    await scene.resources.close();
    await rm(scene.home, { recursive: true, force: true });
  }, 60_000);

  const number = (tenantId: string, sql: string): Promise<number> => askOwner(scene.store, tenantId, sql);

  it.each(["process", "store"] as const)(
    "of the %s: every acknowledged event is there once, in the base table and in every rollup",
    async (what) => {
      const tenantId = freshTenant();
      const acknowledged = new Set<string>();
      let done = false;
      const senders = Array.from({ length: SENDERS }, () => send(scene, tenantId, acknowledged, () => done));
      for (let round = 0; round < ROUNDS; round += 1) {
        await new Promise((resolve) => setTimeout(resolve, 150 + round * 170));
        await kill(scene, what);
      }
      await eventually(() => expect(acknowledged.size).toBeGreaterThan(0), 60_000);
      done = true;
      await Promise.all(senders);
      const where = "WHERE tenant_id = {tenant:String}";
      const sent = acknowledged.size;
      const expected = {
        events: sent,
        distinct: sent,
        ids: sent,
        hours: sent,
        days: sent,
        batches: sent,
        byPerson: sent,
      };
      expect({
        events: await number(tenantId, `SELECT count() FROM tessera.events ${where}`),
        distinct: await number(tenantId, `SELECT uniqExact(event_id) FROM tessera.events ${where}`),
        ids: await number(tenantId, `SELECT count() FROM tessera.event_ids ${where}`),
        hours: await number(tenantId, `SELECT sum(events) FROM tessera.rollup_hour_name ${where}`),
        days: await number(tenantId, `SELECT sum(events) FROM tessera.rollup_day_dimensions ${where}`),
        batches: await number(tenantId, `SELECT sum(rows) FROM tessera.batches ${where}`),
        byPerson: await number(tenantId, `SELECT count() FROM tessera.events_by_person ${where}`),
      }).toEqual(expected);
      const below =
        "multiIf(person != 0, person, session_id != '', cityHash64(tenant_id, session_id), cityHash64(event_id)) < 1152921504606846976";
      expect(await number(tenantId, `SELECT count() FROM tessera.events_sample ${where}`)).toBe(
        await number(tenantId, `SELECT countIf(${below}) FROM tessera.events ${where}`),
      );
      const told = await scene.resources.owner.query<{ payload: unknown }>(
        "SELECT payload FROM event_log WHERE tenant_id = $1 AND topic = $2",
        [tenantId, BATCH_STORED],
      );
      expect(told.rows.reduce((sum, row) => sum + storedRows.parse(row.payload).rows, 0)).toBe(sent);
      await eventually(async () =>
        expect((await readdir(join(scene.home, "journal"))).filter((name) => name.includes("intent"))).toEqual([]),
      );
    },
    300_000,
  );

  it("of the store between two tries of a batch, and before any other start: no view takes it twice", async () => {
    const [tenantId, batchId] = [freshTenant(), parseBatchId(randomUUID())];
    if (batchId === null) throw new Error("randomUUID made no UUID");
    const home = await mkdtemp(join(tmpdir(), "tessera-tries-"));
    await chmod(home, 0o755);
    const first = await startStore(home, scene.tables);
    const accessOf = (username: "tessera_owner" | "tessera_writer") => ({
      ...{ url: first.url, username, password: first.credentials[username] },
    });
    await applyClickHouseMigrations(accessOf("tessera_owner"), migrations);
    const block = createEventBlock();
    for (let sequence = 0; sequence < EVENTS_PER_REQUEST; sequence += 1) {
      const prepared = prepareEvent({ name: "n", userId: `u${sequence}` }, { nowMs: Date.now(), newId: randomUUID });
      if ("rejection" in prepared) throw new Error(prepared.rejection.reason);
      block.append({ tenantId, event: prepared.event, sequence });
    }
    const bytes = block.finish(batchId, Date.now());
    const writer = createStoreWriter(accessOf("tessera_writer"));
    await writer.insert(bytes, batchId);
    const countOf = async (table: string, rows = "count()"): Promise<number> => {
      const sql = `SELECT ${rows} FROM tessera.${table} WHERE tenant_id = {tenant:String}`;
      return askOwner(first, tenantId, sql);
    };
    const counts = async () => ({
      ...{ events: await countOf("events"), ids: await countOf("event_ids") },
      ...{ byPerson: await countOf("events_by_person"), sample: await countOf("events_sample") },
      ...{ hours: await countOf("rollup_hour_name", "sum(events)") },
      ...{
        days: await countOf("rollup_day_dimensions", "sum(events)"),
        batches: await countOf("batches", "sum(rows)"),
      },
    });
    const once = await counts();
    expect(once).toMatchObject({ events: EVENTS_PER_REQUEST, byPerson: EVENTS_PER_REQUEST });
    process.kill(first.pid, "SIGKILL");
    await first.exited;
    const second = await startStore(home, scene.tables, first.port);
    try {
      await writer.insert(bytes, batchId);
      expect(await counts()).toEqual(once);
    } finally {
      await writer.close();
      await second.stop();
      await rm(home, { recursive: true, force: true });
    }
  }, 120_000);
});
