import { randomUUID } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import { eventually } from "../../testing/eventually.ts";
import { createTesseraClient } from "../../testing/tessera-client.ts";
import { exampleOf, type OwnThings } from "../examples.ts";
import { askGraph, askHttp, readAnswer, type GraphBody } from "../outside.ts";
import { table, type World } from "./permission-world.ts";

const olap = (dimensions: readonly string[]) => ({
  range: { from: "2026-01-01T00:00:00Z", to: "2030-01-01T00:00:00Z" },
  measures: [{ function: "COUNT" }],
  dimensions,
});
const inEvents = (field: string): GraphBody => ({ query: `{ events(first: 1) { edges { node { id ${field} } } } }` });
const inCohort = (id: string, field: string): GraphBody => ({
  query: `query ($id: ID!) { cohort(id: $id) { id ${field} } }`,
  variables: { id },
});
const inPerson = (mark: string, field: string): GraphBody => ({
  query: `mutation ($input: SetTraitsInput!) { setTraits(input: $input) { person { id ${field} } } }`,
  variables: { input: { userId: `${mark}-user` } },
});
const identified = (mark: string, rest: string, anonymousId: string = randomUUID()): GraphBody => ({
  query: `mutation ($input: IdentifyInput!) { identify(input: $input) { ${rest} } }`,
  variables: { input: { userId: `${mark}-user`, anonymousId } },
});
const inSessions = (field: string): GraphBody => ({
  query: `query ($input: SessionsInput!) { sessions(input: $input, first: 1) { edges { node { id ${field} } } } }`,
  variables: { input: { range: { sliding: "P7D" } } },
});
const EDIT_ARGUMENTS = "id: ID!, baseVersion: Int!, operations: [DashboardOperationInput!]!, idempotencyKey: String!";
const TYPES = {
  createDashboard: "DashboardCreated",
  editDashboard: "DashboardEdited",
  shareDashboard: "DashboardShared",
};
const withDashboard = (
  name: keyof typeof TYPES,
  args: string,
  beside: string,
  variables: Readonly<Record<string, unknown>>,
): GraphBody => ({
  query: `mutation (${args.replaceAll(/(\w+): /g, "$$$1: ")}) { ${name}(${args.replaceAll(/(\w+): [^,]+/g, "$1: $$$1")}) {
    ... on ${TYPES[name]} { ${beside} dashboard { id } } } }`,
  variables,
});
const inTenant = (field: string): GraphBody => ({ query: `{ tenant { id ${field} { pageInfo { hasNextPage } } } }` });
const inNewUser = (field: string): GraphBody => ({
  query: `mutation ($input: CreateUserInput!) { createUser(input: $input) { ... on UserCreated { user { id ${field} } } } }`,
  variables: { input: { email: `${randomUUID()}@sensitive.example`, name: "Sensitive", roles: ["VIEWER"] } },
});
const ingested = (type: string, id: string): GraphBody => ({
  query: `mutation ($input: [EventInput!]!) { ingestEvents(input: $input) { accepted outcomes { ... on ${type} { eventId event { id } } } } }`,
  variables: { input: [{ id, name: "sensitive" }] },
});
const cancelled = (type: string, id: string): GraphBody => ({
  query: `mutation ($id: ID!) { cancelJob(id: $id) { ... on ${type} { job { id } } } }`,
  variables: { id },
});

const ofReport = ({ reportId }: Pick<OwnThings, "reportId">, mutation: string, selection: string): GraphBody => ({
  query: `mutation ($id: ID!) { ${mutation}(id: $id) { __typename ... on ${selection} } }`,
  variables: { id: reportId },
});

/** How each sensitive field is reached by somebody who may ask for everything around it; the table's sensitive fields must be these. */
const REACHED: Readonly<
  Record<string, (own: OwnThings, fresh: { readonly job: string; readonly report: string }) => GraphBody>
