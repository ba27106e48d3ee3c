import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import type { Caller } from "@tessera/contracts/caller";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { z } from "zod";
import { buildAnalytics, type TestAnalytics } from "../../../testing/build-analytics.ts";

jest.setTimeout(120_000);

let world: TestResources;
let analytics: TestAnalytics;
beforeAll(() => {
  world = openTestResources();
  const ingest = () => Promise.resolve({ accepted: 0, duplicate: 0, rejected: 0, outcomes: [] });
  analytics = buildAnalytics(world.resources, { ingest });
});
afterAll(async () => {
  await analytics.close();
  await world.close();
});

const newCaller = (): Caller => callerWith(freshTenantId(), ["analytics:read", "analytics:define"]);
const ask = async (caller: Caller, source: string, variables: Record<string, unknown> = {}) => {
  const { data, errors } = await askSubgraph(analytics.subgraph, caller, source, variables);
  expect(errors).toBeUndefined();
  return data;
};
const refused = async (caller: Caller, source: string, variables: Record<string, unknown> = {}) =>
  (await askSubgraph(analytics.subgraph, caller, source, variables)).errors?.[0];

const ROLLUP = `id name version description dimensions measures { function of currency } filter { parts { field in } } grain state answeringVersion
  progress { eventsTotal eventsDone rows } failureCode failure readyAt createdBy definedBy versions { version grain dimensions definedBy }`;
const DEFINE = `mutation ($input: DefineRollupInput!) { defineRollup(input: $input) { __typename
  ... on RollupDefined { changed rollup { ${ROLLUP} } } ... on TooManyRollups { limit } } }`;
const ARCHIVE = `mutation ($id: ID!) { archiveRollup(id: $id) { __typename ... on RollupArchived { rollup { ${ROLLUP} } } ... on RollupNotFound { id } } }`;
const ONE = `query ($id: ID!) { rollup(id: $id) { ${ROLLUP} } }`;
const LIST = `query ($first: Int! = 50, $after: Cursor, $archived: Boolean! = false) { rollups(first: $first, after: $after, archived: $archived) {
  edges { cursor node { name } } pageInfo { hasNextPage hasPreviousPage endCursor } } }`;

const INPUT = {
  ...{ name: "views", description: "Views by page", dimensions: ["name", "url.path.1", "properties.plan"] },
  measures: [
    { function: "UNIQUES", of: "persons" },
    { function: "SUM", of: "revenue", currency: "EUR" },
  ],
  ...{ filter: { field: "name", in: ["view", "buy"] }, grain: "DAY" },
};
const defined = z.object({ defineRollup: z.object({ rollup: z.object({ id: z.string() }) }) });
const define = async (caller: Caller, input: object = INPUT): Promise<string> =>
  defined.parse(await ask(caller, DEFINE, { input })).defineRollup.rollup.id;
const page = z.object({
  rollups: z.object({
    edges: z.array(z.object({ cursor: z.string(), node: z.object({ name: z.string() }) })),
    pageInfo: z.object({ endCursor: z.string().nullable() }),
  }),
});

