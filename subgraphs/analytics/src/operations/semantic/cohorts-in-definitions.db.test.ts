import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import type { DataPolicy } from "@tessera/contracts/data-policy";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { z } from "zod";
import { buildAnalytics, type TestAnalytics } from "../../../testing/build-analytics.ts";
import { storeEvents, type TestEvent } from "../../../testing/test-events.ts";
import type { FilterInput } from "../../domain/filter-input.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(300_000);

const DAY_MS = 86_400_000;
const BASE_MS = Date.parse("2026-03-29T01:00:00Z");
const RANGE = {
  from: new Date(BASE_MS - 25 * DAY_MS).toISOString(),
  to: new Date(BASE_MS + 25 * DAY_MS).toISOString(),
};
const PERMISSIONS = [
  ...(["analytics:read", "analytics:personal-data", "analytics:define", "cohorts:manage"] as const),
] as const;

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

const send = (caller: Caller, source: string, variables: Record<string, unknown>) =>
  askSubgraph(analytics.subgraph, caller, source, variables);
const ask = async (caller: Caller, source: string, variables: Record<string, unknown>) => {
  const { data, errors } = await send(caller, source, variables);
  expect({ variables, errors }).toEqual({ variables, errors: undefined });
  return data;
};
const saved = z.object({ createCohort: z.object({ cohort: z.object({ id: z.string() }) }) });
const create = async (caller: Caller, name: string): Promise<string> => {
  const source = `mutation ($input: CreateCohortInput!) { createCohort(input: $input) { ... on CohortSaved { cohort { id } } } }`;
  const input = { name, definition: { did: { event: { events: ["buy"] } } } };
  return saved.parse(await ask(caller, source, { input })).createCohort.cohort.id;
};

