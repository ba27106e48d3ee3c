import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import type { Caller } from "@tessera/contracts/caller";
import { BATCH_STORED } from "@tessera/contracts/events/batch-stored";
import type { TenantId } from "@tessera/contracts/ids";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { z } from "zod";
import { buildAnalytics, type TestAnalytics } from "../../../testing/build-analytics.ts";
import { BEGINNING, DEFINED, openCorrelationRoom } from "../../../testing/correlation-room.ts";
import { storeEvents, type TestEvent } from "../../../testing/test-events.ts";
import { watchCorrelationMatches } from "./watch-matches.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(180_000);

let world: TestResources;
let analytics: TestAnalytics;
let room: ReturnType<typeof openCorrelationRoom>;
const clock = { nowMs: DEFINED };
beforeAll(async () => {
  world = openTestResources({ nowMs: () => clock.nowMs });
  await world.resources.eventLog.start();
  const ingest = () => Promise.resolve({ accepted: 0, duplicate: 0, rejected: 0, outcomes: [] });
  analytics = buildAnalytics(world.resources, { ingest });
  room = openCorrelationRoom(world);
});
afterAll(async () => {
  await analytics.close();
  await world.owner.query("DELETE FROM event_log_consumer WHERE name = $1", [room.consumerName]);
  await world.resources.eventLog.stop();
  await world.close();
});

const MAY = ["analytics:read", "analytics:define", "analytics:personal-data"] as const;
const setNow = (nowMs: number): void => {
  clock.nowMs = nowMs;
  room.clock.nowMs = nowMs;
};
const newCaller = (): Caller => {
  setNow(DEFINED);
  return callerWith(freshTenantId(), MAY);
};
const ask = async (caller: Caller, source: string, variables: Record<string, unknown> = {}) => {
  const { data, errors } = await askSubgraph(analytics.subgraph, caller, source, variables);
  expect(errors).toBeUndefined();
  return data;
};
const refused = async (caller: Caller, source: string, variables: Record<string, unknown>) => {
  const { errors } = await askSubgraph(analytics.subgraph, caller, source, variables);
  return errors?.[0];
};

const PATTERN = {
  kind: "SEQUENCE",
  parts: [
    { name: "ordered", events: ["order"], key: ["properties.orderId"] },
    { name: "paid", events: ["payment"], key: ["properties.order.id"] },
  ],
  ...{ window: "PT10M", lateness: "PT30S" },
};
const DEFINE = `mutation ($input: DefineCorrelationRuleInput!) { defineCorrelationRule(input: $input) { __typename
  ... on CorrelationRuleDefined { changed rule { id name version pinnedVersion retired pattern run { version since counts { events matches } } versions { version } } }
  ... on TooManyCorrelationRules { limit } } }`;
const MATCH = "id version from completedAt foundAt key events { part eventId time event { name userId } }";
const LIST = `query ($rule: ID!, $first: Int! = 50, $after: Cursor) { correlationMatches(rule: $rule, first: $first, after: $after) {
  edges { cursor node { ${MATCH} } } pageInfo { hasNextPage endCursor } } }`;
const BACKTEST = `query ($input: BacktestCorrelationRuleInput!) { backtestCorrelationRule(input: $input) {
  version total matches { ${MATCH} } overTime { start matches } topKeys { matches match { key } } range { from to }
  counts { events late matches } comparison { version total both onlyHereTotal onlyThereTotal onlyHere { events { eventId } } onlyThere { version } }
  provenance { rowsRead rowsFilteredBy tables { table } } } }`;

const defined = z.object({ defineCorrelationRule: z.object({ rule: z.looseObject({ id: z.string() }) }) });
const define = async (caller: Caller, pattern: object = PATTERN, name = "rule"): Promise<string> =>
  defined.parse(await ask(caller, DEFINE, { input: { name, pattern } })).defineCorrelationRule.rule.id;

