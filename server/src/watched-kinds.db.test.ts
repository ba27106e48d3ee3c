import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it, jest } from "@jest/globals";
import type { ExecutionRecorded } from "@tessera/contracts/events/execution-recorded";
import { executionEntry } from "@tessera/platform/executions/execution-record";
import type { Subgraph } from "@tessera/platform/graphql/subgraph";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { testEngines } from "@tessera/platform/testing/engines";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { z } from "zod";
import { createAskAnalytics } from "./ask-analytics.ts";
import { createAskExecutions } from "./ask-executions.ts";
import { connectInProcess } from "./graph-connections.ts";
import { openResources, type OpenResources } from "./open-resources.ts";
import { createSubgraph } from "./subgraphs.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(180_000);

const HOUR_MS = 3_600_000;
const START_MS = Date.parse("2026-10-10T00:00:00Z");
const hour = (count: number): string => new Date(START_MS + count * HOUR_MS).toISOString();
const inStore = (ms: number): string => new Date(ms).toISOString().replace("T", " ").replace("Z", "");

const tenantId = freshTenantId();
const caller = callerWith(tenantId, [
  ...(["anomaly:read", "anomaly:manage", "analytics:read", "cohorts:manage", "audit:read"] as const),
]);

let test: TestResources;
let opened: OpenResources;
let rooms: Readonly<Record<"analytics" | "anomaly" | "governance", Subgraph>>;
beforeAll(async () => {
  test = openTestResources();
  const { logger } = test.resources;
  const { postgres, clickhouse } = testEngines();
  const access = (username: keyof typeof clickhouse.passwords) => ({
    ...{ url: clickhouse.url, username, password: clickhouse.passwords[username] },
  });
  const [reader, writer, jobs] = [access("tessera_reader"), access("tessera_writer"), access("tessera_jobs")];
  const queue = { backend: "postgres", url: postgres.queueUrl } as const;
  opened = openResources({ appUrl: postgres.appUrl, queue, reader, writer, jobs }, test.resources);
  const room = (name: "analytics" | "anomaly" | "governance") =>
    createSubgraph(name, opened, {
      ingest: { ingest: () => Promise.reject(new Error("Nothing is ingested here.")) },
      apiKeyPepper: "a pepper for tests, long enough to be one",
      auditSecrets: ["a secret of at least thirty-two characters"],
    });
  rooms = { analytics: room("analytics"), anomaly: room("anomaly"), governance: room("governance") };
  opened.knowAnalytics(createAskAnalytics(connectInProcess(rooms.analytics, logger)));
  opened.knowExecutions(createAskExecutions(connectInProcess(rooms.governance, logger)));
  for (const part of rooms.governance.background) await part.start();
});
afterAll(async () => {
  for (const part of rooms.governance.background) await part.stop();
  await opened.close();
  await test.close();
});

const SIMULATE = `query ($draft: CreateRuleInput, $from: DateTime!, $to: DateTime!) {
  result: simulateRule(draft: $draft, from: $from, to: $to) { episodes { group { name value } from until } } }`;
const simulated = z.object({
  result: z.object({
    episodes: z.array(
      z.object({
        group: z.array(z.object({ name: z.string(), value: z.string().nullable() })),
        ...{ from: z.string(), until: z.string().nullable() },
      }),
    ),
  }),
});
/** What a rule over a question would have said of eight hours: where each of its alerts began. */
const alertsOf = async (question: object, name: string, high: number) => {
  const draft = {
    ...{ name: "watched", question: { question, value: { name }, granularity: "HOUR" } },
    detector: { static: { side: "ABOVE", high } },
  };
  const answer = await askSubgraph(rooms.anomaly, caller, SIMULATE, { draft, from: hour(0), to: hour(8) });
  expect(answer.errors).toBeUndefined();
  return simulated.parse(answer.data).result.episodes.map(({ group, from }) => [group[0]?.value ?? null, from]);
};

