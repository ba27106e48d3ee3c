import { generateKeyPairSync, randomUUID } from "node:crypto";
import { calendarExamples, type OwnCalendars } from "./calendar-examples.ts";
import { objectiveExamples, type OwnObjectives } from "./objective-examples.ts";
import { dashboardExamples } from "./dashboard-examples.ts";
import { explainExamples } from "./explain-examples.ts";
import { fraudExamples } from "./fraud-examples.ts";
import { incidentExamples, type OwnIncident } from "./incident-examples.ts";
import { peopleExamples } from "./people-examples.ts";
import { reportExamples } from "./report-examples.ts";
import { notifyExamples, type OwnChannels } from "./notify-examples.ts";
import { expectationExamples, type OwnExpectations } from "./expectation-examples.ts";
import { rollupExamples } from "./rollup-examples.ts";
import { webhookExamples, type OwnWebhooks } from "./webhook-examples.ts";
import { ruleExamples } from "./rule-examples.ts";
import { silenceExamples, type OwnSilences } from "./silence-examples.ts";
import { definitionExamples } from "./definition-examples.ts";

/** Things one tenant has, by id. */
export interface OwnThings
  extends OwnCalendars, OwnChannels, OwnExpectations, OwnIncident, OwnObjectives, OwnSilences, OwnWebhooks {
  /** A word that stands in everything this tenant wrote and in nothing of anybody else. */
  readonly mark: string;
  readonly tenantId: string;
  readonly eventId: string;
  readonly batchId: string;
  readonly jobId: string;
  readonly userId: string;
  readonly apiKeyId: string;
  readonly oauthClientId: string;
  readonly trustedIssuerId: string;
  readonly ruleId: string;
  readonly anomalyId: string;
  readonly cohortId: string;
  readonly savedQueryId: string;
  readonly correlationRuleId: string;
  readonly rollupId: string;
  readonly dashboardId: string;
  readonly dashboardCommentId: string;
  readonly dashboardLinkId: string;
  readonly reportId: string;
  /** A finished run of it. */
  readonly reportRunId: string;
  /** A recorded and sealed execution of its own. */
  readonly executionId: string;
}

type Variables = Readonly<Record<string, unknown>>;

