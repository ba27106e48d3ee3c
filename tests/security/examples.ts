import { randomUUID } from "node:crypto";

/** Things one tenant has, by id. */
export interface OwnThings {
  /** A word that stands in everything this tenant wrote and in nothing of anybody else. */
  readonly mark: string;
  readonly tenantId: string;
  readonly eventId: string;
  readonly batchId: string;
  readonly jobId: string;
  readonly userId: string;
  readonly apiKeyId: string;
  readonly ruleId: string;
  readonly anomalyId: string;
  /** A recorded and sealed execution of its own. */
  readonly executionId: string;
}

type Variables = Readonly<Record<string, unknown>>;

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
const metric = {
  measure: "COUNT",
  window: "PT1H",
  filters: [{ field: "COUNTRY", operator: "NOT_IN", values: ["nowhere"] }],
};
const condition = { direction: "ABOVE", threshold: 0 };

/** A valid question of a tenant to each root field, about its own things; a root field that is missing here fails the tests. */
export const examples: Readonly<Record<string, (own: OwnThings) => Variables>> = {
  "Query.realtimeMetrics": () => ({}),
  "Query.timeSeries": () => ({
    input: { range: range(), measures: [{ function: "COUNT" }], granularity: "HOUR", splitBy: ["name"] },
  }),
  "Query.olap": () => ({ input: olap() }),
  "Query.event": ({ eventId }) => ({ id: eventId }),
  "Query.events": () => ({}),
  "Query.liveWindows": () => ({ input: { kind: "TUMBLING", size: "PT5M", keyBy: "name" } }),
  "Query.job": ({ jobId }) => ({ id: jobId }),
  "Query.jobs": () => ({}),
  "Query.rule": ({ ruleId }) => ({ id: ruleId }),
  "Query.rules": () => ({}),
  "Query.anomaly": ({ anomalyId }) => ({ id: anomalyId }),
  "Query.anomalies": () => ({}),
  "Query.previewRule": () => ({ input: { metric, condition } }),
  "Query.eventLineage": ({ eventId }) => ({ eventId }),
  // What a tenant asked about others stands in its own log: only records without objects are asked for here.
  "Query.auditLog": () => ({ filter: { field: "Mutation.sealAuditLog" } }),
  "Query.auditRecord": ({ executionId }) => ({ executionId }),
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
  "Mutation.createRule": ({ mark }) => ({
    input: {
      name: `${mark} ${randomUUID()}`,
      description: mark,
      metric: { ...metric, eventNames: [`${mark}-view`, `${mark}-live`] },
      condition,
    },
  }),
  "Mutation.updateRule": ({ ruleId, mark }) => ({ id: ruleId, input: { description: `${mark} changed` } }),
  "Mutation.deleteRule": ({ ruleId }) => ({ id: ruleId }),
  "Mutation.acknowledgeAnomaly": ({ anomalyId, mark }) => ({ id: anomalyId, note: mark }),
  "Mutation.resolveAnomaly": ({ anomalyId, mark }) => ({ id: anomalyId, note: mark }),
  "Mutation.createApiKey": ({ mark }) => ({
    input: { name: `${mark}-key`, permissions: ["analytics:read"], idempotencyKey: randomUUID() },
  }),
  "Mutation.revokeApiKey": ({ apiKeyId }) => ({ id: apiKeyId }),
  "Mutation.createUser": ({ mark }) => ({
    input: { email: `${randomUUID()}@${mark}.example`, name: `${mark}-person`, roles: ["VIEWER"] },
  }),
  "Mutation.renameTenant": ({ mark }) => ({ input: { name: `${mark}-renamed` } }),
  "Subscription.realtimeMetrics": () => ({}),
  "Subscription.events": () => ({}),
  "Subscription.liveWindows": () => ({ input: { kind: "TUMBLING", size: "PT5M" } }),
  "Subscription.job": ({ jobId }) => ({ id: jobId }),
  "Subscription.anomalies": () => ({}),
};

/** The example of a root field; throws when nobody has given one. */
export const exampleOf = (coordinate: string, own: OwnThings): Variables => {
  const example = examples[coordinate];
  if (example === undefined) throw new Error(`Give ${coordinate} an example in tests/security/examples.ts.`);
  return example(own);
};
