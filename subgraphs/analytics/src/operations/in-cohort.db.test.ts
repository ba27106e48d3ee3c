import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import type { DataPolicy } from "@tessera/contracts/data-policy";
import { parseJobId } from "@tessera/contracts/ids";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import fc from "fast-check";
import { z } from "zod";
import { distinct, peopleAround } from "../../testing/behaviour-world.ts";
import { buildAnalytics, type TestAnalytics } from "../../testing/build-analytics.ts";
import { textOf } from "../../testing/reference-filter.ts";
import { storeEvents, type TestEvent } from "../../testing/test-events.ts";
import type { FilterInput } from "../domain/filter-input.ts";
import { parseFilter } from "../domain/filter.ts";
import { parseJobInput } from "../domain/job-input.ts";
import { COHORT_KEPT } from "../domain/cohort.ts";
import { jobRecord } from "../domain/job-record.ts";
import { planJob } from "../jobs/plan-job.ts";
import { createAnalyticsStore } from "../store/analytics-store.ts";
import { behaviourStatements } from "../store/behaviour-statements.ts";
import { createCohortStore } from "../store/cohort-store.ts";
import { createJobStore } from "../store/job-store.ts";
import { olapStatement } from "../store/olap-sql.ts";
import { resolveCohorts } from "./in-cohort.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(300_000);

