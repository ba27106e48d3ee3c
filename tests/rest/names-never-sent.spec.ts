import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "@jest/globals";
import { z } from "zod";
import { openTenant, type SharedTenant } from "../testing/shared-instance.ts";
import { inRestWords } from "./graph-words.ts";

const ANALYTICS = "/api/v2/analytics";
const day = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString();
const range = { from: day(3), to: day(-1) };

let instance: SharedTenant;
let cohortId: string;

const ask = async (path: string, body?: unknown) => {
  const headers = { authorization: `Bearer ${instance.apiKey}`, "content-type": "application/json" };
  const sent = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const answer = await fetch(`${instance.url}${path}`, { headers, ...sent });
  const text = await answer.text();
  return { status: answer.status, text };
};
const problem = z.object({ code: z.string(), field: z.string(), detail: z.string() });

beforeAll(async () => {
  instance = await openTenant();
  const events = [
    { id: randomUUID(), name: "page_view", userId: "ada", properties: { plan: "pro", cart: { totalValue: 3 } } },
    { id: randomUUID(), name: "purchase", userId: "ada", properties: { plan: "free", ok: true } },
  ];
  expect((await ask("/api/v2/events", events)).status).toBe(200);
  const made = await instance.client.ask(
    z.object({ createCohort: z.object({ cohort: z.object({ id: z.string() }) }) }),
    "mutation ($input: CreateCohortInput!) { createCohort(input: $input) { ... on CohortSaved { cohort { id } } } }",
    { input: { name: "buyers", definition: { did: { event: { events: ["purchase"] } } } } },
  );
  cohortId = made.createCohort.cohort.id;
}, 120_000);

const typo = { field: "properties.paln", eq: "pro" };
const conversion = { conversion: { events: ["purchase"] }, touchpoints: [{}], models: [{ kind: "last" }] };
/** Every question of REST that names what was sent: where REST says that a slip stands, and the question with it. */
const SLIPS: readonly (readonly [path: string, field: string, question: object])[] = [
  [
    ...(["realtime/query", "filters.1.field"] as const),
    { range, measures: [{ function: "count" }], filters: [{ field: "country", eq: "DE" }, typo] },
  ],
  ["realtime/query", "measures.0.of", { range, measures: [{ function: "sum", of: "properties.plan" }] }],
  ["query/ndjson", "dimensions.0", { range, measures: [{ function: "count" }], dimensions: [typo.field] }],
  ["query/arrow", "dimensions.0", { range, measures: [{ function: "count" }], dimensions: [typo.field] }],
  ["funnel/analyze", "steps.0.any_of.0.events.0", { range, steps: [{ any_of: [{ events: ["purchse"] }] }] }],
  ["attribution/model", "dimensions.0", { range, ...conversion, dimensions: [typo.field] }],
  ["paths/analyze", "start.event.filter.field", { range, start: { event: { filter: typo } } }],
  ["sessions/analyze", "where.has_not.0.filter.field", { range, where: { has_not: [{ filter: typo }] } }],
];

describe("a slip of a name that was sent", () => {
  it.each(SLIPS)(
    "in %s is a problem at %s, with what may be meant and how to ask all the same",
    async (path, field, question) => {
      const { status, text } = await ask(`${ANALYTICS}/${path}`, question);
      const told = problem.parse(JSON.parse(text));
      expect({ status, code: told.code, field: told.field }).toEqual({ status: 400, code: "BAD_INPUT", field });
      expect(told.detail).toMatch(/Did you mean `\S+`\?|never held one\./);
      expect(told.detail).toContain("With `allow_unknown: true` it is asked all the same.");
      expect((await ask(`${ANALYTICS}/${path}`, { ...question, allow_unknown: true })).status).toBe(200);
    },
  );

  it("in what is asked of a cohort is a problem at the parameter, and is asked all the same with `allow_unknown`", async () => {
    const refused = async (search: string) => problem.parse(JSON.parse((await ask(`${PATH}?${search}`)).text)).field;
    const PATH = `${ANALYTICS}/cohort/${cohortId}`;
    const filter = new URLSearchParams({ return_filter: JSON.stringify(typo) }).toString();
    expect(await Promise.all(["start_events=purchse", filter, `split_by=${typo.field}`].map(refused))).toEqual([
      ...["start_events", "return_filter", "split_by.0"],
    ]);
    expect((await ask(`${PATH}?start_events=purchse&allow_unknown=true`)).status).toBe(200);
  });
});

