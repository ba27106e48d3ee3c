import { randomUUID } from "node:crypto";
import { z } from "zod";
import { eventually } from "../testing/eventually.ts";
import { createTesseraClient, type TesseraClient } from "../testing/tessera-client.ts";
import { examples, type OwnThings } from "./examples.ts";
import { makeChannels } from "./notify-examples.ts";
import { makeReport, makeReportRun } from "./report-examples.ts";
import { makeWebhooks } from "./webhook-examples.ts";
import { makeExpectation } from "./expectation-examples.ts";
import { makeEventCalendar } from "./calendar-examples.ts";
import { makeObjective } from "./objective-examples.ts";
import { makeIncident } from "./incident-examples.ts";
import { makeSilences } from "./silence-examples.ts";

/** Events every tenant sends. */
export const EVENTS_PER_TENANT = 7;

const id = z.object({ id: z.string() });
const edges = z.object({ edges: z.array(z.object({ node: id })) });

const variablesOf = (coordinate: string, own: OwnThings) => examples[coordinate]?.(own) ?? {};

/** Makes a rule that is broken at once, and answers its id. */
export const makeRule = async (client: TesseraClient, own: OwnThings): Promise<string> => {
  const shape = z.object({ createRule: z.object({ rule: id }) });
  const text = "mutation ($input: CreateRuleInput!) { createRule(input: $input) { ... on RuleSaved { rule { id } } } }";
  return (await client.ask(shape, text, variablesOf("Mutation.createRule", own))).createRule.rule.id;
};

/** Makes a cohort; answers its id. */
export const makeCohort = async (client: TesseraClient, own: OwnThings): Promise<string> => {
  const shape = z.object({ createCohort: z.object({ cohort: id }) });
  const text =
    "mutation ($input: CreateCohortInput!) { createCohort(input: $input) { ... on CohortSaved { cohort { id } } } }";
  return (await client.ask(shape, text, variablesOf("Mutation.createCohort", own))).createCohort.cohort.id;
};

/** Makes a rollup; answers its id. */
export const makeRollup = async (client: TesseraClient, own: OwnThings): Promise<string> => {
  const shape = z.object({ defineRollup: z.object({ rollup: id }) });
  const text =
    "mutation ($input: DefineRollupInput!) { defineRollup(input: $input) { ... on RollupDefined { rollup { id } } } }";
  return (await client.ask(shape, text, variablesOf("Mutation.defineRollup", own))).defineRollup.rollup.id;
};

/** Keeps a question under a name of its own; answers its id. */
export const makeSavedQuery = async (client: TesseraClient, own: OwnThings): Promise<string> => {
  const shape = z.object({ saveQuery: z.object({ savedQuery: id }) });
  const text =
    "mutation ($input: SaveQueryInput!) { saveQuery(input: $input) { ... on QuerySaved { savedQuery { id } } } }";
  return (await client.ask(shape, text, variablesOf("Mutation.saveQuery", own))).saveQuery.savedQuery.id;
};

/** Makes a dashboard that everybody of the tenant may see and change; answers its id. */
export const makeDashboard = async (client: TesseraClient, own: OwnThings): Promise<string> => {
  const shape = z.object({ createDashboard: z.object({ dashboard: id }) });
  const text = `mutation ($input: CreateDashboardInput!) { createDashboard(input: $input) {
    ... on DashboardCreated { dashboard { id } } } }`;
  return (await client.ask(shape, text, variablesOf("Mutation.createDashboard", own))).createDashboard.dashboard.id;
};

/** Comments on a dashboard; answers the comment's id. */
export const makeComment = async (client: TesseraClient, own: OwnThings): Promise<string> => {
  const shape = z.object({ commentOnDashboard: z.object({ comment: id }) });
  const text = `mutation ($input: CommentOnDashboardInput!) { commentOnDashboard(input: $input) {
    ... on DashboardCommentMade { comment { id } } } }`;
  return (await client.ask(shape, text, variablesOf("Mutation.commentOnDashboard", own))).commentOnDashboard.comment.id;
};