it("Rules watch what is expected of events, by expectation, and how far scores have drifted", async () => {
  // Every two minutes a score, 0 to 2 in turn; from the fifth hour on all are 9, and one event has no country.
  const values = Array.from({ length: 32 * 30 }, (_, at) => {
    const ms = START_MS - 24 * HOUR_MS + at * (HOUR_MS / 30);
    const late = ms >= START_MS + 5 * HOUR_MS;
    return {
      ...{
        tenant_id: tenantId,
        event_id: randomUUID(),
        batch_id: randomUUID(),
        batch_row: 0,
        sequence: at,
        name: "scored",
      },
      ...{ time: inStore(ms), received_at: inStore(ms), country: at === 24 * 30 + 75 ? "" : "DE", schema_version: 1 },
      ...{ synthetic: false, properties: { score: late ? 9 : at % 3 } },
    };
  });
  await test.writer.insert({ table: "events", format: "JSONEachRow", values });
  const expect_ = [
    { name: "country there", present: { field: "country" } },
    { name: "score in range", valid: { field: "properties.score", gte: 0, lte: 9 } },
  ];
  const range = { from: hour(0), to: hour(8) };
  expect(await alertsOf({ eventQuality: { range, expect: expect_ } }, "failed", 0)).toEqual([
    ["country there", hour(2)],
  ]);
  const drift = {
    ...{ range, field: "properties.score", kind: "NUMERIC", minSamples: 20 },
    reference: { from: hour(-24), to: hour(0) },
  };
  expect(await alertsOf({ drift }, "psi", 0.25)).toEqual([[null, hour(5)]]);
});

it("Rules watch by how many executions of an operation the service failed, and need to be allowed to know", async () => {
  const done = (operationName: string, at: number, code: string | null): ExecutionRecorded => ({
    ...{ executionId: randomUUID(), tenantId, subject: { kind: "API_KEY", id: "0".repeat(16) }, grantId: null },
    ...{ kind: "QUERY", operationName, documentId: null, fields: ["Query.olap"], objects: [], transport: "http" },
    ...{ clientAddress: null, decision: code === null ? "ALLOWED" : "FAILED", code, traceId: "0".repeat(32) },
    usage: {
      ...{ costPoints: 1, rowsRead: 1, bytesRead: 1, storeMs: 1, elapsedMs: 5, responseBytes: 1, events: 0 },
      subscriptionSeconds: 0,
    },
    startedAtMs: START_MS + at * HOUR_MS + 1,
  });
  const executions = Array.from({ length: 8 }, (_, at) => [
    ...[done("Sales", at, null), done("Sales", at, at === 4 ? "INTERNAL" : null)],
    // What was asked wrongly is no failure of the service.
    ...[done("Signups", at, "BAD_INPUT"), done("Signups", at, null)],
  ]).flat();
  await opened.resources.eventLog.append(executions.map(executionEntry));
  const apiExecutions = { range: { from: hour(0), to: hour(8) }, by: "OPERATION" };
  const recorded = async (): Promise<number> =>
    (await test.owner.query("SELECT 1 FROM audit_record WHERE tenant_id = $1", [tenantId])).rows.length;
  while ((await recorded()) < executions.length) await new Promise((wake) => setTimeout(wake, 50));
  expect(await alertsOf({ apiExecutions }, "serverErrorShare", 0.4)).toEqual([["Sales", hour(4)]]);
  expect(await alertsOf({ apiExecutions }, "failedShare", 0.4)).toEqual([
    ["Signups", hour(0)],
    ["Sales", hour(4)],
  ]);
  const stranger = callerWith(tenantId, ["analytics:read"]);
  const question = { apiExecutions };
  const input = { question, from: hour(0), to: hour(8), granularity: "HOUR" };
  const WATCH = "query ($input: WatchedSeriesInput!) { watchedSeries(input: $input) { seriesCount } }";
  const { errors } = await askSubgraph(rooms.analytics, stranger, WATCH, { input });
  expect(errors?.[0]).toMatchObject({ extensions: { code: "FORBIDDEN", permission: "audit:read" } });
});

it("Rules watch how large a cohort was computed to be", async () => {
  const made = await askSubgraph(
    rooms.analytics,
    caller,
    `mutation { createCohort(input: { name: "watched", definition: { did: { event: {} } } }) { ... on CohortSaved { cohort { id } } } }`,
  );
  const { id } = z.object({ createCohort: z.object({ cohort: z.object({ id: z.string() }) }) }).parse(made.data)
    .createCohort.cohort;
  // Its history as it would be kept: computed at the end of each hour, once far larger.
  for (let at = 0; at <= 8; at += 1)
    await test.owner.query(
      "INSERT INTO cohort_size (tenant_id, cohort_id, as_of, version, size, entered, departed) VALUES ($1, $2, $3, 1, $4, 0, 0)",
      [tenantId, id, hour(at), at === 6 ? 100 : 10],
    );
  const cohortSizes = { cohort: id, range: { from: hour(0), to: hour(8) } };
  expect(await alertsOf({ cohortSizes }, "size", 50)).toEqual([[null, hour(5)]]);
});
