import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { z } from "zod";
import { BOX, openDashboardRoom } from "../../../testing/dashboard-room.ts";
import { defineOwnDimension } from "../../../testing/own-dimension.ts";

// The engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(240_000);

const RANGE = { from: "2026-10-26T00:00:00Z", to: "2026-10-27T00:00:00Z" };
const COUNT = { range: RANGE, measures: [{ function: "COUNT" }] };

let room: ReturnType<typeof openDashboardRoom>;
beforeAll(async () => {
  room = openDashboardRoom();
  await room.open();
});
afterAll(() => room.close());

const newCaller = (permissions: Parameters<typeof callerWith>[1] = []): Caller =>
  callerWith(freshTenantId(), [
    ...(["analytics:read", "analytics:define", "cohorts:manage", "dashboards:edit", "anomaly:read"] as const),
    ...permissions,
  ]);
/** Asks for the one field of a mutation with an input, and finds the first id in the answer. */
const idOf = async (caller: Caller, field: string, input: object, selection: string): Promise<string> => {
  const name = `${field.charAt(0).toUpperCase()}${field.slice(1)}Input`;
  const answer = await room.ask(caller, `mutation ($input: ${name}!) { ${field}(input: $input) { ${selection} } }`, {
    input,
  });
  return z.string().parse(/"id":"([^"]+)"/.exec(JSON.stringify(answer))?.[1]);
};

/** What can be archived or deleted. */
type Thing = "METRIC" | "SEGMENT" | "DIMENSION" | "SAVED_QUERY" | "COHORT" | "EXPECTATION";
/** What can name it. */
type User =
  | "METRIC"
  | "SEGMENT"
  | "HIERARCHY"
  | "SAVED_QUERY"
  | "COHORT"
  | "CORRELATION_RULE"
  | "ROLLUP"
  | "DASHBOARD"
  | "RULE"
  | "OBJECTIVE";

const MAKE: Readonly<Record<Thing, (caller: Caller) => Promise<string>>> = {
  METRIC: (caller) =>
    idOf(
      caller,
      "defineMetric",
      { name: "it", measure: { function: "COUNT" } },
      "... on MetricDefined { metric { id } }",
    ),
  SEGMENT: (caller) =>
    idOf(
      caller,
      "defineSegment",
      { name: "it", filter: { field: "country", eq: "DE" } },
      "... on SegmentDefined { segment { id } }",
    ),
  DIMENSION: (caller) => defineOwnDimension(room, caller, "it", { field: "country" }),
  SAVED_QUERY: (caller) =>
    idOf(caller, "saveQuery", { name: "it", olap: COUNT }, "... on QuerySaved { savedQuery { id } }"),
  COHORT: (caller) =>
    idOf(
      caller,
      "createCohort",
      { name: "it", definition: { did: { event: {}, times: 1 } } },
      "... on CohortSaved { cohort { id } }",
    ),
  EXPECTATION: (caller) =>
    idOf(
      caller,
      "saveExpectation",
      { expect: { name: "it", present: { field: "country" } } },
      "... on ExpectationSaved { expectation { id } }",
    ),
};
/** A question that names a thing, as it is now or in its first version. */
const QUESTION: Readonly<Record<Thing, (id: string, version?: number) => object>> = {
  METRIC: (_id, version) => ({
    olap: { range: RANGE, metrics: [{ name: "it", ...(version === undefined ? {} : { version }) }] },
  }),
  SEGMENT: (_id, version) => ({
    olap: { ...COUNT, segments: [{ name: "it", ...(version === undefined ? {} : { version }) }] },
  }),
  DIMENSION: (_id, version) => ({
    olap: { ...COUNT, dimensions: [version === undefined ? "dimensions.it" : `dimensions.it@${version}`] },
  }),
  SAVED_QUERY: (_id, version) => ({ savedQuery: { name: "it", ...(version === undefined ? {} : { version }) } }),
  COHORT: (id) => ({ olap: { ...COUNT, filter: { inCohort: { cohort: id } } } }),
  EXPECTATION: (id) => ({ eventQuality: { range: RANGE, kept: [{ id: id.toUpperCase() }] } }),
};
const filterOf = (thing: Thing, id: string): object =>
  thing === "COHORT" ? { inCohort: { cohort: id } } : { field: "dimensions.it", eq: "DE" };

