import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { z } from "zod";
import { LIVE_RULES_OF_TIER } from "./domain/rules/live-rules.ts";
import { LOOK_PAUSE_MS } from "./operations/look-live.ts";
import type { LiveLooker } from "./operations/look-at-live-rules.ts";
import { countOf } from "./testing/definitions.ts";
import { eventRow, storeEvents } from "./testing/anomaly-room.ts";
import {
  CREATE_RULE,
  HOUR_MS,
  openQuestionWorld,
  QUESTION,
  type QuestionWorld,
  type WorldTenant,
} from "./testing/question-world.ts";

// Both engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(120_000);

let is: QuestionWorld;
let looker: LiveLooker;
beforeAll(() => {
  is = openQuestionWorld();
  looker = is.room.looker();
});
afterEach(() => is.reset());
afterAll(() => is.room.close());

/** Looks at a tenant's live rules as often as they can be looked at now; says how often that was. */
const look = async (tenant: WorldTenant): Promise<number> => {
  const { claims } = await looker.claim([tenant.tenantId], 10);
  let again = false;
  for (const claim of claims) again = (await looker.look(claim)) || again;
  if (!again) return claims.length;
  is.room.clock.ms += LOOK_PAUSE_MS;
  return claims.length + (await look(tenant));
};
const lookLater = (tenant: WorldTenant, ms = 60_000): Promise<number> => {
  is.room.clock.ms += ms;
  return look(tenant);
};

const ANOMALIES = `{ anomalies { edges { node { state severity timesSeen lastValue raisedAt group { name value } evidence { value because from to }
  transitions { from to reason at notify } } } } }`;
const anomalies = async ({ ask }: WorldTenant) =>
  z
    .object({ anomalies: z.object({ edges: z.array(z.object({ node: z.record(z.string(), z.unknown()) })) }) })
    .parse((await ask(ANOMALIES)).data)
    .anomalies.edges.map(({ node }) => node);
const seriesOf = async ({ tenantId }: WorldTenant) => {
  const text =
    "SELECT fingerprint, alert - 'notices' - 'sinceMs' AS alert, detector, recent FROM anomaly_series WHERE tenant_id = $1 ORDER BY 1";
  return z.array(z.record(z.string(), z.unknown())).parse((await is.room.engines.owner.query(text, [tenantId])).rows);
};

describe("a live rule that watches a question", () => {
  test("tells of a breach as soon as it is certain, once, and is where a rule that is not would be when the hour is over", async () => {
    const [live, plain] = [is.openTenant(), is.openTenant()];
    await is.makeRule(live, { live: true });
    await is.makeRule(plain);
    let now = 40;
    is.world.counts.set("DE", (hour) => (hour < 10 ? 20 : hour === 10 ? now : 30));
    await is.turn(0);
    expect(await lookLater(live)).toBe(1);
    expect(await anomalies(live)).toEqual([]);
    now = 120;
    await lookLater(live);
    const told = { state: "FIRING", timesSeen: 1, lastValue: 120, raisedAt: "2021-06-07T10:03:00.000Z" };
    expect(await anomalies(live)).toMatchObject([
      {
        ...told,
        evidence: { value: 120, because: "120 against an upper bound of 100, so far", to: "2021-06-07T11:00:00.000Z" },
        transitions: [{ to: "FIRING", reason: "BREACHED_LONG_ENOUGH", at: "2021-06-07T10:03:00.000Z", notify: true }],
      },
    ]);
    now = 150;
    await lookLater(live);
    expect(await anomalies(live)).toMatchObject([told]);
    expect(await anomalies(plain)).toEqual([]);
    await is.turn(1);
    expect(await anomalies(live)).toMatchObject([{ ...told, lastValue: 150 }]);
    expect(await anomalies(plain)).toMatchObject([{ state: "FIRING", timesSeen: 1, lastValue: 150 }]);
    const [mine, others] = [await seriesOf(live), await seriesOf(plain)];
    const standing = (rows: typeof mine) => rows.map(({ fingerprint: _of, ...same }) => same);
    expect(standing(mine)).toEqual(standing(others));
    await is.turn(1);
    expect(await anomalies(live)).toMatchObject([{ state: "RESOLVED", timesSeen: 1 }]);
  });

  test("judges the hours that have ended first, each once, and learns nothing of the one that has not", async () => {
    const tenant = is.openTenant();
    await is.makeRule(tenant, { live: true, detector: { robustZ: { window: 10 } } });
    is.world.counts.set("DE", (hour) => 20 + (hour % 3));
    await is.turn(0);
    const before = await seriesOf(tenant);
    is.world.counts.set("DE", (hour) => (hour === 10 ? 900 : 20 + (hour % 3)));
    await lookLater(tenant);
    const after = await seriesOf(tenant);
    expect(after).toMatchObject([{ alert: { state: "FIRING" } }]);
    expect(after.map(({ detector }) => detector)).toEqual(before.map(({ detector }) => detector));
    is.world.asked = [];
    expect(await lookLater(tenant, HOUR_MS)).toBe(2);
    expect(is.world.asked.map(({ question: { from } }) => from)).toEqual([
      "2021-06-07T10:00:00.000Z",
      "2021-06-07T11:00:00.000Z",
    ]);
    expect(await anomalies(tenant)).toMatchObject([{ timesSeen: 1, lastValue: 900 }]);
  });

  test("tells of a series that begins in the open hour, and of a return that is certain", async () => {
    const tenant = is.openTenant();
    await is.makeRule(tenant, { live: true, detector: { static: { side: "BELOW", low: 10 } } });
    let now = 3;
    is.world.counts.set("DE", (hour) => (hour < 10 ? 5 : now));
    await is.turn(0);
    expect(await anomalies(tenant)).toMatchObject([{ state: "FIRING" }]);
    await lookLater(tenant);
    expect(await anomalies(tenant)).toMatchObject([{ state: "FIRING" }]);
    now = 11;
    await lookLater(tenant);
    expect(await anomalies(tenant)).toMatchObject([{ state: "RESOLVED", timesSeen: 1 }]);
    const other = is.openTenant();
    await is.makeRule(other, { live: true });
    is.world.counts.clear();
    await is.turn(0);
    is.world.counts.set("FR", () => 500);
    await lookLater(other);
    expect(await anomalies(other)).toMatchObject([{ state: "FIRING", group: [{ name: "country", value: "FR" }] }]);
    await is.turn(1);
    expect(await anomalies(other)).toMatchObject([{ state: "FIRING", timesSeen: 1 }]);
  });

  test("rests between looks, whoever looks, and a look that is overtaken by a change of the rule tells nothing", async () => {
    const tenant = is.openTenant();
    const id = await is.makeRule(tenant, { live: true });
    is.world.counts.set("DE", () => 20);
    await is.turn(0);
    is.room.clock.ms += 60_000;
    const [first] = (await looker.claim([tenant.tenantId], 10)).claims;
    if (first === undefined) throw new Error("The rule is live.");
    expect(await is.room.looker().claim([tenant.tenantId], 10)).toEqual({ claims: [], waiting: [tenant.tenantId] });
    is.world.counts.set("DE", () => 500);
    await tenant.ask('mutation ($id: ID!) { updateRule(id: $id, input: { name: "other" }) { __typename } }', { id });
    await looker.look(first);
    expect(await anomalies(tenant)).toEqual([]);
    await look(tenant);
    expect(await anomalies(tenant)).toHaveLength(1);
    expect(await look(tenant)).toBe(0);
    is.room.clock.ms += LOOK_PAUSE_MS;
    expect(await look(tenant)).toBe(1);
  });

  test("is not asked again where nothing can be certain of an open hour, until it is changed", async () => {
    const tenant = is.openTenant();
    await is.makeRule(tenant, { live: true, detector: { automatic: {} } });
    is.world.counts.set("DE", () => 20);
    await is.turn(0);
    // First the turns in which it learns, then the look.
    expect(await lookLater(tenant)).toBeGreaterThan(1);
    is.world.asked = [];
    expect(await lookLater(tenant)).toBe(0);
    expect(is.world.asked).toEqual([]);
  });
});

