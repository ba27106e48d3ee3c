import { refuse } from "@tessera/platform/errors/refusal";
import type { FieldAccess } from "../fields.ts";
import { binNumberAt, binsOf, type DriftCuts } from "../quality/drift-bins.ts";
import { parseDrift, type DriftInput, type DriftQuestion } from "../quality/drift.ts";

type Maybe<T> = T | null | undefined;

/** One of the two that `drift` compares, as in the SDL. */
type DriftSide = "RANGE" | "REFERENCE";

/** A number of a `drift` answer, as the graph delivers it. */
export interface DriftCellInput {
  readonly side?: DriftSide;
  readonly bin?: Maybe<number>;
  readonly missing?: boolean;
}

/** Which values of a side are meant: all, those of the bin at a place, or the events that have none. */
type DriftValues = { readonly kind: "ALL" | "MISSING" } | { readonly kind: "BIN"; readonly place: number };

/** A validated question about drift, and which of its values a number counts. */
export interface DriftBehind {
  readonly question: DriftQuestion;
  readonly side: DriftSide;
  readonly values: DriftValues;
}

/** Which values are meant, as the store is asked for them: a bin by how values are put into bins and by its number. */
export type DriftHeld =
  { readonly kind: "ALL" | "MISSING" } | { readonly kind: "BIN"; readonly cuts: DriftCuts; readonly bin: number };

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

const valuesOf = ({ bin, missing = false }: DriftCellInput): DriftValues => {
  if (bin === null || bin === undefined) return { kind: missing ? "MISSING" : "ALL" };
  if (missing) throw bad("cell.missing", "Events without a value are in no bin: leave `bin` or `missing` out.");
  return { kind: "BIN", place: bin };
};

/** Reads which values a number of a `drift` answer counts; refuses with BAD_INPUT or FORBIDDEN. */
export const parseDriftCell = (input: DriftInput, cell: DriftCellInput, access: FieldAccess): DriftBehind => ({
  question: parseDrift(input, access),
  side: cell.side ?? "RANGE",
  values: valuesOf(cell),
});

/** The bin at a place of the answer; refuses with BAD_INPUT a place where it has none. */
export const heldBin = (cuts: DriftCuts, place: number): DriftHeld => {
  const bin = binNumberAt(cuts, place);
  if (bin === null)
    throw bad("cell.bin", `\`bin\` is the place of one of the answer's bins: 0 to ${binsOf(cuts) - 1}.`);
  return { kind: "BIN", cuts, bin };
};
