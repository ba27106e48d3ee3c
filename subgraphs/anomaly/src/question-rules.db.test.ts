import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { TenantId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import { z } from "zod";
import {
  ALL,
  callerOf,
  CREATE_RULE,
  HOUR_MS,
  openQuestionWorld,
  QUESTION,
  type QuestionWorld,
  type WorldTenant,
} from "./testing/question-world.ts";

// Both engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(120_000);

let opened: QuestionWorld;
let world: QuestionWorld["world"];
beforeAll(() => {
  opened = openQuestionWorld();
  ({ world } = opened);
});
afterEach(() => opened.reset());
afterAll(() => opened.room.close());

const ANOMALIES = `{ anomalies { edges { node { id state severity group { name value } timesSeen lastValue raisedAt
  evidence { value high score because } resolution { cause } acknowledgement { note }
  transitions { from to reason notify silence by { id } } series { from value high anomalous } } } } }`;
const anomalies = async ({ ask }: WorldTenant) =>
  z
    .object({ anomalies: z.object({ edges: z.array(z.object({ node: z.record(z.string(), z.unknown()) })) }) })
    .parse((await ask(ANOMALIES)).data)
    .anomalies.edges.map(({ node }) => node);
const told = async (tenantId: TenantId, topic: string) => {
  const text = "SELECT payload FROM event_log WHERE tenant_id = $1 AND topic = $2 ORDER BY transaction_id, sequence";
  const { rows } = await opened.room.engines.owner.query(text, [tenantId, topic]);
  return z
    .array(z.object({ payload: z.record(z.string(), z.unknown()) }))
    .parse(rows)
    .map(({ payload }) => payload);
};
const RULE = `query ($id: ID!) { rule(id: $id) { author failureCode lastFailure judgedUntil breachedSince
  detector { kind settings } question { field granularity delay maxSeries } labels { name value }
  lastEvaluation { outcome series breached value from to } } }`;

describe("a rule that watches a question", () => {
  test("judges each group by itself, bucket by bucket and each once, and puts down every step with its reason", async () => {
    const tenant = opened.openTenant();
    world.counts.set("DE", (hour) => (hour === 11 || hour === 12 ? 150 : 10));
    world.counts.set("US", () => 50);
    const id = await opened.makeRule(tenant, { labels: [{ name: "team", value: "shop" }] });
    await opened.turn(0);
    expect(await anomalies(tenant)).toEqual([]);
    await opened.turn(2);
    const firing = { state: "FIRING", severity: "WARNING", group: [{ name: "country", value: "DE" }], timesSeen: 1 };
    expect(await anomalies(tenant)).toEqual([
      expect.objectContaining({
        ...firing,
        raisedAt: "2021-06-07T12:00:00.000Z",
        evidence: { value: 150, high: 100, score: 1.5, because: "150 against an upper bound of 100" },
        transitions: [
          { from: "OK", to: "FIRING", reason: "BREACHED_LONG_ENOUGH", notify: true, silence: null, by: null },
        ],
      }),
    ]);
    expect((await tenant.ask(RULE, { id })).data?.["rule"]).toMatchObject({
      ...{ failureCode: null, judgedUntil: "2021-06-07T12:00:00.000Z", question: { field: "olap", delay: "PT0S" } },
      author: `USER:${tenant.userId}`,
      lastEvaluation: { outcome: "BREACHED", series: 2, breached: 1, value: null },
    });
    await opened.turn();
    await opened.turn();
    const [anomaly] = await anomalies(tenant);
    expect(anomaly).toMatchObject({ state: "RESOLVED", timesSeen: 2, resolution: { cause: "METRIC_RETURNED" } });
    expect(anomaly?.["series"]).toEqual(
      expect.arrayContaining([{ from: "2021-06-07T12:00:00.000Z", value: 150, high: 100, anomalous: true }]),
    );
    expect(await told(tenant.tenantId, "alert.changed")).toEqual([
      expect.objectContaining({
        ...{ to: "FIRING", value: 150, high: 100, notify: true, anomalyId: anomaly?.["id"], ruleName: "errors" },
        labels: { team: "shop", country: "DE", rule: "errors", severity: "WARNING" },
      }),
      expect.objectContaining({ from: "FIRING", to: "RESOLVED", reason: "RETURNED_LONG_ENOUGH", notify: true }),
    ]);
    expect(await told(tenant.tenantId, "anomaly.raised")).toHaveLength(1);
    // Each hour was asked for once: what was asked goes on where the last answer ended.
    const asked = world.asked.slice(2).map(({ question: { from } }) => from);
    expect(asked).toEqual(["2021-06-07T10:00:00.000Z", "2021-06-07T12:00:00.000Z", "2021-06-07T13:00:00.000Z"]);
  });

  test("judges series of whatever values events have, also of such as no store holds, each by itself", async () => {
    const tenant = opened.openTenant();
    const names = ["\u0000", "a\u0000b", "a\ufffdb", "\u{1F525}".repeat(20_000)];
    for (const name of names) world.counts.set(name, (hour) => (hour === 11 ? 150 : 10));
    await opened.makeRule(tenant);
    await opened.turn(0);
    await opened.turn(2);
    await opened.turn();
    const found = await anomalies(tenant);
    expect(found.map(({ state }) => state)).toEqual(names.map(() => "RESOLVED"));
    const values = found.map(({ group }) => z.array(z.object({ value: z.string() })).parse(group)[0]?.value);
    const count = (all: readonly unknown[], one: unknown) => all.filter((other) => other === one).length;
    const kept = names.map((name) => name.replace("\u0000", "\ufffd"));
    expect(kept.map((name) => count(values, name))).toEqual(kept.map((name) => count(kept, name)));
    expect(await told(tenant.tenantId, "alert.changed")).toHaveLength(2 * names.length);
  });

  test("is asked as its author, with what they may now as far as they might then; without them it fails and says so", async () => {
    const tenant = opened.openTenant();
    world.counts.set("DE", () => 150);
    const id = await opened.makeRule(tenant);
    world.access.set(`${tenant.tenantId} ${tenant.userId}`, [...ALL, "people:erase"]);
    await opened.turn();
    const permissions = world.asked.at(-1)?.caller.permissions;
    expect([permissions?.has("analytics:read"), permissions?.has("people:erase")]).toEqual([true, false]);
    for (const [access, code] of [
      [["anomaly:read"], "FORBIDDEN"],
      [null, "AUTHOR_GONE"],
    ] as const) {
      const key = `${tenant.tenantId} ${tenant.userId}`;
      if (access === null) world.access.delete(key);
      else world.access.set(key, access);
      await opened.turn();
      expect((await tenant.ask(RULE, { id })).data?.["rule"]).toMatchObject({ failureCode: code });
    }
    world.access.set(`${tenant.tenantId} ${tenant.userId}`, ALL);
    await opened.turn();
    expect((await tenant.ask(RULE, { id })).data?.["rule"]).toMatchObject({ failureCode: null, lastFailure: null });
  });

  test("is shown the history its detector learns of first, a turn's worth at a time, and raises nothing of it", async () => {
    const tenant = opened.openTenant();
    world.counts.set("DE", (hour) => (hour < 0 ? 20 + (((hour % 7) + 7) % 7) + (hour === -100 ? 400 : 0) : 24));
    const id = await opened.makeRule(tenant, { detector: { robustZ: { window: 240 } } });
    await opened.turn(0);
    await opened.turn(0);
    expect(await anomalies(tenant)).toEqual([]);
    await opened.turn(0);
    await opened.turn(0);
    expect((await tenant.ask(RULE, { id })).data?.["rule"]).toMatchObject({
      judgedUntil: "2021-06-07T10:00:00.000Z",
      lastEvaluation: { outcome: "NORMAL", series: 1 },
    });
    expect(await anomalies(tenant)).toEqual([]);
    world.counts.set("DE", () => 500);
    await opened.turn();
    expect(await anomalies(tenant)).toMatchObject([{ state: "FIRING", lastValue: 500 }]);
  });

  test("waits for late data, and judges what is beyond its series together", async () => {
    const tenant = opened.openTenant();
    for (const country of ["DE", "US", "FR"]) world.counts.set(country, () => 60);
    await opened.makeRule(tenant, { question: { ...QUESTION, delay: "PT30M", maxSeries: 1 } });
    await opened.turn(0);
    expect(await anomalies(tenant)).toMatchObject([{ group: [{ name: "*", value: "OTHERS" }], lastValue: 120 }]);
    expect(world.asked.at(-1)?.question.to).toBe("2021-06-07T09:31:00.000Z");
    await opened.turn();
    // Not all are kept: from now on the last day weighs as well.
    expect(world.asked.at(-1)?.question.heaviestFrom).not.toBeNull();
  });

  test("is acknowledged, snoozed and resolved by people while the evaluator goes on, and each says who", async () => {
    const tenant = opened.openTenant();
    world.counts.set("DE", () => 150);
    await opened.makeRule(tenant, { alerting: { renotify: { every: "PT1M", atMost: 3 } } });
    await opened.turn(0);
    const [first] = await anomalies(tenant);
    const id = first?.["id"];
    const until = new Date(opened.room.clock.ms + 10 * HOUR_MS).toISOString();
    const snooze = `mutation ($id: ID!, $until: DateTime) { snoozeAnomaly(id: $id, until: $until) { __typename } }`;
    expect((await tenant.ask(snooze, { id, until })).data).toEqual({ snoozeAnomaly: { __typename: "AnomalySnoozed" } });
    await opened.turn();
    const acknowledge = `mutation ($id: ID!) { acknowledgeAnomaly(id: $id, note: "on it") { __typename } }`;
    await Promise.all([tenant.ask(acknowledge, { id }), opened.turn()]);
    expect(await anomalies(tenant)).toMatchObject([{ state: "ACKNOWLEDGED", acknowledgement: { note: "on it" } }]);
    await tenant.ask(`mutation ($id: ID!) { resolveAnomaly(id: $id) { __typename } }`, { id });
    await opened.turn();
    const [last, ...others] = await anomalies(tenant);
    expect(others).toEqual([]);
    expect(last).toMatchObject({ state: "RESOLVED", resolution: { cause: "CALLER" } });
    const steps = z.array(z.object({ reason: z.string(), by: z.unknown() })).parse(last?.["transitions"]);
    expect(steps.map(({ reason }) => reason)).toEqual([
      ...["BREACHED_LONG_ENOUGH", "SNOOZED", "ACKNOWLEDGED_BY_CALLER", "RESOLVED_BY_CALLER"],
    ]);
    expect(steps.slice(1).map(({ by }) => by)).toEqual(steps.slice(1).map(() => ({ id: tenant.userId })));
  });

  test("that is changed to something else, or deleted, ends its anomalies with the reason and keeps what was judged around them", async () => {
    for (const [document, cause] of [
      [
        `mutation ($id: ID!) { updateRule(id: $id, input: { detector: { static: { side: BELOW, low: 1 } } }) { __typename } }`,
        "RULE_CHANGED",
      ],
      [`mutation ($id: ID!) { deleteRule(id: $id) { __typename } }`, "RULE_DELETED"],
    ] as const) {
      const tenant = opened.openTenant();
      world.counts.set("DE", () => 150);
      const id = await opened.makeRule(tenant);
      await opened.turn(0);
      await tenant.ask(document, { id });
      const series = [{ from: "2021-06-07T09:00:00.000Z", value: 150, anomalous: true }];
      expect(await anomalies(tenant)).toMatchObject([{ state: "RESOLVED", resolution: { cause }, series }]);
    }
  });

  test("is refused for what the analytics room refuses of its question, at the place where it stands", async () => {
    const tenant = opened.openTenant();
    world.refusal = refuse("BAD_INPUT", "There is no field `contry`. Did you mean `country`?", {
      field: "input.question.olap.dimensions.0",
    });
    const input = { name: "errors", question: QUESTION, detector: { automatic: {} } };
    expect((await tenant.ask(CREATE_RULE, { input })).errors).toEqual([
      expect.objectContaining({
        message: "There is no field `contry`. Did you mean `country`?",
        extensions: { code: "BAD_INPUT", field: "input.question.question.olap.dimensions.0" },
      }),
    ]);
    world.refusal = null;
    const both = { ...input, condition: { direction: "ABOVE", threshold: 1 } };
    expect((await tenant.ask(CREATE_RULE, { input: both })).data).toMatchObject({
      createRule: { __typename: "RuleRejected", problems: [{ field: "detector" }] },
    });
    const outside = { ...callerOf(tenant.tenantId, "somebody"), grantId: randomUUID() };
    const answer = await tenant.ask(CREATE_RULE, { input }, outside);
    expect(answer.errors).toMatchObject([{ extensions: { code: "FORBIDDEN", field: "input.question" } }]);
  });
});
