// Written by scripts/field-permissions.mjs from the room's permission table.
import type { Permission } from "../permissions.ts";

/** What each root field and each sensitive field of the governance room asks for. */
export const governanceFields: Readonly<Record<string, Permission | "PUBLIC">> = {
  "Event.lineage": "governance:read",
  "Mutation.sealAuditLog": "audit:read",
  "Query.auditConsistencyProof": "audit:read",
  "Query.auditExport": "audit:read",
  "Query.auditInclusionProof": "audit:read",
  "Query.auditKeys": "audit:read",
  "Query.auditLog": "audit:read",
  "Query.auditRecord": "audit:read",
  "Query.auditSeals": "audit:read",
  "Query.auditSegment": "audit:read",
  "Query.eventLineage": "governance:read",
  "Query.executionNumbers": "audit:read",
  "Query.verifyAudit": "audit:read",
};
