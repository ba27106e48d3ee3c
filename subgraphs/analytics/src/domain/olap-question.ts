import { parseComparisons, type PeriodQuery } from "./comparison.ts";
import type { FieldAccess } from "./fields.ts";
import { parseFill } from "./fill.ts";
import { parsePivot, type Pivot } from "./pivot.ts";
import { parseOlap, parseOthers, type Fill, type OlapInput, type OlapQuery } from "./query.ts";
import { parseSubtotals, type Subtotal } from "./subtotals.ts";

/** A validated `olap` question with all that is to stand beside its rows. */
export interface OlapQuestion {
  readonly asked: OlapQuery;
  readonly periods: readonly PeriodQuery[];
  readonly coarser: readonly Subtotal[];
  readonly others: boolean;
  /** What buckets without events hold; null when they are left out. */
  readonly fill: Exclude<Fill, "NONE"> | null;
  /** What the rows are split by into columns; null when they are not. */
  readonly pivot: Pivot | null;
}

/** Validates an `olap` question with all that is to stand beside its rows; refuses with BAD_INPUT or FORBIDDEN. */
export const parseOlapQuestion = (input: OlapInput, access: FieldAccess): OlapQuestion => {
  const asked = parseOlap(input, access);
  return {
    asked,
    periods: parseComparisons(input.compare ?? [], asked, input.granularity ?? "NONE"),
    coarser: parseSubtotals(input.subtotals ?? [], asked),
    others: parseOthers(input, asked),
    fill: parseFill(input, asked),
    pivot: parsePivot(input, asked.query, access),
  };
};
