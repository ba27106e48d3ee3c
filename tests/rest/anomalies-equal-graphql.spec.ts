import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it, jest } from "@jest/globals";
import { z } from "zod";
import { openTenant, type SharedTenant } from "../testing/shared-instance.ts";

jest.setTimeout(180_000);

const ACTIVE = "/api/v2/anomalies/active";
const ENUMS = new Set(["state", "severity", "side", "kind", "verdict", "repeats", "outcome"]);
/** How often it is looked whether the rule has raised, half a second apart. */
const LOOKS = 240;

let instance: SharedTenant;
let rule = "";
let anomaly = "";

const send = async (path: string, method: "GET" | "POST" | "PUT", body?: unknown) => {
  const headers = { authorization: `Bearer ${instance.apiKey}`, "content-type": "application/json" };
  const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
  const answer = await fetch(`${instance.url}${path}`, init);
  const parsed: unknown = await answer.json();
  return { status: answer.status, body: z.record(z.string(), z.unknown()).parse(parsed) };
};
const graph = async (query: string, variables: object = {}): Promise<Readonly<Record<string, unknown>>> => {
  const { body } = await send("/graphql", "POST", { query, variables });
  return z.object({ data: z.record(z.string(), z.unknown()) }).parse(body).data;
};
/** The whole difference between the two: names in snake case, values of enums in lower case. */
const inRestWords = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(inRestWords);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]: [string, unknown]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      ENUMS.has(name) && typeof part === "string" ? part.toLowerCase() : inRestWords(part),
    ]),
  );
};
const activeOf = async (): Promise<readonly unknown[]> =>
  z.array(z.unknown()).parse((await send(`${ACTIVE}?rule_id=${rule}`, "GET")).body["anomalies"]);

beforeAll(async () => {
  instance = await openTenant();
  const event = { id: randomUUID(), name: "equal", userId: "ada", time: new Date().toISOString() };
  expect((await send("/api/v2/events", "POST", [event])).status).toBe(200);
  const made = await graph(
    "mutation ($input: CreateRuleInput!) { createRule(input: $input) { ... on RuleSaved { rule { id } } } }",
    {
      input: {
        ...{ name: `equal ${randomUUID()}`, evaluationIntervalSeconds: 10 },
        metric: { measure: "COUNT", window: "PT1H", eventNames: ["equal"] },
        condition: { direction: "ABOVE", threshold: 0 },
      },
    },
  );
  rule = z.object({ createRule: z.object({ rule: z.object({ id: z.string() }) }) }).parse(made).createRule.rule.id;
  for (let look = 0; look < LOOKS && anomaly === ""; look += 1) {
    const [first] = await activeOf();
    if (first === undefined) await new Promise((resolve) => setTimeout(resolve, 500));
    else anomaly = z.object({ id: z.string() }).parse(first).id;
  }
}, 180_000);

const ANOMALIES = `query ($rule: ID!) { anomalies(first: 50, active: true, ruleId: $rule) { edges { node {
  id rule { id name } state severity group { name value } fingerprint raisedAt
  evidence { value samples score expected low high side because from to } acknowledgement { at by { kind id } note } } } } }`;
const RULE = `query ($id: ID!) { rule(id: $id) { id name description version enabled evaluationIntervalSeconds labels { name value } author
  lastFailure failureCode createdAt updatedAt } }`;
const FEEDBACK = `query ($id: ID!) { anomaly(id: $id) { feedback { verdict people standing { id by { kind id } verdict cause note
  expected { repeats from until timeZone fromHour hours } expiresAt doneAt at } } } }`;

const OBJECTIVE = `query ($id: ID!) { objective(id: $id) { id name percent version rules { id name } anomalies { id } status { from to total good bad attainment met
  budget { allowed spent left leftPercent } burnRates { window from total bad rate } days { date total bad attainment spentPercent } forecast { outcome at } } } }`;

