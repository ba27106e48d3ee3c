import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { z } from "zod";
import { CREATE_RULE, openQuestionWorld, type QuestionWorld } from "./testing/question-world.ts";

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

const EXPLAINED = `{ anomalies { edges { node { id severity evidence { impact { amount currency } } } } } }`;
const anomalies = z.object({
  anomalies: z.object({
    edges: z.array(
      z.object({
        node: z.object({
          severity: z.string(),
          evidence: z.object({ impact: z.object({ amount: z.number(), currency: z.string().nullable() }).nullable() }),
        }),
      }),
    ),
  }),
});
const explained = async ({ ask }: ReturnType<QuestionWorld["openTenant"]>) =>
  anomalies.parse((await ask(EXPLAINED)).data).anomalies.edges.map(({ node }) => node);
const bands = (...severity: readonly object[]) => ({ alerting: { severity: { bands: severity } } });

describe("severity by impact", () => {
  test("is chosen by how many people a breach concerns, asked once for its bucket as the rule's author, and kept", async () => {
    const tenant = opened.openTenant();
    world.counts.set("DE", (hour) => (hour >= 10 ? 150 : 10));
    world.impact = { people: 1_200, revenue: [{ currency: "EUR", amount: 30 }] };
    await opened.makeRule(tenant, bands({ by: "IMPACT", atLeast: 1_000, severity: "CRITICAL" }));
    await opened.turn(0);
    expect(world.impacts).toEqual([]);
    await opened.turn();
    expect(await explained(tenant)).toMatchObject([
      { severity: "CRITICAL", evidence: { impact: { amount: 1_200, currency: null } } },
    ]);
    const [asked] = world.impacts;
    expect(world.impacts).toHaveLength(1);
    expect([asked?.caller.subject.id, asked?.caller.tenantId]).toEqual([tenant.userId, tenant.tenantId]);
    expect(JSON.parse(asked?.change ?? "")).toMatchObject({
      ...{ from: "2021-06-07T10:00:00.000Z", to: "2021-06-07T11:00:00.000Z" },
      where: [{ dimension: "country", values: ["DE"] }],
    });
  });

  test("is chosen by revenue of one currency, and by the score alone where nobody can tell", async () => {
    const tenant = opened.openTenant();
    world.counts.set("DE", () => 150);
    world.impact = { people: 9_999, revenue: [{ currency: "EUR", amount: 30 }] };
    const severity = { impactCurrency: "EUR", bands: [{ by: "IMPACT", atLeast: 25, severity: "ERROR" }] };
    await opened.makeRule(tenant, { alerting: { severity } });
    await opened.turn(0);
    expect(await explained(tenant)).toMatchObject([
      { severity: "ERROR", evidence: { impact: { amount: 30, currency: "EUR" } } },
    ]);
    const other = opened.openTenant();
    world.impact = null;
    await opened.makeRule(other, { alerting: { severity } });
    await opened.turn(0);
    expect(await explained(other)).toMatchObject([{ severity: "WARNING", evidence: { impact: null } }]);
  });

  test("is asked for of what expectations found and of entities beyond a bound as well", async () => {
    const tenant = opened.openTenant();
    world.counts.set("DE", () => 150);
    world.impact = { people: 70, revenue: [] };
    const range = { sliding: "P1D" };
    const questions = [
      { eventQuality: { range, expect: [{ name: "paid", present: { field: "revenue" } }] } },
      { velocity: { range, event: { events: ["pay"] }, by: "properties.card", within: "PT10M", moreThan: 5 } },
    ];
    for (const [nth, question] of questions.entries())
      await opened.makeRule(tenant, {
        ...{ name: `rule ${nth}`, question: { question, granularity: "HOUR" } },
        ...bands({ by: "IMPACT", atLeast: 50, severity: "CRITICAL" }),
      });
    for (const _question of questions) await opened.turn(0);
    const told = await explained(tenant);
    expect(told.map(({ severity, evidence }) => [severity, evidence.impact?.amount])).toEqual([
      ["CRITICAL", 70],
      ["CRITICAL", 70],
    ]);
  });

  test("asks for the eight worst breaches of a turn at most, and for none where no band goes by it", async () => {
    const tenant = opened.openTenant();
    for (let country = 0; country < 12; country += 1) world.counts.set(`C${country}`, () => 200 + country);
    world.impact = { people: 5, revenue: [] };
    await opened.makeRule(tenant, { name: "plain" });
    await opened.turn(0);
    expect(world.impacts).toEqual([]);
    await opened.makeRule(tenant, bands({ by: "IMPACT", atLeast: 1, severity: "CRITICAL" }));
    await opened.turn(0);
    const asked = world.impacts.map(({ change }) => z.object({ where: z.unknown() }).parse(JSON.parse(change)).where);
    expect(asked).toHaveLength(8);
    expect(asked).toContainEqual([{ dimension: "country", values: ["C11"] }]);
    expect(asked).not.toContainEqual([{ dimension: "country", values: ["C3"] }]);
  });

  test("is refused for numbers that tell of nobody, at its place", async () => {
    const { ask } = opened.openTenant();
    const refusedFor = async (input: object) =>
      (await ask(CREATE_RULE, { input: { name: "r", detector: { static: { side: "ABOVE", high: 1 } }, ...input } }))
        .data;
    const byImpact = bands({ by: "IMPACT", atLeast: 1, severity: "ERROR" });
    const problems = { createRule: { problems: [{ field: "alerting.severity.bands" }] } };
    const metric = { measure: "COUNT", eventNames: [], filters: [], window: "PT5M" };
    expect(await refusedFor({ metric, ...byImpact })).toMatchObject(problems);
    const ratio = {
      question: { activeUsers: { range: { sliding: "P30D" }, event: {} } },
      granularity: "DAY",
      value: { name: "ratio" },
    };
    expect(await refusedFor({ question: ratio, ...byImpact })).toMatchObject(problems);
  });
});
