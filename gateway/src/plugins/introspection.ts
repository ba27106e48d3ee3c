import type { Caller } from "@tessera/contracts/caller";
import { refuse, type Refusal } from "@tessera/platform/errors/refusal";
import type { DocumentShape } from "../operations/document-shape.ts";

/** Whether a caller may read the schema, and so also see the names that validation suggests. */
export const maySeeSchema = (caller: Caller): boolean => caller.permissions.has("schema:introspect");

/** Refuses `__schema` and `__type` to callers without the permission schema:introspect; `__typename` is open to all. */
export const checkIntrospection = (shape: DocumentShape, caller: Caller): Refusal | null =>
  shape.asksSchema && !maySeeSchema(caller)
    ? refuse("INTROSPECTION_DISABLED", "Reading the schema needs the permission schema:introspect.", {
        permission: "schema:introspect",
      })
    : null;
