import { refuse } from "@tessera/platform/errors/refusal";
import { MAX_COHORT_SIZES, type CohortSize } from "../cohort.ts";

/** Who is meant of those that a computation of a cohort told apart, as in the SDL. */
export type CohortSizeNumber = "SIZE" | "ENTERED" | "LEFT";

/** A number of a `cohortSizes` answer, as the graph delivers it. */
export interface CohortSizeCellInput {
  readonly asOf?: string | null | undefined;
  readonly number?: CohortSizeNumber;
}

/** The computation whose members a number counts, and the one they are compared with; `beforeMs` is null where there was none. */
export interface CohortSizeBehind {
  readonly number: CohortSizeNumber;
  readonly asOfMs: number;
  readonly version: number;
  readonly beforeMs: number | null;
}

/**
 * Finds the computation that a number of a `cohortSizes` answer is of; null where the answer has none and none is named. Refuses with BAD_INPUT one that is not
 * of the answer. `kept` are all that are kept, the oldest first, of which `told` are those of the answer.
 */
export const parseCohortSizeCell = (
  kept: readonly CohortSize[],
  told: readonly CohortSize[],
  { asOf, number = "SIZE" }: CohortSizeCellInput,
): CohortSizeBehind | null => {
  const given = asOf ?? null;
  const found = given === null ? told.at(-1) : told.find(({ asOfMs }) => asOfMs === Date.parse(given));
  if (found === undefined) {
    if (given === null) return null;
    throw refuse("BAD_INPUT", "This is the moment of no computation of the answer: take an `asOf` as it shows it.", {
      field: "cell.asOf",
    });
  }
  const { asOfMs, version } = found;
  const before = kept.findLast((one) => one.asOfMs < asOfMs)?.asOfMs ?? null;
  // What came before the oldest that is kept has left its facts, though its moment is forgotten.
  const beforeMs = before === null && kept.length >= MAX_COHORT_SIZES ? asOfMs - 1 : before;
  return { number, asOfMs, version, beforeMs };
};
