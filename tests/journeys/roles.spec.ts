import { PLAIN_ACCESS } from "@tessera/contracts/caller";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { once } from "node:events";
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { parseTenantId } from "@tessera/contracts/ids";
import { TENANT_PERMISSIONS } from "@tessera/contracts/permissions";
import { createIdentitySigner, IDENTITY_HEADER } from "@tessera/platform/auth/identity";
import type { EmbeddedEngines } from "@tessera/platform/engines/embedded-engines";
import { systemNowMs } from "@tessera/platform/time/clock";
import { z } from "zod";
import { startSenders, type EventSenders } from "../testing/event-senders.ts";
import { expectExactlyOnce } from "../testing/event-store-truth.ts";
import { eventually } from "../testing/eventually.ts";
import { freePort } from "../testing/free-port.ts";
import { connectLive } from "../testing/live-client.ts";
import {
  ownerAccess,
  runMigrate,
  SECRETS,
  seedTenant,
  startEngines,
  storeEnvironment,
} from "../testing/running-engines.ts";
import { planRoles, type RoleName, type RunningRoles } from "../testing/running-roles.ts";
import { makeService, tokenOf } from "../testing/access-tokens.ts";
import { askReadiness, createTesseraClient, type TesseraClient } from "../testing/tessera-client.ts";
import { makeTemporaryDirectory, type TemporaryDirectory } from "../testing/temporary-home.ts";

const SUBGRAPHS = ["analytics", "anomaly", "ml", "governance", "tenant"] as const satisfies readonly RoleName[];
const ALL = [...SUBGRAPHS, "ingest", "worker", "gateway", "bridge", "identity"] as const satisfies readonly RoleName[];
/** A new writer waits until the last insert of a killed one must have ended: 35 seconds. */
const TAKEOVER_PATIENCE_MS = 90_000;
const REDIS = ["/usr/bin/redis-server", "/usr/local/bin/redis-server"].find((path) => existsSync(path));

let directory: TemporaryDirectory;
let engines: EmbeddedEngines;
let roles: RunningRoles;
let migrated: string;
let graph: TesseraClient;
let ingest: TesseraClient;
let tenantId: string;
let stream: EventSenders;
const eventId = randomUUID();
let others = 0;

const startedShape = z.object({ startQuery: z.object({ job: z.object({ id: z.string() }) }) });
const START = `mutation($input: StartQueryInput!) { startQuery(input: $input) { ... on QueryStarted { job { id } } } }`;
const countNames = () => ({
  input: {
    olap: {
      range: { from: new Date(Date.now() - 3_600_000).toISOString(), to: new Date(Date.now() + 60_000).toISOString() },
      measures: [{ function: "COUNT" }],
      dimensions: ["name"],
    },
  },
});

beforeAll(async () => {
  directory = await makeTemporaryDirectory();
  engines = await startEngines(directory.home("engines"));
  migrated = await runMigrate(engines.connections);
  const seeded = await seedTenant(engines.connections);
  tenantId = seeded.tenantId;
  roles = await planRoles(storeEnvironment(engines.connections), directory.path);
  roles.start(ALL);
  await roles.ready(ALL);
  graph = createTesseraClient(roles.url("gateway"), seeded.apiKey);
  ingest = createTesseraClient(roles.url("ingest"), seeded.apiKey);
}, 300_000);

afterAll(async () => {
  await roles?.stop();
  await engines?.stop();
  await directory?.remove();
}, 120_000);