> = {
  "Event.userId": () => inEvents("userId"),
  "Event.anonymousId": () => inEvents("anonymousId"),
  "Event.lineage": () => inEvents("lineage { complete }"),
  "EventAccepted.event": () => ingested("EventAccepted", randomUUID()),
  "EventDuplicate.event": ({ eventId }) => ingested("EventDuplicate", eventId),
  "QueryStarted.job": () => ({
    query: "mutation ($input: StartQueryInput!) { startQuery(input: $input) { ... on QueryStarted { job { id } } } }",
    variables: { input: { olap: olap([]) } },
  }),
  "JobCancelled.job": (_own, { job }) => cancelled("JobCancelled", job),
  "JobAlreadyFinished.job": ({ jobId }) => cancelled("JobAlreadyFinished", jobId),
  "CorrelationRuleDefined.rule": () => ({
    query: `mutation ($input: DefineCorrelationRuleInput!) { defineCorrelationRule(input: $input) { ... on CorrelationRuleDefined { rule { id } } } }`,
    variables: {
      input: {
        name: "sensitive",
        pattern: { kind: "COUNT", atLeast: 2, parts: [{ name: "a", key: ["name"] }], window: "PT1M" },
      },
    },
  }),
  "CorrelationRuleChanged.rule": ({ correlationRuleId }) => ({
    query: "mutation ($id: ID!) { pinCorrelationRule(id: $id) { ... on CorrelationRuleChanged { rule { id } } } }",
    variables: { id: correlationRuleId },
  }),
  "RollupDefined.rollup": () => ({
    query: `mutation ($input: DefineRollupInput!) { defineRollup(input: $input) { ... on RollupDefined { rollup { id } } } }`,
    variables: { input: { name: "sensitive", dimensions: ["name"] } },
  }),
  "ExpectationSaved.expectation": () => ({
    query: `mutation ($input: SaveExpectationInput!) { saveExpectation(input: $input) { ... on ExpectationSaved { expectation { id } } } }`,
    variables: { input: { expect: { name: "sensitive", present: { field: "url" } } } },
  }),
  "RollupArchived.rollup": ({ rollupId }) => ({
    query: "mutation ($id: ID!) { archiveRollup(id: $id) { ... on RollupArchived { rollup { id } } } }",
    variables: { id: rollupId },
  }),
  "Cohort.members": ({ cohortId }) => inCohort(cohortId, "members { hasNextPage }"),
  "Cohort.membership": ({ cohortId }) => inCohort(cohortId, 'membership(input: { userId: "somebody" }) { member }'),
  "Behind.people": (own) => ({
    query: "query ($of: BehindInput!) { behind(of: $of) { counts { events } people { hasNextPage } } }",
    variables: exampleOf("Query.behind", own),
  }),
  "Group.people": ({ mark }) => ({
    query: `query ($range: TimeRangeInput!, $id: String!) { group(type: "company", id: $id) { id people(range: $range) { hasNextPage } } }`,
    variables: { range: { from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" }, id: mark },
  }),
  "GroupTraitsSet.group": ({ mark }) => ({
    query: "mutation ($input: SetGroupTraitsInput!) { setGroupTraits(input: $input) { facts group { id } } }",
    variables: { input: { type: "company", id: mark } },
  }),
  "Person.identities": ({ mark }) => inPerson(mark, "identities { id }"),
  "Person.identityHistory": ({ mark }) => inPerson(mark, "identityHistory { hasNextPage }"),
  "Person.traits": ({ mark }) => inPerson(mark, "traits { name }"),
  "Person.cohorts": ({ mark }) => inPerson(mark, "cohorts { id }"),
  "Person.timeline": ({ mark }) => inPerson(mark, "timeline { pageInfo { hasNextPage } }"),
  "TraitsSet.person": ({ mark }) => inPerson(mark, ""),
  "PeopleChanged.person": ({ mark }) => identified(mark, "... on PeopleChanged { person { id } }"),
  "PeopleChanged.change": ({ mark }) => identified(mark, "... on PeopleChanged { change { version } }"),
  "PeopleUnchanged.person": ({ mark }) => identified(mark, "... on PeopleUnchanged { person { id } }", "null"),
  "Session.userId": () => inSessions("userId"),
  "Session.anonymousId": () => inSessions("anonymousId"),
  "DashboardCreated.dashboard": (own) =>
    withDashboard(
      "createDashboard",
      "input: CreateDashboardInput!",
      "changed",
      exampleOf("Mutation.createDashboard", own),
    ),
  "DashboardEdited.dashboard": (own) =>
    withDashboard("editDashboard", EDIT_ARGUMENTS, "version", exampleOf("Mutation.editDashboard", own)),
  "DashboardShared.dashboard": (own) =>
    withDashboard(
      "shareDashboard",
      "id: ID!, input: ShareDashboardInput!",
      "__typename",
      exampleOf("Mutation.shareDashboard", own),
    ),
  "DashboardCommentMade.comment": (own) => ({
    query: `mutation ($input: CommentOnDashboardInput!) { commentOnDashboard(input: $input) { __typename
      ... on DashboardCommentMade { replayed comment { id } } } }`,
    variables: exampleOf("Mutation.commentOnDashboard", own),
  }),
  "DashboardCommentChanged.comment": (own) => ({
    query: `mutation ($id: ID!) { resolveDashboardComment(id: $id) { __typename
      ... on DashboardCommentChanged { comment { id } } } }`,
    variables: exampleOf("Mutation.resolveDashboardComment", own),
  }),
  "ReportDefined.report": (own) => ({
    query: `mutation ($input: DefineReportInput!) { defineReport(input: $input) { __typename ... on ReportDefined { report { id } } } }`,
    variables: exampleOf("Mutation.defineReport", own),
  }),
  "ReportPaused.report": (own) => ofReport(own, "pauseReport", "ReportPaused { report { id } }"),
  "ReportRunAsked.run": (_own, { report }) =>
    ofReport({ reportId: report }, "runReportNow", "ReportRunAsked { run { id } }"),
  "Tenant.limits": () => ({ query: "{ tenant { id limits { tier } } }" }),
  "Tenant.users": () => inTenant("users"),
  "Tenant.apiKeys": () => inTenant("apiKeys"),
  "User.email": () => inNewUser("email"),
  "User.name": () => inNewUser("name"),
  "User.roles": () => inNewUser("roles"),
  "User.permissions": () => inNewUser("permissions"),
  "User.roleNames": () => inNewUser("roleNames"),
};

const sensitive = Object.keys(table).filter((field) => !/^(Query|Mutation|Subscription)\./.test(field));

/** Starts more work than a tenant may run at once, so that the last job waits and can be cancelled. */
const waitingJob = async (world: World): Promise<string> => {
  const { url, full } = world();
  const query =
    "mutation ($input: StartQueryInput!) { startQuery(input: $input) { ... on QueryStarted { job { id } } } }";
  let last = "";
  for (let count = 0; count < 8; count += 1) {
    const { text } = await askGraph(url, full, { query, variables: { input: { olap: olap(["name"]) } } });
    last = /"id":"([^"]+)"/.exec(text)?.[1] ?? "";
  }
  return last;
};