/** Makes something that names a thing; things of other rooms are put where those keep them. */
const NAMING: Readonly<Record<User, (caller: Caller, thing: Thing, id: string, version?: number) => Promise<unknown>>> =
  {
    METRIC: (caller, thing, id) =>
      idOf(
        caller,
        "defineMetric",
        {
          name: "m",
          ...(thing === "METRIC"
            ? { formula: "it * 2" }
            : { measure: { function: "COUNT", filter: filterOf(thing, id) } }),
        },
        "... on MetricDefined { metric { id } }",
      ),
    SEGMENT: (caller, thing, id) =>
      idOf(
        caller,
        "defineSegment",
        { name: "s", filter: filterOf(thing, id) },
        "... on SegmentDefined { segment { id } }",
      ),
    HIERARCHY: (caller) =>
      idOf(
        caller,
        "defineHierarchy",
        { name: "h", levels: ["dimensions.it", "city"] },
        "... on HierarchyDefined { hierarchy { id } }",
      ),
    SAVED_QUERY: (caller, thing, id) =>
      idOf(caller, "saveQuery", { name: "q", ...QUESTION[thing](id) }, "... on QuerySaved { savedQuery { id } }"),
    COHORT: (caller, thing, id) => {
      const definition =
        thing === "COHORT" ? { union: [{ cohort: id }, { list: true }] } : { latest: filterOf(thing, id) };
      return idOf(caller, "createCohort", { name: "c", definition }, "... on CohortSaved { cohort { id } }");
    },
    CORRELATION_RULE: (caller) => {
      const parts = [{ name: "a", events: ["a"], key: ["dimensions.it"] }];
      const pattern = { kind: "COUNT", parts, atLeast: 2, window: "PT1M" };
      return idOf(
        caller,
        "defineCorrelationRule",
        { name: "r", pattern },
        "... on CorrelationRuleDefined { rule { id } }",
      );
    },
    ROLLUP: (caller) =>
      idOf(
        caller,
        "defineRollup",
        { name: "u", dimensions: ["dimensions.it"], measures: [] },
        "... on RollupDefined { rollup { id } }",
      ),
    DASHBOARD: async (caller, thing, id, version) => {
      const dashboard = await room.create(caller, { title: "Board" });
      const widget = { id: randomUUID(), title: "W", box: BOX, question: QUESTION[thing](id, version) };
      expect((await room.edit(caller, dashboard, 1, [{ addWidget: widget }])).outcomes).toMatchObject([
        { reason: null },
      ]);
    },
    RULE: (caller, thing, id, version) => {
      const text = `INSERT INTO anomaly_rule (tenant_id, id, name, watch, detector, evaluation_interval_seconds, enabled, next_evaluation_at, author, created_at, updated_at)
      VALUES ($1, $2, 'watch', $3, '{}', 60, false, now(), 'USER:x', now(), now())`;
      const watch = JSON.stringify({ kind: "QUESTION", question: QUESTION[thing](id, version) });
      return room.world.owner.query(text, [caller.tenantId, randomUUID(), watch]);
    },
    OBJECTIVE: (caller, thing, id) => {
      const text = `INSERT INTO service_objective (tenant_id, id, name, definition, created_at, changed_at) VALUES ($1, $2, 'slo', $3, now(), now())`;
      const definition = JSON.stringify({ indicator: { events: { good: filterOf(thing, id) } } });
      return room.world.owner.query(text, [caller.tenantId, randomUUID(), definition]);
    },
  };
const NAMES: Readonly<Record<User, string>> = {
  ...{ METRIC: "m", SEGMENT: "s", HIERARCHY: "h", SAVED_QUERY: "q", COHORT: "c", CORRELATION_RULE: "r", ROLLUP: "u" },
  ...{ DASHBOARD: "Board", RULE: "watch", OBJECTIVE: "slo" },
};

/** Who can name what: those that would miss it, and those that go on without. */
const TABLE: Readonly<
  Record<Thing, { readonly following: readonly User[]; readonly keeping: readonly User[]; readonly versions: boolean }>
> = {
  METRIC: { following: ["METRIC", "SAVED_QUERY", "DASHBOARD", "RULE"], keeping: [], versions: true },
  SEGMENT: { following: ["SAVED_QUERY", "DASHBOARD", "RULE"], keeping: [], versions: true },
  DIMENSION: {
    following: ["METRIC", "SEGMENT", "HIERARCHY", "SAVED_QUERY", "DASHBOARD", "RULE", "OBJECTIVE"],
    keeping: ["COHORT", "CORRELATION_RULE", "ROLLUP"],
    versions: true,
  },
  SAVED_QUERY: { following: ["DASHBOARD", "RULE"], keeping: [], versions: true },
  COHORT: {
    following: ["METRIC", "SEGMENT", "SAVED_QUERY", "COHORT", "DASHBOARD", "RULE", "OBJECTIVE"],
    ...{ keeping: [], versions: false },
  },
  EXPECTATION: { following: ["SAVED_QUERY", "DASHBOARD", "RULE"], keeping: [], versions: false },
};

