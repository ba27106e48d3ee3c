import type { Refusal } from "@tessera/platform/errors/refusal";
import type { DocumentLimit } from "../operations/document-shape.ts";
import { overLimit } from "../operations/limit-refusal.ts";

/** Levels of fields: the longest walk through the graph's entities by connections has 15, and each level is a round of fetches. */
export const DEFAULT_MAX_DEPTH = 20;

/** Refuses documents nested deeper than allowed. */
export const depthLimit = (maximum: number = DEFAULT_MAX_DEPTH): DocumentLimit<Refusal> => ({
  check: ({ depth }) => (depth > maximum ? overLimit("QUERY_TOO_DEEP", "Levels of fields", maximum, depth) : null),
});
