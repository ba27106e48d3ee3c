import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import { parseBatchId, parseEventId, type TenantId } from "@tessera/contracts/ids";
import type { IngestPort } from "@tessera/contracts/ingest";
import type { Permission } from "@tessera/contracts/permissions";
import type { Subgraph } from "@tessera/platform/graphql/subgraph";
import type { EventStore } from "@tessera/platform/store/event-store";
import { newTraceId } from "@tessera/platform/telemetry/trace-context";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { parse, subscribe } from "graphql";
import { z } from "zod";
import { buildAnalytics, type TestAnalytics } from "../testing/build-analytics.ts";
import { storeAndTell, storeEvents, type TestEvent } from "../testing/test-events.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(120_000);

const NOW = Date.UTC(2026, 10, 20, 12, 30, 15);
const ALL: readonly Permission[] = ["analytics:read", "analytics:ingest", "analytics:personal-data"];

/** The clock stands still, except where a test is about time going on. */
let ticksMs = (): number => 0;
let world: TestResources;
let analytics: TestAnalytics;
let subgraph: Subgraph;
/** Statements the subgraph sent to the event store. */
let statements: string[] = [];
/** What the write path is given, and what it answers. */
let ingest: IngestPort["ingest"] = () => Promise.resolve({ accepted: 0, duplicate: 0, rejected: 0, outcomes: [] });

const counting = (store: EventStore): EventStore => ({
  ...store,
  query: (tenantId, statement, parseRow, options) => {
    statements.push(statement.name);
    return store.query(tenantId, statement, parseRow, options);
  },
});

beforeAll(async () => {
  world = openTestResources({ nowMs: () => NOW + ticksMs() });
  await world.resources.eventLog.start();
  const resources = { ...world.resources, eventStore: counting(world.resources.eventStore) };
  analytics = buildAnalytics(resources, { ingest: (caller, events) => ingest(caller, events) });
  subgraph = analytics.subgraph;
});
afterAll(async () => {
  await analytics.close();
  await world.resources.eventLog.stop();
  await world.close();
});

const ask = (caller: Caller, source: string, variables: Record<string, unknown> = {}) =>
  askSubgraph(subgraph, caller, source, variables);

const sale = (secondsAgo: number, rest: Partial<TestEvent> = {}): TestEvent => ({
  id: randomUUID(),
  name: "buy",
  timeMs: NOW - secondsAgo * 1_000,
  userId: "u1",
  sessionId: "s1",
  revenue: "1.10",
  currency: "EUR",
  ...rest,
});

const stored = async (events: readonly TestEvent[]): Promise<TenantId> => {
  const tenantId = freshTenantId();
  await storeEvents(world.writer, tenantId, events);
  return tenantId;
};

const METRICS = `query ($timeframe: Duration! = "PT5M") { realtimeMetrics(timeframe: $timeframe) {
  events users sessions revenue { currency amount } topNames(first: 1) { name events users } eventsPerSecond
  series { bucketWidth buckets events } provenance { exactness tables { table } rejectedTables { table reason } } } }`;

describe("realtimeMetrics", () => {
  const events = [
    sale(1),
    sale(2, { userId: "u2", revenue: "2" }),
    sale(200, { name: "view", currency: "USD" }),
    sale(301),
    sale(-5),
  ];

  test("counts the events of the half-open timeframe before now, and nothing else", async () => {
    const tenantId = await stored(events);
    const answer = await ask(callerWith(tenantId, ALL), METRICS);
    expect(answer.errors).toBeUndefined();
    expect(answer.data?.["realtimeMetrics"]).toMatchObject({
      events: 3,
      users: 2,
      sessions: 1,
      revenue: [
        { currency: "EUR", amount: "3.1" },
        { currency: "USD", amount: "1.1" },
      ],
      topNames: [{ name: "buy", events: 2, users: 2 }],
      eventsPerSecond: 0.01,
      series: { bucketWidth: "PT5S" },
      provenance: { exactness: "APPROXIMATE", tables: [{ table: "events" }] },
    });
  });

  test("a day's timeframe reads whole hours from the rollup and both ends from single events, with the same result", async () => {
    const hours = Array.from({ length: 96 }, (_event, index) => sale(index * 900 + 1, { userId: `u${index % 9}` }));
    const answer = await ask(callerWith(await stored(hours), ALL), METRICS, { timeframe: "PT24H" });
    expect(answer.data?.["realtimeMetrics"]).toMatchObject({
      events: 96,
      users: 9,
      revenue: [{ currency: "EUR", amount: "105.6" }],
      provenance: {
        tables: [{ table: "events" }, { table: "rollup_hour_name" }, { table: "events" }],
        rejectedTables: [],
      },
    });
  });

  test.each(["PT0.5S", "PT25H", "P1M", "PT"])("refuses the timeframe %s", async (timeframe) => {
    const answer = await ask(callerWith(freshTenantId(), ALL), METRICS, { timeframe });
    expect(answer.errors?.[0]?.extensions?.["code"]).toMatch(/^BAD_(USER_)?INPUT$/);
  });

  test("the subscription gives the metrics at once and again when a stored batch changes them", async () => {
    const startedMs = performance.now();
    ticksMs = () => Math.floor(performance.now() - startedMs);
    const tenantId = freshTenantId();
    const contextValue = subgraph.contextFor({ caller: callerWith(tenantId, ALL), traceId: newTraceId() });
    const document = parse(`subscription { realtimeMetrics { events cursor } }`);
    const stream = await subscribe({ schema: subgraph.schema, document, contextValue });
    if (!(Symbol.asyncIterator in stream)) throw new Error(JSON.stringify(stream.errors));
    const first = await stream.next();
    expect(first.value?.data).toMatchObject({ realtimeMetrics: { events: 0 } });
    await storeAndTell({ writer: world.writer, eventLog: world.resources.eventLog }, tenantId, [sale(1)]);
    const second = await stream.next();
    expect(second.value?.data).toMatchObject({ realtimeMetrics: { events: 1 } });
    await stream.return?.();
    await expect(stream.next()).resolves.toMatchObject({ done: true });
    ticksMs = () => 0;
  });
});

