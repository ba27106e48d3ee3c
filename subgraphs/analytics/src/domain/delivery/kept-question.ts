import { z } from "zod";
import { parseJobInput } from "../job-input.ts";
import { MAX_JOB_ROWS } from "../job-query.ts";
import type { OlapInput } from "../query.ts";
import type { DefinitionUse } from "../semantic/definition.ts";
import { usesShape, type Uses } from "../uses.ts";

/** What was asked, with names resolved and moments for a range, as it is kept with the answer. */
export interface KeptQuestion {
  readonly olap: OlapInput;
  readonly definitions: readonly DefinitionUse[];
  /** What the answer is computed by, as its provenance tells it. */
  readonly uses: Uses;
}

const shape = z.object({
  olap: z.unknown(),
  definitions: z.array(
    z.object({ kind: z.enum(["METRIC", "SEGMENT", "DIMENSION"]), name: z.string(), version: z.number() }),
  ),
  uses: usesShape,
});

/** Parses the question kept with an answer. */
export const parseKeptQuestion = (stored: unknown): KeptQuestion => {
  const { olap, definitions, uses } = shape.parse(stored);
  return { olap: parseJobInput({ olap, maxRows: MAX_JOB_ROWS }).olap, definitions, uses };
};