describe("a cohort in the filter of a segment or metric", () => {
  const seeded = async () => {
    const caller = callerWith(freshTenantId(), PERMISSIONS);
    const event = (userId: string, name: string, country: string, days: number): TestEvent => ({
      ...{ id: randomUUID(), userId, name, country, timeMs: BASE_MS + days * DAY_MS },
    });
    await storeEvents(world.writer, caller.tenantId, [
      ...[event("ada", "buy", "DE", 0), event("ada", "view", "DE", 1)],
      ...[event("bob", "buy", "US", 0), event("bob", "view", "US", 1), event("eve", "view", "DE", 1)],
    ]);
    return { caller, cohort: await create(caller, "buyers") };
  };
  const olap = (filter: FilterInput) => ({ range: RANGE, measures: [{ function: "COUNT" }], filter });
  const COUNT = "query ($input: OlapInput!) { olap(input: $input) { totals { ... on IntegerColumn { integers } } } }";

  const SEGMENT = `mutation ($input: DefineSegmentInput!) { defineSegment(input: $input) {
    ... on SegmentDefined { changed segment { id filter { parts { not inCohort { cohort asOf } } } } } } }`;
  const METRIC = "mutation ($input: DefineMetricInput!) { defineMetric(input: $input) { __typename } }";
  const segmentOf = z.object({
    defineSegment: z.object({ changed: z.boolean(), segment: z.object({ id: z.string() }) }),
  });

  test("stands in segments and metrics, which answer as the filter itself, to each caller over what it may see", async () => {
    const { caller, cohort } = await seeded();
    const filter = { not: { inCohort: { cohort } } };
    await ask(caller, SEGMENT, { input: { name: "others", filter } });
    const measure = { function: "COUNT", filter: { inCohort: { cohort } } };
    await ask(caller, METRIC, { input: { name: "theirs", measure } });
    await ask(caller, METRIC, { input: { name: "share", formula: "theirs / 2" } });
    const dataPolicy: DataPolicy = {
      ...{ allow: { country: ["DE"] }, deny: {}, atLeast: {}, lessThan: {}, masks: {} },
      ...{ synthetic: null, salt: "0123456789abcdef0123456789abcdef" },
    };
    const VALUES = `query ($input: OlapInput!) { olap(input: $input) { totals { name ... on IntegerColumn { integers } ... on NumberColumn { numbers } } } }`;
    for (const who of [caller, { ...caller, dataPolicy }]) {
      const all = await ask(who, VALUES, { input: { range: RANGE, metrics: [{ name: "theirs" }, { name: "share" }] } });
      const written = await ask(who, VALUES, {
        input: {
          range: RANGE,
          measures: [
            { ...measure, name: "theirs" },
            { name: "share", function: "FORMULA", formula: "theirs / 2" },
          ],
        },
      });
      expect(all).toEqual(written);
      expect(
        await ask(who, COUNT, { input: { ...olap({ field: "name", exists: true }), segments: [{ name: "others" }] } }),
      ).toEqual(await ask(who, COUNT, { input: olap(filter) }));
    }
    const others = { ...olap({ field: "name", exists: true }), segments: [{ name: "others" }] };
    expect(await ask(caller, COUNT, { input: others })).toEqual({ olap: { totals: [{ integers: [1] }] } });
  });

  test("keeps a cohort from being deleted while the version now of a metric or segment names it, and is told of it", async () => {
    const { caller, cohort } = await seeded();
    const input = { name: "buyers", filter: { inCohort: { cohort } } };
    const made = segmentOf.parse(await ask(caller, SEGMENT, { input }));
    const { id } = made.defineSegment.segment;
    const parts = [{ not: null, inCohort: { cohort: cohort.toUpperCase(), asOf: null } }];
    expect(
      segmentOf.parse(
        await ask(caller, SEGMENT, { input: { ...input, filter: { parts: [{ inCohort: { cohort } }] } } }),
      ).defineSegment.changed,
    ).toBe(false);
    expect(
      segmentOf.parse(await ask(caller, SEGMENT, { input: { ...input, filter: { parts } } })).defineSegment.changed,
    ).toBe(true);
    const NAMED = "query ($id: ID!) { cohort(id: $id) { namedBy { ... on Segment { id } } } }";
    expect(await ask(caller, NAMED, { id: cohort })).toEqual({ cohort: { namedBy: [{ id }] } });
    const DELETE = `mutation ($id: ID!) { deleteCohort(id: $id) { __typename ... on CohortInUse { usedBy { id } namedBy { ... on Segment { id } } } } }`;
    const inUse = { deleteCohort: { __typename: "CohortInUse", usedBy: [], namedBy: [{ id }] } };
    expect(await ask(caller, DELETE, { id: cohort })).toEqual(inUse);
    await ask(caller, "mutation ($id: ID!) { archiveDefinition(id: $id) { __typename } }", { id });
    expect(await ask(caller, DELETE, { id: cohort })).toEqual({ deleteCohort: { __typename: "CohortDeleted" } });
    const restored = await send(
      caller,
      "mutation ($id: ID!) { restoreDefinition(id: $id, version: 1) { __typename } }",
      { id },
    );
    expect(restored.errors?.map(({ message, extensions }) => [message, extensions?.["field"]])).toEqual([
      ["The tenant has no cohort of this id.", "version.inCohort.cohort"],
    ]);
    const asked = { ...olap({ field: "name", exists: true }), segments: [{ name: "buyers", version: 1 }] };
    expect(
      (await send(caller, COUNT, { input: asked })).errors?.map(({ extensions }) => extensions?.["field"]),
    ).toEqual(["input.segments.0.inCohort.cohort"]);
  });

  test("counts in segments and metrics towards the cohorts of a question, and is refused in them as in questions", async () => {
    const [{ caller, cohort }, other] = [await seeded(), callerWith(freshTenantId(), PERMISSIONS)];
    const at = (index: number) => ({
      inCohort: { cohort, asOf: new Date(BASE_MS + 400 * DAY_MS + index).toISOString() },
    });
    const refused = async (who: Caller, source: string, input: unknown) =>
      (await send(who, source, { input })).errors?.map(({ message, extensions }) => [message, extensions?.["field"]]);
    expect(await refused(other, SEGMENT, { name: "s", filter: { not: { inCohort: { cohort } } } })).toEqual([
      ["The tenant has no cohort of this id.", "input.filter.not.inCohort.cohort"],
    ]);
    expect(
      await refused(other, METRIC, { name: "m", measure: { function: "COUNT", filter: { inCohort: { cohort } } } }),
    ).toEqual([["The tenant has no cohort of this id.", "input.measure.filter.inCohort.cohort"]]);
    const cohorts = Array.from({ length: 6 }, async () => create(caller, randomUUID()));
    const [six, more] = [
      await Promise.all(cohorts),
      await Promise.all(Array.from({ length: 6 }, async () => create(caller, randomUUID()))),
    ];
    const some = (ids: readonly string[]) => ({ or: ids.map((id) => ({ inCohort: { cohort: id } })) });
    await ask(caller, SEGMENT, { input: { name: "six", filter: some(six) } });
    expect(await refused(caller, COUNT, { ...olap(some(more)), segments: [{ name: "six" }] })).toEqual([
      [expect.stringContaining("those of metrics and segments included, name at most 10"), "input"],
    ]);
    expect(await refused(caller, SEGMENT, { name: "late", filter: at(0) })).toEqual([
      [expect.any(String), "input.filter.inCohort.asOf"],
    ]);
  });
});
