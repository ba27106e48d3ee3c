import type { Refusal } from "@tessera/platform/errors/refusal";
import type { DocumentLimit } from "../operations/document-shape.ts";
import { overLimit } from "../operations/limit-refusal.ts";

/** Aliases: a dashboard of 30 tiles with three figures each fits; one field asked for a thousand times does not. */
export const DEFAULT_MAX_ALIASES = 100;

/** Refuses documents that ask for the same under many names. */
export const aliasLimit = (maximum: number = DEFAULT_MAX_ALIASES): DocumentLimit<Refusal> => ({
  check: ({ aliases }) => (aliases > maximum ? overLimit("QUERY_TOO_LARGE", "Aliases", maximum, aliases) : null),
});
