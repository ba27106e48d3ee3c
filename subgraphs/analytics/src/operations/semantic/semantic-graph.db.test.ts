import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import { parseJobId } from "@tessera/contracts/ids";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { z } from "zod";
import { buildAnalytics, type TestAnalytics } from "../../../testing/build-analytics.ts";
import { parseJobInput } from "../../domain/job-input.ts";
import { jobRecord } from "../../domain/job-record.ts";
import { createJobStore } from "../../store/job-store.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(120_000);

let world: TestResources;
let analytics: TestAnalytics;
beforeAll(async () => {
  world = openTestResources();
  await world.resources.eventLog.start();
  const ingest = () => Promise.resolve({ accepted: 0, duplicate: 0, rejected: 0, outcomes: [] });
  analytics = buildAnalytics(world.resources, { ingest });
});
afterAll(async () => {
  await analytics.close();
  await world.resources.eventLog.stop();
  await world.close();
});

const PERMISSIONS = ["analytics:read", "analytics:define", "jobs:run", "jobs:read"] as const;
const ask = async (caller: Caller, source: string, variables: Record<string, unknown> = {}) => {
  const { data, errors } = await askSubgraph(analytics.subgraph, caller, source, variables);
  expect(errors).toBeUndefined();
  return data;
};
const RANGE = { from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" };
const METRIC =
  "{ id name title owner format { kind decimals currency unit } measure { function of currency levels exact filter { parts { field eq } } } formula version archived }";
const DEFINE = `mutation ($input: DefineMetricInput!) { defineMetric(input: $input) { __typename
  ... on MetricDefined { changed metric ${METRIC} } } }`;

const ASKED = { range: RANGE, metrics: [{ name: "twice" }], segments: [{ name: "german" }] };
const KEEP = `mutation ($olap: OlapInput!) { saveQuery(input: { name: "q", olap: $olap, pinned: true }) {
  ... on QuerySaved { savedQuery { id kind question pins { kind name version } versions { version } } } } }`;

const defineOrders = (caller: Caller, event: string) =>
  ask(caller, DEFINE, {
    input: {
      ...{ name: "orders", title: "Orders" },
      measure: { function: "COUNT", filter: { field: "name", eq: event } },
      format: { kind: "CURRENCY", currency: "EUR", decimals: 0 },
    },
  });

describe("the graph's semantic layer", () => {
  test("defines, lists, uses and keeps, and says who refers to what", async () => {
    const caller = callerWith(freshTenantId(), PERMISSIONS);
    const id: unknown = expect.any(String);
    expect(await defineOrders(caller, "buy")).toEqual({
      defineMetric: {
        ...{ __typename: "MetricDefined", changed: true },
        metric: {
          ...{ id, name: "orders", title: "Orders", owner: null, formula: null, version: 1, archived: false },
          format: { kind: "CURRENCY", decimals: 0, currency: "EUR", unit: null },
          measure: {
            ...{ function: "COUNT", of: null, currency: null, levels: null, exact: false },
            filter: { parts: [{ field: "name", eq: "buy" }] },
          },
        },
      },
    });
    await ask(caller, DEFINE, { input: { name: "twice", formula: "orders * 2" } });
    await ask(
      caller,
      `mutation { defineSegment(input: { name: "german", filter: { field: "country", eq: "DE" } }) { __typename } }`,
    );
    const question = ASKED;
    const kept = z
      .object({ saveQuery: z.object({ savedQuery: z.object({ id: z.string() }).loose() }) })
      .parse(await ask(caller, KEEP, { olap: question })).saveQuery.savedQuery;
    const pins = [
      { kind: "METRIC", name: "orders", version: 1 },
      { kind: "METRIC", name: "twice", version: 1 },
      { kind: "SEGMENT", name: "german", version: 1 },
    ];
    expect(kept).toMatchObject({ kind: "OLAP", question, pins, versions: [{ version: 1 }] });
    const run = `query ($id: ID!) { runSavedQuery(id: $id) { __typename
      ... on OlapResult { totals { name } definitions { kind name version } } } }`;
    expect(await ask(caller, run, kept)).toEqual({
      runSavedQuery: { __typename: "OlapResult", totals: [{ name: "twice" }], definitions: pins },
    });
    expect(
      await ask(
        caller,
        `{ metrics(first: 1) { edges { node { name usedBy { __typename
        ... on Metric { name } ... on SavedQuery { name } } } } pageInfo { hasNextPage } } segments { edges { node { filter { parts { field eq } } } } } }`,
      ),
    ).toEqual({
      metrics: {
        edges: [{ node: { name: "orders", usedBy: [{ __typename: "Metric", name: "twice" }] } }],
        pageInfo: { hasNextPage: true },
      },
      segments: { edges: [{ node: { filter: { parts: [{ field: "country", eq: "DE" }] } } }] },
    });
  });

  test("other rooms refer to them by id, as they are now; a foreign id looks like an unknown one, and a kind is no other", async () => {
    const [caller, stranger] = [callerWith(freshTenantId(), PERMISSIONS), callerWith(freshTenantId(), PERMISSIONS)];
    await defineOrders(caller, "view");
    const defined = await defineOrders(caller, "buy");
    const { id } = z.object({ defineMetric: z.object({ metric: z.object({ id: z.string() }) }) }).parse(defined)
      .defineMetric.metric;
    const refer = `query ($refs: [_Any!]!) { _entities(representations: $refs) {
      ... on Metric { name version } ... on Segment { name } ... on SavedQuery { name } } }`;
    const refs = ["Metric", "Segment", "SavedQuery"].map((__typename) => ({ __typename, id }));
    expect(await ask(caller, refer, { refs })).toEqual({ _entities: [{ name: "orders", version: 2 }, null, null] });
    expect(await ask(stranger, refer, { refs })).toEqual({ _entities: [null, null, null] });
    expect(await ask(caller, refer, { refs: [{ __typename: "Metric", id: "none" }] })).toEqual({ _entities: [null] });
    const { errors } = await askSubgraph(analytics.subgraph, callerWith(caller.tenantId, ["ml:read"]), refer, { refs });
    expect(errors?.map(({ extensions }) => extensions?.["code"])).toEqual(["FORBIDDEN", "FORBIDDEN", "FORBIDDEN"]);
  });

  test("archives and restores", async () => {
    const caller = callerWith(freshTenantId(), PERMISSIONS);
    const kept = z
      .object({ saveQuery: z.object({ savedQuery: z.object({ id: z.string() }) }) })
      .parse(await ask(caller, KEEP, { olap: { range: RANGE, measures: [{ function: "COUNT" }] } }))
      .saveQuery.savedQuery;
    const archive = `mutation ($id: ID!) { archiveDefinition(id: $id) { __typename
      ... on DefinitionArchived { definition { __typename } } } }`;
    expect(await ask(caller, archive, kept)).toEqual({
      archiveDefinition: { __typename: "DefinitionArchived", definition: { __typename: "SavedQuery" } },
    });
    const restore = `mutation ($id: ID!) { restoreDefinition(id: $id, version: 1) { __typename
      ... on DefinitionRestored { changed definition { ... on SavedQuery { version archived } } } } }`;
    expect(await ask(caller, restore, kept)).toEqual({
      restoreDefinition: {
        ...{ __typename: "DefinitionRestored", changed: true },
        definition: { version: 2, archived: false },
      },
    });
  });

  test("defines hierarchies, lists them, and moves questions along them", async () => {
    const caller = callerWith(freshTenantId(), PERMISSIONS);
    const define = `mutation ($input: DefineHierarchyInput!) { defineHierarchy(input: $input) { __typename
      ... on HierarchyDefined { changed hierarchy { name levels version versions { version } } } } }`;
    const hierarchy = { name: "places", levels: ["country", "properties.store"] };
    expect(await ask(caller, define, { input: hierarchy })).toEqual({
      defineHierarchy: {
        ...{ __typename: "HierarchyDefined", changed: true },
        hierarchy: { ...hierarchy, version: 1, versions: [{ version: 1 }] },
      },
    });
    expect(
      await ask(
        caller,
        `{ hierarchy(name: "places") { levels usable: archived } hierarchies { edges { node { name } } pageInfo { hasNextPage } }
        dimensions { hierarchies { name version levels } } }`,
      ),
    ).toMatchObject({
      hierarchy: { levels: hierarchy.levels, usable: false },
      hierarchies: { edges: [{ node: { name: "places" } }], pageInfo: { hasNextPage: false } },
      dimensions: { hierarchies: expect.arrayContaining([{ ...hierarchy, version: 1 }]) },
    });
    const step = `{ hierarchy { name version } from to question { dimensions granularity range { from to } input } result { rowCount totals { name } } }`;
    const input = {
      ...{ range: RANGE, measures: [{ function: "COUNT" }], dimensions: ["country"], pivot: { by: ["device"] } },
    };
    const along = { by: "country", hierarchy: "places" };
    const moved = await ask(
      caller,
      `query ($input: OlapInput!, $along: AlongInput!) { drillDown(input: $input, along: $along, cell: { dimensions: [null] }) ${step}
        rollUp(input: $input, along: $along) ${step} }`,
      { input, along },
    );
    const common = { hierarchy: { name: "places", version: 1 }, from: "country" };
    expect(moved).toMatchObject({
      drillDown: {
        ...{ ...common, to: "properties.store", result: { totals: [{ name: "count" }] } },
        question: { dimensions: ["properties.store"], granularity: "NONE", range: RANGE },
      },
      rollUp: { ...common, to: null, question: { dimensions: [] }, result: { rowCount: 1 } },
    });
    // What is told can be asked as it is told.
    const { question } = z
      .object({ drillDown: z.object({ question: z.object({ input: z.record(z.string(), z.unknown()) }) }) })
      .parse(moved).drillDown;
    expect(question.input).toMatchObject({ filter: { field: "country", exists: false }, pivot: { by: ["device"] } });
    const again = "query ($input: OlapInput!) { olap(input: $input) { pivot { by hasMore columns { values } } } }";
    expect(await ask(caller, again, { input: question.input })).toEqual({
      olap: { pivot: { by: ["device"], hasMore: false, columns: [] } },
    });
  });

  test("a long query keeps what its names stood for when it was started", async () => {
    const caller = callerWith(freshTenantId(), PERMISSIONS);
    await defineOrders(caller, "buy");
    await ask(caller, DEFINE, { input: { name: "twice", formula: "orders * 2" } });
    const start =
      "mutation ($olap: OlapInput!) { startQuery(input: { olap: $olap }) { ... on QueryStarted { job { id } } } }";
    const started = await ask(caller, start, { olap: { range: RANGE, metrics: [{ name: "twice" }] } });
    const { id } = z.object({ startQuery: z.object({ job: z.object({ id: z.string() }) }) }).parse(started)
      .startQuery.job;
    await defineOrders(caller, "something else");
    const jobId = parseJobId(id);
    if (jobId === null) throw new Error("A job's id is a UUID.");
    const [job] = await createJobStore({ ...world.resources, recordOf: jobRecord }).findMany(caller.tenantId, [jobId]);
    const measures = parseJobInput(job?.input).olap.measures.map(({ name, metric, filter }) => [name, metric, filter]);
    expect(measures).toEqual([
      ["orders", "BASE", { field: "name", eq: "buy" }],
      ["twice", "SHOWN", undefined],
    ]);
  });
});
