// Written by scripts/field-permissions.mjs from the rooms' permission tables.
import { analyticsFields } from "./field-permissions-of/analytics.ts";
import { anomalyFields } from "./field-permissions-of/anomaly.ts";
import { governanceFields } from "./field-permissions-of/governance.ts";
import { mlFields } from "./field-permissions-of/ml.ts";
import { tenantFields } from "./field-permissions-of/tenant.ts";
import type { Permission } from "./permissions.ts";

/** What each root field and each sensitive field of every room asks for: a permission, or PUBLIC for every known caller. */
export const fieldPermissions: Readonly<Record<string, Permission | "PUBLIC">> = {
  ...analyticsFields,
  ...anomalyFields,
  ...governanceFields,
  ...mlFields,
  ...tenantFields,
};

/** Fields that tell of all of a tenant's events, whoever asks: refused to callers under a data policy. */
export const wholeTenantFields: readonly string[] = [
  "Mutation.acknowledgeAnomaly",
  "Mutation.acknowledgeIncident",
  "Mutation.archiveRollup",
  "Mutation.assignIncidentRole",
  "Mutation.createRule",
  "Mutation.declareIncident",
  "Mutation.defineCorrelationRule",
  "Mutation.defineRollup",
  "Mutation.deleteExpectation",
  "Mutation.deleteObjective",
  "Mutation.deleteRule",
  "Mutation.giveAnomalyFeedback",
  "Mutation.linkIncidents",
  "Mutation.noteIncident",
  "Mutation.pinCorrelationRule",
  "Mutation.reopenIncident",
  "Mutation.resolveAnomaly",
  "Mutation.resolveIncident",
  "Mutation.retireCorrelationRule",
  "Mutation.saveExpectation",
  "Mutation.saveObjective",
  "Mutation.snoozeAnomaly",
  "Mutation.updateIncident",
  "Mutation.updateRule",
  "Mutation.withdrawAnomalyFeedback",
  "Query.anomalies",
  "Query.anomaly",
  "Query.correlationMatches",
  "Query.correlationRule",
  "Query.correlationRules",
  "Query.deliveries",
  "Query.escalationPages",
  "Query.expectations",
  "Query.incident",
  "Query.incidentMetrics",
  "Query.incidents",
  "Query.notificationInbox",
  "Query.objective",
  "Query.objectives",
  "Query.rollup",
  "Query.rollupProposals",
  "Query.rollups",
  "Query.rule",
  "Query.rules",
  "Subscription.alertState",
  "Subscription.alerts",
  "Subscription.anomalies",
  "Subscription.correlationMatches",
  "Subscription.incidents",
  "Subscription.notifications",
];
