import type { TenantId } from "../ids.ts";

/** Topic on which {@link SetupChanged} is told. */
export const SETUP_CHANGED = "setup.changed";

/** What tenants set up whose changes have no topic of their own. */
export const SETUP_KINDS = [
  "RULE",
  "SILENCE",
  "RECORDED_CHANGE",
  "INHIBITION",
  "OBJECTIVE",
  "EVENT_CALENDAR",
  "CHANGE_SOURCE",
  "CAUSE_DONE",
  "INCIDENT_POLICIES",
  "ESCALATION_POLICY",
  "ON_CALL_SCHEDULE",
  "NOTIFICATION_CONTACT",
  "CHANNEL",
  "NOTIFICATION_ROUTES",
  "NOTIFICATION_TEMPLATE",
  "COHORT",
  "METRIC",
  "SEGMENT",
  "SAVED_QUERY",
  "HIERARCHY",
  "DIMENSION",
  "ROLLUP",
  "EXPECTATION",
  "CORRELATION_RULE",
  "DASHBOARD",
  "DASHBOARD_LINK",
  "IDENTITY_RULES",
  "INDICATOR_SHARING",
  "TENANT_NAME",
  "API_KEY",
  "OAUTH_CLIENT",
  "REQUEST_KEY",
  "TRUSTED_ISSUER",
  "ROLE",
  "DATA_POLICY",
  "MEMBER",
  "TEAM",
  "TENANT_SETTING",
  "LIMIT",
  "SCALE_REQUEST",
  "BILLING_PLAN",
  "BILLING_CREDIT",
] as const;

/** One of {@link SETUP_KINDS}. */
export type SetupKind = (typeof SETUP_KINDS)[number];

/** What becomes of a thing: what was archived, revoked or deleted is REMOVED, and RESTORED when it is taken back. */
export const SETUP_CHANGES = ["MADE", "CHANGED", "RESTORED", "REMOVED"] as const;

/**
 * Told once for each thing, change and transaction, by a trigger of the table it stands in, so that no statement changes it untold. It holds ids and words,
 * never what stands in the row.
 */
export interface SetupChanged {
  readonly tenantId: TenantId;
  readonly kind: SetupKind;
  /** The parts of its key, with `:` between where there are several; null where a tenant has one of the kind. */
  readonly id: string | null;
  readonly change: (typeof SETUP_CHANGES)[number];
  /** Milliseconds since the epoch, by the database's clock. */
  readonly atMs: number;
}
