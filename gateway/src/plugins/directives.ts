import type { Refusal } from "@tessera/platform/errors/refusal";
import type { DocumentLimit } from "../operations/document-shape.ts";
import { overLimit } from "../operations/limit-refusal.ts";

/** Directives: clients use a handful of @skip and @include; validation takes time by their number. */
export const DEFAULT_MAX_DIRECTIVES = 50;

/** Refuses documents with directives by the hundred. */
export const directiveLimit = (maximum: number = DEFAULT_MAX_DIRECTIVES): DocumentLimit<Refusal> => ({
  check: ({ directives }) =>
    directives > maximum ? overLimit("QUERY_TOO_LARGE", "Directives", maximum, directives) : null,
});