/** A report of a caller who may not read its id: only who made a report may run it. */
const reportOf = async (world: World, apiKey: string): Promise<string> => {
  const { url, full, own } = world();
  const name = `of ${apiKey.slice(0, 24)}`;
  const define = "mutation ($input: DefineReportInput!) { defineReport(input: $input) { __typename } }";
  await askGraph(url, apiKey, {
    query: define,
    variables: { input: { name, dashboard: own.dashboardId, formats: ["CSV"] } },
  });
  const { text } = await askGraph(url, full, { query: "{ reports(first: 100) { edges { node { name id } } } }" });
  return new RegExp(`"name":"${name}","id":"([^"]+)"`).exec(text)?.[1] ?? "";
};

const isRefusedAlone = (world: World) => async (field: string) => {
  const reached = REACHED[field];
  if (reached === undefined) throw new Error(`Say in REACHED how ${field} is reached.`);
  const apiKey = await world().without(String(table[field]));
  await eventually(async () => {
    const job = field === "JobCancelled.job" ? await waitingJob(world) : "";
    const report = field === "ReportRunAsked.run" ? await reportOf(world, apiKey) : "";
    const answer = await askGraph(world().url, apiKey, reached(world().own, { job, report }));
    const { data, errors } = readAnswer(answer);
    expect(errors).toMatchObject([{ extensions: { code: "FORBIDDEN", field, permission: table[field] } }]);
    expect(errors?.[0]?.path?.at(-1)).toBe(field.split(".")[1]);
    expect(answer.status).toBe(200);
    // A nullable field is refused alone; only a field that must be there takes what stands around it with it.
    if (/^(Event\.|EventAccepted|EventDuplicate)/.test(field)) expect(JSON.stringify(data)).toMatch(/"(id|eventId)":"/);
  });
};

const range = { from: "2026-01-01T00:00:00Z", to: "2030-01-01T00:00:00Z" };
const measures = [{ function: "COUNT" }];
/** Ways to read values of personal fields without selecting one. */
const SIDE_DOORS: Readonly<Record<string, GraphBody>> = {
  "grouping by it": {
    query: "query ($input: OlapInput!) { olap(input: $input) { columns { name } } }",
    variables: { input: olap(["userId"]) },
  },
  "one line per value": {
    query: "query ($input: TimeSeriesInput!) { timeSeries(input: $input) { lines { values } } }",
    variables: {
      input: { range: { ...range, to: "2026-02-01T00:00:00Z" }, measures, granularity: "DAY", splitBy: ["userId"] },
    },
  },
  "windows per value": {
    query: '{ liveWindows(input: { kind: SESSION, gap: "PT1M", keyBy: "anonymousId" }) { windows { key } } }',
  },
  "searching it": { query: '{ events(filter: { field: "userId", startsWith: "a" }) { edges { cursor } } }' },
  "searching it in a filter of filters": {
    query: '{ events(filter: { not: { or: [{ field: "anonymousId", exists: true }] } }) { edges { cursor } } }',
  },
  "a filter of a question": {
    query: "query ($input: OlapInput!) { olap(input: $input) { rowCount } }",
    variables: { input: { ...olap([]), filter: { field: "userId", eq: "ada" } } },
  },
  "the least value": {
    query: "query ($input: OlapInput!) { olap(input: $input) { rowCount } }",
    variables: { input: { ...olap([]), measures: [{ function: "MIN", of: "userId" }] } },
  },
  "a long query": {
    query: "mutation ($input: StartQueryInput!) { startQuery(input: $input) { __typename } }",
    variables: { input: { olap: olap(["userId"]) } },
  },
};

const personalResultIsRefused = (world: World) => async () => {
  const { url, full } = world();
  const client = createTesseraClient(url, full);
  const start =
    "mutation ($input: StartQueryInput!) { startQuery(input: $input) { ... on QueryStarted { job { id } } } }";
  const started = await client.tell(start, { input: { olap: olap(["userId"]) } });
  const id = /"id":"([^"]+)"/.exec(JSON.stringify(started))?.[1];
  const query =
    "query ($id: ID!) { job(id: $id) { state result { rowCount columns { ... on TextColumn { texts } } } } }";
  const done = await eventually(async () => {
    const answer = await client.tell(query, { id });
    expect(JSON.stringify(answer)).toContain("SUCCEEDED");
    return JSON.stringify(answer);
  });
  expect(done).toContain(`${world().own.mark}-user`);
  const apiKey = await world().without("analytics:personal-data");
  const answer = await askGraph(url, apiKey, { query, variables: { id } });
  expect(readAnswer(answer).errors).toMatchObject([{ path: ["job", "result"], extensions: { code: "FORBIDDEN" } }]);
  expect(answer.text).not.toContain(`${world().own.mark}-user`);
};

