import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { WebSocket } from "ws";
import { z } from "zod";
import { startEmbeddedProcess, type EmbeddedProcess } from "../testing/embedded-process.ts";
import { eventually } from "../testing/eventually.ts";
import { connectLive } from "../testing/live-client.ts";
import { makeTemporaryDirectory, type TemporaryDirectory } from "../testing/temporary-home.ts";

/** Milliseconds a test may take: its records pass the journal, the event log and both readers of it, on a busy machine. */
const PATIENCE_MS = 120_000;
const NAMES = { olap: "EveryOlap", live: "EveryLive", long: "EveryLong" };

const recordShape = z.object({
  executionId: z.string(),
  kind: z.string(),
  operationName: z.string().nullable(),
  fields: z.array(z.string()),
  objects: z.array(z.string()),
  transport: z.string(),
  clientAddress: z.string().nullable(),
  decision: z.string(),
  code: z.string().nullable(),
  traceId: z.string(),
  usage: z.object({ rowsRead: z.coerce.number(), events: z.coerce.number() }),
});
type AuditedRecord = z.infer<typeof recordShape>;
const logShape = z.object({ auditLog: z.object({ nodes: z.array(recordShape) }) });
// Looking is recorded too, so that records are looked for by what they are about.
const AUDIT = `query Audit($filter: AuditFilterInput) { auditLog(first: 1000, filter: $filter) { nodes {
  executionId kind operationName fields objects transport clientAddress decision code traceId usage { rowsRead events } } } }`;

const hoursShape = z.object({
  ledgerHours: z.array(z.object({ records: z.coerce.number(), rolledUp: z.coerce.number() })),
});
const LEDGER = `query Ledger($interval: UsageIntervalInput!) { ledgerHours(interval: $interval) { records rolledUp } }`;

const OLAP = `query ${NAMES.olap}($input: OlapInput!) { olap(input: $input) { rowCount } }`;
const HOUR_MS = 3_600_000;
const around = () => ({
  from: new Date(Date.now() - HOUR_MS).toISOString(),
  to: new Date(Date.now() + HOUR_MS).toISOString(),
});
const olapInput = () => ({ measures: [{ function: "COUNT" }], range: around() });

let directory: TemporaryDirectory;
let instance: EmbeddedProcess;

beforeAll(async () => {
  directory = await makeTemporaryDirectory();
  instance = await startEmbeddedProcess({ home: directory.home("home"), environment: { TRUSTED_PROXIES: "loopback" } });
}, 240_000);
afterAll(async () => {
  await instance?.process.stop();
  await directory?.remove();
}, 120_000);

const records = async (filter: Readonly<Record<string, string>> = {}): Promise<readonly AuditedRecord[]> =>
  (await instance.client.ask(logShape, AUDIT, { filter })).auditLog.nodes;
/** The one record of a filter; fails while there is none or more than one. */
const recordOf = (filter: Readonly<Record<string, string>>) =>
  eventually(async () => {
    const found = await records(filter);
    expect(found).toHaveLength(1);
    return found[0];
  });