const matchList = z.object({
  correlationMatches: z.object({
    edges: z.array(z.object({ cursor: z.string(), node: z.looseObject({ id: z.string() }) })),
    pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
  }),
});
const listed = async (caller: Caller, rule: string, page: Record<string, unknown> = {}) =>
  matchList.parse(await ask(caller, LIST, { rule, ...page })).correlationMatches;

const event = (name: string, second: number, properties: object, more: Partial<TestEvent> = {}): TestEvent => ({
  ...{ id: randomUUID(), name, timeMs: BEGINNING + second * 1_000, userId: "u1" },
  ...{ properties: { ...properties }, ...more },
});
const order = (id: string, second: number, more: Partial<TestEvent> = {}) =>
  event("order", second, { orderId: id }, more);
const payment = (id: string, second: number, more: Partial<TestEvent> = {}) =>
  event("payment", second, { order: { id } }, more);

/** Stores events as one batch, has the rules run over it, and lets the time pass by a day. */
const happened = async (tenantId: TenantId, events: readonly TestEvent[]): Promise<void> => {
  const batchId = await storeEvents(world.writer, tenantId, events);
  const times = events.map(({ timeMs }) => timeMs);
  const [minTimeMs, maxTimeMs] = [Math.min(...times), Math.max(...times)];
  const payload = { tenantId, batchId, rows: events.length, minTimeMs, maxTimeMs, receivedAtMs: maxTimeMs };
  await world.resources.eventLog.append([{ tenantId, topic: BATCH_STORED, dedupeKey: batchId, payload }]);
  const last = `SELECT EXISTS (SELECT 1 FROM event_log e, event_log_consumer c WHERE e.tenant_id = $1 AND e.dedupe_key = $2 AND c.name = $3
    AND (e.transaction_id, e.sequence) <= (c.transaction_id, c.sequence)) AS seen`;
  for (let seen = false; !seen;) {
    await room.consumer.drain();
    const { rows } = await world.owner.query<{ seen: boolean }>(last, [tenantId, batchId, room.consumerName]);
    seen = rows[0]?.seen === true;
  }
  setNow(BEGINNING + 86_400_000);
  await room.look();
};