/** Shares a dashboard by a link; answers the link's id. */
export const makeLink = async (client: TesseraClient, own: OwnThings): Promise<string> => {
  const shape = z.object({ createDashboardLink: z.object({ link: id }) });
  const text = `mutation ($id: ID!, $input: DashboardLinkInput!) { createDashboardLink(id: $id, input: $input) {
    ... on DashboardLinkCreated { link { id } } } }`;
  return (await client.ask(shape, text, variablesOf("Mutation.createDashboardLink", own))).createDashboardLink.link.id;
};

/** Edits a dashboard, so that those who follow it hear of it. */
export const editDashboard = async (client: TesseraClient, own: OwnThings): Promise<void> => {
  const text = `mutation ($id: ID!, $baseVersion: Int!, $operations: [DashboardOperationInput!]!, $idempotencyKey: String!) {
    editDashboard(id: $id, baseVersion: $baseVersion, operations: $operations, idempotencyKey: $idempotencyKey) { __typename } }`;
  const shape = z.object({ editDashboard: z.object({ __typename: z.literal("DashboardEdited") }) });
  await client.ask(shape, text, variablesOf("Mutation.editDashboard", own));
};

/** Makes a correlation rule that each live event fits; answers its id. */
export const makeCorrelationRule = async (client: TesseraClient, own: OwnThings): Promise<string> => {
  const shape = z.object({ defineCorrelationRule: z.object({ rule: id }) });
  const text =
    "mutation ($input: DefineCorrelationRuleInput!) { defineCorrelationRule(input: $input) { ... on CorrelationRuleDefined { rule { id } } } }";
  return (await client.ask(shape, text, variablesOf("Mutation.defineCorrelationRule", own))).defineCorrelationRule.rule
    .id;
};

/** Starts a long query and waits for its result. */
export const makeJob = async (client: TesseraClient, own: OwnThings): Promise<string> => {
  const shape = z.object({ startQuery: z.object({ job: id }) });
  const text =
    "mutation ($input: StartQueryInput!) { startQuery(input: $input) { ... on QueryStarted { job { id } } } }";
  // A server that has just started on a busy machine may say that it can't read yet what the tenant may use.
  const { startQuery } = await eventually(() => client.ask(shape, text, variablesOf("Mutation.startQuery", own)));
  const jobId = startQuery.job.id;
  const finished = z.object({ job: z.object({ state: z.literal("SUCCEEDED") }) });
  await eventually(() => client.ask(finished, "query ($id: ID!) { job(id: $id) { state } }", { id: jobId }));
  return jobId;
};

/** Makes an API key with some permissions; answers its public part and the whole key. */
export const makeApiKey = async (
  client: TesseraClient,
  name: string,
  permissions: readonly string[],
): Promise<{ readonly id: string; readonly secret: string }> => {
  const shape = z.object({ createApiKey: z.object({ secret: z.string(), apiKey: id }) });
  const text =
    "mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { ... on ApiKeyCreated { secret apiKey { id } } } }";
  const { createApiKey } = await client.ask(shape, text, { input: { name, permissions } });
  return { id: createApiKey.apiKey.id, secret: createApiKey.secret };
};

/** Registers a key for requests of the tenant's own API key, and answers its id. */
export const makeRequestKey = async (client: TesseraClient, own: OwnThings): Promise<string> => {
  const shape = z.object({ registerRequestKey: z.object({ requestKey: id }) });
  const text =
    "mutation ($input: RegisterRequestKeyInput!) { registerRequestKey(input: $input) { ... on RequestKeyRegistered { requestKey { id } } } }";
  // Of a key made for it: others of the tenant may have been revoked in the meantime.
  const { id: apiKeyId } = await makeApiKey(client, "signs", ["ml:read"]);
  const variables = variablesOf("Mutation.registerRequestKey", { ...own, apiKeyId });
  return (await client.ask(shape, text, variables)).registerRequestKey.requestKey.id;
};

const makePerson = async (client: TesseraClient, own: OwnThings): Promise<string> => {
  const shape = z.object({ createUser: z.object({ user: id }) });
  const text =
    "mutation ($input: CreateUserInput!) { createUser(input: $input) { ... on UserCreated { user { id } } } }";
  return (await client.ask(shape, text, variablesOf("Mutation.createUser", own))).createUser.user.id;
};