/** Personal data and what else is sensitive is refused field by field, by every way there is to it. */
export const describeSensitiveFields = (world: World): void => {
  describe("a caller without the permission of a sensitive field", () => {
    it("every sensitive field of the tables is named here", () => {
      expect(Object.keys(REACHED).toSorted()).toEqual(sensitive.toSorted());
    });

    it.each(sensitive)("%s is refused, the rest is answered", (field) => isRefusedAlone(world)(field));

    it.each(Object.entries(SIDE_DOORS))("personal data is not told by %s", async (_how, body) => {
      const apiKey = await world().without("analytics:personal-data");
      const { data, errors } = readAnswer(await askGraph(world().url, apiKey, body));
      expect(errors?.map(({ extensions }) => extensions?.["code"])).toEqual([
        expect.stringMatching(/^(FORBIDDEN|BAD_INPUT)$/),
      ]);
      expect(data).toBeNull();
    });

    it("personal data is not told by REST", async () => {
      const apiKey = await world().without("analytics:personal-data");
      const body = JSON.stringify({ range, measures: [{ function: "count" }], dimensions: ["user_id"] });
      const url = `${world().url}/api/v2/analytics/realtime/query`;
      const answer = await askHttp(url, apiKey, { method: "POST", body });
      expect([answer.status, answer.text]).toEqual([403, expect.stringContaining("FORBIDDEN")]);
      expect((await askHttp(url, world().full, { method: "POST", body })).status).toBe(200);
    });

    it("personal data is not told by the result of a job that somebody else started", personalResultIsRefused(world));
  });
};
