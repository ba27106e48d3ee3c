import type { Column } from "../domain/columns.ts";
import { errorColumns } from "../domain/error-columns.ts";
import { groupColumns, unmixed } from "../domain/olap-answer.ts";
import type { OlapQuestion } from "../domain/olap-question.ts";
import type { Provenance } from "../domain/provenance.ts";
import type { Subtotal } from "../domain/subtotals.ts";
import type { BudgetDeps } from "./answer-within-budget.ts";
import { provenanceOfParts, type Asking } from "./olap-parts.ts";
import { groupsOf, readGroups } from "./read-groups.ts";
import type { BudgetedRows } from "./read-sample.ts";

/** Coarser groups of an answer; as in the SDL. */
export interface OlapSubtotal {
  readonly by: readonly string[];
  readonly columns: readonly Column[];
  readonly rowCount: number;
  readonly filled: readonly boolean[];
  readonly hasMore: boolean;
  readonly standardErrors: readonly Column[];
  readonly provenance: Provenance;
}

interface AskedBeside extends Pick<OlapQuestion, "asked" | "fill"> {
  /** The coarser groups where they were read with the question's own; null where they are yet to be read. */
  readonly read: BudgetedRows | null;
}

/** Measures coarser groups from the events themselves, so that distinct values and quantiles are right; buckets are filled as the answer's are. */
export const measureSubtotal = async (
  deps: BudgetDeps,
  asking: Asking,
  { by, query, orderBy }: Subtotal,
  { asked: { limit }, fill, read }: AskedBeside,
): Promise<OlapSubtotal> => {
  const part = { query, orderBy, limit };
  const { rows, filled, hasMore, errors, answer } =
    read === null ? await readGroups(deps, asking, part, fill) : groupsOf(part, fill, read);
  // Groups that each are of one currency may be of several when they are coarser.
  const single = query.dimensions.some(({ name }) => name === "currency");
  const plain = single ? rows : rows.map((row) => ({ ...row, measures: unmixed(query, row.measures) }));
  return {
    by,
    columns: groupColumns(query, plain),
    rowCount: rows.length,
    filled,
    hasMore,
    standardErrors: errors === null ? [] : errorColumns(query, errors),
    provenance: provenanceOfParts(asking, query, [answer]),
  };
};
