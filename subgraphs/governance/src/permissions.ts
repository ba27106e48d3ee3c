import type { PermissionTable } from "@tessera/platform/graphql/field-permissions";

/** What each root field, and each field that entities of other rooms can reach, asks for. */
export const permissions = {
  "Query.eventLineage": "governance:read",
  "Event.lineage": "governance:read",
} as const satisfies PermissionTable;
