import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { subscribe, parse } from "graphql";
import { TENANT_PERMISSIONS } from "@tessera/contracts/permissions";
import type { RuleId, TenantId } from "@tessera/contracts/ids";
import { newTraceId } from "@tessera/platform/telemetry/trace-context";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { permissions } from "./permissions.ts";
import {
  anomaliesOf,
  eventRow,
  makeRule,
  openAnomalyRoom,
  raise,
  storeEvents,
  type AnomalyRoom,
} from "./testing/anomaly-room.ts";
import { countOf } from "./testing/definitions.ts";

// Both engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(120_000);

let room: AnomalyRoom;
beforeAll(() => {
  room = openAnomalyRoom();
});
afterAll(() => room.close());

/** A tenant with rules at rest, each of which has raised an anomaly. */
const tenantWithAnomaly = async (names: readonly string[] = ["secret"]) => {
  const tenantId = freshTenantId();
  await storeEvents(room, [eventRow(tenantId, "order", room.clock.ms - 1_000)]);
  const ruleIds: RuleId[] = [];
  for (const name of names) {
    const ruleId = await makeRule(room, tenantId, { name, enabled: false });
    await raise(room, tenantId, ruleId);
    ruleIds.push(ruleId);
  }
  const anomalies = await anomaliesOf(room, tenantId);
  return { tenantId, ruleId: ruleIds[0] ?? "", anomalyId: anomalies[0]?.id ?? "", anomalies };
};

const ALL = TENANT_PERMISSIONS;
const ANOMALY = "id state evidence { value } rule { id name }";
const RULE = "id name openAnomaly { id }";
const input = { condition: { direction: "ABOVE", threshold: 2, minimumSamples: 0 }, metric: countOf("order") };

/** One document per root field, and what a stranger gets for another tenant's ids. */
const FIELDS = {
  "Query.rule": { document: `query ($ruleId: ID!) { result: rule(id: $ruleId) { ${RULE} } }`, stranger: null },
  "Query.rules": { document: `{ result: rules { edges { node { ${RULE} } } } }`, stranger: { edges: [] } },
  "Query.anomaly": {
    document: `query ($anomalyId: ID!) { result: anomaly(id: $anomalyId) { ${ANOMALY} } }`,
    stranger: null,
  },
  "Query.anomalies": {
    document: `query ($ruleId: ID!) { result: anomalies(ruleId: $ruleId) { edges { node { ${ANOMALY} } } } }`,
    stranger: { edges: [] },
  },
  "Query.previewRule": {
    document: "query ($preview: PreviewRuleInput!) { result: previewRule(input: $preview) { value samples } }",
    stranger: { value: 0, samples: 0 },
  },
  "Mutation.createRule": {
    document: "mutation ($create: CreateRuleInput!) { result: createRule(input: $create) { __typename } }",
    stranger: { __typename: "RuleSaved" },
  },
  "Mutation.updateRule": {
    document: "mutation ($ruleId: ID!) { result: updateRule(id: $ruleId, input: { enabled: false }) { __typename } }",
    stranger: { __typename: "RuleNotFound" },
  },
  "Mutation.deleteRule": {
    document: "mutation ($ruleId: ID!) { result: deleteRule(id: $ruleId) { __typename } }",
    stranger: { __typename: "RuleNotFound" },
  },
  "Mutation.acknowledgeAnomaly": {
    document: "mutation ($anomalyId: ID!) { result: acknowledgeAnomaly(id: $anomalyId) { __typename } }",
    stranger: { __typename: "AnomalyNotFound" },
  },
  "Mutation.resolveAnomaly": {
    document: "mutation ($anomalyId: ID!) { result: resolveAnomaly(id: $anomalyId) { __typename } }",
    stranger: { __typename: "AnomalyNotFound" },
  },
  "Mutation.snoozeAnomaly": {
    document: "mutation ($anomalyId: ID!) { result: snoozeAnomaly(id: $anomalyId) { __typename } }",
    stranger: { __typename: "AnomalyNotFound" },
  },
  "Subscription.anomalies": { document: "subscription { anomalies { cursor } }", stranger: null },
} as const satisfies Partial<
  Record<keyof typeof permissions, { readonly document: string; readonly stranger: unknown }>
>;
// boundary: the keys of a constant are what its type says.
const fieldNames = Object.keys(FIELDS) as readonly (keyof typeof FIELDS)[];
const variablesFor = (document: string, ids: { ruleId: string; anomalyId: string }) => {
  const all = { ...ids, preview: input, create: { ...input, name: "secret", enabled: false } };
  return Object.fromEntries(Object.entries(all).filter(([name]) => document.includes(`$${name}`)));
};