describe("every execution, whatever surface it came by", () => {
  it(
    "leaves one record: events over REST, with how many were taken in",
    async () => {
      await instance.client.send([{ name: "a" }, { name: "b" }, { id: randomUUID(), name: "c" }]);
      expect(await recordOf({ kind: "INGEST" })).toMatchObject({
        operationName: "POST /api/v2/events",
        transport: "REST",
        clientAddress: "127.0.0.1",
        decision: "ALLOWED",
        usage: { events: 3 },
      });
    },
    PATIENCE_MS,
  );

  it(
    "leaves one record: a question of the graph, with what the store read for it",
    async () => {
      await instance.client.tell(OLAP, { input: olapInput() });
      const record = await recordOf({ field: "Query.olap" });
      expect(record).toMatchObject({ kind: "QUERY", fields: ["Query.olap"], transport: "HTTP", code: null });
      expect(record?.usage.rowsRead).toBeGreaterThan(0);
    },
    PATIENCE_MS,
  );

  it(
    "leaves one record: a refused one, with its code",
    async () => {
      await instance.client.tell(`query Refused { realtimeMetrics(timeframe: "soon") { events } }`);
      expect(await recordOf({ code: "BAD_USER_INPUT" })).toMatchObject({
        decision: "FAILED",
        operationName: "Refused",
        fields: ["Query.realtimeMetrics"],
      });
    },
    PATIENCE_MS,
  );

  it(
    "leaves one record: the REST surface, under the same trace",
    async () => {
      const answer = await instance.client.get("/api/v2/analytics/realtime/metrics?timeframe=5m");
      const traceId = answer.headers.get("x-trace-id") ?? "";
      expect(await recordOf({ traceId })).toMatchObject({
        transport: "REST",
        fields: ["Query.realtimeMetrics"],
        clientAddress: "127.0.0.1",
      });
    },
    PATIENCE_MS,
  );

  const [METRICS, QUERY] = ["/api/v2/analytics/realtime/metrics", "/api/v2/analytics/realtime/query"];
  const FOREIGN = "tenant_id=0190aaaa-0000-7000-8000-000000000002";
  it.each<[string, string, RequestInit, string, object]>([
    ["a bad parameter", `${METRICS}?timeframe=soon`, {}, "BAD_INPUT", { fields: ["Query.realtimeMetrics"] }],
    ["an unknown parameter", `${METRICS}?window=5m`, {}, "BAD_INPUT", { operationName: `GET ${METRICS}` }],
    ["another tenant", `${METRICS}?${FOREIGN}`, {}, "TENANT_MISMATCH", { fields: ["Query.realtimeMetrics"] }],
    ["a bad body", QUERY, { method: "POST", body: '{"measures":"PERSONAL"}' }, "BAD_INPUT", { fields: ["Query.olap"] }],
    ["a body that is no JSON", QUERY, { method: "POST", body: "{PERSONAL" }, "BAD_INPUT", { kind: "QUERY" }],
    ["no tenant in the path", "/api/v2/admin/tenants/PERSONAL/usage", {}, "BAD_INPUT", { fields: ["Query.usage"] }],
    [
      "a change of another tenant's limits",
      "/api/v2/admin/tenants/0190aaaa-0000-7000-8000-000000000002/limits",
      { method: "PUT", body: '{"limits":[{"metric":"jobs","scope":"tenant","hard":9}]}' },
      "TENANT_MISMATCH",
      { kind: "MUTATION", operationName: "PUT /api/v2/admin/tenants/{id}/limits" },
    ],
    [
      "events with a bad parameter",
      "/api/v2/events?outcomes=PERSONAL",
      { method: "POST" },
      "BAD_INPUT",
      { kind: "INGEST" },
    ],
  ])(
    "leaves one record: REST that is refused for %s, with its code and nothing of what was sent",
    async (_what, path, init, code, more) => {
      const headers = {
        authorization: `Bearer ${instance.client.apiKey}`,
        "content-type": "application/json",
        "x-forwarded-for": "203.0.113.9",
      };
      const answer = await fetch(`${instance.url}${path}`, { ...init, headers });
      const traceId = answer.headers.get("x-trace-id") ?? "";
      const record = await recordOf({ traceId });
      expect(record).toMatchObject({ transport: "REST", clientAddress: "203.0.113.9", code, ...more });
      expect(record?.decision).toBe(record?.kind === "INGEST" ? "FAILED" : "REFUSED");
      expect(JSON.stringify(record)).not.toContain("PERSONAL");
    },
    PATIENCE_MS,
  );

  it(
    "leaves one record: a stream of REST, with where its reader is",
    async () => {
      const headers = { authorization: `Bearer ${instance.client.apiKey}`, "x-forwarded-for": "203.0.113.10" };
      const socket = new WebSocket(`${instance.url.replace("http", "ws")}/api/v2/analytics/realtime/stream`, {
        headers,
      });
      await new Promise<void>((resolve) => {
        socket.on("message", (data: Buffer) => {
          if (data.toString("utf8").includes('"type":"metrics"')) resolve();
        });
      });
      socket.close();
      expect(await recordOf({ kind: "SUBSCRIPTION" })).toMatchObject({
        fields: ["Subscription.realtimeMetrics"],
        clientAddress: "203.0.113.10",
        decision: "ALLOWED",
      });
    },
    PATIENCE_MS,
  );

  it(
    "leaves one record: a stream of REST that is refused",
    async () => {
      const headers = { authorization: `Bearer ${instance.client.apiKey}` };
      const url = `${instance.url.replace("http", "ws")}/api/v2/analytics/realtime/stream?timeframe=soon`;
      const socket = new WebSocket(url, { headers });
      await new Promise((resolve) => socket.once("close", resolve));
      expect(await recordOf({ kind: "SUBSCRIPTION", code: "BAD_INPUT" })).toMatchObject({
        operationName: "GET /api/v2/analytics/realtime/stream",
        transport: "WEBSOCKET",
        decision: "REFUSED",
      });
    },
    PATIENCE_MS,
  );

  it(
    "leaves one record: a subscription, when it ends",
    async () => {
      const live = await connectLive(instance.url, instance.client.apiKey);
      const followed = live.follow(`subscription ${NAMES.live} { realtimeMetrics(timeframe: "PT5M") { events } }`);
      await followed.until((messages) => messages.length > 0);
      await live.close();
      await eventually(async () =>
        expect(await records({ kind: "SUBSCRIPTION" })).toContainEqual(
          expect.objectContaining({ operationName: NAMES.live, transport: "WEBSOCKET", decision: "ALLOWED" }),
        ),
      );
    },
    PATIENCE_MS,
  );

  it(
    "leaves one record: a long query beside the mutation that started it",
    async () => {
      const started = await instance.client.ask(
        z.object({ startQuery: z.object({ job: z.object({ id: z.string() }) }) }),
        `mutation ${NAMES.long}($input: StartQueryInput!) { startQuery(input: $input) { ... on QueryStarted { job { id } } } }`,
        { input: { olap: olapInput() } },
      );
      const { id } = started.startQuery.job;
      expect(await recordOf({ kind: "JOB" })).toMatchObject({
        executionId: id,
        objects: [id],
        decision: "ALLOWED",
      });
      expect(await recordOf({ kind: "MUTATION", decision: "ALLOWED" })).toMatchObject({ kind: "MUTATION" });
    },
    PATIENCE_MS,
  );

  it(
    "is in the ledger as often as in the audit log, and the log verifies",
    async () => {
      const interval = around();
      await eventually(async () => {
        const { ledgerHours } = await instance.client.ask(hoursShape, LEDGER, { interval });
        const audited = await records();
        const kept = ledgerHours.reduce((sum, hour) => sum + hour.records, 0);
        expect(ledgerHours.reduce((sum, hour) => sum + hour.rolledUp, 0)).toBe(kept);
        // Asking the ledger is recorded as well, before the audit log is asked.
        expect(audited.length - kept).toBeGreaterThanOrEqual(0);
        expect(audited.length - kept).toBeLessThanOrEqual(2);
      });
      const { data } = await instance.client.tell("{ verifyAudit { __typename } }");
      expect(data).toMatchObject({ verifyAudit: { __typename: "AuditVerified" } });
    },
    PATIENCE_MS,
  );
});