describe("Event", () => {
  test("a list of 50 references costs one statement, and unknown and foreign ids are null", async () => {
    const events = Array.from({ length: 50 }, (_event, index) => sale(index));
    const tenantId = await stored(events);
    const foreign = sale(1);
    await storeEvents(world.writer, freshTenantId(), [foreign]);
    const ids = [...events.map(({ id }) => id), foreign.id, randomUUID(), "no uuid"];
    statements = [];
    const answer = await ask(
      callerWith(tenantId, ALL),
      `query ($refs: [_Any!]!) { _entities(representations: $refs) { ... on Event { id tenant { id } } } }`,
      { refs: ids.map((id) => ({ __typename: "Event", id })) },
    );
    expect(answer.errors).toBeUndefined();
    expect(answer.data?.["_entities"]).toEqual([
      ...events.map(({ id }) => ({ id, tenant: { id: tenantId } })),
      null,
      null,
      null,
    ]);
    expect(statements).toEqual(["events-by-id"]);
  });

  test("carries everything that was sent, and null for what was not", async () => {
    const event = sale(1, {
      properties: { plan: "pro", cart: { total: 3 }, at: "2026-01-01T00:00:00Z" },
      qualityFlags: ["LATE"],
    });
    const tenantId = await stored([event]);
    const answer = await ask(
      callerWith(tenantId, ALL),
      `query ($id: ID!) { event(id: $id) { id name time userId anonymousId country revenue currency schemaVersion synthetic qualityFlags properties } }`,
      { id: event.id },
    );
    expect(answer.data?.["event"]).toEqual({
      id: event.id,
      name: "buy",
      time: new Date(event.timeMs).toISOString(),
      userId: "u1",
      anonymousId: null,
      country: null,
      revenue: "1.1",
      currency: "EUR",
      schemaVersion: 1,
      synthetic: false,
      qualityFlags: ["LATE"],
      properties: { plan: "pro", cart: { total: 3 }, at: "2026-01-01T00:00:00Z" },
    });
  });

  test("another tenant's event and one that never was look the same", async () => {
    const event = sale(1);
    await stored([event]);
    const caller = callerWith(freshTenantId(), ALL);
    const query = `query ($id: ID!) { event(id: $id) { id } }`;
    const answers = [await ask(caller, query, { id: event.id }), await ask(caller, query, { id: randomUUID() })];
    expect(answers).toEqual([{ data: { event: null } }, { data: { event: null } }]);
  });
});

const page = z.object({
  edges: z.array(z.object({ node: z.object({ id: z.string() }) })),
  pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
});

