import type { Refusal } from "@tessera/platform/errors/refusal";
import type { DocumentLimit } from "../operations/document-shape.ts";
import { overLimit } from "../operations/limit-refusal.ts";

/** Root fields: each starts its own fetch, and a dashboard of 30 tiles fits. */
export const DEFAULT_MAX_ROOT_FIELDS = 40;

/** Refuses documents that start too many fetches at once. */
export const rootFieldLimit = (maximum: number = DEFAULT_MAX_ROOT_FIELDS): DocumentLimit<Refusal> => ({
  check: ({ rootFields }) =>
    rootFields > maximum ? overLimit("QUERY_TOO_LARGE", "Root fields", maximum, rootFields) : null,
});
