import { describe, expect, it } from "@jest/globals";
import { createTesseraClient, type TesseraClient } from "../../testing/tessera-client.ts";
import { cursorPlaces, operationText, rootField, type RootField } from "../api-schema.ts";
import { exampleOf, type OwnThings } from "../examples.ts";
import { askGraph, hear, readAnswer } from "../outside.ts";
import { editDashboard, makeComment, makeRule } from "../own-things.ts";
import { expectNone, wordsOf, type World } from "./sealed-world.ts";
import { makeIncident } from "../incident-examples.ts";
import { makeReportRun } from "../report-examples.ts";

/** A list: what stands around it, its name, and what an item is known by. */
interface List {
  readonly around?: string;
  readonly field: string;
  /** Arguments beside the page: those a list needs, and filters for lists that grow while they are read. */
  readonly args?: string;
  /** Field by which an item is known, unless it is its id. */
  readonly id?: string;
}

const LISTS: Readonly<Record<string, List>> = {
  "Query.events(after)": { field: "events" },
  "Query.rowsBehind(after)": {
    field: "rowsBehind",
    args: 'input: { range: { from: "2021-01-01T00:00:00Z", to: "2030-12-31T00:00:00Z" }, measures: [{ function: COUNT }] }, cell: {}, ',
  },
  "Query.sessions(after)": {
    field: "sessions",
    // So short a gap that what was done last begins a session of its own.
    args: 'input: { range: { from: "2025-01-01T00:00:00Z", to: "2027-12-31T00:00:00Z" }, definition: { gap: "PT1S" } }, ',
  },
  "Query.jobs(after)": { field: "jobs" },
  "Query.rules(after)": { field: "rules" },
  "Query.anomalies(after)": { field: "anomalies" },
  "Query.auditLog(after)": {
    field: "auditLog",
    args: 'filter: { field: "Mutation.sealAuditLog" }, ',
    id: "executionId",
  },
  "Query.auditSeals(after)": { field: "auditSeals", id: "jws" },
  "Query.users(after)": { field: "users" },
  "Query.apiKeys(after)": { field: "apiKeys" },
  "Query.oauthClients(after)": { field: "oauthClients" },
  "Tenant.users(after)": { around: "tenant", field: "users" },
  "Tenant.apiKeys(after)": { around: "tenant", field: "apiKeys" },
};
const RESULT_PAGES = "Job.result(after)";
/** Lists that no operation fills, or whose order is no order of time, and where another tenant's cursor is tried in them instead. */
const FILLED_BY_NOBODY: Readonly<Record<string, string>> = {
  "Query.recordedChanges(after)": "subgraphs/anomaly/src/explained-anomalies.db.test.ts",
  "Query.silences(after)": "subgraphs/anomaly/src/operations/silences/silences.db.test.ts",
  "Query.incidents(after)": "subgraphs/anomaly/src/operations/incidents/incidents-graph.db.test.ts",
  "Query.webhookDeliveries(after)": "subgraphs/anomaly/src/operations/webhooks/webhooks-graph.db.test.ts",
  "Query.deliveries(after)": "subgraphs/anomaly/src/operations/notify/notify-graph.db.test.ts",
  "Query.notificationInbox(after)": "subgraphs/anomaly/src/operations/notify/notify-graph.db.test.ts",
  "Behind.events(after)": "subgraphs/analytics/src/operations/behind/read-behind.db.test.ts",
  "Behind.people(after)": "subgraphs/analytics/src/operations/behind/read-behind.db.test.ts",
  "Behind.journeys(after)": "subgraphs/analytics/src/operations/behind/read-journeys.db.test.ts",
  "Query.olapPage(after)": "subgraphs/analytics/src/operations/delivery/olap-pages.db.test.ts",
  "Query.metrics(after)": "subgraphs/analytics/src/operations/semantic/definitions.db.test.ts",
  "Query.segments(after)": "subgraphs/analytics/src/operations/semantic/definitions.db.test.ts",
  "Query.ownDimensions(after)": "subgraphs/analytics/src/operations/semantic/own-dimensions-graph.db.test.ts",
  "Dimensions.catalogue(after)": "subgraphs/analytics/src/operations/semantic/catalogue.db.test.ts",
  "Dimensions.eventNames(after)": "subgraphs/analytics/src/operations/semantic/catalogue.db.test.ts",
  "Query.hierarchies(after)": "subgraphs/analytics/src/operations/semantic/definitions.db.test.ts",
  "Query.savedQueries(after)": "subgraphs/analytics/src/operations/semantic/definitions.db.test.ts",
  "Query.dashboards(after)": "subgraphs/analytics/src/operations/dashboards/sharing.db.test.ts",
  "Dashboard.versions(after)": "subgraphs/analytics/src/operations/dashboards/sharing.db.test.ts",
  "Query.dashboardComments(after)": "subgraphs/analytics/src/operations/dashboards/comments.db.test.ts",
  "Query.correlationRules(after)": "subgraphs/analytics/src/operations/correlation/correlation-graph.db.test.ts",
  "Query.correlationMatches(after)": "subgraphs/analytics/src/operations/correlation/correlation-graph.db.test.ts",
  "Query.rollups(after)": "subgraphs/analytics/src/operations/rollups/rollup-graph.db.test.ts",
  "Query.reports(after)": "subgraphs/analytics/src/jobs/reports/reports.db.test.ts",
  "Query.reportRuns(after)": "subgraphs/analytics/src/jobs/reports/reports.db.test.ts",
  "Query.groups(after)": "subgraphs/analytics/src/operations/people/groups.db.test.ts",
  "Group.people(after)": "subgraphs/analytics/src/operations/people/groups.db.test.ts",
  "Query.people(after)": "subgraphs/analytics/src/operations/people/person.db.test.ts",
  "Query.personErasures(after)": "subgraphs/analytics/src/operations/people/erase-person.db.test.ts",
  "Person.identityHistory(after)": "subgraphs/analytics/src/operations/people/person.db.test.ts",
  "Person.timeline(after)": "subgraphs/analytics/src/operations/people/person.db.test.ts",
  "Query.cohorts(after)": "subgraphs/analytics/src/operations/cohorts.db.test.ts",
  "Cohort.members(after)": "subgraphs/analytics/src/operations/cohorts.db.test.ts",
  "Query.securityEvents(after)": "subgraphs/tenant/src/abuse.db.test.ts",
};
/** What makes something happen in a stream. */
type Cause = "events" | "rule" | "alert" | "incident" | "dashboard" | "comment" | "report";
/** Streams with what makes something happen in them; the cursor is in each message. */
const STREAMS: Readonly<Record<string, Cause>> = {
  "Subscription.dashboardChanged(after)": "dashboard",
  "Subscription.dashboardCommented(after)": "comment",
  "Subscription.dashboardLive(after)": "dashboard",
  "Subscription.reportChanged(after)": "report",
  "Subscription.realtimeMetrics(after)": "events",
  "Subscription.events(after)": "events",
  "Subscription.liveWindows(after)": "events",
  "Subscription.correlationMatches(after)": "events",
  "Subscription.job(after)": "events",
  "Subscription.anomalies(after)": "rule",
  "Subscription.alerts(after)": "rule",
  "Subscription.alertState(after)": "alert",
  "Subscription.incidents(after)": "incident",
  "Subscription.notifications(after)": "rule",
};

