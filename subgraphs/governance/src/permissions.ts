import type { PermissionTable } from "@tessera/platform/graphql/field-permissions";

/** What each root field, and each field that entities of other rooms can reach, asks for. */
export const permissions = {
  "Query.eventLineage": "governance:read",
  "Query.auditLog": "audit:read",
  "Query.auditRecord": "audit:read",
  "Query.executionNumbers": "audit:read",
  "Query.auditInclusionProof": "audit:read",
  "Query.auditConsistencyProof": "audit:read",
  "Query.auditSeals": "audit:read",
  "Query.auditKeys": "audit:read",
  "Query.verifyAudit": "audit:read",
  "Query.auditExport": "audit:read",
  "Query.auditSegment": "audit:read",
  "Mutation.sealAuditLog": "audit:read",
  "Event.lineage": "governance:read",
} as const satisfies PermissionTable;