describe("another tenant's rules and anomalies", () => {
  test("are not seen and not changed through any root field", async () => {
    const owner = await tenantWithAnomaly();
    for (const name of fieldNames) {
      if (name.startsWith("Subscription")) continue;
      const { document, stranger } = FIELDS[name];
      const caller = callerWith(freshTenantId(), ALL);
      const answer = await askSubgraph(room.subgraph, caller, document, variablesFor(document, owner));
      expect([name, answer]).toEqual([name, { data: { result: stranger } }]);
    }
    const own = await askSubgraph(room.subgraph, callerWith(owner.tenantId, ALL), FIELDS["Query.rules"].document);
    const node = { id: owner.ruleId, name: "secret", openAnomaly: { id: owner.anomalyId } };
    expect(own).toEqual({ data: { result: { edges: [{ node }] } } });
    expect(await anomaliesOf(room, owner.tenantId)).toEqual(owner.anomalies);
  });

  const ENTITIES = `query ($of: [_Any!]!) { _entities(representations: $of) { __typename ... on Rule { ${RULE} } ... on Anomaly { ${ANOMALY} } } }`;
  const references = (ids: { ruleId: string; anomalyId: string }) => ({
    of: [
      { __typename: "Rule", id: ids.ruleId },
      { __typename: "Anomaly", id: ids.anomalyId },
    ],
  });

  test("are not seen through references either, which reach the owner's", async () => {
    const owner = await tenantWithAnomaly();
    const stranger = await askSubgraph(room.subgraph, callerWith(freshTenantId(), ALL), ENTITIES, references(owner));
    expect(stranger).toEqual({ data: { _entities: [null, null] } });
    const own = await askSubgraph(room.subgraph, callerWith(owner.tenantId, ALL), ENTITIES, references(owner));
    expect(own).toMatchObject({
      data: {
        _entities: [
          { __typename: "Rule", id: owner.ruleId, openAnomaly: { id: owner.anomalyId } },
          { __typename: "Anomaly", id: owner.anomalyId, rule: { id: owner.ruleId } },
        ],
      },
    });
    const malformed = references({ ruleId: "x", anomalyId: "'; --" });
    const none = await askSubgraph(room.subgraph, callerWith(owner.tenantId, ALL), ENTITIES, malformed);
    expect(none).toEqual({ data: { _entities: [null, null] } });
  });

  test("are not reached by reference without anomaly:read", async () => {
    const owner = await tenantWithAnomaly();
    const held = ALL.filter((permission) => permission !== "anomaly:read");
    const denied = await askSubgraph(room.subgraph, callerWith(owner.tenantId, held), ENTITIES, references(owner));
    expect(denied.data).toEqual({ _entities: [null, null] });
    expect(denied.errors?.map(({ extensions }) => extensions?.["code"])).toEqual(["FORBIDDEN", "FORBIDDEN"]);
  });

  test("are not in the tables for whoever has no tenant", async () => {
    const owner = await tenantWithAnomaly();
    for (const table of ["anomaly_rule", "anomaly"]) {
      const seen = await room.engines.resources.pool.query(`SELECT 1 FROM ${table} WHERE tenant_id = $1`, [
        owner.tenantId,
      ]);
      expect(seen.rowCount).toBe(0);
    }
  });
});

describe("permissions", () => {
  test("are named for every root field", () => {
    const { schema } = room.subgraph;
    const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
    const fields = roots.flatMap((root) =>
      Object.keys(root?.getFields() ?? {}).map((field) => `${root?.name}.${field}`),
    );
    expect(Object.keys(permissions).toSorted()).toEqual(fields.filter((field) => !field.includes("._")).toSorted());
  });

  test.each(fieldNames)("%s is denied without the one it names, whatever else is held", async (name) => {
    const needed = permissions[name];
    const caller = callerWith(
      freshTenantId(),
      ALL.filter((permission) => permission !== needed),
    );
    const { document } = FIELDS[name];
    const variables = variablesFor(document, { ruleId: freshTenantId(), anomalyId: freshTenantId() });
    const contextValue = room.subgraph.contextFor({ caller, traceId: newTraceId() });
    const answer = name.startsWith("Subscription")
      ? await subscribe({ schema: room.subgraph.schema, document: parse(document), contextValue })
      : await askSubgraph(room.subgraph, caller, document, variables);
    expect(answer).toMatchObject({ errors: [{ extensions: { code: "FORBIDDEN", permission: needed, field: name } }] });
  });
});

