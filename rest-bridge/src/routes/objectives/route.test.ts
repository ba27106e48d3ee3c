import { describe, expect, it } from "@jest/globals";
import { Value } from "typebox/value";
import { bridgeOfTests } from "../../testing/bridge-of-tests.ts";
import { objectiveDescription, objectivesDescription } from "./description.ts";

const ID = "0195e2a0-0000-7000-8000-000000000001";
const AT = "2026-11-20T12:00:00.000Z";

const bridge = bridgeOfTests();
const { asked } = bridge;

const objective = {
  ...{ __typename: "Objective", id: ID, name: "Checkout", description: null, owner: "shop", percent: 99.9 },
  indicator: { kind: "EVENTS", settings: { good: { field: "properties.status", startsWith: "OK" }, of: null } },
  ...{
    window: "DAYS_30",
    timeZone: "UTC",
    groupBy: "country",
    maxGroups: 20,
    version: 2,
    createdAt: AT,
    changedAt: AT,
  },
};
const status = {
  ...{ from: AT, to: AT, total: "9007199254740993", good: 1_000, bad: 3, attainment: 99.7, met: false },
  budget: { allowed: 1.003, spent: 3, left: -1.997, leftPercent: -199.1 },
  burnRates: [{ window: "PT5M", from: AT, total: 0, bad: 0, rate: null }],
  days: [{ date: "2026-11-20", total: 1_003, bad: 3, attainment: 99.7, spentPercent: 299.1 }],
  forecast: { outcome: "EXHAUSTED", at: null },
  readFrom: { asOf: AT, exact: true, tables: ["events"], version: 2 },
};
const whole = {
  ...{ ...objective, status },
  rules: [{ id: ID, name: "burn" }],
  anomalies: [{ id: ID, state: "FIRING", severity: "CRITICAL", raisedAt: AT }],
  incidents: [{ id: ID, number: 7, title: "burn", state: "TRIGGERED" }],
};
const groups = { groupCount: 30, groups: [{ group: [{ name: "country", value: "DE" }], status }] };
const answerWith = (data: Record<string, unknown>): void => bridge.graph.decide(() => ({ data, rateLimit: {} }));

describe("addresses about service level objectives", () => {
  it("answer what the graph answers, as their descriptions say, what is measured in the form its author gave", async () => {
    answerWith({ objectives: [objective] });
    const list = await asked("/api/v2/slos");
    const { settings } = objective.indicator;
    expect(list).toMatchObject({
      status: 200,
      body: { slos: [{ id: ID, window: "days_30", group_by: "country", indicator: { kind: "events", settings } }] },
    });
    expect([...Value.Errors(objectivesDescription.answers[200].schema, list.body)]).toEqual([]);
    answerWith({ objective: whole });
    const one = await asked(`/api/v2/slos/${ID}`);
    expect(one).toMatchObject({
      status: 200,
      body: {
        status: {
          forecast: { outcome: "exhausted" },
          burn_rates: [{ window: "PT5M" }],
          budget: { left_percent: -199.1 },
        },
        ...{
          groups: null,
          group_count: null,
          anomalies: [{ severity: "critical" }],
          incidents: [{ state: "triggered" }],
        },
      },
    });
    expect([...Value.Errors(objectiveDescription.answers[200].schema, one.body)]).toEqual([]);
    answerWith({ objective: { ...whole, groups } });
    const grouped = await asked(`/api/v2/slos/${ID}?groups=true`);
    expect(grouped.body).toMatchObject({ group_count: 30, groups: [{ group: [{ value: "DE" }], status: { bad: 3 } }] });
    expect([...Value.Errors(objectiveDescription.answers[200].schema, grouped.body)]).toEqual([]);
    expect(bridge.graph.calls.map(({ variables }) => variables)).toMatchObject([
      {},
      { groups: false },
      { groups: true },
    ]);
  });

  it("say that there is no such objective, and what else they do not take", async () => {
    answerWith({ objective: null });
    expect(await asked(`/api/v2/slos/${ID}`)).toMatchObject({
      status: 404,
      body: { code: "NOT_FOUND", field: "slo_id" },
    });
    expect(await asked(`/api/v2/slos/${ID}?groups=all`)).toMatchObject({ status: 400, body: { code: "BAD_INPUT" } });
  });
});
