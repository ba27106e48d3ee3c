import type { PermissionTable } from "@tessera/platform/graphql/field-permissions";

/** What each root field asks for. */
export const permissions = {
  "Query.recommendations": "ml:read",
} as const satisfies PermissionTable;