describe("events", () => {
  test("pages give every event once, newest first, also among events of the same moment", async () => {
    const events = Array.from({ length: 25 }, (_event, index) => sale(Math.floor(index / 5) * 4_000));
    const caller = callerWith(await stored(events), ALL);
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const answer = await ask(
        caller,
        `query ($after: Cursor) { events(first: 4, after: $after) { edges { node { id } } pageInfo { hasNextPage endCursor } } }`,
        { after },
      );
      const { edges, pageInfo } = page.parse(answer.data?.["events"]);
      seen.push(...edges.map(({ node }) => node.id));
      after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
    } while (after !== null);
    const timeOf = new Map(events.map(({ id, timeMs }) => [id, timeMs]));
    expect(seen.toSorted()).toEqual(events.map(({ id }) => id).toSorted());
    const times = seen.map((id) => timeOf.get(id) ?? 0);
    expect(times).toEqual(times.toSorted((a, b) => b - a));
  });

  test("pages within a range begin before its end and end at its start", async () => {
    const events = Array.from({ length: 12 }, (_event, index) => sale(index * 1_800));
    const caller = callerWith(await stored(events), ALL);
    const range = { from: new Date(NOW - 5 * 3_600_000).toISOString(), to: new Date(NOW - 3_600_000).toISOString() };
    const inside = events.filter(({ timeMs }) => timeMs >= Date.parse(range.from) && timeMs < Date.parse(range.to));
    for (const first of [1, 3, inside.length, 50]) {
      const answer = await ask(
        caller,
        `query ($range: TimeRangeInput, $first: Int!) { events(range: $range, first: $first) { edges { node { id } } pageInfo { hasNextPage endCursor } } }`,
        { range, first },
      );
      const { edges, pageInfo } = page.parse(answer.data?.["events"]);
      expect(edges.map(({ node }) => node.id)).toEqual(inside.slice(0, first).map(({ id }) => id));
      expect(pageInfo.hasNextPage).toBe(first < inside.length);
    }
  });

  test("a page is bounded", async () => {
    const answer = await ask(callerWith(freshTenantId(), ALL), `{ events(first: 1001) { edges { cursor } } }`);
    expect(answer.errors?.[0]?.extensions).toMatchObject({ code: "BAD_INPUT", field: "first" });
  });
});

describe("permissions", () => {
  test.each([
    [
      "Query.olap",
      `{ olap(input: {range: {from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z"}, measures: [{function: COUNT}]}) { rowCount } }`,
    ],
    ["Query.events", `{ events { edges { cursor } } }`],
    ["Mutation.ingestEvents", `mutation { ingestEvents(input: [{name: "a"}]) { accepted } }`],
  ])("%s is refused to a caller without its permission", async (_field, source) => {
    const answer = await ask(callerWith(freshTenantId(), ["tenant:read"]), source);
    expect(answer.errors?.[0]?.extensions?.["code"]).toBe("FORBIDDEN");
  });

  test("an entity reference does not open events to a caller who may not read them", async () => {
    const event = sale(1);
    const tenantId = await stored([event]);
    const answer = await ask(
      callerWith(tenantId, ["anomaly:read"]),
      `query ($refs: [_Any!]!) { _entities(representations: $refs) { ... on Event { name } } }`,
      { refs: [{ __typename: "Event", id: event.id }] },
    );
    expect(answer.errors?.[0]?.extensions?.["code"]).toBe("FORBIDDEN");
    expect(JSON.stringify(answer.data)).not.toContain("buy");
  });

  test.each([
    ["a dimension", `dimensions: ["userId"]`],
    ["a filter", `filter: {not: {field: "anonymousId", startsWith: "a"}}`],
  ])("personal data as %s needs its own permission", async (_use, part) => {
    const source = `{ olap(input: {range: {from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z"}, measures: [{function: COUNT}], ${part}}) { rowCount } }`;
    const [without, allowed] = [
      await ask(callerWith(freshTenantId(), ["analytics:read"]), source),
      await ask(callerWith(freshTenantId(), ALL), source),
    ];
    expect(without.errors?.[0]?.extensions).toMatchObject({ code: "FORBIDDEN", permission: "analytics:personal-data" });
    expect(allowed.errors).toBeUndefined();
  });
});

describe("ingestEvents", () => {
  test("hands the events on as they are and tells the outcome of each", async () => {
    const known = sale(1);
    const tenantId = await stored([known]);
    const [eventId, batchId] = [parseEventId(known.id), parseBatchId(randomUUID())];
    if (eventId === null || batchId === null) throw new Error("A random UUID is an id.");
    let given: readonly unknown[] = [];
    ingest = (_caller, events) => {
      given = events;
      return Promise.resolve({
        accepted: 1,
        duplicate: 1,
        rejected: 1,
        outcomes: [
          { kind: "ACCEPTED", index: 0, eventId, batchId },
          { kind: "DUPLICATE", index: 1, eventId },
          { kind: "REJECTED", index: 2, path: "/time", code: "BAD_TIME", reason: "No time." },
        ],
      });
    };
    const answer = await ask(
      callerWith(tenantId, ALL),
      `mutation { ingestEvents(input: [{name: "a", properties: {n: 1}}, {name: "b"}, {name: "c", time: "x"}]) { accepted outcomes {
        __typename ... on EventAccepted { index batchId event { name } } ... on EventDuplicate { index eventId } ... on EventRejected { path code } } } }`,
    );
    expect(given).toEqual([{ name: "a", properties: { n: 1 } }, { name: "b" }, { name: "c", time: "x" }]);
    expect(answer.data?.["ingestEvents"]).toEqual({
      accepted: 1,
      outcomes: [
        { __typename: "EventAccepted", index: 0, batchId, event: { name: "buy" } },
        { __typename: "EventDuplicate", index: 1, eventId },
        { __typename: "EventRejected", path: "/time", code: "BAD_TIME" },
      ],
    });
  });
});