describe("all roles, each a process", () => {
  it("stand on stores that `tessera migrate` has brought to this version; repeating it changes nothing", async () => {
    expect(migrated).toMatch(/^Applied: .+0001_events/m);
    expect(await runMigrate(engines.connections)).toMatch(/^Both stores are up to date\.$/m);
  }, 60_000);

  it("carry an event from ingest through every subgraph's part of one answer", async () => {
    expect(await ingest.send([{ id: eventId, name: "order", userId: "ada" }])).toMatchObject({ accepted: 1 });
    const taken = await graph.tell(
      "mutation($input: [EventInput!]!) { ingestEvents(input: $input) { accepted duplicate } }",
      {
        input: [
          { id: eventId, name: "order" },
          { name: "signup", userId: "grace" },
        ],
      },
    );
    expect(taken).toMatchObject({ data: { ingestEvents: { accepted: 1, duplicate: 1 } } });
    others = 2;
    const { data, errors } = await graph.tell(
      `query($id: ID!, $user: RecommendationsInput!) {
        realtimeMetrics(timeframe: "PT1H") { events users }
        event(id: $id) { name tenant { id slug } lineage { complete deduplication { exactlyOnce } } }
        recommendations(input: $user) { userId }
        rules { pageInfo { hasNextPage } }
      }`,
      { id: eventId, user: { userId: "ada", itemProperty: "item" } },
    );
    expect(errors).toBeUndefined();
    expect(data).toMatchObject({
      realtimeMetrics: { events: 2, users: 2 },
      event: {
        name: "order",
        tenant: { id: tenantId },
        lineage: { complete: true, deduplication: { exactlyOnce: true } },
      },
      recommendations: { userId: "ada" },
      rules: { pageInfo: { hasNextPage: false } },
    });
  }, 60_000);

  it("answer the same by REST through the bridge", async () => {
    const bridge = createTesseraClient(roles.url("bridge"), graph.apiKey);
    const response = await bridge.get(`/api/v2/analytics/realtime/metrics?tenant_id=${tenantId}&timeframe=1h`);
    expect(response.status).toBe(200);
    expect(JSON.stringify(await response.json())).toMatch(/"events":2\b/);
  }, 60_000);

  it("tell live of events, and of an anomaly that a worker has found", async () => {
    const live = await connectLive(graph.url, graph.apiKey);
    const metrics = live.follow('subscription { realtimeMetrics(timeframe: "PT1H") { events } }');
    const anomalies = live.follow("subscription { anomalies { anomaly { rule { name } tenant { id } } } }");
    await metrics.until((messages) => messages.length > 0);
    const created = await graph.tell(
      "mutation($input: CreateRuleInput!) { createRule(input: $input) { __typename } }",
      {
        input: {
          name: "Too many orders",
          metric: { measure: "COUNT", eventNames: ["order"], window: "PT10M" },
          condition: { direction: "ABOVE", threshold: 1 },
          evaluationIntervalSeconds: 10,
        },
      },
    );
    expect(created).toMatchObject({ data: { createRule: { __typename: "RuleSaved" } } });
    await ingest.send([{ name: "order" }]);
    others += 1;
    await metrics.until((messages) => JSON.stringify(messages.at(-1)).includes('"events":3'));
    await anomalies.until((messages) => messages.length > 0);
    expect(anomalies.messages[0]).toEqual({
      anomalies: { anomaly: { rule: { name: "Too many orders" }, tenant: { id: tenantId } } },
    });
    await live.close();
  }, 120_000);

  it("answer a long query, which the worker computes, by subscription at the gateway", async () => {
    const { startQuery } = await graph.ask(startedShape, START, countNames());
    const live = await connectLive(graph.url, graph.apiKey);
    const followed = live.follow("subscription($id: ID!) { job(id: $id) { job { state resultRows } } }", {
      id: startQuery.job.id,
    });
    await eventually(() => expect(followed.ended()).toBe(true));
    expect(followed.messages.at(-1)).toEqual({ job: { job: { state: "SUCCEEDED", resultRows: 2 } } });
    await live.close();
  }, 120_000);

  it("a subgraph refuses every call that does not carry an identity signed for itself", async () => {
    const sign = createIdentitySigner({ secret: SECRETS.IDENTITY_SECRET, nowMs: systemNowMs });
    const tenant = parseTenantId(tenantId);
    if (tenant === null) throw new Error("A seeded tenant has an id.");
    const caller = {
      tenantId: tenant,
      subject: { kind: "SERVICE", id: "test" },
      permissions: new Set(TENANT_PERMISSIONS),
      expiresAtMs: null,
      ...PLAIN_ACCESS,
    } as const;
    const forger = createIdentitySigner({ secret: `${SECRETS.IDENTITY_SECRET}!`, nowMs: systemNowMs });
    const ask = async (headers: Record<string, string>): Promise<number> =>
      (
        await fetch(`${roles.url("analytics")}/graphql`, {
          method: "POST",
          headers: { "content-type": "application/json", ...headers },
          body: JSON.stringify({ query: "{ __typename }" }),
        })
      ).status;
    expect(await ask({})).toBe(401);
    expect(await ask({ authorization: `Bearer ${graph.apiKey}` })).toBe(401);
    expect(await ask({ [IDENTITY_HEADER]: await sign(caller, "tenant") })).toBe(401);
    expect(await ask({ [IDENTITY_HEADER]: await forger(caller, "analytics") })).toBe(401);
    expect(await ask({ [IDENTITY_HEADER]: await sign(caller, "analytics") })).toBe(200);
  }, 60_000);
});

