import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it, jest } from "@jest/globals";
import { z } from "zod";
import { openTenant, type SharedTenant } from "../testing/shared-instance.ts";

jest.setTimeout(180_000);

const ACTIVE = "/api/v2/anomalies/active";
const ENUMS = new Set(["state", "severity", "side", "kind", "verdict", "repeats", "outcome", "ordering", "cause"]);
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
  evidence { value samples score expected low high side because weighed { at share group { name value } } from to } acknowledgement { at by { kind id } note } } } } }`;
const RULE = `query ($id: ID!) { rule(id: $id) { id name description version enabled live objective { id name } evaluationIntervalSeconds labels { name value } author
  lastFailure failureCode createdAt updatedAt } }`;
const FEEDBACK = `query ($id: ID!) { anomaly(id: $id) { feedback { verdict people standing { id by { kind id } verdict cause note
  expected { repeats from until timeZone fromHour hours } expiresAt doneAt at } } } }`;

const OBJECTIVE = `query ($id: ID!) { objective(id: $id) { id name percent version rules { id name } anomalies { id } status { from to total good bad attainment met
  budget { allowed spent left leftPercent } burnRates { window from total bad rate } days { date total bad attainment spentPercent } forecast { outcome at } } } }`;

const WHOLE = `query ($id: ID!) { anomaly(id: $id) { id evidence { value score impact { amount currency } from to } resolution { at cause } incident { id }
  change { impact { people { actual expected difference } affectedPeople revenue { currency actual expected difference } comparedWith { from to } } }
  correlated(first: 5) { anomaly { id } score onsetDistanceSeconds overlap sharedLabels shape { correlation lag chance significant } }
  changesNear(first: 5) { change { id key kind title at until source link labels { name value } recordedBy { kind id } recordedAt }
    at leadSeconds chance significant sharedLabels } } }`;
const wholeShape = z.object({
  anomaly: z.object({ change: z.object({ impact: z.unknown() }).nullable() }).catchall(z.unknown()),
});
const ENDPOINT = `query ($id: ID!) { webhookEndpoint(id: $id) { id url description eventTypes labels { name value } headerNames ordering
  ratePerMinute owner { kind id } secrets { id kind publicKey createdAt expiresAt } version createdAt updatedAt } }`;
const endpointOf = z.object({ endpoint: z.object({ id: z.string() }), secrets: z.array(z.unknown()) });
const record = z.record(z.string(), z.unknown());

describe("webhooks over REST are what GraphQL answers", () => {
  it("an endpoint that is made, changed, paused, given a secret, tested and removed", async () => {
    // An address of nobody's that is looked up nowhere.
    const url = "https://[2000::1]/hook";
    const made = await send("/api/v2/webhooks", "POST", { url, event_types: ["tenant.scaled"], ordering: "subject" });
    const { endpoint, secrets } = endpointOf.parse(made.body);
    expect(secrets).toHaveLength(1);
    const one = `/api/v2/webhooks/${endpoint.id}`;
    const changed = await send(one, "PUT", { description: "as REST says", expected_version: 1 });
    expect(changed).toMatchObject({ status: 200, body: { endpoint: { version: 2 }, secrets: [] } });
    expect((await send(one, "PUT", { description: "late", expected_version: 1 })).status).toBe(409);
    expect((await send(`${one}/pause`, "POST", {})).body).toMatchObject({ endpoint: { state: "paused" } });
    const rotated = await send(`${one}/secret`, "POST", { overlap_hours: 1 });
    expect(rotated.body).toMatchObject({ secrets: [{ kind: "hmac_sha256" }] });
    const { id: delivery } = z.object({ id: z.string() }).parse((await send(`${one}/test`, "POST", {})).body);
    const asked = (await graph(ENDPOINT, { id: endpoint.id }))["webhookEndpoint"];
    expect((await send(one, "GET")).body).toMatchObject(record.parse(inRestWords(asked)));
    expect((await send(`/api/v2/webhook-deliveries?endpoint_id=${endpoint.id}`, "GET")).body).toMatchObject({
      ...{ deliveries: [{ id: delivery, type: "webhook.test" }], next_cursor: null },
    });
    expect(await send(`${one}/remove`, "POST", {})).toMatchObject({ status: 200, body: { id: endpoint.id } });
    expect(await send(one, "GET")).toMatchObject({ status: 404, body: { code: "NOT_FOUND", field: "endpoint_id" } });
  });
});

describe("anomalies over REST are what GraphQL answers", () => {
  it("one with whom it concerns, others at the time and what changed before it", async () => {
    const at = new Date(Date.now() - 60_000).toISOString();
    const recorded = await send("/api/v2/changes", "POST", {
      key: `equal ${randomUUID()}`,
      kind: "deploy",
      title: "E",
      at,
    });
    expect(recorded.status).toBe(200);
    expect((await send("/api/v2/changes?kind=deploy", "GET")).body).toMatchObject({ changes: [recorded.body] });
    const { change, ...rest } = wholeShape.parse(await graph(WHOLE, { id: anomaly })).anomaly;
    const told = await send(`/api/v2/anomalies/${anomaly}?reach=true&first=5`, "GET");
    expect(told.status).toBe(200);
    expect(told.body).toMatchObject(record.parse(inRestWords(rest)));
    expect(told.body).toMatchObject({ reach: inRestWords(change?.impact ?? null) });
    expect((await send(`/api/v2/anomalies/${anomaly}`, "GET")).body["reach"]).toBeNull();
    const none = await send(`/api/v2/anomalies/${randomUUID()}`, "GET");
    expect(none).toMatchObject({ status: 404, body: { code: "NOT_FOUND", field: "anomaly_id" } });
  });

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
      expect(one.body).toMatchObject({
        rules: [{ name: burn.name }],
        groups: null,
        status: { budget: { spent: expect.any(Number) } },
      });
      return;
    }
    throw new Error("The minute changed between all askings.");
  });
});
