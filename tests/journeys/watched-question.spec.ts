import { beforeAll, expect, it } from "@jest/globals";
import { z } from "zod";
import { connectLive } from "../testing/live-client.ts";
import { eventually } from "../testing/eventually.ts";
import { openTenant, type SharedTenant } from "../testing/shared-instance.ts";

let instance: SharedTenant;
beforeAll(async () => {
  instance = await openTenant();
}, 240_000);

const toldShape = z.object({
  anomalies: z.object({
    anomaly: z.object({ id: z.string(), change: z.object({ explanation: z.record(z.string(), z.unknown()) }) }),
  }),
});

const LEADS_TO = `query ($id: ID!) { rule(id: $id) { openAnomaly { rule { id } group { value } tenant { slug limits { tier limits { metric } } } objective { id }
  change { definitions { __typename } cohorts { name } impact { people { actual } } events(first: 2) { events { name country batchId lineage { complete } } } }
  correlated { score } changesNear { chance } picture { alternative } } } }`;
const leadsToShape = z.object({
  rule: z.object({
    openAnomaly: z.looseObject({
      tenant: z.object({
        slug: z.string(),
        limits: z.object({ tier: z.string(), limits: z.array(z.object({ metric: z.string() })) }),
      }),
      picture: z.object({ alternative: z.string() }),
    }),
  }),
});

/** Expects of a rule's anomaly what it carries and leads to: one question to the graph, answered by three of its rooms. */
const expectLeads = async (ruleId: string): Promise<void> => {
  const { openAnomaly } = (await instance.client.ask(leadsToShape, LEADS_TO, { id: ruleId })).rule;
  const sample = {
    name: "refund",
    country: "DE",
    batchId: expect.any(String),
    lineage: { complete: expect.any(Boolean) },
  };
  expect(openAnomaly).toMatchObject({
    ...{ rule: { id: ruleId }, group: [{ value: "DE" }], objective: null, correlated: [], changesNear: [] },
    change: { definitions: [], cohorts: [], impact: { people: {} }, events: { events: [sample, sample] } },
  });
  expect(openAnomaly.tenant.limits.limits.length).toBeGreaterThan(0);
  expect(openAnomaly.picture.alternative).toMatch(/^Refunds by country — country DE \(\w+, each minute\): 4 at /u);
};

it("a rule over a question raises an anomaly of the group it is in, and REST tells of it what the graph tells", async () => {
  const { url, apiKey, client } = instance;
  const live = await connectLive(url, apiKey);
  // What stands beneath is answered by the analytics room, for each event.
  const stream = live.follow(
    "subscription ($filter: AlertFilterInput) { anomalies(filter: $filter) { anomaly { id change { explanation { value actual } } } } }",
    { filter: { minSeverity: "CRITICAL", matchers: [{ label: "country", operator: "EQUALS", values: ["DE"] }] } },
  );
  // In the last whole minute, which is judged as soon as the rule is made.
  const time = new Date(Math.floor(Date.now() / 60_000) * 60_000 - 30_000).toISOString();
  await client.send(Array.from({ length: 4 }, () => ({ name: "refund", country: "DE", time })));
  await client.send([{ name: "refund", country: "US", time }]);
  const olap = {
    ...{ range: { sliding: "PT1H" }, measures: [{ function: "COUNT" }], dimensions: ["country"] },
    filter: { field: "name", eq: "refund" },
  };
  const made = await client.ask(
    z.object({ createRule: z.object({ rule: z.object({ id: z.string() }) }) }),
    "mutation($input: CreateRuleInput!) { createRule(input: $input) { ... on RuleSaved { rule { id } } } }",
    {
      input: {
        ...{ name: "Refunds by country", question: { question: { olap }, granularity: "MINUTE" } },
        ...{ detector: { static: { side: "ABOVE", high: 3 } }, evaluationIntervalSeconds: 10, live: true },
        alerting: { severity: { base: "CRITICAL" } },
      },
    },
  );
  const ruleId = made.createRule.rule.id;
  const ofRule = async (): Promise<unknown> => {
    const headers = { authorization: `Bearer ${apiKey}` };
    const answer = await fetch(`${url}/api/v2/anomalies/active?severity=critical&rule_id=${ruleId}`, { headers });
    const page = z.object({ anomalies: z.array(z.record(z.string(), z.unknown())) }).parse(await answer.json());
    return page.anomalies[0];
  };
  await eventually(async () =>
    expect(await ofRule()).toMatchObject({
      ...{ rule: { id: ruleId, name: "Refunds by country" }, severity: "critical" },
      ...{ group: [{ name: "country", value: "DE" }], evidence: { value: 4, high: 3 } },
    }),
  );
  await stream.until((messages) => messages.length > 0);
  expect(toldShape.parse(stream.messages[0]).anomalies.anomaly.change.explanation).toEqual({
    value: "count",
    actual: 4,
  });
  await expectLeads(ruleId);
  await live.close();
  const changed = await fetch(`${url}/api/v2/anomalies/rules/${ruleId}`, {
    method: "PUT",
    headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ enabled: false, description: "seen" }),
  });
  const shape = z.object({
    rule: z.object({ id: z.string(), description: z.string(), version: z.number(), author: z.string() }),
  });
  const { rule } = await client.ask(shape, "query($id: ID!) { rule(id: $id) { id description version author } }", {
    id: ruleId,
  });
  expect(await changed.json()).toMatchObject(rule);
}, 120_000);
