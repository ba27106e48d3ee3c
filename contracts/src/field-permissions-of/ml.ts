// Written by scripts/field-permissions.mjs from the room's permission table.
import type { Permission } from "../permissions.ts";

/** What each root field and each sensitive field of the ml room asks for. */
export const mlFields: Readonly<Record<string, Permission | "PUBLIC">> = {
  "Query.recommendations": "ml:read",
};
