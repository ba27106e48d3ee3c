import type { Caller } from "@tessera/contracts/caller";
import type { NowMs } from "@tessera/platform/time/clock";
import { accessOf } from "../domain/access.ts";
import type { Column } from "../domain/columns.ts";
import { parseComparisons } from "../domain/comparison.ts";
import { errorColumns } from "../domain/error-columns.ts";
import { groupColumns, totalColumns } from "../domain/olap-answer.ts";
import type { Provenance } from "../domain/provenance.ts";
import { parseOlap, parseOthers, type OlapInput } from "../domain/query.ts";
import { parseSubtotals } from "../domain/subtotals.ts";
import type { BudgetDeps } from "./answer-within-budget.ts";
import {
  comparePeriod,
  measureOthers,
  measureSubtotal,
  provenanceOfParts,
  readPart,
  type OlapSubtotal,
  type PeriodComparison,
} from "./olap-parts.ts";

/** A grouped answer in columns, as in the SDL. */
export interface OlapAnswer {
  readonly columns: readonly Column[];
  readonly rowCount: number;
  readonly hasMore: boolean;
  readonly totals: readonly Column[];
  readonly standardErrors: readonly Column[];
  readonly totalStandardErrors: readonly Column[];
  readonly others: readonly Column[] | null;
  readonly subtotals: readonly OlapSubtotal[];
  readonly comparisons: readonly PeriodComparison[];
  readonly provenance: Provenance;
}

/** Answers `olap`: validates, plans onto the cheapest table, reads groups and totals in one statement, within the caller's budget; then what is to stand beside them. */
export const queryOlap =
  (deps: BudgetDeps & { readonly nowMs: NowMs }) =>
  async (caller: Caller, input: OlapInput, signal?: AbortSignal): Promise<OlapAnswer> => {
    const asked = parseOlap(input, accessOf(caller));
    const periods = parseComparisons(input.compare ?? [], asked, input.granularity ?? "NONE");
    const coarser = parseSubtotals(input.subtotals ?? [], asked);
    const withOthers = parseOthers(input, asked);
    const { query, approximate, limit } = asked;
    const asking = { caller, asOfMs: deps.nowMs(), approximate, signal };
    const answer = await readPart(deps, asking, asked);
    const { rows, totals, hasMore, errors } = answer;
    const others = withOthers && hasMore ? await measureOthers(deps, asking, query, rows) : null;
    const subtotals: OlapSubtotal[] = [];
    for (const one of coarser) subtotals.push(await measureSubtotal(deps, asking, one, limit));
    const comparisons: PeriodComparison[] = [];
    for (const one of periods) comparisons.push(await comparePeriod(deps, asking, { query, rows, totals }, one));
    return {
      columns: groupColumns(query, rows),
      rowCount: rows.length,
      hasMore,
      totals: totalColumns(query, totals),
      standardErrors: errors === null ? [] : errorColumns(query, errors.rows),
      totalStandardErrors: errors === null ? [] : errorColumns(query, [errors.totals]),
      others,
      subtotals,
      comparisons,
      provenance: provenanceOfParts(asking, query, [answer]),
    };
  };