const around = ({ around: outer }: List, inner: string): string =>
  outer === undefined ? `{ ${inner} }` : `{ ${outer} { ${inner} } }`;

const cursorIn = (text: string): string => {
  const [, cursor] = /"(?:endCursor|cursor)":"([^"]+)"/.exec(text) ?? [];
  if (cursor === undefined) throw new Error(`No cursor in ${text}`);
  return cursor;
};

const answer = async (
  url: string,
  apiKey: string,
  query: string,
  variables: Record<string, unknown> = {},
): Promise<string> => {
  const raw = await askGraph(url, apiKey, { query, variables });
  expect(readAnswer(raw).errors).toBeUndefined();
  return raw.text;
};

/** Two steps of the alert of the tenant's anomaly: nobody is told for an hour, and people are told again. */
const snoozeAndWake = async (client: TesseraClient, { anomalyId: id }: OwnThings): Promise<void> => {
  const text = "mutation ($id: ID!, $until: DateTime) { snoozeAnomaly(id: $id, until: $until) { __typename } }";
  await client.tell(text, { id, until: new Date(Date.now() + 3_600_000).toISOString() });
  await client.tell(text, { id });
};

/** The first messages of a stream as one of the tenants hears it, while it makes things happen. */
const heard = async (world: World, root: RootField, cause: Cause, own: OwnThings, after?: string): Promise<string> => {
  const { instance, alpha } = world();
  const { apiKey } = own === alpha ? instance.alpha : instance.beta;
  const variables = { ...exampleOf(root.coordinate, own), ...(after === undefined ? {} : { after }) };
  const client = createTesseraClient(instance.url, apiKey);
  const stir = async (): Promise<void> => {
    if (cause === "rule") await makeRule(client, own);
    else if (cause === "dashboard") await editDashboard(client, own);
    else if (cause === "incident") await makeIncident(client, own);
    else if (cause === "alert") await snoozeAndWake(client, own);
    else if (cause === "comment") await makeComment(client, own);
    else if (cause === "report") await makeReportRun(client, own.reportId);
    else await client.send([{ name: `${own.mark}-live`, userId: `${own.mark}-user` }]);
  };
  const body = { query: operationText(root, variables, { depth: 3 }), variables };
  const { messages, refusal } = await hear(instance.url, apiKey, body, (all) => all.length > 0, { stir });
  expect(refusal).toBeNull();
  return JSON.stringify(messages);
};