/** Makes an OAuth client; answers its id. */
export const makeOAuthClient = async (client: TesseraClient, own: OwnThings): Promise<string> => {
  const shape = z.object({ createOAuthClient: z.object({ client: id }) });
  const text =
    "mutation ($input: CreateOAuthClientInput!) { createOAuthClient(input: $input) { ... on OAuthClientCreated { client { id } } } }";
  return (await client.ask(shape, text, variablesOf("Mutation.createOAuthClient", own))).createOAuthClient.client.id;
};

/** Trusts an issuer of an address of its own; answers its id. */
export const makeTrustedIssuer = async (client: TesseraClient, own: OwnThings): Promise<string> => {
  const shape = z.object({ trustIssuer: z.object({ issuer: id }) });
  const text =
    "mutation ($input: TrustIssuerInput!) { trustIssuer(input: $input) { ... on IssuerTrusted { issuer { id } } } }";
  return (await client.ask(shape, text, variablesOf("Mutation.trustIssuer", own))).trustIssuer.issuer.id;
};

/** Seals what was recorded of the tenant so far; answers the execution of the newest sealed record. */
const makeSealedRecord = async (client: TesseraClient): Promise<string> => {
  const log = z.object({ auditLog: z.object({ nodes: z.array(z.object({ executionId: z.string() })) }) });
  const executionId = await eventually(async () => {
    const [first] = (await client.ask(log, "{ auditLog(first: 1) { nodes { executionId } } }")).auditLog.nodes;
    if (first === undefined) throw new Error("Nothing is recorded yet.");
    return first.executionId;
  });
  const sealed = z.object({ sealAuditLog: z.object({ __typename: z.literal("AuditLogSealed") }) });
  await client.ask(sealed, "mutation { sealAuditLog { __typename } }");
  const own = z.object({ auditLog: z.object({ nodes: z.array(z.unknown()).min(1) }) });
  const text = '{ auditLog(filter: { field: "Mutation.sealAuditLog" }) { nodes { executionId } } }';
  await eventually(() => client.ask(own, text));
  return executionId;
};

const sendEvents = async (client: TesseraClient, mark: string) => {
  const events = Array.from({ length: EVENTS_PER_TENANT }, (_, index) => ({
    id: randomUUID(),
    name: `${mark}-view`,
    userId: index === 0 ? `${mark}-other` : `${mark}-user`,
    sessionId: `${mark}-session`,
    url: `https://${mark}.example/${index}`,
    properties: { item: `${mark}-item-${index === 0 ? 1 : index}` },
    ...{ revenue: "1.50", currency: "EUR" },
  }));
  const [first] = (await client.send(events)).outcomes;
  if (first?.eventId === undefined || first.batchId === undefined) throw new Error("No event was accepted.");
  return { eventId: first.eventId, batchId: first.batchId };
};

/** Asks about a thing that nobody has, and waits until the tenant's audit log tells of it; answers its id. */
export const askAboutSomething = async (client: TesseraClient): Promise<string> => {
  const objectId = randomUUID();
  await client.ask(z.unknown(), "query ($id: ID!) { job(id: $id) { id } }", { id: objectId });
  const found = z.object({ auditLog: z.object({ nodes: z.array(z.unknown()).min(1) }) });
  const text =
    'query ($objectId: String!) { auditLog(filter: { objectId: $objectId, field: "Query.job" }) { nodes { hash } } }';
  await eventually(() => client.ask(found, text, { objectId }));
  return objectId;
};

/** The trace id of an execution of the tenant. */
export const traceOf = async (client: TesseraClient, executionId: string): Promise<string> => {
  const shape = z.object({ auditRecord: z.object({ traceId: z.string() }) });
  const text = "query ($executionId: ID!) { auditRecord(executionId: $executionId) { traceId } }";
  return (await client.ask(shape, text, { executionId })).auditRecord.traceId;
};

