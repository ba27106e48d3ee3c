import type { Refusal } from "@tessera/platform/errors/refusal";
import type { RawVariables } from "../operations/graphql-request.ts";
import { overLimit } from "../operations/limit-refusal.ts";

/** Levels of lists and objects variables may have: far above any input of the graph, far below what exhausts a stack that walks them. */
export const MAX_VARIABLE_LEVELS = 64;

const childrenOf = (value: unknown): readonly unknown[] =>
  typeof value === "object" && value !== null ? Object.values(value) : [];

/** Refuses variables nested deeper than {@link MAX_VARIABLE_LEVELS} before anything walks them by recursion; looks at each value once. */
export const checkVariableDepth = (variables: RawVariables): Refusal | null => {
  let level = childrenOf(variables);
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_VARIABLE_LEVELS)
      return overLimit("BAD_INPUT", "Levels of the variables", MAX_VARIABLE_LEVELS, depth, { field: "variables" });
    level = level.flatMap(childrenOf);
  }
  return null;
};