describe("anomalies over REST are what GraphQL answers", () => {
  it("those that are active", async () => {
    const asked = await graph(ANOMALIES, { rule });
    const { anomalies } = z
      .object({ anomalies: z.object({ edges: z.array(z.object({ node: z.record(z.string(), z.unknown()) })) }) })
      .parse(asked);
    expect(anomalies.edges).toHaveLength(1);
    const [listed] = await activeOf();
    // When it was seen last moves on between two askings.
    expect(listed).toMatchObject(z.record(z.string(), z.unknown()).parse(inRestWords(anomalies.edges[0]?.node)));
  });

  it("a rule that was changed", async () => {
    const changed = await send(`/api/v2/anomalies/rules/${rule}`, "PUT", {
      ...{ description: "as REST says", labels: [{ name: "team", value: "shop" }], expected_version: 1 },
    });
    expect(changed).toMatchObject({ status: 200, body: { version: 2, description: "as REST says" } });
    const { next_evaluation_at: _turn, ...same } = changed.body;
    expect(same).toEqual(inRestWords((await graph(RULE, { id: rule }))["rule"]));
  });

  it("what somebody says of an anomaly", async () => {
    const path = `/api/v2/anomalies/feedback/${anomaly}`;
    const said = await send(path, "POST", { verdict: "expected", note: "sale", expected: { repeats: "daily" } });
    expect(said).toMatchObject({ status: 200, body: { verdict: "expected", people: 1 } });
    const { anomaly_id: told, ...feedback } = said.body;
    expect(told).toBe(anomaly);
    const read = z.object({ anomaly: z.object({ feedback: z.unknown() }) });
    expect(feedback).toEqual(inRestWords(read.parse(await graph(FEEDBACK, { id: anomaly })).anomaly.feedback));
    const wrong = await send(path, "POST", { verdict: "known_issue" });
    expect(wrong).toMatchObject({ status: 400, body: { code: "BAD_INPUT", field: "cause" } });
    const none = await send(`/api/v2/anomalies/feedback/${randomUUID()}`, "POST", { verdict: "true" });
    expect(none).toMatchObject({ status: 404, body: { code: "NOT_FOUND", field: "anomaly_id" } });
  });

  it("a service level objective as it stands, with what watches it", async () => {
    const input = {
      ...{ name: `equal ${randomUUID()}`, percent: 99.5, window: "DAYS_7", groupBy: "country" },
      indicator: { events: { of: { field: "name", eq: "equal" }, good: { field: "properties.status", lt: 500 } } },
    };
    const save = `mutation ($input: ObjectiveInput!) { saveObjective(input: $input) { ... on ObjectiveSaved { objective { id } } } }`;
    const { id } = z
      .object({ saveObjective: z.object({ objective: z.object({ id: z.string() }) }) })
      .parse(await graph(save, { input })).saveObjective.objective;
    const create = `mutation ($input: CreateRuleInput!) { createRule(input: $input) { __typename } }`;
    const burn = { name: `burn ${randomUUID()}`, objective: { id }, enabled: false };
    expect(await graph(create, { input: burn })).toEqual({ createRule: { __typename: "RuleSaved" } });
    const { body } = await send("/api/v2/slos", "GET");
    expect(body["slos"]).toEqual([expect.objectContaining({ id, window: "days_7", group_by: "country", version: 1 })]);
    // Up to which minute it is counted moves on between two askings, once a minute.
    for (let look = 0; look < LOOKS; look += 1) {
      const one = await send(`/api/v2/slos/${id}`, "GET");
      const read = z.object({ objective: z.object({ status: z.object({ to: z.string() }).loose() }).loose() });
      const { objective } = read.parse(await graph(OBJECTIVE, { id }));
      if (z.object({ to: z.string() }).loose().parse(one.body["status"]).to !== objective.status.to) continue;
      expect(one.body).toMatchObject(z.record(z.string(), z.unknown()).parse(inRestWords(objective)));
      expect(one.body).toMatchObject({ rules: [{ name: burn.name }], groups: null, status: { budget: { spent: 0 } } });
      return;
    }
    throw new Error("The minute changed between all askings.");
  });
});