describe("a live rule of its own metric", () => {
  test("is read whenever events were stored, and its turns stay where they were", async () => {
    const tenant = is.openTenant();
    const input = {
      ...{ name: "orders", live: true, metric: countOf("order"), evaluationIntervalSeconds: 3_600 },
      condition: { direction: "ABOVE", threshold: 2 },
    };
    const made = z.object({ createRule: z.object({ rule: z.object({ id: z.string() }) }) });
    const { id } = made.parse((await tenant.ask(CREATE_RULE, { input })).data).createRule.rule;
    await is.turn(0);
    const nextTurn = async () =>
      (await tenant.ask("query ($id: ID!) { rule(id: $id) { nextEvaluationAt live } }", { id })).data;
    const before = await nextTurn();
    const atMs = is.room.clock.ms + 500;
    await storeEvents(
      is.room,
      Array.from({ length: 3 }, () => eventRow(tenant.tenantId, "order", atMs)),
    );
    expect(await lookLater(tenant, 1_000)).toBe(1);
    expect(await anomalies(tenant)).toMatchObject([{ state: "FIRING", lastValue: 3 }]);
    expect(await nextTurn()).toEqual(before);
    expect(before).toMatchObject({ rule: { live: true } });
  });

  test("is refused where readings are counted, which would come as often as events do", async () => {
    const tenant = is.openTenant();
    const input = {
      ...{ name: "orders", live: true, metric: countOf("order"), alerting: { fire: { k: 2, n: 3 } } },
      condition: { direction: "ABOVE", threshold: 2 },
    };
    expect((await tenant.ask(CREATE_RULE, { input })).data?.["createRule"]).toMatchObject({
      __typename: "RuleRejected",
      problems: [{ field: "live" }],
    });
  });
});

test("No more rules of a tenant are live than its tier has, whether they are made so or become so", async () => {
  const tenant = is.openTenant();
  const most = LIVE_RULES_OF_TIER.BUSINESS;
  for (let count = 0; count < most; count += 1)
    await is.makeRule(tenant, { name: `live ${count}`, live: true, enabled: false });
  const input = {
    name: "one more",
    question: QUESTION,
    detector: { static: { side: "ABOVE", high: 1 } },
  };
  const refused = {
    __typename: "RuleRejected",
    problems: [{ field: "live", message: expect.stringContaining(`At most ${most} rules`) }],
  };
  expect((await tenant.ask(CREATE_RULE, { input: { ...input, live: true } })).data?.["createRule"]).toEqual(refused);
  const id = await is.makeRule(tenant, { name: "rests", enabled: false });
  const change = `mutation ($id: ID!, $live: Boolean!) { updateRule(id: $id, input: { live: $live }) { __typename ... on RuleRejected { problems { field message } } } }`;
  expect((await tenant.ask(change, { id, live: true })).data?.["updateRule"]).toEqual(refused);
  await is.room.engines.owner.query(
    "UPDATE anomaly_rule SET deleted_at = now() WHERE tenant_id = $1 AND name = 'live 0'",
    [tenant.tenantId],
  );
  expect((await tenant.ask(change, { id, live: true })).data?.["updateRule"]).toEqual({ __typename: "RuleSaved" });
});