const DAY_MS = 86_400_000;
const BASE_MS = Date.parse("2026-03-29T01:00:00Z");
const RANGE = {
  from: new Date(BASE_MS - 25 * DAY_MS).toISOString(),
  to: new Date(BASE_MS + 25 * DAY_MS).toISOString(),
};
const PERMISSIONS = [
  ...(["analytics:read", "analytics:personal-data", "analytics:define"] as const),
  ...(["cohorts:manage", "jobs:run", "jobs:read"] as const),
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
const create = async (caller: Caller, name: string, of: object = {}): Promise<string> => {
  const source = `mutation ($input: CreateCohortInput!) { createCohort(input: $input) { ... on CohortSaved { cohort { id } } } }`;
  const input = { name, definition: { did: { event: { events: ["buy"] } } }, ...of };
  return saved.parse(await ask(caller, source, { input })).createCohort.cohort.id;
};

/** The same people by the ids of their events: whoever ever did it, the user when known, else the visitor. */
const written = (events: readonly TestEvent[]): FilterInput => {
  const buys = events.filter(({ name }) => name === "buy");
  const users = buys.flatMap(({ userId }) => userId ?? []);
  const visitors = buys.flatMap(({ userId, anonymousId }) => (userId === undefined ? (anonymousId ?? []) : []));
  const nobody = { not: { field: "name", exists: true } };
  const isUser = users.length === 0 ? nobody : { field: "userId", in: users };
  const isVisitor = visitors.length === 0 ? nobody : { field: "anonymousId", in: visitors };
  return { or: [isUser, { and: [{ not: { field: "userId", exists: true } }, isVisitor] }] };
};

/** Events that name one of the same companies: those in whose name somebody ever did it. */
const ofCompanies = (events: readonly TestEvent[]): FilterInput => {
  const field = "properties.groups.company";
  const named = events.flatMap((event) => (event.name === "buy" ? (textOf(event, field) ?? []) : []));
  return named.length === 0 ? { not: { field: "name", exists: true } } : { field, in: named };
};

const COLUMN = "{ name ... on IntegerColumn { integers } ... on TextColumn { texts } ... on TimeColumn { times } }";

/** Every question with a filter somewhere in it: its document, and its input around a filter. */
const QUESTIONS: readonly (readonly [string, string, (filter: FilterInput) => Record<string, unknown>])[] = [
  [
    "olap",
    `query ($input: OlapInput!) { olap(input: $input) { columns ${COLUMN} totals ${COLUMN} } }`,
    (filter) => ({
      ...{ range: RANGE, dimensions: ["name"], filter, orderBy: [{ column: "name" }] },
      measures: [{ function: "COUNT" }, { name: "who", function: "UNIQUES", of: "persons", exact: true }],
    }),
  ],
  [
    "olap, one measure of several",
    `query ($input: OlapInput!) { olap(input: $input) { columns ${COLUMN} totals ${COLUMN} } }`,
    (filter) => ({
      range: RANGE,
      measures: [{ function: "COUNT" }, { name: "theirs", function: "COUNT", filter }],
      granularity: "WEEK",
    }),
  ],
  [
    "timeSeries",
    `query ($input: TimeSeriesInput!) { timeSeries(input: $input) { lines { values columns ${COLUMN} } } }`,
    (filter) => ({ range: RANGE, granularity: "WEEK", measures: [{ function: "COUNT" }], filter, splitBy: ["source"] }),
  ],
  [
    "funnel",
    `query ($input: FunnelInput!) { funnel(input: $input) { result { steps { reached } timeToConvert { meanSeconds } } } }`,
    (filter) => ({
      range: RANGE,
      steps: [{ anyOf: [{ events: ["view"], filter }] }, { anyOf: [{ events: ["buy"] }, { filter: { not: filter } }] }],
      exclusions: [{ event: { events: ["sign up"], filter } }],
    }),
  ],
  [
    "attribution",
    `query ($input: AttributionInput!) { attribution(input: $input) { conversions attributedConversions breakdowns { paths { steps conversions losses } } } }`,
    (filter) => ({
      ...{ range: RANGE, conversion: { events: ["buy"] }, touchpoints: [{ events: ["view"], filter }] },
      ...{ lookback: "P9D", models: [{ kind: "LINEAR" }], identity: "PERSON", topPaths: 50 },
      channels: [{ channel: "theirs", filter }],
    }),
  ],
  [
    "paths",
    `query ($input: PathsInput!) { paths(input: $input) { nodes { depth label paths droppedOff } topPaths { labels paths converted } unreached } }`,
    (filter) => ({
      ...{ range: RANGE, steps: [{ filter }, { events: ["view"] }], exclude: [{ events: ["sign up"], filter }] },
      ...{ start: { event: { filter } }, goal: { event: { events: ["buy"], filter } } },
    }),
  ],
  [
    "sessions",
    `query ($input: SessionsInput!) { sessions(input: $input) { edges { node { start end events engaged } } } }`,
    (filter) => ({
      range: RANGE,
      definition: { gap: "PT12H" },
      filter,
      where: { hasNot: [{ events: ["view"], filter }] },
    }),
  ],
  [
    "sessionMetrics",
    `query ($input: SessionMetricsInput!) { sessionMetrics(input: $input) { total { sessions events bounced converted } } }`,
    (filter) => ({
      ...{ range: RANGE, definition: { gap: "PT12H" }, where: { entry: filter }, bounce: "SINGLE_EVENT" },
      conversion: { events: ["buy"], filter },
    }),
  ],
  [
    "retention",
    `query ($input: RetentionInput!) { retention(input: $input) { total { size returned } } }`,
    (filter) => ({ range: RANGE, start: { filter }, returning: { events: ["view"] }, periods: 3, period: "WEEK" }),
  ],
  [
    "stickiness",
    `query ($input: StickinessInput!) { stickiness(input: $input) { units total } }`,
    (filter) => ({ range: RANGE, period: "WEEK", event: { filter } }),
  ],
];

describe("a filter that names a cohort", () => {
  test("lets the events of its people, or of its accounts, through in every question, as a filter that names them one by one does", async () => {
    await fc.assert(
      fc.asyncProperty(peopleAround(BASE_MS), async (given) => {
        const [caller, events] = [callerWith(freshTenantId(), PERMISSIONS), distinct(given)];
        await storeEvents(world.writer, caller.tenantId, events);
        const companies = await create(caller, "companies", { unit: "ACCOUNTS", group: "company" });
        const people = { inCohort: { cohort: await create(caller, "buyers") } };
        const tests: readonly (readonly [FilterInput, FilterInput])[] = [
          [people, written(events)],
          [{ not: people }, { not: written(events) }],
          [{ inCohort: { cohort: companies } }, ofCompanies(events)],
        ];
        for (const [title, source, inputOf] of QUESTIONS)
          for (const [named, byIds] of tests) {
            const answer = await ask(caller, source, { input: inputOf(named) });
            expect({ title, answer }).toEqual({ title, answer: await ask(caller, source, { input: inputOf(byIds) }) });
          }
      }),
      { numRuns: 3, endOnFailure: true },
    );
  });

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

  test("is answered from single events, and the explanation says why no rollup will do", async () => {
    const { caller, cohort } = await seeded();
    const source = "query ($input: OlapInput!) { explain(input: $input) { candidates { table chosen reason } } }";
    const answer = await ask(caller, source, { input: olap({ inCohort: { cohort } }) });
    const reason = "It does not hold persons, whose cohort is filtered on.";
    expect(answer).toEqual({
      explain: {
        candidates: [
          { table: "rollup_hour_name", chosen: false, reason },
          { table: "rollup_day_dimensions", chosen: false, reason },
          { table: "events", chosen: true, reason: null },
        ],
      },
    });
  });

  test("leads to its people's events behind a cell, and a job is kept with it and finds the people when it runs", async () => {
    const { caller, cohort } = await seeded();
    const input = { ...olap({ inCohort: { cohort } }), dimensions: ["name"] };
    const behind = `query ($input: OlapInput!, $cell: CellInput!) { rowsBehind(input: $input, cell: $cell) { edges { node { userId } } } }`;
    const cell = { dimensions: ["view"] };
    const rows = z
      .object({ rowsBehind: z.object({ edges: z.array(z.object({ node: z.object({ userId: z.string() }) })) }) })
      .parse(await ask(caller, behind, { input, cell }));
    expect(rows.rowsBehind.edges.map(({ node }) => node.userId).toSorted()).toEqual(["ada", "bob"]);
    const events = `query ($filter: EventFilterInput) { events(first: 10, filter: $filter) { edges { node { name } } } }`;
    const found = await ask(caller, events, {
      filter: { and: [{ inCohort: { cohort } }, { field: "name", eq: "buy" }] },
    });
    expect(found).toEqual({ events: { edges: [{ node: { name: "buy" } }, { node: { name: "buy" } }] } });
    const start = `mutation ($input: StartQueryInput!) { startQuery(input: $input) { ... on QueryStarted { job { id } } } }`;
    const started = z
      .object({ startQuery: z.object({ job: z.object({ id: z.string() }) }) })
      .parse(await ask(caller, start, { input: { olap: input } }));
    const jobId = parseJobId(started.startQuery.job.id);
    const jobs = createJobStore({ ...world.resources, recordOf: jobRecord });
    const job = jobId === null ? null : await jobs.find(caller.tenantId, jobId);
    if (job === null) throw new Error("The job is gone.");
    expect(parseJobInput(job.input).olap.filter).toEqual({ inCohort: { cohort } });
    const { eventStore, nowMs } = world.resources;
    const cohorts = createCohortStore({ ...world.resources, kept: COHORT_KEPT });
    const people = { cohorts, statements: behaviourStatements, nowMs };
    const planOf = planJob(olapStatement, createAnalyticsStore(eventStore), (reader, kept) =>
      resolveCohorts(people, reader, kept),
    );
    const { statement } = await planOf(job);
    const line = z.object({ d0: z.string(), m0: z.coerce.number() });
    const answer = await eventStore.query(caller, statement, (row) => line.parse(row));
    expect(new Map(answer.rows.map(({ d0, m0 }) => [d0, m0]))).toEqual(
      new Map([
        ["", 4],
        ["buy", 2],
        ["view", 2],
      ]),
    );
  });

  test("is asked over what a caller under data policies may see", async () => {
    const { caller, cohort } = await seeded();
    const dataPolicy: DataPolicy = {
      ...{ allow: { country: ["DE"] }, deny: {}, atLeast: {}, lessThan: {}, masks: {} },
      ...{ synthetic: null, salt: "0123456789abcdef0123456789abcdef" },
    };
    const totals = async (who: Caller) => ask(who, COUNT, { input: olap({ inCohort: { cohort } }) });
    expect(await totals(caller)).toEqual({ olap: { totals: [{ integers: [4] }] } });
    expect(await totals({ ...caller, dataPolicy })).toEqual({ olap: { totals: [{ integers: [2] }] } });
  });

  test("is refused where it stands: another tenant's cohort as one there never was, too many, and where nothing may change with it", async () => {
    const [{ caller, cohort }, other] = [await seeded(), callerWith(freshTenantId(), PERMISSIONS)];
    const refusedWith = async (who: Caller, source: string, input: unknown) =>
      (await send(who, source, { input })).errors?.map(({ message, extensions }) => [message, extensions?.["field"]]);
    const foreign = await refusedWith(other, COUNT, olap({ and: [{ inCohort: { cohort } }] }));
    expect(foreign).toEqual([["The tenant has no cohort of this id.", "input.filter.and.0.inCohort.cohort"]]);
    expect(await refusedWith(other, COUNT, olap({ and: [{ inCohort: { cohort: randomUUID() } }] }))).toEqual(foreign);
    expect(await refusedWith(caller, COUNT, olap({ inCohort: { cohort, asOf: "2020-01-01T00:00:00Z" } }))).toEqual([
      [expect.stringContaining("was not computed by then"), "input.filter.inCohort.asOf"],
    ]);
    const several = Array.from({ length: 11 }, (_, index) => ({
      inCohort: { cohort, asOf: new Date(BASE_MS + index).toISOString() },
    }));
    expect(await refusedWith(caller, COUNT, olap({ or: several }))).toEqual([
      [expect.stringContaining("name at most 10 cohorts"), "input"],
    ]);
    const own = `mutation ($input: CreateCohortInput!) { createCohort(input: $input) { __typename } }`;
    const definition = { did: { event: { filter: { inCohort: { cohort } } } } };
    expect(await refusedWith(caller, own, { name: "circle", definition })).toEqual([
      [expect.stringContaining("stands in the filters of questions"), "input.definition.did.event.filter.inCohort"],
    ]);
    const both = { inCohort: { cohort }, field: "name" };
    expect(() => parseFilter(both, "filter", { personalData: false })).toThrow("exactly one of");
  });
});
