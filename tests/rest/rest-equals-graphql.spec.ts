import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { WebSocket } from "ws";
import { z } from "zod";
import { arrowRows } from "../../rest-bridge/src/testing/arrow-rows.ts";
import { openSocket } from "../../rest-bridge/src/testing/running-bridge.ts";
import { inRestWords, OLAP, olapShape, plain, timeless } from "./graph-words.ts";
import { startInstance, type TestInstance } from "../testing/instance.ts";

const METRICS = "/api/v2/analytics/realtime/metrics";
const QUERY = "/api/v2/analytics/realtime/query";
const STREAM = "/api/v2/analytics/realtime/stream";
/** Points per window: enough for this file's few operations until one test spends the rest of a key of its own. */
const RATE_BUDGET = "20000";

jest.setTimeout(30_000);

let instance: TestInstance;
const range = {
  from: new Date(Date.now() - 3 * 86_400_000).toISOString(),
  to: new Date(Date.now() + 3_600_000).toISOString(),
};

const authorized = (apiKey = instance.apiKey) => ({
  authorization: `Bearer ${apiKey}`,
  "content-type": "application/json",
});
const rest = async (path: string, body?: unknown, headers: Record<string, string> = {}) => {
  const answer = await fetch(`${instance.url}${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { ...authorized(), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const parsed: unknown = await answer.json();
  return { status: answer.status, headers: answer.headers, body: z.record(z.string(), z.unknown()).parse(parsed) };
};
const graph = async (query: string, variables: Record<string, unknown> = {}): Promise<Record<string, unknown>> => {
  const answer = await fetch(`${instance.url}/graphql`, {
    method: "POST",
    headers: authorized(),
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = z
    .object({ data: z.record(z.string(), z.unknown()).nullish(), errors: z.unknown().optional() })
    .parse(await answer.json());
  if (data === null || data === undefined || errors !== undefined) throw new Error(JSON.stringify(errors));
  return data;
};

const store = async (events: readonly Record<string, unknown>[], apiKey?: string): Promise<void> => {
  const answer = await fetch(`${instance.url}/api/v2/events`, {
    method: "POST",
    headers: authorized(apiKey),
    body: JSON.stringify(events),
  });
  expect([answer.status, await answer.json()]).toEqual([200, expect.objectContaining({ accepted: events.length })]);
};

const makeKey = async (permissions: readonly string[], expiresAt: string | null = null): Promise<string> => {
  const made = await graph(
    `mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { __typename ... on ApiKeyCreated { secret } } }`,
    { input: { name: `spec ${randomUUID()}`, permissions, expiresAt } },
  );
  return z.object({ createApiKey: z.object({ secret: z.string() }) }).parse(made).createApiKey.secret;
};

beforeAll(async () => {
  instance = await startInstance({ GATEWAY_RATE_BUDGET: RATE_BUDGET });
  const day = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString();
  await store([
    { id: randomUUID(), name: "page_view", userId: "ada", utmSource: "mail", country: "DE" },
    { id: randomUUID(), name: "page_view", userId: "bob", country: "FR", properties: { load_ms: 120 } },
    { id: randomUUID(), name: "purchase", userId: "ada", revenue: "12.50", currency: "EUR", country: "DE" },
    {
      id: randomUUID(),
      name: "purchase",
      userId: "eve",
      revenue: "0.10",
      currency: "EUR",
      sessionId: "s1",
      time: day(1),
    },
    { id: randomUUID(), name: "page_view", anonymousId: "x", utmSource: "ads", time: day(2) },
  ]);
}, 120_000);
afterAll(() => instance?.stop(), 60_000);

describe("REST answers what GraphQL answers", () => {
  it("for the metrics of the present moment", async () => {
    const { body, status } = await rest(`${METRICS}?timeframe=24h&tenant_id=${instance.tenantId}`);
    const { realtimeMetrics } = await graph(`{ realtimeMetrics(timeframe: "PT24H") {
      timeframe from to events users sessions revenue { currency amount } topNames { name events users } eventsPerSecond
      series { bucketWidth buckets events users } asOf cursor provenance { asOf freshness cache exactness relativeError
        approximations { column method relativeError } tables { table from to } rejectedTables { table reason } rowsRead bytesRead elapsedMs timeZone peopleVersion
          sampling { reason fraction sampledPersons confidence exactRows rowsLeft quota } rowsFilteredBy maskedColumns
          projections { table name } definitions { kind name version } cohorts { id name version asOf basis named } quality { verdict expectations testedAt failing { id name version event share atLeast testedAt } } }
    } }`);
    expect(status).toBe(200);
    expect(timeless(body)).toEqual(timeless(inRestWords(realtimeMetrics)));
    expect(body).toMatchObject({ events: 3, users: 2, revenue: [{ currency: "EUR", amount: "12.5" }] });
    expect(Object.keys(body).toSorted()).toEqual(
      Object.keys(z.record(z.string(), z.unknown()).parse(inRestWords(realtimeMetrics))).toSorted(),
    );
  });

  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    [
      "columns of every type",
      {
        dimensions: ["country"],
        measures: [
          { function: "count" },
          { function: "sum", of: "revenue", currency: "EUR" },
          { function: "quantiles", of: "properties.load_ms", levels: [0.5], exact: true },
        ],
      },
      {
        dimensions: ["country"],
        measures: [
          { function: "COUNT" },
          { function: "SUM", of: "revenue", currency: "EUR" },
          { function: "QUANTILES", of: "properties.load_ms", levels: [0.5], exact: true },
        ],
      },
    ],
    [
      "calendar buckets in a zone",
      {
        granularity: "day",
        time_zone: "Europe/Berlin",
        measures: [{ function: "uniques", of: "persons", exact: true, name: "people" }],
      },
      {
        granularity: "DAY",
        timeZone: "Europe/Berlin",
        measures: [{ function: "UNIQUES", of: "persons", exact: true, name: "people" }],
      },
    ],
    [
      "filters, order and limit",
      {
        dimensions: ["name", "utm_source"],
        filters: [{ field: "utm_source", exists: true }, { not: { field: "country", in: ["FR"] } }],
        measures: [{ function: "count" }],
        order_by: [{ column: "utm_source", direction: "asc" }],
        limit: 1,
      },
      {
        dimensions: ["name", "utmSource"],
        filter: { and: [{ field: "utmSource", exists: true }, { not: { field: "country", in: ["FR"] } }] },
        measures: [{ function: "COUNT" }],
        orderBy: [{ column: "utmSource", direction: "ASC" }],
        limit: 1,
      },
    ],
    [
      "a range up to now, filled buckets and parts of fields",
      {
        range: { calendar: { unit: "day", count: 2, ending: "now", time_zone: "UTC" } },
        ...{ granularity: "day", fill: "previous", dimensions: ["time.day_of_week"] },
        measures: [{ function: "count" }],
        pivot: { by: ["utm_source"], max_columns: 1 },
      },
      {
        range: { calendar: { unit: "DAY", count: 2, ending: "NOW", timeZone: "UTC" } },
        ...{ granularity: "DAY", fill: "PREVIOUS", dimensions: ["time.dayOfWeek"] },
        measures: [{ function: "COUNT" }],
        pivot: { by: ["utmSource"], maxColumns: 1 },
      },
    ],
  ])("for a grouped question with %s", async (_what, question, input) => {
    const asked = olapShape.parse((await graph(OLAP, { input: { range, ...input } }))["olap"]);
    const [columns, totals] = [plain(asked.columns), plain(asked.totals)];
    const inColumns = await rest(QUERY, { range, ...question, format: "columns" });
    expect(inColumns).toMatchObject({
      status: 200,
      body: {
        columns,
        totals: Object.fromEntries(totals.map(({ name, values }) => [name, values[0]])),
        row_count: asked.rowCount,
        has_more: asked.hasMore,
        provenance: inRestWords(asked.provenance),
      },
    });
    const inRows = await rest(QUERY, { range, ...question });
    expect(inRows.body["rows"]).toEqual(
      Array.from({ length: asked.rowCount }, (_row, place) =>
        Object.fromEntries(columns.map(({ name, values }) => [name, values[place]])),
      ),
    );
    expect(asked.rowCount).toBeGreaterThan(0);
  });

  it("for all rows of a question, as lines and as an Arrow stream", async () => {
    const question = { range, dimensions: ["name", "utm_source"], measures: [{ function: "count" }] };
    const input = { range, dimensions: ["name", "utmSource"], measures: [{ function: "COUNT" }] };
    const asked = olapShape.parse((await graph(OLAP, { input }))["olap"]);
    const columns = plain(asked.columns);
    const rows = Array.from({ length: asked.rowCount }, (_row, place) =>
      Object.fromEntries(columns.map(({ name, values }) => [name, values[place]])),
    );
    const init = { method: "POST", headers: authorized(), body: JSON.stringify(question) };
    const streamed = (format: string) => fetch(`${instance.url}/api/v2/analytics/query/${format}`, init);
    const lines = (await (await streamed("ndjson")).text()).trimEnd().split("\n");
    expect(lines.map((line): unknown => JSON.parse(line))).toEqual(rows);
    const batches = arrowRows(await (await streamed("arrow")).arrayBuffer());
    expect(batches.map((row) => ({ ...row, count: Number(row["count"]) }))).toEqual(rows);
    expect(rows.length).toBeGreaterThan(2);
  });

  it("for what it can't answer: the same code, said as a problem", async () => {
    const wrong = { range, measures: [{ function: "sum", of: "load_ms" }] };
    const { status, body } = await rest(QUERY, wrong);
    expect({ status, code: body["code"], field: body["field"] }).toEqual({
      status: 400,
      code: "BAD_INPUT",
      field: "measures.0.of",
    });
    await expect(
      graph(`query($input: OlapInput!) { olap(input: $input) { rowCount } }`, {
        input: { range, measures: [{ function: "SUM", of: "loadMs" }] },
      }),
    ).rejects.toThrow("BAD_INPUT");
  });
});

describe("REST refuses what GraphQL refuses, with a problem", () => {
  it.each<[string, string, unknown, Record<string, string>, number, string]>([
    [
      "another tenant",
      `${METRICS}?tenant_id=00000000-0000-4000-8000-000000000000`,
      undefined,
      {},
      403,
      "TENANT_MISMATCH",
    ],
    ["a tenant that is none", `${METRICS}?tenant_id=1`, undefined, {}, 400, "BAD_INPUT"],
    ["no credential", METRICS, undefined, { authorization: "" }, 401, "UNAUTHENTICATED"],
    ["a mistyped credential", METRICS, undefined, { authorization: "Bearer tsr_live_x" }, 401, "UNAUTHENTICATED"],
    ["a window that is too long", `${METRICS}?timeframe=25h`, undefined, {}, 400, "BAD_INPUT"],
    ["an unknown place", "/api/v2/analytics/realtime/nothing", undefined, {}, 404, "NOT_FOUND"],
    ["the wrong method", METRICS, {}, {}, 405, "METHOD_NOT_ALLOWED"],
    ["HTML", METRICS, undefined, { accept: "text/html" }, 406, "NOT_ACCEPTABLE"],
    ["a body that is too large", QUERY, { range, measures: [], x: "x".repeat(300_000) }, {}, 413, "PAYLOAD_TOO_LARGE"],
    ["another media type", QUERY, {}, { "content-type": "text/csv" }, 415, "UNSUPPORTED_MEDIA_TYPE"],
  ])("%s", async (_what, path, body, headers, status, code) => {
    const answer = await rest(path, body, headers);
    expect(answer).toMatchObject({ status, body: { type: `urn:tessera:error:${code}`, status, code } });
    expect(answer.headers.get("content-type")).toContain("application/problem+json");
    expect(answer.body["traceId"]).toBe(answer.headers.get("x-trace-id"));
  });

  it("a key without the permission", async () => {
    const key = await makeKey(["analytics:ingest"]);
    expect(await rest(METRICS, undefined, { authorization: `Bearer ${key}` })).toMatchObject({
      status: 403,
      body: { code: "FORBIDDEN" },
    });
  });

  it("a key that spent its budget, with what is left and when to come again", async () => {
    const authorization = `Bearer ${await makeKey(["analytics:read"])}`;
    const question = { range, measures: [{ function: "count" }], limit: 10_000, format: "columns" };
    let answer = await rest(QUERY, question, { authorization });
    expect(answer.headers.get("ratelimit-policy")).toContain(`q=${RATE_BUDGET}`);
    for (let asked = 0; asked < 500 && answer.status === 200; asked += 1)
      answer = await rest(QUERY, question, { authorization });
    expect(answer).toMatchObject({ status: 429, body: { code: "RATE_LIMITED" } });
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(answer.headers.get("ratelimit")).toContain('"cost";r=');
  }, 60_000);
});

describe("the stream", () => {
  const connect = (search = "", apiKey = instance.apiKey) =>
    openSocket(
      new WebSocket(`${instance.url.replace("http", "ws")}${STREAM}${search}`, {
        headers: { authorization: `Bearer ${apiKey}` },
      }),
    );
  const data = (message: Record<string, unknown>) =>
    z.object({ events: z.number(), cursor: z.string() }).loose().parse(message["data"]);

  it("tells the present at once and each change after, as GraphQL would; after a cut it goes on with everything that was missed", async () => {
    const first = connect("?timeframe=1h");
    const before = data(await first.next("metrics"));
    await store([{ id: randomUUID(), name: "signup", userId: "grace" }]);
    const seen = data(await first.next("metrics"));
    expect(seen.events).toBe(before.events + 1);
    first.socket.terminate();

    await store([
      { id: randomUUID(), name: "signup", userId: "joan" },
      { id: randomUUID(), name: "signup", userId: "mary" },
    ]);
    const second = connect(`?timeframe=1h&cursor=${encodeURIComponent(seen.cursor)}`);
    const resumed = data(await second.next("metrics"));
    expect(resumed.events).toBe(seen.events + 2);
    expect(resumed.cursor).not.toBe(seen.cursor);
    const { body } = await rest(`${METRICS}?timeframe=1h`);
    expect(timeless(body)).toEqual(timeless(resumed));
    second.socket.close();
  }, 60_000);

  it("closes with 4403 when its key expires", async () => {
    const key = await makeKey(["analytics:read"], new Date(Date.now() + 4_000).toISOString());
    const stream = connect("", key);
    await stream.next("metrics");
    expect((await stream.closed).code).toBe(4403);
  }, 30_000);

  it("does not open for a key that may not read: the problem, then 4403", async () => {
    const stream = connect("", await makeKey(["analytics:ingest"]));
    expect((await stream.closed).code).toBe(4403);
    expect(stream.messages.at(-1)).toMatchObject({ type: "error", problem: { code: "FORBIDDEN" } });
  }, 30_000);

  it("refuses a credential in the address with 400", async () => {
    expect(await connect(`?token=${instance.apiKey}`).refused).toBe(400);
  });
});
