import { randomUUID } from "node:crypto";
import { describe, expect, jest, test } from "@jest/globals";
import type { TenantId } from "@tessera/contracts/ids";
import { askSubgraph, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { z } from "zod";
import type { TestEvent } from "../../subgraphs/analytics/testing/test-events.ts";
import { rulesOverAnalytics, shopEvents, START_MS, watcherOf } from "../testing/rules-over-analytics.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(240_000);

const [HOUR_MS, DAY_MS] = [3_600_000, 86_400_000];
const [shop, pages] = [freshTenantId(), freshTenantId()];
const range = (from: number, count: number): readonly number[] => Array.from({ length: count }, (_, at) => from + at);

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

const { room, make, turnAt } = rulesOverAnalytics([
  [shop, shopEvents],
  [pages, pageEvents],
]);

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
  const { data } = await askSubgraph(room().subgraph, watcherOf(tenantId, randomUUID()), RAISED);
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
    room().clock.ms = START_MS + 4 * DAY_MS + 2 * HOUR_MS;
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