describe("where anomalies stand", () => {
  const STEP = `__typename ... on AnomalyAcknowledged { anomaly { ...A } } ... on AnomalyResolved { anomaly { ...A } }
    ... on AnomalyStepRefused { anomaly { state } } ... on AnomalyNotFound { id }`;
  const A =
    "fragment A on Anomaly { state acknowledgement { at by { kind id } note } resolution { at cause by { id } note } }";
  const step = async (tenantId: TenantId, field: string, id: string, note: string | null = null) => {
    const document = `mutation ($id: ID!, $note: String) { result: ${field}(id: $id, note: $note) { ${STEP.replaceAll(
      field === "acknowledgeAnomaly"
        ? "... on AnomalyResolved { anomaly { ...A } }"
        : "... on AnomalyAcknowledged { anomaly { ...A } }",
      "",
    )} } } ${A}`;
    return askSubgraph(room.subgraph, callerWith(tenantId, ALL), document, { id, note });
  };

  test("is changed one step at a time, with who did it, and not back", async () => {
    const { tenantId, anomalyId } = await tenantWithAnomaly();
    const at = new Date(room.clock.ms).toISOString();
    const by = { kind: "API_KEY", id: "0000000000000000" };
    const acknowledgement = { at, by, note: "mine" };
    expect(await step(tenantId, "acknowledgeAnomaly", anomalyId, " mine ")).toEqual({
      data: {
        result: {
          __typename: "AnomalyAcknowledged",
          anomaly: { state: "ACKNOWLEDGED", acknowledgement, resolution: null },
        },
      },
    });
    const refused = (state: string) => ({ data: { result: { __typename: "AnomalyStepRefused", anomaly: { state } } } });
    expect(await step(tenantId, "acknowledgeAnomaly", anomalyId)).toEqual(refused("ACKNOWLEDGED"));
    const resolution = { at, cause: "CALLER", by: { id: by.id }, note: null };
    expect(await step(tenantId, "resolveAnomaly", anomalyId)).toEqual({
      data: { result: { __typename: "AnomalyResolved", anomaly: { state: "RESOLVED", acknowledgement, resolution } } },
    });
    expect(await step(tenantId, "resolveAnomaly", anomalyId)).toEqual(refused("RESOLVED"));
    expect(await step(tenantId, "acknowledgeAnomaly", anomalyId, "n".repeat(2_001))).toMatchObject({
      errors: [{ extensions: { code: "BAD_INPUT", field: "note" } }],
    });
  });

  test("is decided once when two resolve it together", async () => {
    const { tenantId, anomalyId } = await tenantWithAnomaly();
    const both = await Promise.all([1, 2].map(() => step(tenantId, "resolveAnomaly", anomalyId)));
    const names = both.map(({ data }) => JSON.stringify(data).match(/Anomaly(?:Resolved|StepRefused)/)?.[0] ?? "");
    expect(names.toSorted()).toEqual(["AnomalyResolved", "AnomalyStepRefused"]);
  });

  test("is resolved when the rule is deleted, and the deleted rule is still told", async () => {
    const { tenantId, ruleId, anomalyId } = await tenantWithAnomaly();
    await askSubgraph(room.subgraph, callerWith(tenantId, ALL), FIELDS["Mutation.deleteRule"].document, { ruleId });
    const document =
      "query ($id: ID!) { anomaly(id: $id) { state resolution { cause } rule { id deletedAt nextEvaluationAt } } }";
    const answer = await askSubgraph(room.subgraph, callerWith(tenantId, ALL), document, { id: anomalyId });
    const deletedAt = new Date(room.clock.ms).toISOString();
    expect(answer.data?.["anomaly"]).toEqual({
      state: "RESOLVED",
      resolution: { cause: "RULE_DELETED" },
      rule: { id: ruleId, deletedAt, nextEvaluationAt: null },
    });
  });
});

test("The rules of fifty anomalies are loaded in one statement, and each anomaly gets its own", async () => {
  const names = Array.from({ length: 50 }, (_, place) => `rule ${place}`);
  const { tenantId, anomalies } = await tenantWithAnomaly(names);
  expect(anomalies).toHaveLength(50);
  const connections = jest.spyOn(room.engines.resources.pool, "connect");
  const document = "{ result: anomalies { edges { node { id rule { id openAnomaly { id } } } } } }";
  const answer = await askSubgraph(room.subgraph, callerWith(tenantId, ALL), document);
  // The page, the rules, the rules' open anomalies.
  expect(connections).toHaveBeenCalledTimes(3);
  connections.mockRestore();
  const edges = anomalies.map(({ id, rule_id }) => ({ node: { id, rule: { id: rule_id, openAnomaly: { id } } } }));
  expect(answer).toEqual({ data: { result: { edges: edges.toReversed() } } });
});
