import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { z } from "zod";
import type { TenantId } from "@tessera/contracts/ids";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { MAX_RULES_PER_TENANT } from "./store/rule-store.ts";
import {
  eventRow,
  LONG_AGO_MS,
  makeRule,
  openAnomalyRoom,
  storeEvents,
  type AnomalyRoom,
} from "./testing/anomaly-room.ts";
import { countOf } from "./testing/definitions.ts";

// Both engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(120_000);

/** Later than the clocks of tests that evaluate: rules of these tests are due for nobody. */
const NOW_MS = LONG_AGO_MS + 30 * 86_400_000;
let room: AnomalyRoom;
beforeAll(() => {
  room = openAnomalyRoom();
  room.clock.ms = NOW_MS;
});
afterAll(() => room.close());

const condition = { direction: "ABOVE", threshold: 2, minimumSamples: 0 };
const sound = { name: "orders", metric: countOf("order"), condition, evaluationIntervalSeconds: 60, enabled: false };
const RULE = `id name description version enabled evaluationIntervalSeconds nextEvaluationAt createdAt updatedAt deletedAt
  metric { measure property currency eventNames window includeSynthetic filters { field property operator values bound } }
  condition { direction threshold minimumSamples }`;
const RESULT = `__typename ... on RuleSaved { rule { ${RULE} } } ... on RuleRejected { problems { field message } }
  ... on RuleNameTaken { name rule { name } }`;
const CREATE = `mutation ($input: CreateRuleInput!) { result: createRule(input: $input) { ${RESULT} ... on RuleLimitReached { limit } } }`;
const UPDATE = `mutation ($id: ID!, $input: UpdateRuleInput!) { result: updateRule(id: $id, input: $input) { ${RESULT}
  ... on RuleNotFound { id } ... on RuleChangedMeanwhile { rule { version } } } }`;
const DELETE =
  "mutation ($id: ID!) { result: deleteRule(id: $id) { __typename ... on RuleDeleted { id } ... on RuleNotFound { id } } }";

const ask = async (tenantId: TenantId, document: string, variables: object = {}) => {
  const caller = callerWith(tenantId, ["anomaly:read", "anomaly:manage", "anomaly:respond"]);
  const answer = await askSubgraph(room.subgraph, caller, document, { ...variables });
  expect(answer.errors).toBeUndefined();
  return answer.data ?? {};
};
const result = async (tenantId: TenantId, document: string, variables: object) =>
  (await ask(tenantId, document, variables))["result"];

describe("a rule", () => {
  test("is kept as it was made, and found again", async () => {
    const tenantId = freshTenantId();
    const metric = {
      ...countOf("order"),
      measure: "REVENUE_AVERAGE",
      currency: "EUR",
      includeSynthetic: true,
      filters: [
        { field: "PROPERTY", property: "cart.items", operator: "AT_LEAST", values: [], bound: 2.5 },
        { field: "COUNTRY", property: null, operator: "NOT_IN", values: ["DE", "FR"], bound: null },
      ],
    };
    const made = await result(tenantId, CREATE, { input: { ...sound, metric, description: "why", enabled: true } });
    const at = new Date(NOW_MS).toISOString();
    const rule = {
      ...sound,
      metric,
      description: "why",
      enabled: true,
      version: 1,
      nextEvaluationAt: at,
      createdAt: at,
      updatedAt: at,
      deletedAt: null,
    };
    expect(made).toMatchObject({ __typename: "RuleSaved", rule });
    const { id } = z.object({ rule: z.object({ id: z.string() }) }).parse(made).rule;
    expect((await ask(tenantId, `query ($id: ID!) { rule(id: $id) { ${RULE} } }`, { id }))["rule"]).toEqual({
      ...rule,
      id,
    });
    await ask(tenantId, "mutation ($id: ID!) { deleteRule(id: $id) { __typename } }", { id });
  });

  test("that makes no sense is rejected with everything that is wrong with it", async () => {
    const input = { ...sound, name: " ", metric: { ...countOf("order"), window: "PT1S" } };
    const rejected = await result(freshTenantId(), CREATE, { input });
    const fields = z.object({ problems: z.array(z.object({ field: z.string() })) }).parse(rejected).problems;
    expect(fields.map(({ field }) => field).toSorted()).toEqual(["metric.window", "name"]);
  });

  test("has its name alone among the tenant's rules, also when two are made at once, until it is deleted", async () => {
    const [tenantId, other] = [freshTenantId(), freshTenantId()];
    const both = await Promise.all([1, 2].map(() => result(tenantId, CREATE, { input: sound })));
    const names = both.map((made) => z.object({ __typename: z.string() }).parse(made).__typename);
    expect(names.toSorted()).toEqual(["RuleNameTaken", "RuleSaved"]);
    expect(await result(other, CREATE, { input: sound })).toMatchObject({ __typename: "RuleSaved" });
    const second = await makeRule(room, tenantId, { name: "second", enabled: false });
    const renamed = await result(tenantId, UPDATE, { id: second, input: { name: "orders" } });
    expect(renamed).toEqual({ __typename: "RuleNameTaken", name: "orders", rule: { name: "orders" } });
    expect(await result(tenantId, UPDATE, { id: second, input: { name: "second" } })).toMatchObject({
      __typename: "RuleSaved",
    });
    await result(tenantId, DELETE, { id: second });
    expect(await result(tenantId, CREATE, { input: { ...sound, name: "second" } })).toMatchObject({
      __typename: "RuleSaved",
    });
  });

  test("is changed from the version that was read alone", async () => {
    const tenantId = freshTenantId();
    const id = await makeRule(room, tenantId, { enabled: false });
    const first = await result(tenantId, UPDATE, { id, input: { expectedVersion: 1, description: "new" } });
    expect(first).toMatchObject({ __typename: "RuleSaved", rule: { version: 2, description: "new", name: "orders" } });
    const second = await result(tenantId, UPDATE, { id, input: { expectedVersion: 1, description: "newer" } });
    expect(second).toEqual({ __typename: "RuleChangedMeanwhile", rule: { version: 2 } });
    const nonsense = await result(tenantId, UPDATE, { id, input: { evaluationIntervalSeconds: 1 } });
    expect(nonsense).toMatchObject({ __typename: "RuleRejected", problems: [{ field: "evaluationIntervalSeconds" }] });
  });

  test("that is deleted is gone from lists and can't be changed", async () => {
    const tenantId = freshTenantId();
    const id = await makeRule(room, tenantId, { enabled: false });
    expect(await result(tenantId, DELETE, { id })).toEqual({ __typename: "RuleDeleted", id });
    expect(await result(tenantId, DELETE, { id })).toEqual({ __typename: "RuleNotFound", id });
    expect(await result(tenantId, UPDATE, { id, input: { name: "x" } })).toEqual({ __typename: "RuleNotFound", id });
    const gone = await ask(tenantId, `query ($id: ID!) { rule(id: $id) { id } rules { edges { node { id } } } }`, {
      id,
    });
    expect(gone).toEqual({ rule: null, rules: { edges: [] } });
  });

  test.each(["not-a-uuid", "0198c0de-0000-4000-8000-000000000001"])("with the id %s is not found", async (id) => {
    const tenantId = freshTenantId();
    expect(await result(tenantId, UPDATE, { id, input: {} })).toEqual({ __typename: "RuleNotFound", id });
    expect(await result(tenantId, DELETE, { id })).toEqual({ __typename: "RuleNotFound", id });
    expect(await ask(tenantId, "query ($id: ID!) { rule(id: $id) { id } anomaly(id: $id) { id } }", { id })).toEqual({
      rule: null,
      anomaly: null,
    });
  });
});

