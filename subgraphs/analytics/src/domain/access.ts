import type { Caller } from "@tessera/contracts/caller";
import type { FieldAccess } from "./fields.ts";

/** What a caller may see of events, by their permissions. */
export const accessOf = (caller: Caller): FieldAccess => ({
  personalData: caller.permissions.has("analytics:personal-data"),
});
