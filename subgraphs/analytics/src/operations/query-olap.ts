import type { Caller } from "@tessera/contracts/caller";
import type { NowMs } from "@tessera/platform/time/clock";
import { accessOf } from "../domain/access.ts";
import type { Column } from "../domain/columns.ts";
import { errorColumns } from "../domain/error-columns.ts";
import { groupColumns, totalColumns } from "../domain/olap-answer.ts";
import { plan } from "../domain/planner.ts";
import { provenanceOf, type Provenance } from "../domain/provenance.ts";
import { parseOlap, type OlapInput } from "../domain/query.ts";
import { answerWithinBudget, type BudgetDeps } from "./answer-within-budget.ts";

/** A grouped answer in columns, as in the SDL. */
export interface OlapAnswer {
  readonly columns: readonly Column[];
  readonly rowCount: number;
  readonly hasMore: boolean;
  readonly totals: readonly Column[];
  readonly standardErrors: readonly Column[];
  readonly totalStandardErrors: readonly Column[];
  readonly provenance: Provenance;
}

/** Answers `olap`: validates, plans onto the cheapest table, reads groups and totals in one statement, within the caller's budget. */
export const queryOlap =
  (deps: BudgetDeps & { readonly nowMs: NowMs }) =>
  async (caller: Caller, input: OlapInput, signal?: AbortSignal): Promise<OlapAnswer> => {
    const { query, orderBy, limit, approximate } = parseOlap(input, accessOf(caller));
    const asOfMs = deps.nowMs();
    const request = { query, plan: plan(query, caller.dataPolicy), orderBy, limit, onlyLines: null };
    const answer = await answerWithinBudget(deps, { caller, request, approximate, signal });
    const { rows, totals, hasMore, cost, facts, sampling, errors } = answer;
    return {
      columns: groupColumns(query, rows),
      rowCount: rows.length,
      hasMore,
      totals: totalColumns(query, totals),
      standardErrors: errors === null ? [] : errorColumns(query, errors.rows),
      totalStandardErrors: errors === null ? [] : errorColumns(query, [errors.totals]),
      provenance: provenanceOf(facts, [cost], asOfMs, query.timeZone, caller.dataPolicy, sampling),
    };
  };
