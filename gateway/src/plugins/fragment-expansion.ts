import { refuse, type Refusal } from "@tessera/platform/errors/refusal";
import type { DocumentLimit } from "../operations/document-shape.ts";
import { overLimit } from "../operations/limit-refusal.ts";

/** Fields after opening every fragment: validation and planning take time by them; fragments spread in fragments double them per line. */
export const DEFAULT_MAX_EXPANDED_FIELDS = 3_000;

/** Refuses fragments that spread themselves, and texts whose fragments open into too many fields, before validation walks them. */
export const fragmentExpansionLimit = (maximum: number = DEFAULT_MAX_EXPANDED_FIELDS): DocumentLimit<Refusal> => ({
  check: ({ cycle, fields }) => {
    if (cycle !== null) return refuse("GRAPHQL_VALIDATION_FAILED", `The fragment "${cycle}" spreads itself.`);
    return fields > maximum ? overLimit("QUERY_TOO_LARGE", "Fields with fragments opened", maximum, fields) : null;
  },
});
