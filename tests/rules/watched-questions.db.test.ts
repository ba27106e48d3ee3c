import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { PLAIN_ACCESS, type Caller } from "@tessera/contracts/caller";
import type { AskAnalytics } from "@tessera/contracts/watched-series";
import type { TenantId } from "@tessera/contracts/ids";
import { askSubgraph, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { z } from "zod";
import { createAskAnalytics } from "../../server/src/ask-analytics.ts";
import { connectInProcess } from "../../server/src/graph-connections.ts";
import { buildAnalytics, type TestAnalytics } from "../../subgraphs/analytics/testing/build-analytics.ts";
import { storeEvents, type TestEvent } from "../../subgraphs/analytics/testing/test-events.ts";
import { openAnomalyRoom, rest, type AnomalyRoom } from "../../subgraphs/anomaly/src/testing/anomaly-room.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(240_000);

const [MINUTE_MS, HOUR_MS, DAY_MS] = [60_000, 3_600_000, 86_400_000];
const START_MS = Date.parse("2021-08-02T00:00:00Z");
const [shop, pages] = [freshTenantId(), freshTenantId()];

const callerOf = (tenantId: TenantId, id: string): Caller => ({
  ...{ ...PLAIN_ACCESS, tenantId, expiresAtMs: null, subject: { kind: "USER", id } },
  permissions: new Set(["analytics:read", "anomaly:read", "anomaly:manage"]),
});

const eventsOf = (country: string, source: string, people: readonly number[]) => (day: number, fails: boolean) =>
  people.flatMap((who, place): readonly TestEvent[] => {
    const at = START_MS + day * DAY_MS + 10 * HOUR_MS + place * MINUTE_MS;
    const properties = { card: `k${who}`, account: `a${who}`, device: `v${who}` };
    const common = { userId: `u${who}`, country, properties };
    return [
      { ...common, id: randomUUID(), name: "view", timeMs: at, utmSource: source },
      { ...common, id: randomUUID(), name: fails ? "fail" : "buy", timeMs: at + 20 * MINUTE_MS },
    ];
  });
const range = (from: number, count: number): readonly number[] => Array.from({ length: count }, (_, at) => from + at);
const germans = eventsOf("DE", "mail", range(0, 20));
const french = eventsOf("FR", "ads", range(20, 20));
const brazilians = eventsOf("BR", "blog", range(40, 25));

/**
 * Forty people of two countries see and buy every day. On the fifth day nothing the French try is sold, twenty-five new people come from Brazil, one card pays twelve times in a row and four accounts
 * use one device; the day after the French stay away.
 */
const shopEvents = (): readonly TestEvent[] => {
  const fifth = START_MS + 4 * DAY_MS + 10 * HOUR_MS;
  const common = { country: "DE", id: "" };
  return [
    ...[0, 1, 2, 3].flatMap((day) => [...germans(day, false), ...french(day, false)]),
    ...[...germans(4, false), ...french(4, true), ...brazilians(4, false)],
    ...range(1, 12).map((at) => ({
      ...{ ...common, id: randomUUID(), name: "pay", userId: "u0", timeMs: fifth + at * MINUTE_MS },
      properties: { card: "stolen", account: "a0", device: "v0" },
    })),
    ...range(1, 4).map((who) => ({
      ...{ ...common, id: randomUUID(), name: "login", userId: `u${who}`, timeMs: fifth + (who + 1) * MINUTE_MS },
      properties: { card: `k${who}`, account: `a${who}`, device: "shared" },
    })),
    ...[...germans(5, false), ...brazilians(5, false)],
  ];
};

const PAGES = 10_400;
/** Two hours of the fifth day in which every page is shown once, and one of them often and slowly in the second. */
const pageEvents = (): readonly TestEvent[] => {
  const shown = (page: number, hour: number, ms: number): TestEvent => ({
    ...{ id: randomUUID(), name: "shown", userId: "u", timeMs: START_MS + 4 * DAY_MS + hour * HOUR_MS },
    properties: { page: `p${page}`, ms },
  });
  return [1, 2].flatMap((hour) => [
    ...range(0, PAGES).map((page) => shown(page, hour, 10)),
    ...(hour === 2 ? range(0, 60).map(() => shown(7_777, hour, 900)) : []),
  ]);
};

let room: AnomalyRoom;
let analytics: TestAnalytics;
beforeAll(async () => {
  let asked: AskAnalytics | null = null;
  const known = (): AskAnalytics => {
    if (asked === null) throw new Error("Analytics are not open yet.");
    return asked;
  };
  room = openAnomalyRoom({
    askAnalytics: {
      watchedSeries: (...args) => known().watchedSeries(...args),
      impactOf: (...args) => known().impactOf(...args),
    },
    accessOfSubject: (tenantId, { id }) => Promise.resolve(callerOf(tenantId, id)),
  });
  const { resources, writer } = room.engines;
  analytics = buildAnalytics(resources, { ingest: () => Promise.reject(new Error("Nothing is ingested here.")) });
  asked = createAskAnalytics(connectInProcess(analytics.subgraph, resources.logger));
  await storeEvents(writer, shop, shopEvents());
  await storeEvents(writer, pages, pageEvents());
});
afterAll(async () => {
  await rest(room, [shop, pages]);
  await analytics.close();
  await room.close();
});

const CREATE = `mutation ($input: CreateRuleInput!) { createRule(input: $input) { __typename ... on RuleSaved { rule { id } } } }`;
const make = async (tenantId: TenantId, name: string, watched: object, detector: object): Promise<void> => {
  const input = { name, question: watched, detector: { static: detector }, evaluationIntervalSeconds: 60 };
  const answer = await askSubgraph(room.subgraph, callerOf(tenantId, randomUUID()), CREATE, { input });
  expect(answer).toMatchObject({ data: { createRule: { __typename: "RuleSaved" } } });
};
/** Has every rule judge what has ended by an hour of a day. */
const turnAt = async (day: number, hour: number): Promise<void> => {
  room.clock.ms = START_MS + day * DAY_MS + hour * HOUR_MS;
  while ((await room.worker()()) > 0);
};
const RAISED = `{ rules { edges { node { name failureCode } } }
  anomalies(first: 100) { edges { node { rule { name } group { name value } raisedAt } } } }`;
const raisedShape = z.object({
  rules: z.object({ edges: z.array(z.object({ node: z.object({ failureCode: z.string().nullable() }) })) }),
  anomalies: z.object({
    edges: z.array(
      z.object({
        node: z.object({
          rule: z.object({ name: z.string() }),
          group: z.array(z.object({ name: z.string(), value: z.string().nullable() })),
          raisedAt: z.string(),
        }),
      }),
    ),
  }),
});
/** What was raised, rule by rule: of which group, and when its bucket ended. */
const raised = async (tenantId: TenantId) => {
  const { data } = await askSubgraph(room.subgraph, callerOf(tenantId, randomUUID()), RAISED);
  const { rules, anomalies } = raisedShape.parse(data);
  expect(rules.edges.filter(({ node }) => node.failureCode !== null)).toEqual([]);
  return anomalies.edges
    .map(({ node: { rule, group, raisedAt } }) => [rule.name, group.map(({ value }) => value).join(), raisedAt])
    .toSorted(([a = ""], [b = ""]) => (a < b ? -1 : 1));
};

const days = { from: new Date(START_MS).toISOString(), to: new Date(START_MS + 4 * DAY_MS).toISOString() };
const [view, buy] = [{ events: ["view"] }, { events: ["buy"] }];
const daily = (question: object, value: object) => ({ question, value, granularity: "DAY" });
const [above, below] = [(high: number) => ({ side: "ABOVE", high }), (low: number) => ({ side: "BELOW", low })];

/** A rule for each kind of question, and the group in which it is to find the fifth day. */
const RULES = [
  [
    "funnel",
    daily(
      {
        funnel: {
          ...{ range: days, window: "PT1H", steps: [{ anyOf: [view] }, { anyOf: [buy] }] },
          breakdown: { field: "country" },
        },
      },
      {},
    ),
    ...([below(0.5), "FR"] as const),
  ],
  ["stickiness", daily({ stickiness: { range: days, event: view } }, { name: "total" }), above(50), ""],
  ["lifecycle", daily({ lifecycle: { range: days, event: view } }, { name: "fresh" }), above(10), ""],
  ["activeUsers", daily({ activeUsers: { range: days, event: view } }, { name: "daily" }), above(50), ""],
  [
    "sessionMetrics",
    daily({ sessionMetrics: { range: days, breakdown: ["country"] } }, { name: "sessions" }),
    ...([above(22), "BR"] as const),
  ],
  [
    "velocity",
    daily(
      { velocity: { range: days, event: {}, by: "properties.card", within: "PT1H", moreThan: 5 } },
      { name: "peak" },
    ),
    ...([above(8), "stolen"] as const),
  ],
  [
    "rings",
    daily(
      {
        rings: {
          ...{ range: days, of: "properties.account", through: ["properties.device"] },
          ...{ sharedByAtMost: 10, minMembers: 3 },
        },
      },
      { name: "largest" },
    ),
    ...([above(3), ""] as const),
  ],
  [
    "attribution",
    daily(
      {
        attribution: {
          ...{ range: days, conversion: buy, touchpoints: [view], dimensions: ["utmSource"] },
          ...{ models: [{ kind: "LAST" }, { kind: "LINEAR" }], lookback: "PT1H" },
        },
      },
      { name: "credit", model: "LINEAR" },
    ),
    ...([below(5), "ads"] as const),
  ],
  [
    "paths",
    daily({ paths: { range: days } }, { name: "transitionShare", from: "view", to: "buy" }),
    ...([below(0.8), ""] as const),
  ],
] as const;
const RETENTION = daily(
  { retention: { range: days, start: view, returning: view, splitBy: ["country"] } },
  { period: 1 },
);

describe("rules that watch what people do", () => {
  test("raise nothing of the days that were like all others, and each the change of its kind, in the right group and bucket", async () => {
    room.clock.ms = START_MS + 4 * DAY_MS + 2 * HOUR_MS;
    for (const [name, watched, detector] of RULES) await make(shop, name, watched, detector);
    await make(shop, "retention", RETENTION, below(0.5));
    const olap = {
      ...{ range: days, measures: [{ name: "ms", function: "AVG", of: "properties.ms" }] },
      dimensions: ["properties.page"],
    };
    await make(pages, "slow pages", { question: { olap }, granularity: "HOUR", maxSeries: 20 }, above(100));
    await turnAt(4, 2);
    expect([await raised(shop), await raised(pages)]).toEqual([[], []]);
    // More than 10,000 groups in one bucket: the one that matters is among the heaviest.
    await turnAt(4, 3);
    expect(await raised(pages)).toEqual([["slow pages", "p7777", "2021-08-06T03:00:00.000Z"]]);
    expect(await raised(shop)).toEqual([]);
    const found = RULES.map(([name, , , group]) => [name, group, "2021-08-07T00:00:00.000Z"]).toSorted(
      ([a = ""], [b = ""]) => (a < b ? -1 : 1),
    );
    await turnAt(5, 2);
    expect(await raised(shop)).toEqual(found);
    // Who came back on the day after is known when that day has ended.
    await turnAt(6, 2);
    expect((await raised(shop)).filter(([name]) => name === "retention")).toEqual([
      ["retention", "FR", "2021-08-07T00:00:00.000Z"],
    ]);
  });
});