const goesOnInOwnList = (world: World) => async (_place: string, list: List) => {
  const { instance, alpha, alphaLater } = world();
  const first = await answer(
    world().instance.url,
    instance.alpha.apiKey,
    around(list, `${list.field}(${list.args ?? ""}first: 1) { pageInfo { endCursor } }`),
  );
  const page = (after: string) =>
    around(
      list,
      `${list.field}(${list.args ?? ""}first: 100${after}) { edges { cursor node { id: ${list.id ?? "id"} } } }`,
    );
  const whole = await answer(world().instance.url, instance.beta.apiKey, page(""));
  const behind = await answer(
    world().instance.url,
    instance.beta.apiKey,
    page(`, after: ${JSON.stringify(cursorIn(first))}`),
  );
  expectNone(list.field, behind, wordsOf(alpha, alphaLater));
  // Alpha's newest is newer than all of beta's, so that the whole of beta's own list lies behind it.
  expect(behind).toBe(whole);
  expect(behind).toContain('"id":');
};

const isAPlaceInOwnResult = (world: World) => async () => {
  const { instance, alpha, beta } = world();
  const text =
    "query ($id: ID!, $after: Cursor) { job(id: $id) { result(first: 1, after: $after) { rowCount endCursor columns { name ... on TextColumn { texts } } } } }";
  const [foreign, own] = [
    cursorIn(await answer(world().instance.url, instance.alpha.apiKey, text, { id: alpha.jobId })),
    cursorIn(await answer(world().instance.url, instance.beta.apiKey, text, { id: beta.jobId })),
  ];
  const behind = await answer(world().instance.url, instance.beta.apiKey, text, { id: beta.jobId, after: foreign });
  expect(behind).toBe(await answer(world().instance.url, instance.beta.apiKey, text, { id: beta.jobId, after: own }));
  expectNone("result", behind, wordsOf(alpha));
};

const isFollowedByOwnMessages = (world: World) => async (place: string, cause: Cause) => {
  const { alpha, alphaLater, beta } = world();
  const root = rootField(place.slice(0, place.indexOf("(")));
  const mine = await heard(world, root, cause, alpha);
  const theirs = await heard(world, root, cause, beta, cursorIn(mine));
  expectNone(place, theirs, wordsOf(alpha, alphaLater));
  expect(theirs).toContain('"cursor":');
};

/** A cursor of another tenant opens nothing: it is a place in the asker's own list, or the beginning of its own stream. */
export const describeCursors = (world: World): void => {
  describe("a cursor of another tenant", () => {
    it("every place of the API that takes a cursor is named here", () => {
      const named = [...Object.keys(LISTS), RESULT_PAGES, ...Object.keys(STREAMS), ...Object.keys(FILLED_BY_NOBODY)];
      expect(named.toSorted()).toEqual(cursorPlaces.toSorted());
    });

    it.each(Object.entries(LISTS))("%s: goes on in the asker's own list", goesOnInOwnList(world));
    it(`${RESULT_PAGES}: is a place in the asker's own result`, isAPlaceInOwnResult(world));
    it.each(Object.entries(STREAMS))(
      "%s: is followed by the asker's own messages alone",
      isFollowedByOwnMessages(world),
    );
  });
};
