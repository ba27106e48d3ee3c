import { randomBytes, randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { ALERT_CHANGED } from "@tessera/contracts/events/alert-changed";
import { ANOMALY_JUDGED } from "@tessera/contracts/events/anomaly-judged";
import { BATCH_STORED } from "@tessera/contracts/events/batch-stored";
import { INCIDENT_CHANGED } from "@tessera/contracts/events/incident-changed";
import { NOTIFICATION_SETTLED } from "@tessera/contracts/events/notification-settled";
import { PERSON_ERASURE_WISHED } from "@tessera/contracts/events/person-erasure";
import { REPORT_READY } from "@tessera/contracts/events/report-changed";
import type { TenantId } from "@tessera/contracts/ids";
import type { TenantSql } from "@tessera/platform/db/sql";
import type { ConsumersInTurn } from "@tessera/platform/events/consumers-in-turn";
import type { LogConsumer } from "@tessera/platform/events/log-consumer";
import type { Background } from "@tessera/platform/graphql/subgraph";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { testEngines } from "@tessera/platform/testing/engines";
import { openOwnEngines, type OwnEngines } from "@tessera/platform/testing/own-engines";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { untilReadable } from "@tessera/platform/testing/readable-log";
import { createApartWatch } from "./apart-watch.ts";
import { openResources, type OpenResources } from "./open-resources.ts";
import { openBackground } from "./roles/worker-role.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(240_000);

/** Every consumer by the file that builds it; webhooks have one for each topic that they tell of. */
const TABLE: Readonly<Record<string, readonly string[]>> = {
  "analytics/src/reactions/bound-catalogue.ts": ["analytics.catalogue-bound"],
  "analytics/src/reactions/correlation/correlate-batches.ts": ["analytics.correlation"],
  "analytics/src/reactions/erase-wished.ts": ["analytics.erasures"],
  "analytics/src/reactions/learn-people.ts": ["analytics.people"],
  "analytics/src/reactions/rollups/count-batches.ts": ["analytics.rollups"],
  "analytics/src/reactions/shared-indicators/take-judged.ts": ["analytics.shared-indicators"],
  "anomaly/src/reactions/incidents/follow-incidents-to-alerts.ts": ["anomaly-incident-alerts"],
  "anomaly/src/reactions/incidents/take-alerts.ts": ["anomaly-incidents"],
  "anomaly/src/reactions/incidents/tell-timelines.ts": ["anomaly-incident-timelines"],
  "anomaly/src/reactions/notify/mail-reports.ts": ["anomaly-notify-reports"],
  "anomaly/src/reactions/notify/tell-channels.ts": ["anomaly-notify-channels"],
  "anomaly/src/reactions/on-call/make-pages.ts": ["anomaly-escalation-pages"],
  "anomaly/src/reactions/webhooks/write-messages.ts": [],
  "governance/src/reactions/record-executions.ts": ["governance.audit"],
  "tenant/src/reactions/abuse-watch.ts": ["tenant.abuse-executions", "tenant.abuse-failures"],
  "tenant/src/reactions/usage-ledger.ts": ["tenant.usage-ledger"],
};
const ALL = Object.values(TABLE).flat();

const KEY_RING = `test:${randomBytes(32).toString("base64url")}`;
const ID = "00000000-0000-7000-8000-000000000001";
const alert = {
  ...{ transitionId: ID, ruleId: ID, ruleName: "r", anomalyId: null, fingerprint: "f", group: [], labels: {} },
  ...{ from: "OK", to: "PENDING", reason: "BREACHED", severity: "INFO", notify: false, silence: null },
  ...{ escalationStep: null, atMs: 1, sinceMs: null, value: 1, expected: null, low: null, high: null, because: "." },
};
/** What entries of a topic hold that somebody reads closely; of the others anything will do. */
const PAYLOADS: Readonly<Record<string, object>> = {
  [ALERT_CHANGED]: alert,
  [ANOMALY_JUDGED]: { anomalyId: ID, verdict: "TRUE", question: null, group: [], atMs: 1 },
  [BATCH_STORED]: { batchId: ID, rows: 1, identifies: 0, minTimeMs: 1, maxTimeMs: 1, receivedAtMs: 1 },
  [INCIDENT_CHANGED]: { incidentId: ID, number: 1, kind: "OPENED", by: null },
  [NOTIFICATION_SETTLED]: { deliveryId: ID },
  [PERSON_ERASURE_WISHED]: { kind: "USER", id: "u", reason: "asked", by: "USER:x" },
  [REPORT_READY]: { reportId: ID, runId: ID },
};

let own: OwnEngines;
let world: TestResources;
let opened: OpenResources;
const [ill, well] = [freshTenantId(), freshTenantId()];
/** Transactions of tenants that were committed, and whether those of the one who is ill fail. */
const committed = new Map<TenantId, number>();
let broken = true;
const breaking = (sql: TenantSql): TenantSql => ({
  ...sql,
  transaction: async (tenantId, work) => {
    const done = await sql.transaction(tenantId, async (transaction) => {
      if (tenantId === ill && broken) throw new Error("What is stored of this tenant is broken.");
      return work(transaction);
    });
    committed.set(tenantId, (committed.get(tenantId) ?? 0) + 1);
    return done;
  },
});

const isConsumer = (part: Background): part is LogConsumer => "drain" in part;
const isInTurn = (part: Background): part is ConsumersInTurn => "consumers" in part;
/** The consumers of a worker that has just been started. */
const consumersOfWorker = (): readonly LogConsumer[] => {
  const ports = {
    ingest: { ingest: () => Promise.reject(new Error("Nothing is ingested here.")) },
    apiKeyPepper: "a pepper for tests, long enough to be one",
    auditSecrets: ["a secret of at least thirty-two characters"],
    keyRing: KEY_RING,
  } as const;
  const resources = { ...opened.resources, sql: breaking(world.resources.sql) };
  return openBackground({ ...opened, resources }, ports, world.resources.logger).flatMap((part) =>
    isInTurn(part) ? part.consumers : isConsumer(part) ? [part] : [],
  );
};
const topicOf = async (consumer: LogConsumer): Promise<string> => {
  await consumer.drain();
  const found = await world.owner.query<{ topic: string }>("SELECT topic FROM event_log_consumer WHERE name = $1", [
    consumer.name,
  ]);
  return found.rows[0]?.topic ?? "";
};
const append = (tenantId: TenantId, topic: string, keys: readonly string[]) =>
  world.resources.eventLog.append(
    keys.map((dedupeKey) => ({
      tenantId,
      topic,
      dedupeKey,
      payload: { ...PAYLOADS[topic], tenantId, erasureId: randomUUID() },
    })),
  );
/** What a consumer has not taken of a tenant, and whether the tenant stands apart. */
const waitingOf = async (name: string, topic: string, tenantId: TenantId) => {
  const text = `SELECT count(*)::int AS entries, EXISTS (SELECT 1 FROM event_log_consumer WHERE apart_tenant = $2 AND name = $1 || ' ' || $2) AS apart
    FROM event_log e, event_log_place($1, $2::uuid) p WHERE e.tenant_id = $2::uuid AND e.topic = $3 AND (e.transaction_id, e.sequence) > (p.transaction_id, p.sequence)`;
  const { rows } = await world.owner.query<{ entries: number; apart: boolean }>(text, [name, tenantId, topic]);
  return rows[0];
};

beforeAll(async () => {
  own = await openOwnEngines();
  world = openTestResources();
  const { postgres, clickhouse } = testEngines();
  const access = (username: keyof typeof clickhouse.passwords) => ({
    ...{ url: clickhouse.url, username, password: clickhouse.passwords[username] },
  });
  opened = openResources(
    {
      ...{ appUrl: postgres.appUrl, queue: { backend: "postgres", url: postgres.queueUrl } },
      ...{ reader: access("tessera_reader"), writer: access("tessera_writer"), jobs: access("tessera_jobs") },
    },
    world.resources,
  );
});
afterAll(async () => {
  await opened.close();
  await world.close();
  await own.close();
});

describe("every consumer of the event log", () => {
  test("is in the table", () => {
    const subgraphs = fileURLToPath(new URL("../../subgraphs", import.meta.url));
    const files = readdirSync(subgraphs, { recursive: true, encoding: "utf8" }).filter(
      (path) => /^[a-z]+\/src\/.*\.ts$/.test(path) && !path.endsWith(".test.ts"),
    );
    const building = files.filter((path) => /\bcreateLogConsumer\(/.test(readFileSync(join(subgraphs, path), "utf8")));
    expect(building.toSorted()).toEqual(Object.keys(TABLE).toSorted());
    const names = consumersOfWorker().map(({ name }) => name);
    expect(names.filter((name) => !name.startsWith("webhooks:")).toSorted()).toEqual(ALL.toSorted());
    expect(names.filter((name) => name.startsWith("webhooks:")).length).toBeGreaterThan(0);
  });

  test("takes everybody else's entries while one tenant's can't be, which are taken in one piece each once they can; operators see it", async () => {
    const wrong: string[] = [];
    const first = consumersOfWorker();
    const topics = new Map<string, string>();
    for (const one of first) topics.set(one.name, await topicOf(one));
    for (const topic of new Set(topics.values())) {
      await append(ill, topic, ["bad", "worse"]);
      await append(well, topic, ["good"]);
      await append(ill, topic, ["late"]);
    }
    await untilReadable(world.owner);
    for (const one of first) {
      const topic = topics.get(one.name) ?? "";
      committed.clear();
      let rounds = 0;
      while ((await waitingOf(one.name, topic, ill))?.apart === false && rounds < 8) {
        rounds += 1;
        await one.drain().catch(() => 0);
        // Nobody else waits for what fails.
        if (!committed.has(well)) wrong.push(`${one.name}: others wait in round ${rounds}`);
      }
      await append(well, topic, [`better ${one.name}`]);
      await untilReadable(world.owner);
      await one.drain();
      const [others, its] = [await waitingOf(one.name, topic, well), await waitingOf(one.name, topic, ill)];
      if (others?.entries !== 0) wrong.push(`${one.name}: ${others?.entries} entries of others wait`);
      if (its?.entries !== 3 || !its.apart || committed.has(ill)) wrong.push(`${one.name}: it does not wait`);
    }
    const watch = createApartWatch(world.resources);
    await watch.look();
    const told = new Set(watch.notes().map((note) => note.replace(/: 1 tenant stands apart.*/, "")));
    for (const { name } of first) if (!told.has(name)) wrong.push(`${name}: operators don't see it`);
    broken = false;
    // A worker that starts with what was mended.
    for (const one of consumersOfWorker()) {
      committed.clear();
      await one.drain();
      const its = await waitingOf(one.name, topics.get(one.name) ?? "", ill);
      if (its?.entries !== 0 || its.apart) wrong.push(`${one.name}: ${its?.entries} still wait`);
      const commits = committed.get(ill);
      // Some look something up in a transaction of its own.
      if ((commits ?? 0) < 3) wrong.push(`${one.name}: ${commits} transactions for 3 entries`);
      await one.drain();
      if (committed.get(ill) !== commits) wrong.push(`${one.name}: entries came twice`);
    }
    expect(wrong).toEqual([]);
  });
});