const USERS = "{ kind id name }";
const REMOVE: Readonly<Record<Thing, string>> = {
  COHORT: `deleteCohort(id: $id) { __typename ... on CohortInUse { users ${USERS} } }`,
  EXPECTATION: `deleteExpectation(id: $id) { __typename ... on ExpectationInUse { users ${USERS} } }`,
  ...(Object.fromEntries(
    ["METRIC", "SEGMENT", "DIMENSION", "SAVED_QUERY"].map((kind) => [
      kind,
      `archiveDefinition(id: $id) { __typename ... on DefinitionInUse { users ${USERS} } ... on DefinitionArchived { keptBy ${USERS} } }`,
    ]),
    // boundary: the keys are those of the list.
  ) as Record<"METRIC" | "SEGMENT" | "DIMENSION" | "SAVED_QUERY", string>),
};
const users = z.array(z.object({ kind: z.string(), id: z.string(), name: z.string().nullable() })).default([]);
const outcomeShape = z.object({ __typename: z.string(), users, keptBy: users });
/** What came of taking a thing away: how it ended, and whom it told of, by kind and name. */
const remove = async (caller: Caller, thing: Thing, id: string) => {
  const answer = await room.ask(caller, `mutation ($id: ID!) { outcome: ${REMOVE[thing]} }`, { id });
  const { __typename, users: following, keptBy } = z.object({ outcome: outcomeShape }).parse(answer).outcome;
  const told = (all: typeof following) => all.map(({ kind, name }) => `${kind} ${name ?? "null"}`).toSorted();
  return {
    ended: __typename.replace(/^(?:Cohort|Expectation|Definition)/, ""),
    following: told(following),
    keeping: told(keptBy),
  };
};
const named = (all: readonly User[]) => all.map((kind) => `${kind} ${NAMES[kind]}`).toSorted();
const THINGS = Object.entries(TABLE).map(([thing, how]) => ({
  // boundary: the keys of the table are what its type says.
  thing: thing as Thing,
  ...how,
}));

describe("taking away what others name", () => {
  test.each(THINGS)(
    "is refused of a $thing with everything that would miss it",
    async ({ thing, following, keeping }) => {
      const caller = newCaller();
      const id = await MAKE[thing](caller);
      for (const user of [...following, ...keeping]) await NAMING[user](caller, thing, id);
      const refused = { ended: "InUse", following: named(following), keeping: [] };
      expect(await remove(caller, thing, id)).toEqual(refused);
      // It is still there, whatever the case of its id.
      expect(await remove(caller, thing, id.toUpperCase())).toEqual(refused);
    },
  );

  test.each(THINGS)(
    "is done of a $thing that only such name as go on without it, and tells of them",
    async ({ thing, keeping, versions }) => {
      const [caller, other] = [newCaller(), newCaller()];
      const id = await MAKE[thing](caller);
      for (const user of keeping) await NAMING[user](caller, thing, id);
      if (versions) for (const user of ["DASHBOARD", "RULE"] as const) await NAMING[user](caller, thing, id, 1);
      // What another tenant calls the same is nothing to this one.
      const foreign = await MAKE[thing](other);
      await NAMING["DASHBOARD"](other, thing, foreign);
      expect(await remove(other, thing, id)).toEqual({ ended: "NotFound", following: [], keeping: [] });
      const kept = named([...keeping, ...(versions ? (["DASHBOARD", "RULE"] as const) : [])]);
      const ended = thing === "COHORT" || thing === "EXPECTATION" ? "Deleted" : "Archived";
      expect(await remove(caller, thing, id)).toEqual({ ended, following: [], keeping: kept });
    },
  );

  test("names no dashboard, rule or objective that the caller may not see, but tells that there is one", async () => {
    const caller = newCaller();
    const id = await MAKE["COHORT"](caller);
    for (const user of ["DASHBOARD", "RULE", "OBJECTIVE"] as const) await NAMING[user](caller, "COHORT", id);
    const colleague = callerWith(caller.tenantId, ["analytics:read", "cohorts:manage"]);
    const stranger: Caller = { ...colleague, subject: { kind: "USER", id: randomUUID() } };
    expect((await remove(stranger, "COHORT", id)).following).toEqual(["DASHBOARD null", "OBJECTIVE null", "RULE null"]);
    const administrator: Caller = { ...stranger, permissions: new Set([...stranger.permissions, "access:manage"]) };
    expect((await remove(administrator, "COHORT", id)).following).toContain("DASHBOARD Board");
  });
});