describe("rollups in the graph", () => {
  test("are defined in versions, told whole, archived and defined again", async () => {
    const caller = newCaller();
    const first = await ask(caller, DEFINE, { input: INPUT });
    const by = `${caller.subject.kind}:${caller.subject.id}`;
    expect(first).toMatchObject({
      defineRollup: {
        ...{ __typename: "RollupDefined", changed: true },
        rollup: {
          ...{ name: "views", version: 1, description: "Views by page", dimensions: INPUT.dimensions, grain: "DAY" },
          measures: [
            { function: "UNIQUES", of: "persons", currency: null },
            { function: "SUM", of: "revenue", currency: "EUR" },
          ],
          filter: { parts: [{ field: "name", in: ["view", "buy"] }] },
          ...{ state: "BUILDING", answeringVersion: null, progress: { eventsTotal: null, eventsDone: 0, rows: null } },
          ...{ failureCode: null, failure: null, readyAt: null, createdBy: by, definedBy: by },
          versions: [{ version: 1, grain: "DAY", dimensions: INPUT.dimensions, definedBy: by }],
        },
      },
    });
    const { id } = defined.parse(first).defineRollup.rollup;
    expect(await ask(caller, DEFINE, { input: INPUT })).toMatchObject({ defineRollup: { changed: false } });
    expect(await refused(caller, DEFINE, { input: { ...INPUT, grain: "HOUR", expectedVersion: 0 } })).toMatchObject({
      extensions: { code: "CONFLICT", field: "input.expectedVersion" },
    });
    const next = { input: { ...INPUT, grain: "HOUR", expectedVersion: 1 } };
    expect(await ask(caller, DEFINE, next)).toMatchObject({
      defineRollup: { rollup: { id, version: 2, grain: "HOUR" } },
    });
    expect(await ask(caller, ARCHIVE, { id })).toMatchObject({ archiveRollup: { rollup: { id, state: "ARCHIVED" } } });
    expect(await ask(caller, LIST)).toMatchObject({ rollups: { edges: [] } });
    expect(await ask(caller, LIST, { archived: true })).toMatchObject({
      rollups: { edges: [{ node: { name: "views" } }] },
    });
    expect(await ask(caller, DEFINE, { input: INPUT })).toMatchObject({
      defineRollup: { changed: true, rollup: { id, version: 3, state: "BUILDING" } },
    });
    expect(await ask(caller, ONE, { id })).toMatchObject({ rollup: { version: 3 } });
  });

  test("are listed by name in pages; another tenant's ids and places in the list give nothing of that tenant's", async () => {
    const [alpha, beta] = [newCaller(), newCaller()];
    for (const name of ["c", "a", "b"]) await define(alpha, { name });
    const id = await define(beta, { name: "bb" });
    const names = (data: unknown) => page.parse(data).rollups.edges.map(({ node }) => node.name);
    const opening = await ask(alpha, LIST, { first: 2 });
    expect([names(opening), opening]).toMatchObject([["a", "b"], { rollups: { pageInfo: { hasNextPage: true } } }]);
    const after = page.parse(opening).rollups.pageInfo.endCursor;
    expect(names(await ask(alpha, LIST, { after }))).toEqual(["c"]);
    expect(names(await ask(beta, LIST, { after }))).toEqual(["bb"]);
    expect(await ask(alpha, ONE, { id })).toEqual({ rollup: null });
    for (const unknown of [id, randomUUID(), "no id"])
      expect(await ask(alpha, ARCHIVE, { id: unknown })).toMatchObject({
        archiveRollup: { __typename: "RollupNotFound" },
      });
    expect(await ask(beta, ONE, { id })).toMatchObject({ rollup: { state: "BUILDING" } });
  });

  test("are as many as there may be", async () => {
    const caller = newCaller();
    for (let index = 0; index < 20; index += 1) await define(caller, { name: `r${index}` });
    expect(await ask(caller, DEFINE, { input: { name: "one_more" } })).toEqual({
      defineRollup: { __typename: "TooManyRollups", limit: 20 },
    });
  });

  test.each([
    [{ dimensions: ["userId"] }, "input.dimensions.0", "personal data"],
    [{ dimensions: ["name", "time.hourOfDay"] }, "input.dimensions.1", "follows from the time"],
    [{ dimensions: ["id"] }, "input.dimensions.0", "too many values"],
    [{ dimensions: ["contry"] }, "input.dimensions.0", "country"],
    [{ dimensions: ["name", "name"] }, "input.dimensions", "twice"],
    [{ dimensions: ["name", "country", "device", "source", "os", "browser", "city"] }, "input.dimensions", "at most 6"],
    [{ measures: [{ function: "SUM", of: "revenue" }] }, "input.measures", "mix currencies"],
    [{ measures: [{ function: "UNIQUES", of: "time.year" }] }, "input.measures", "zone's clock"],
    [{ measures: [{ function: "SUM", of: "country" }] }, "input.measures.0.of", "computes over"],
    [
      { measures: ["a", "b", "c", "d", "e"].map((name) => ({ function: "SUM", of: `properties.${name}` })) },
      "input.measures",
      "at most 4 properties",
    ],
    [{ filter: { field: "userId", exists: true } }, "input.filter", "personal data"],
    [{ filter: { field: "time.hourOfDay", eq: "3" } }, "input.filter", "zone's clock"],
    [{ filter: { inCohort: { cohort: randomUUID() } } }, "input.filter.inCohort", "inCohort"],
    [{ name: "1st" }, "input.name", "letters"],
    [{ description: "x".repeat(2_001) }, "input.description", "2000 characters"],
  ])("refuse %j, and say where and what to change", async (part, field, detail) => {
    const error = await refused(newCaller(), DEFINE, { input: { name: "own", ...part } });
    expect(error?.extensions).toMatchObject({ code: "BAD_INPUT", field });
    expect(error?.message).toContain(detail);
  });

  test("are not told to who is under a data policy, who would learn from them what is hidden", async () => {
    const dataPolicy = {
      ...{ allow: { country: ["FR"] }, deny: {}, atLeast: {}, lessThan: {} },
      ...{ synthetic: null, masks: {}, salt: "0".repeat(32) },
    };
    const caller = { ...newCaller(), dataPolicy };
    for (const [source, variables] of [
      [LIST, {}],
      [ONE, { id: randomUUID() }],
      [DEFINE, { input: INPUT }],
      [ARCHIVE, { id: randomUUID() }],
    ] as const)
      expect((await refused(caller, source, variables))?.extensions).toMatchObject({ code: "FORBIDDEN" });
  });
});