/** A metric, a segment and a dimension, described by the tenant's mark. */
const makeDefinitions = async (client: TesseraClient, own: OwnThings): Promise<void> => {
  for (const [name, type] of [
    ["defineMetric", "DefineMetricInput"],
    ["defineSegment", "DefineSegmentInput"],
    ["defineDimension", "DefineDimensionInput"],
  ] as const) {
    const text = `mutation ($input: ${type}!) { ${name}(input: $input) { __typename } }`;
    const shape = z.object({ [name]: z.object({ __typename: z.string().endsWith("Defined") }) });
    await client.ask(shape, text, variablesOf(`Mutation.${name}`, own));
  }
};

const NOTHING = {
  jobId: "",
  userId: "",
  apiKeyId: "",
  oauthClientId: "",
  trustedIssuerId: "",
  ruleId: "",
  ...{ anomalyId: "", incidentId: "" },
  cohortId: "",
  savedQueryId: "",
  correlationRuleId: "",
  ...{ rollupId: "", expectationId: "" },
  dashboardId: "",
  dashboardCommentId: "",
  dashboardLinkId: "",
  reportId: "",
  reportRunId: "",
  channelId: "",
  ...{ webhookEndpointId: "", webhookMessageId: "" },
  ...{ silenceId: "", inhibitionId: "", onCallScheduleId: "", onCallOverrideId: "", eventCalendarId: "" },
  objectiveId: "",
  executionId: "",
};

/** A tenant that has nothing, as far as anybody who asks can tell. */
export const nothingOwn = (tenantId: string): OwnThings => ({
  ...{ ...NOTHING, mark: "nothing", tenantId, eventId: tenantId, batchId: tenantId },
});

/** Gives a tenant one of everything: events, a finished job, a broken rule with its anomaly, a person, a key. */
export const makeOwnThings = async (
  url: string,
  tenant: { readonly tenantId: string; readonly apiKey: string },
  mark: string,
): Promise<OwnThings> => {
  const client = createTesseraClient(url, tenant.apiKey);
  const sent = await sendEvents(client, mark);
  const base: OwnThings = { ...NOTHING, ...sent, mark, tenantId: tenant.tenantId };
  const [ruleId, jobId] = [await makeRule(client, base), await makeJob(client, base)];
  const [cohortId, savedQueryId] = [await makeCohort(client, base), await makeSavedQuery(client, base)];
  const dashboardId = await makeDashboard(client, base);
  const dashboardCommentId = await makeComment(client, { ...base, dashboardId });
  const dashboardLinkId = await makeLink(client, { ...base, dashboardId });
  const reportId = await makeReport(client, { ...base, dashboardId });
  const reportRunId = await makeReportRun(client, reportId);
  await makeDefinitions(client, base);
  const correlationRuleId = await makeCorrelationRule(client, base);
  const [rollupId, expectationId] = [await makeRollup(client, base), await makeExpectation(client, base)];
  const [userId, apiKey] = [await makePerson(client, base), await makeApiKey(client, `${mark}-spare`, ["ml:read"])];
  const anomalies = await eventually(async () => {
    const text = "query ($ruleId: ID) { anomalies(ruleId: $ruleId) { edges { node { id } } } }";
    const [first] = (await client.ask(z.object({ anomalies: edges }), text, { ruleId })).anomalies.edges;
    if (first === undefined) throw new Error("The rule has raised nothing yet.");
    return first.node.id;
  });
  const [oauthClientId, trustedIssuerId] = [await makeOAuthClient(client, base), await makeTrustedIssuer(client, base)];
  const executionId = await makeSealedRecord(client);
  const identity = { userId, apiKeyId: apiKey.id, oauthClientId, trustedIssuerId };
  return {
    ...base,
    ...identity,
    ruleId,
    jobId,
    cohortId,
    savedQueryId,
    dashboardId,
    dashboardCommentId,
    dashboardLinkId,
    ...{ reportId, reportRunId },
    ...(await makeChannels(client, base)),
    ...(await makeWebhooks(client, base)),
    ...(await makeSilences(client, base)),
    eventCalendarId: await makeEventCalendar(client, base),
    objectiveId: await makeObjective(client, base),
    correlationRuleId,
    ...{ rollupId, expectationId },
    anomalyId: anomalies,
    incidentId: await makeIncident(client, base),
    executionId,
  };
};