describe("the rules of a tenant", () => {
  test("are as many as allowed and no more, and are read in pages, newest first, each once", async () => {
    const tenantId = freshTenantId();
    const made: string[] = [];
    for (let rule = 0; rule < MAX_RULES_PER_TENANT; rule += 1)
      made.unshift(await makeRule(room, tenantId, { name: `rule ${rule}`, enabled: false }));
    const refused = await result(tenantId, CREATE, { input: { ...sound, name: "one more" } });
    expect(refused).toEqual({ __typename: "RuleLimitReached", limit: MAX_RULES_PER_TENANT });
    const page = z.object({
      edges: z.array(z.object({ node: z.object({ id: z.string() }) })),
      pageInfo: z.object({ hasNextPage: z.boolean(), hasPreviousPage: z.boolean(), endCursor: z.string() }),
    });
    const document = `query ($after: Cursor) { rules(first: 70, after: $after) { edges { node { id } }
      pageInfo { hasNextPage hasPreviousPage endCursor } } }`;
    const read: string[] = [];
    let after: string | null = null;
    for (const expected of [true, true, false]) {
      const { edges, pageInfo }: z.infer<typeof page> = page.parse((await ask(tenantId, document, { after }))["rules"]);
      expect(pageInfo).toMatchObject({ hasNextPage: expected, hasPreviousPage: after !== null });
      read.push(...edges.map(({ node }) => node.id));
      after = pageInfo.endCursor;
    }
    expect(read).toEqual(made);
  });

  test.each([
    ["first", "first: 0"],
    ["first", "first: 1001"],
    ["after", 'after: "nonsense"'],
  ])("are refused with BAD_INPUT about %s for (%s)", async (field, asked) => {
    const caller = callerWith(freshTenantId(), ["anomaly:read"]);
    for (const list of ["rules", "anomalies"]) {
      const answer = await askSubgraph(room.subgraph, caller, `{ ${list}(${asked}) { edges { cursor } } }`);
      expect(answer.errors).toMatchObject([{ extensions: { code: "BAD_INPUT", field } }]);
    }
  });
});

describe("a preview", () => {
  const PREVIEW =
    "query ($input: PreviewRuleInput!) { result: previewRule(input: $input) { outcome value samples from to } }";

  test("says what the rule would say now and keeps nothing", async () => {
    const tenantId = freshTenantId();
    await storeEvents(
      room,
      Array.from({ length: 3 }, () => eventRow(tenantId, "order", NOW_MS - 1_000)),
    );
    const window = { from: "2020-03-31T11:55:00.000Z", to: "2020-03-31T12:00:00.000Z" };
    const preview = (threshold: number) =>
      result(tenantId, PREVIEW, { input: { metric: countOf("order"), condition: { ...condition, threshold } } });
    expect(await preview(2)).toEqual({ outcome: "BREACHED", value: 3, samples: 3, ...window });
    expect(await preview(3)).toEqual({ outcome: "NORMAL", value: 3, samples: 3, ...window });
    expect(await ask(tenantId, "{ anomalies { edges { cursor } } rules { edges { cursor } } }")).toEqual({
      anomalies: { edges: [] },
      rules: { edges: [] },
    });
  });

  test("of nonsense is refused and its place named", async () => {
    const input = { metric: { ...countOf("order"), window: "P1Y" }, condition };
    const answer = await askSubgraph(room.subgraph, callerWith(freshTenantId(), ["anomaly:manage"]), PREVIEW, {
      input,
    });
    expect(answer.errors).toMatchObject([{ extensions: { code: "BAD_INPUT", field: "input.metric.window" } }]);
  });
});
