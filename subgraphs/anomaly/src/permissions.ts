import type { PermissionTable } from "@tessera/platform/graphql/field-permissions";

/** What each root field asks for; entities are read under `anomaly:read` wherever they are reached from. */
export const permissions = {
  "Query.rule": "anomaly:read",
  "Query.rules": "anomaly:read",
  "Query.anomaly": "anomaly:read",
  "Query.anomalies": "anomaly:read",
  "Query.previewRule": "anomaly:manage",
  "Mutation.createRule": "anomaly:manage",
  "Mutation.updateRule": "anomaly:manage",
  "Mutation.deleteRule": "anomaly:manage",
  "Mutation.acknowledgeAnomaly": "anomaly:respond",
  "Mutation.resolveAnomaly": "anomaly:respond",
  "Subscription.anomalies": "anomaly:read",
} as const satisfies PermissionTable;

/**
 * Fields that tell of all of the tenant's events, because rules are evaluated for the tenant and not for who reads of them: refused to callers under
 * a data policy, who would learn from them what is hidden.
 */
export const wholeTenantFields = [
  "Query.rule",
  "Query.rules",
  "Query.anomaly",
  "Query.anomalies",
  "Mutation.createRule",
  "Mutation.updateRule",
  "Mutation.deleteRule",
  "Mutation.acknowledgeAnomaly",
  "Mutation.resolveAnomaly",
  "Subscription.anomalies",
] as const satisfies readonly (keyof typeof permissions)[];