describe("the graph's correlation rules", () => {
  test("are defined in versions, pinned, retired and listed", async () => {
    const caller = newCaller();
    const first = defined.parse(await ask(caller, DEFINE, { input: { name: "rule", pattern: PATTERN } }));
    const { id, ...rule } = first.defineCorrelationRule.rule;
    expect(rule).toEqual({
      ...{ name: "rule", version: 1, pinnedVersion: null, retired: false, versions: [{ version: 1 }] },
      pattern: expect.objectContaining({ kind: "SEQUENCE", skip: "PAST_LAST_EVENT" }),
      run: { version: 1, since: new Date(BEGINNING).toISOString(), counts: { events: 0, matches: 0 } },
    });
    expect(await ask(caller, DEFINE, { input: { name: "rule", pattern: PATTERN } })).toMatchObject({
      defineCorrelationRule: { changed: false },
    });
    const other = { name: "rule", pattern: { ...PATTERN, window: "PT1M" }, expectedVersion: 5 };
    expect((await refused(caller, DEFINE, { input: other }))?.extensions).toMatchObject({ code: "CONFLICT" });
    await ask(caller, DEFINE, { input: { ...other, expectedVersion: 1 } });
    const change = (field: string, more: string) =>
      ask(
        caller,
        `mutation { ${field}(id: "${id}"${more}) { __typename ... on CorrelationRuleChanged { rule { version pinnedVersion retired run { version } } } } }`,
      );
    expect(await change("pinCorrelationRule", ", version: 1")).toEqual({
      pinCorrelationRule: {
        __typename: "CorrelationRuleChanged",
        rule: { version: 2, pinnedVersion: 1, retired: false, run: { version: 1 } },
      },
    });
    expect(await change("pinCorrelationRule", ", version: 9")).toEqual({
      pinCorrelationRule: { __typename: "CorrelationRuleNotFound" },
    });
    expect(await change("retireCorrelationRule", "")).toMatchObject({
      retireCorrelationRule: { rule: { retired: true, run: null } },
    });
    const lists =
      "{ correlationRules { edges { node { id } } } retired: correlationRules(retired: true) { edges { node { id } } } }";
    expect(await ask(caller, lists)).toEqual({
      correlationRules: { edges: [] },
      retired: { edges: [{ node: { id } }] },
    });
  });

  test("a backtest over the range of a run finds what the run found, with the same ids, and says why", async () => {
    const caller = newCaller();
    const rule = await define(caller);
    const events = [
      order("o1", 1),
      order("o2", 2),
      payment("o1", 3),
      payment("o2", 4),
      order("o3", 5),
      payment("o4", 6),
    ];
    await happened(caller.tenantId, events);
    const live = await listed(caller, rule);
    expect(live.edges.map(({ node }) => node)).toEqual(
      ["o2", "o1"].map((key) => ({
        ...{ id: expect.any(String), version: 1, key: [key] },
        from: new Date(BEGINNING + (key === "o1" ? 1_000 : 2_000)).toISOString(),
        completedAt: new Date(BEGINNING + (key === "o1" ? 3_000 : 4_000)).toISOString(),
        foundAt: expect.any(String),
        events: [
          {
            part: "ordered",
            eventId: events[key === "o1" ? 0 : 1]?.id,
            time: expect.any(String),
            event: { name: "order", userId: "u1" },
          },
          {
            part: "paid",
            eventId: events[key === "o1" ? 2 : 3]?.id,
            time: expect.any(String),
            event: { name: "payment", userId: "u1" },
          },
        ],
      })),
    );
    const range = { from: new Date(BEGINNING).toISOString(), to: new Date(BEGINNING + 3_600_000).toISOString() };
    const { backtestCorrelationRule: found } = z
      .object({ backtestCorrelationRule: z.looseObject({ matches: z.array(z.looseObject({})) }) })
      .parse(await ask(caller, BACKTEST, { input: { rule, range, granularity: "HOUR" } }));
    expect(found).toMatchObject({
      ...{ version: 1, total: 2, comparison: null, counts: { events: 6, late: 0, matches: 2 } },
      overTime: [{ matches: 2 }, { matches: 0 }],
      topKeys: [
        { matches: 1, match: { key: ["o1"] } },
        { matches: 1, match: { key: ["o2"] } },
      ],
      provenance: { rowsFilteredBy: [], tables: [{ table: "events" }] },
    });
    expect(found.matches.toReversed()).toEqual(live.edges.map(({ node }) => ({ ...node, foundAt: null })));
    const first = await listed(caller, rule, { first: 1 });
    const second = await listed(caller, rule, { first: 1, after: first.pageInfo.endCursor });
    expect([...first.edges, ...second.edges]).toEqual(live.edges);
    expect([first.pageInfo.hasNextPage, second.pageInfo.hasNextPage]).toEqual([true, false]);
  });

  test("versions are compared on the same events, and drafts are tried; late events as asked", async () => {
    const caller = newCaller();
    const rule = await define(caller);
    await define(caller, { ...PATTERN, window: "PT2S" });
    const events = [order("o1", 1), payment("o1", 3), order("o2", 2), payment("o2", 9)];
    await storeEvents(world.writer, caller.tenantId, events);
    await storeEvents(world.writer, caller.tenantId, [
      order("o3", 4, { receivedAtMs: BEGINNING + 90_000 }),
      payment("o3", 5),
    ]);
    const range = { from: new Date(BEGINNING).toISOString(), to: new Date(BEGINNING + 3_600_000).toISOString() };
    expect(await ask(caller, BACKTEST, { input: { rule, range, compareWith: 1 } })).toMatchObject({
      backtestCorrelationRule: {
        ...{ version: 2, total: 1, counts: { events: 5, late: 1 } },
        comparison: {
          ...{
            version: 1,
            total: 2,
            both: 1,
            onlyHereTotal: 0,
            onlyThereTotal: 1,
            onlyHere: [],
            onlyThere: [{ version: 1 }],
          },
        },
      },
    });
    const draft = {
      ...PATTERN,
      kind: "ABSENCE",
      parts: [PATTERN.parts[0], { ...PATTERN.parts[1], absent: true }],
      window: "PT5S",
    };
    expect(await ask(caller, BACKTEST, { input: { pattern: draft, range, late: "TAKE_IN" } })).toMatchObject({
      backtestCorrelationRule: { version: null, total: 1, matches: [{ key: ["o2"] }], counts: { events: 6, late: 0 } },
    });
  });

  test("keys that name persons, and events that policies hide, are told to those who may see them", async () => {
    const caller = newCaller();
    const byUser = (name: string, country: string) => ({
      ...{ name, events: [name], key: ["userId"], filter: { field: "country", eq: country } },
    });
    const rule = await define(caller, { ...PATTERN, parts: [byUser("order", "DE"), byUser("payment", "FR")] });
    await happened(caller.tenantId, [order("o1", 1, { country: "DE" }), payment("o1", 2, { country: "FR" })]);
    expect((await listed(caller, rule)).edges[0]?.node).toMatchObject({ key: ["u1"] });
    const plain = callerWith(caller.tenantId, ["analytics:read"]);
    const keys =
      "query ($rule: ID!) { correlationMatches(rule: $rule) { edges { node { key events { event { name } } } } } }";
    expect(await ask(plain, keys, { rule })).toMatchObject({
      correlationMatches: { edges: [{ node: { key: null, events: [{ event: { name: "order" } }, {}] } }] },
    });
    const restricted: Caller = {
      ...caller,
      dataPolicy: {
        ...{ allow: { country: ["FR"] }, deny: {}, atLeast: {}, lessThan: {}, masks: {}, synthetic: null },
        salt: "0123456789abcdef0123456789abcdef",
      },
    };
    expect((await refused(restricted, LIST, { rule }))?.extensions).toMatchObject({ code: "FORBIDDEN" });
    expect((await refused(restricted, DEFINE, { input: { name: "x", pattern: PATTERN } }))?.extensions).toMatchObject({
      code: "FORBIDDEN",
    });
    const range = { from: new Date(BEGINNING).toISOString(), to: new Date(BEGINNING + 60_000).toISOString() };
    const hidden = { pattern: { ...PATTERN, parts: [byUser("order", "DE"), byUser("payment", "FR")] }, range };
    expect(await ask(restricted, BACKTEST, { input: hidden })).toMatchObject({
      backtestCorrelationRule: { total: 0, counts: { events: 1 }, provenance: { rowsFilteredBy: ["country"] } },
    });
  });

  test("matches are streamed once each, and a stream goes on where it was cut; another tenant's rule is unknown", async () => {
    const caller = newCaller();
    const rule = await define(caller);
    await happened(caller.tenantId, [order("o1", 1), payment("o1", 2), order("o2", 3), payment("o2", 4)]);
    const deps = { correlationRules: room.rules, correlationMatches: room.matches, eventLog: world.resources.eventLog };
    const watch = watchCorrelationMatches(deps);
    const two = await watch(caller, rule, "0-0");
    const [first, second] = [await two.next(), await two.next()];
    await two.return();
    const cut = await watch(caller, rule, z.object({ cursor: z.string() }).parse(first.value).cursor);
    expect(await cut.next()).toEqual(second);
    await cut.return();
    expect((await listed(caller, rule)).edges.map(({ node }) => node.id).toSorted()).toEqual(
      [first, second]
        .map(({ value }) => z.object({ match: z.object({ id: z.string() }) }).parse(value).match.id)
        .toSorted(),
    );
    await expect(watch(newCaller(), rule, null)).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect((await refused(newCaller(), LIST, { rule }))?.extensions).toMatchObject({ code: "NOT_FOUND" });
  });
});