describe("a slip of a name that was sent, in what is kept and asked later", () => {
  const RULE = `mutation ($input: CreateRuleInput!) { createRule(input: $input) { __typename } }`;
  const OBJECTIVE = `mutation ($input: ObjectiveInput!) { saveObjective(input: $input) { __typename } }`;
  const rule = (metric: object) => ({
    ...{ name: `rule ${randomUUID()}`, condition: { direction: "ABOVE", threshold: 5 } },
    metric: { measure: "COUNT", window: "PT1H", ...metric },
  });
  const objective = (more: object) => ({
    ...{ name: `objective ${randomUUID()}`, percent: 99, window: "DAYS_7" },
    indicator: {
      events: { of: { field: "name", eq: "purchse" }, good: { field: "properties.cart.totalValue", lt: 5 } },
    },
    ...more,
  });
  const refusal = z.array(
    z.object({ message: z.string(), extensions: z.object({ code: z.string(), field: z.string() }) }),
  );
  const refused = async (text: string, input: object) => {
    const [error] = refusal.parse((await instance.client.tell(text, { input })).errors);
    expect(error?.message).toContain("With `allowUnknown: true`");
    return error?.extensions;
  };

  it("is refused where it stands in a rule's own metric, which is made all the same where that is meant", async () => {
    const eventNames = ["page_view", "purchse"];
    const filters = [{ field: "PROPERTY", property: "paln", operator: "IN", values: ["pro"] }];
    for (const [metric, field] of [
      [{ eventNames }, "input.metric.eventNames.1"],
      [{ filters }, "input.metric.filters.0.property"],
      [{ measure: "PROPERTY_SUM", property: "plan" }, "input.metric.property"],
    ] as const)
      expect(await refused(RULE, rule(metric))).toEqual({ ...{ code: "BAD_INPUT", field } });
    const made = await instance.client.tell(RULE, { input: rule({ eventNames, filters, allowUnknown: true }) });
    expect(made).toMatchObject({ data: { createRule: { __typename: "RuleSaved" } } });
  });

  it("is refused where it stands in an objective, which is made all the same where that is meant", async () => {
    const field = "input.indicator.events.of.eq";
    expect(await refused(OBJECTIVE, objective({}))).toEqual({ code: "BAD_INPUT", field });
    const made = await instance.client.tell(OBJECTIVE, { input: objective({ allowUnknown: true }) });
    expect(made).toMatchObject({ data: { saveObjective: { __typename: "ObjectiveSaved" } } });
  });
});

describe("the catalogue over REST", () => {
  const GRAPH = `{ dimensions {
    catalogue { edges { node { name types { type events } events firstSeen lastSeen eventNames { name events } hasMoreEventNames } } }
    eventNames { edges { node { name events firstSeen lastSeen } } }
  } }`;
  const nodes = z.object({ edges: z.array(z.object({ node: z.unknown() })) });
  const shape = z.object({ dimensions: z.object({ catalogue: nodes, eventNames: nodes }) });

  it("tells what the graph tells, in pages", async () => {
    const { dimensions } = await instance.client.ask(shape, GRAPH, {});
    const words = ({ edges }: z.infer<typeof nodes>) => edges.map(({ node }) => inRestWords(node));
    const properties: unknown[] = [];
    let after = "";
    const page = z.object({ properties: z.array(z.unknown()), next_cursor: z.string().nullable() });
    for (let pages = 0; pages < 3; pages += 1) {
      const { text } = await ask(`${ANALYTICS}/catalogue/properties?first=1${after}`);
      const { properties: some, next_cursor: next } = page.parse(JSON.parse(text));
      properties.push(...some);
      after = `&after=${next ?? ""}`;
      if (pages === 2) expect(next).toBeNull();
    }
    expect(properties).toEqual(words(dimensions.catalogue));
    expect(properties).toMatchObject([
      { name: "properties.cart.totalValue", types: [{ type: "number", events: 1 }] },
      { name: "properties.ok" },
      { name: "properties.plan", events: 2 },
    ]);
    const { text } = await ask(`${ANALYTICS}/catalogue/event-names`);
    expect(JSON.parse(text)).toEqual({ event_names: words(dimensions.eventNames), next_cursor: null });
    const { text: refused } = await ask(`${ANALYTICS}/catalogue/properties?first=501`);
    expect(problem.parse(JSON.parse(refused))).toMatchObject({ code: "BAD_INPUT", field: "first" });
  });
});