describe("an access token of the identity role", () => {
  it("is good at the gateway, the bridge and ingest, each a process, for what its client may do and no more", async () => {
    const made = await makeService(graph, ["analytics:read"]);
    const token = await tokenOf(roles.url("identity"), made);
    const [reader, bridge, writer] = [roles.url("gateway"), roles.url("bridge"), roles.url("ingest")].map((url) =>
      createTesseraClient(url, token),
    );
    await eventually(async () =>
      expect(await reader?.tell("{ whoAmI { subject { kind id } permissions } }")).toMatchObject({
        data: { whoAmI: { subject: { kind: "CLIENT", id: made.id }, permissions: ["analytics:read"] } },
      }),
    );
    expect((await bridge?.get("/api/v2/analytics/realtime/metrics"))?.status).toBe(200);
    await expect(writer?.send([{ name: "not allowed" }])).rejects.toThrow("403");
  }, 60_000);
});

describe("a role that ends", () => {
  it("a second ingest process stands by while the first writes, and refuses events with a time to come back", async () => {
    roles.start(["second ingest"]);
    await roles.process("second ingest").said(/listens on/);
    await eventually(async () =>
      expect(await askReadiness(roles.url("second ingest"))).toEqual({ status: 503, missing: ["ingest-writer"] }),
    );
    let url = roles.url("ingest");
    stream = startSenders({ url: () => url, apiKey: graph.apiKey });
    await stream.more(20);
    await roles.kill("ingest");
    url = roles.url("second ingest");
    const refused = await fetch(`${url}/api/v2/events`, {
      method: "POST",
      headers: { authorization: `Bearer ${graph.apiKey}`, "content-type": "application/json" },
      body: '[{"name":"too early"}]',
    });
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  }, 120_000);

  it("a killed subgraph costs its own part of an answer and nothing else, and is back once it is started again", async () => {
    const ask = () =>
      graph.tell("query($id: ID!) { event(id: $id) { name lineage { complete } tenant { id } } }", { id: eventId });
    await roles.kill("governance");
    const partial = await ask();
    expect(partial.status).toBe(200);
    expect(partial.data).toEqual({ event: { name: "order", lineage: null, tenant: { id: tenantId } } });
    expect(partial.errors).toMatchObject([{ extensions: { code: "SUBGRAPH_UNAVAILABLE", service: "governance" } }]);
    roles.start(["governance"]);
    await eventually(async () =>
      expect((await ask()).data).toEqual({
        event: { name: "order", lineage: { complete: true }, tenant: { id: tenantId } },
      }),
    );
  }, 120_000);

  it("the second ingest process takes over from the killed one with nothing acknowledged lost or doubled", async () => {
    await eventually(
      async () => expect(await askReadiness(roles.url("second ingest"))).toEqual({ status: 200, missing: [] }),
      TAKEOVER_PATIENCE_MS,
    );
    const before = stream.acknowledged.size;
    await stream.more(20);
    await stream.stop();
    expect(stream.acknowledged.size).toBeGreaterThan(before);
    await expectExactlyOnce(ownerAccess(engines.connections), tenantId, stream, others);
  }, 180_000);
});

const onRedis = REDIS === undefined ? it.skip : it;
if (REDIS === undefined) console.warn("redis-server is not installed: roles are tried on the PostgreSQL queue alone.");

describe("REDIS_URL", () => {
  onRedis(
    "moves the queue to Redis with nothing else changed",
    async () => {
      const port = await freePort();
      const redis = spawn(
        REDIS ?? "",
        ["--port", String(port), "--dir", directory.path, "--save", "", "--appendonly", "yes"],
        {
          stdio: "ignore",
        },
      );
      const environment = { REDIS_URL: `redis://127.0.0.1:${port}` };
      await Promise.all(
        (["analytics", "worker"] as const).map(async (name) => {
          await roles.process(name).stop();
          roles.start([name], environment);
          await roles.ready([name]);
        }),
      );
      const { startQuery } = await eventually(() => graph.ask(startedShape, START, countNames()));
      await eventually(async () =>
        expect(await graph.tell("query($id: ID!) { job(id: $id) { state } }", { id: startQuery.job.id })).toMatchObject(
          { data: { job: { state: "SUCCEEDED" } } },
        ),
      );
      redis.kill("SIGKILL");
      await once(redis, "exit");
      await eventually(async () =>
        expect(await askReadiness(roles.url("worker"))).toEqual({ status: 503, missing: ["queue"] }),
      );
    },
    180_000,
  );

  it("SIGTERM ends every role with exit code 0, also one whose Redis is gone", async () => {
    const codes = await roles.stop();
    expect(Object.fromEntries(codes)).toEqual(
      Object.fromEntries([...ALL.filter((name) => name !== "ingest"), "second ingest"].map((name) => [name, 0])),
    );
  }, 60_000);
});