const newPublicKey = (): string => JSON.stringify(generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" }));

const newName = (kind: string): string => `${kind}_${randomUUID().replaceAll("-", "")}`;

const range = () => ({
  from: new Date(Date.now() - 3_600_000).toISOString(),
  to: new Date(Date.now() + 3_600_000).toISOString(),
});
const olap = () => ({
  range: range(),
  measures: [{ function: "COUNT", name: "events" }],
  dimensions: ["name"],
  filter: { not: { field: "country", in: ["nowhere"] } },
});
/** Each event that happens while a tenant's streams are listened to is a match, told once it can't come any more. */
const livePattern = (mark: string) => ({
  ...{ kind: "ANY", atLeast: 1, window: "PT1S", lateness: "PT2S", skip: "TO_NEXT_EVENT" },
  parts: ["one", "other"].map((name) => ({ name, events: [`${mark}-live`], key: ["name"] })),
});

const thisMonth = (): string => new Date().toISOString().slice(0, 7);
const plan = {
  ...{ name: "Example", currency: "EUR" },
  parts: [
    { kind: "FIXED", name: "Base", fee: "10" },
    { kind: "USAGE", name: "Events", metric: "EVENTS", price: { model: "FLAT", unitPrice: "0.01" } },
  ],
};

/** A valid question of a tenant to each root field, about its own things; a root field that is missing here fails the tests. */
export const examples: Readonly<Record<string, (own: OwnThings) => Variables>> = {
  "Query.realtimeMetrics": () => ({}),
  "Query.timeSeries": () => ({
    input: { range: range(), measures: [{ function: "COUNT" }], granularity: "HOUR", splitBy: ["name"] },
  }),
  "Query.olap": () => ({ input: olap() }),
  "Query.olapPage": () => ({ input: olap(), rows: 1 }),
  "Query.attribution": () => ({
    input: {
      range: range(),
      conversion: {},
      touchpoints: [{ filter: { not: { field: "country", in: ["nowhere"] } } }],
      models: [{ kind: "LAST" }, { kind: "MARKOV" }],
      dimensions: ["name"],
    },
  }),
  "Query.funnel": () => ({
    input: {
      range: range(),
      steps: [{ label: "anything", anyOf: [{ filter: { not: { field: "country", in: ["nowhere"] } } }] }],
      breakdown: { field: "name" },
    },
  }),
  "Query.paths": () => ({ input: { range: range(), label: ["country", "name"], topPaths: 5 } }),
  "Query.sessions": () => ({ input: { range: range() } }),
  "Query.sessionMetrics": () => ({ input: { range: range(), breakdown: ["country"], granularity: "DAY", pages: 5 } }),
  "Query.eventQuality": () => ({
    input: { range: range(), expect: [{ name: "e", holds: { field: "country", exists: true } }] },
  }),
  "Query.drift": () => ({
    input: { range: range(), field: "country", kind: "CATEGORICAL", reference: { trailing: "P1D" } },
  }),
  "Query.funnelOfPath": () => ({ input: { range: range() }, path: ["page_view"] }),
  "Query.apiExecutions": () => ({ input: { range: range(), by: "OPERATION" } }),
  "Query.cohortSizes": ({ cohortId }) => ({ input: { cohort: cohortId, range: range() } }),
  "Query.cohort": ({ cohortId }) => ({ id: cohortId }),
  "Query.cohorts": () => ({}),
  "Query.previewCohort": ({ mark }) => ({ input: { definition: { did: { event: { events: [`${mark}-view`] } } } } }),
  "Query.retention": () => ({ input: { range: range(), start: {}, returning: {}, periods: 1 } }),
  "Query.stickiness": () => ({ input: { range: range(), event: {} } }),
  "Query.lifecycle": () => ({ input: { range: range(), event: {} } }),
  "Query.activeUsers": () => ({ input: { range: range(), event: {} } }),
  "Mutation.createCohort": ({ mark }) => ({
    input: { name: `${mark} ${randomUUID()}`, description: mark, definition: { list: true } },
  }),
  "Mutation.updateCohort": ({ cohortId, mark }) => ({ id: cohortId, input: { description: `${mark} changed` } }),
  "Mutation.deleteCohort": ({ cohortId }) => ({ id: cohortId }),
  "Mutation.computeCohort": ({ cohortId }) => ({ id: cohortId }),
  "Mutation.changeCohortList": ({ cohortId, mark }) => ({ id: cohortId, input: { userIds: [`${mark}-user`] } }),
  ...peopleExamples,
  ...rollupExamples,
  ...expectationExamples,
  ...fraudExamples,
  "Query.people": () => ({ input: { range: range() }, first: 1 }),
  "Query.group": ({ mark }) => ({ type: "company", id: mark }),
  "Query.groups": () => ({ input: { type: "company", range: range() } }),
  "Mutation.setGroupTraits": ({ mark }) => ({ input: { type: "company", id: mark, set: { mark } } }),
  "Query.metric": () => ({ name: "nothing" }),
  "Query.metrics": () => ({}),
  "Query.segment": () => ({ name: "nothing" }),
  "Query.segments": () => ({}),
  "Query.savedQuery": ({ savedQueryId }) => ({ id: savedQueryId }),
  "Query.savedQueries": () => ({}),
  "Query.runSavedQuery": ({ savedQueryId }) => ({ id: savedQueryId, range: range() }),
  "Query.dimensions": () => ({}),
  "Query.hierarchy": () => ({ name: "nothing" }),
  "Query.hierarchies": () => ({}),
  "Query.dimension": () => ({ name: "nothing" }),
  "Query.ownDimensions": () => ({}),
  "Query.drillDown": () => ({ input: { ...olap(), dimensions: ["country"] }, along: { by: "country" } }),
  "Query.rollUp": () => ({ input: { ...olap(), dimensions: ["country"] }, along: { by: "country" } }),
  ...dashboardExamples,
  ...reportExamples,
  ...notifyExamples,
  ...webhookExamples,
  ...silenceExamples,
  ...explainExamples,
  ...{ ...calendarExamples, ...objectiveExamples },
  ...ruleExamples,
  ...incidentExamples,
  ...definitionExamples,
  "Mutation.saveQuery": ({ mark }) => ({ input: { name: newName("query"), description: mark, olap: olap() } }),
  "Mutation.archiveDefinition": ({ savedQueryId }) => ({ id: savedQueryId }),
  "Mutation.restoreDefinition": ({ savedQueryId }) => ({ id: savedQueryId, version: 1 }),
  "Query.correlationRule": ({ correlationRuleId }) => ({ id: correlationRuleId }),
  "Query.correlationRules": () => ({}),
  "Query.correlationMatches": ({ correlationRuleId }) => ({ rule: correlationRuleId }),
  "Query.backtestCorrelationRule": ({ correlationRuleId }) => ({ input: { rule: correlationRuleId, range: range() } }),
  "Mutation.defineCorrelationRule": ({ mark }) => ({
    input: { name: newName("correlation"), description: mark, pattern: livePattern(mark) },
  }),
  "Mutation.startBacktest": ({ correlationRuleId }) => ({ input: { rule: correlationRuleId, range: range() } }),
  "Mutation.retireCorrelationRule": ({ correlationRuleId }) => ({ id: correlationRuleId }),
  "Mutation.pinCorrelationRule": ({ correlationRuleId }) => ({ id: correlationRuleId }),
  "Query.event": ({ eventId }) => ({ id: eventId }),
  "Query.events": () => ({}),
  "Query.explain": () => ({ input: olap(), run: true }),
  "Query.rowsBehind": () => ({ input: olap(), cell: { dimensions: ["view"], measure: "events" } }),
  "Query.liveWindows": () => ({ input: { kind: "TUMBLING", size: "PT5M", keyBy: "name" } }),
  "Query.job": ({ jobId }) => ({ id: jobId }),
  "Query.jobs": () => ({}),
  "Query.rule": ({ ruleId }) => ({ id: ruleId }),
  "Query.rules": () => ({}),
  "Query.anomaly": ({ anomalyId }) => ({ id: anomalyId }),
  "Query.anomalies": () => ({}),
  "Query.simulateRule": ({ ruleId }) => ({
    ...{
      rule: ruleId,
      from: new Date(Date.now() - 180_000).toISOString(),
      to: new Date(Date.now() + 60_000).toISOString(),
    },
  }),
  "Query.eventLineage": ({ eventId }) => ({ eventId }),
  // What a tenant asked about others stands in its own log: only records without objects are asked for here.
  "Query.auditLog": () => ({ filter: { field: "Mutation.sealAuditLog" } }),
  "Query.auditRecord": ({ executionId }) => ({ executionId }),
  "Query.executionNumbers": () => ({ input: { edges: [range().from, range().to] } }),
  "Query.auditInclusionProof": ({ executionId }) => ({ executionId }),
  "Query.auditConsistencyProof": () => ({ fromSeal: 0, toSeal: 0 }),
  "Query.auditSeals": () => ({}),
  "Query.auditKeys": () => ({}),
  "Query.verifyAudit": () => ({ range: { from: 0, to: 0 }, trustedSeals: [] }),
  "Query.auditExport": () => ({}),
  "Query.auditSegment": () => ({ begin: 0, end: 1 }),
  "Mutation.sealAuditLog": () => ({}),
  "Query.recommendations": ({ mark }) => ({ input: { userId: `${mark}-user`, itemProperty: "item" } }),
  "Query.tenant": () => ({}),
  "Query.whoAmI": () => ({}),
  "Query.apiKeys": () => ({}),
  "Query.users": () => ({}),
  "Query.user": ({ userId }) => ({ id: userId }),
  "Mutation.ingestEvents": ({ mark }) => ({
    input: [
      { id: randomUUID(), name: `${mark}-sent`, userId: mark, time: new Date().toISOString(), properties: { a: mark } },
    ],
  }),
  "Mutation.startQuery": () => ({ input: { olap: olap(), idempotencyKey: randomUUID() } }),
  "Mutation.cancelJob": ({ jobId }) => ({ id: jobId }),
  "Query.requestKeys": () => ({}),
  "Mutation.registerRequestKey": ({ apiKeyId }) => ({
    input: { credentialKind: "API_KEY", credentialId: apiKeyId, publicKey: newPublicKey() },
  }),
  "Mutation.removeRequestKey": () => ({ id: randomUUID() }),
  "Mutation.createApiKey": ({ mark }) => ({
    input: { name: `${mark}-key`, permissions: ["analytics:read"], idempotencyKey: randomUUID() },
  }),
  "Mutation.revokeApiKey": ({ apiKeyId }) => ({ id: apiKeyId }),
  "Mutation.createUser": ({ mark }) => ({
    input: { email: `${randomUUID()}@${mark}.example`, name: `${mark}-person`, roles: ["VIEWER"] },
  }),
  "Query.oauthClients": () => ({}),
  "Query.trustedIssuers": () => ({}),
  "Mutation.createOAuthClient": ({ mark }) => ({
    input: { name: `${mark}-client`, kind: "SERVICE", permissions: ["analytics:read"] },
  }),
  "Mutation.revokeOAuthClient": ({ oauthClientId }) => ({ id: oauthClientId }),
  "Mutation.inviteUser": ({ userId }) => ({ userId }),
  "Mutation.trustIssuer": ({ mark }) => ({
    input: {
      issuer: `https://${mark}-${randomUUID()}.example`,
      roleClaim: "groups",
      roles: [{ value: mark, role: "VIEWER" }],
    },
  }),
  "Mutation.distrustIssuer": ({ trustedIssuerId }) => ({ id: trustedIssuerId }),
  "Mutation.renameTenant": ({ mark }) => ({ input: { name: `${mark}-renamed` } }),
  "Query.usage": () => ({ interval: range() }),
  "Query.ledgerHours": () => ({ interval: range() }),
  "Query.limits": () => ({}),
  "Query.limitForecast": () => ({}),
  "Query.tenantSettings": () => ({}),
  "Query.tenantHistory": () => ({}),
  "Query.scaleRequests": () => ({}),
  "Query.simulateInvoice": () => ({ month: thisMonth(), plan }),
  "Query.chargeback": () => ({ month: thisMonth(), plan }),
  "Query.tenantHealth": () => ({}),
  "Mutation.createTenant": ({ mark }) => ({ input: { name: mark, slug: `t-${randomUUID()}` } }),
  "Mutation.suspendTenant": ({ tenantId }) => ({ input: { tenantId, reason: "example" } }),
  "Mutation.resumeTenant": ({ tenantId }) => ({ input: { tenantId, reason: "example" } }),
  "Mutation.deleteTenant": ({ tenantId }) => ({ input: { tenantId, reason: "example" } }),
  "Mutation.setTenantTier": ({ tenantId }) => ({ input: { tenantId, tier: "ENTERPRISE" } }),
  "Mutation.setTenantSettings": () => ({ input: { settings: [{ key: "timeZone", value: "Europe/Berlin" }] } }),
  "Mutation.setLimits": ({ apiKeyId }) => ({
    input: { limits: [{ metric: "JOBS", scope: "API_KEY", scopeId: apiKeyId, hard: 50 }] },
  }),
  // Costs no more than before, so that it holds at once and another request can follow.
  "Mutation.scaleTenant": () => ({
    input: { concurrentQueries: 1 + Math.floor(Math.random() * 60), reason: "example" },
  }),
  "Mutation.decideScaleRequest": () => ({ input: { id: randomUUID(), approve: false } }),
  "Mutation.setBillingPlan": ({ tenantId }) => ({ input: { tenantId, fromMonth: thisMonth(), plan } }),
  "Mutation.grantCredit": ({ tenantId }) => ({
    input: { tenantId, amount: "1", currency: "EUR", fromMonth: thisMonth(), note: "example" },
  }),
  "Mutation.setTeam": ({ mark, apiKeyId }) => ({
    input: { name: `${mark}-team`, members: [{ kind: "API_KEY", id: apiKeyId }] },
  }),
  "Query.roles": () => ({}),
  "Query.dataPolicies": () => ({}),
  "Query.explainAccess": () => ({ field: "Query.olap" }),
  "Query.operatorGrants": () => ({}),
  "Query.organisation": () => ({}),
  "Mutation.createRole": ({ mark }) => ({ input: { name: `${mark}-${randomUUID()}`, permissions: ["ml:read"] } }),
  "Mutation.updateRole": ({ mark }) => ({ input: { name: `${mark}-role`, permissions: ["ml:read"] } }),
  "Mutation.deleteRole": ({ mark }) => ({ name: `${mark}-role` }),
  "Mutation.assignRoles": ({ userId }) => ({ input: { subject: { kind: "USER", id: userId }, roles: ["VIEWER"] } }),
  // It names nobody: examples of other fields are asked beside it.
  "Mutation.saveDataPolicy": ({ mark }) => ({
    input: { name: `${mark}-policy`, masks: [{ column: "CITY", mask: "NULL" }] },
  }),
  "Mutation.deleteDataPolicy": ({ mark }) => ({ name: `${mark}-policy` }),
  "Mutation.rotateApiKey": ({ apiKeyId }) => ({ id: apiKeyId }),
  "Mutation.setApiKeyNetworks": ({ apiKeyId }) => ({ id: apiKeyId, networks: ["203.0.113.0/24"] }),
  "Mutation.grantOperatorAccess": ({ tenantId, mark }) => ({
    input: {
      ...{ tenantId, operatorId: `${mark}-operator`, permissions: ["jobs:read"], reason: mark },
      until: new Date(Date.now() + 3_600_000).toISOString(),
    },
  }),
  "Mutation.revokeOperatorAccess": () => ({ id: randomUUID() }),
  "Mutation.enterTenant": () => ({ grantId: randomUUID() }),
  "Query.securityEvents": () => ({}),
  "Query.throttles": () => ({}),
  "Mutation.liftThrottle": () => ({ input: { id: randomUUID(), reason: "example" } }),
  "Subscription.realtimeMetrics": () => ({}),
  "Subscription.events": () => ({}),
  "Subscription.liveWindows": () => ({ input: { kind: "TUMBLING", size: "PT5M" } }),
  "Subscription.correlationMatches": ({ correlationRuleId }) => ({ rule: correlationRuleId }),
  "Subscription.job": ({ jobId }) => ({ id: jobId }),
  "Subscription.anomalies": () => ({}),
};

/** The example of a root field; throws when nobody has given one. */
export const exampleOf = (coordinate: string, own: OwnThings): Variables => {
  const example = examples[coordinate];
  if (example === undefined) throw new Error(`Give ${coordinate} an example in tests/security/examples.ts.`);
  return example(own);
};
