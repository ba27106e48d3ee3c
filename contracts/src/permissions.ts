/**
 * Every permission of the platform, `room:verb`; a caller carries a set of them and each root field asks for one.
 * `platform:*` permissions concern the installation, all others the caller's own tenant.
 */
export const PERMISSIONS = [
  "analytics:read",
  "analytics:ingest",
  "analytics:personal-data",
  "analytics:define",
  "dashboards:edit",
  "dashboards:comment",
  "dashboards:shared",
  "jobs:read",
  "jobs:run",
  "cohorts:manage",
  "people:manage",
  "people:erase",
  "anomaly:read",
  "anomaly:manage",
  "anomaly:respond",
  "changes:record",
  "indicators:share",
  "notifications:manage",
  "webhooks:manage",
  "ml:read",
  "governance:read",
  "audit:read",
  "security:read",
  "security:manage",
  "tenant:read",
  "tenant:manage",
  "access:manage",
  "operators:grant",
  "billing:read",
  "schema:introspect",
  "platform:authenticate",
  "platform:operate",
  "platform:break-glass",
  "platform:record",
  "platform:tenants",
] as const;

/** One permission, `room:verb`. */
export type Permission = (typeof PERMISSIONS)[number];

const known: ReadonlySet<string> = new Set(PERMISSIONS);

/** True when the text is one of {@link PERMISSIONS}. */
export const isPermission = (text: string): text is Permission => known.has(text);

/** Permissions a tenant may hand to its own keys and users: all but those of the installation. */
export const TENANT_PERMISSIONS: readonly Permission[] = PERMISSIONS.filter((name) => !name.startsWith("platform:"));
