import type { Caller } from "@tessera/contracts/caller";
import type { NowMs } from "@tessera/platform/time/clock";
import { accessOf } from "../domain/access.ts";
import type { Column } from "../domain/columns.ts";
import { errorColumns } from "../domain/error-columns.ts";
import { groupColumns, totalColumns } from "../domain/olap-answer.ts";
import type { Provenance } from "../domain/provenance.ts";
import { parseOlapQuestion } from "../domain/olap-question.ts";
import { readBeside } from "../domain/subtotals.ts";
import type { OlapInput } from "../domain/query.ts";
import type { BudgetDeps } from "./answer-within-budget.ts";
import { measurePivot, type OlapPivot } from "./measure-pivot.ts";
import { measureSubtotal, type OlapSubtotal } from "./measure-subtotal.ts";
import { askingAfter, comparePeriod, measureOthers, provenanceOfParts, type PeriodComparison } from "./olap-parts.ts";
import { readGroups, readLimit } from "./read-groups.ts";

/** A grouped answer in columns, as in the SDL. */
export interface OlapAnswer {
  readonly columns: readonly Column[];
  readonly rowCount: number;
  /** For each row, whether it was made for a bucket without events; empty unless such were asked for. */
  readonly filled: readonly boolean[];
  readonly hasMore: boolean;
  readonly totals: readonly Column[];
  readonly standardErrors: readonly Column[];
  readonly totalStandardErrors: readonly Column[];
  readonly others: readonly Column[] | null;
  readonly othersStandardErrors: readonly Column[];
  readonly subtotals: readonly OlapSubtotal[];
  readonly comparisons: readonly PeriodComparison[];
  readonly pivot: OlapPivot | null;
  readonly provenance: Provenance;
}

/** Answers `olap`: validates, plans onto the cheapest table, reads groups and totals in one statement, within the caller's budget; then what is to stand beside them. */
export const queryOlap =
  (deps: BudgetDeps & { readonly nowMs: NowMs }) =>
  async (caller: Caller, input: OlapInput, signal?: AbortSignal): Promise<OlapAnswer> => {
    const question = parseOlapQuestion(input, accessOf(caller));
    const { asked, periods, coarser, fill } = question;
    const { query, approximate, drawn } = asked;
    const asking = { caller, asOfMs: deps.nowMs(), approximate, drawn, signal };
    const beside = readBeside(asked, coarser, readLimit(asked.limit, fill, query), caller.dataPolicy);
    const part = { ...asked, coarser: beside };
    const { rows, filled, hasMore, errors, answer } = await readGroups(deps, asking, part, fill);
    const { totals } = answer;
    const after = askingAfter(asking, answer);
    const others = question.others && hasMore ? await measureOthers(deps, asking, query, rows, answer) : null;
    const subtotals: OlapSubtotal[] = [];
    for (const one of coarser) {
      const groups = answer.coarser[beside.indexOf(one)];
      const read = groups === undefined ? null : { ...answer, ...groups };
      subtotals.push(await measureSubtotal(deps, after, one, { asked, fill, read }));
    }
    const comparisons: PeriodComparison[] = [];
    for (const one of periods)
      comparisons.push(await comparePeriod(deps, after, { query, rows, totals, answer, errors }, one));
    const pivot = question.pivot === null ? null : await measurePivot(deps, after, { query, rows }, question.pivot);
    return {
      columns: groupColumns(query, rows),
      rowCount: rows.length,
      filled,
      hasMore,
      totals: totalColumns(query, totals),
      standardErrors: errors === null ? [] : errorColumns(query, errors),
      totalStandardErrors: answer.errors === null ? [] : errorColumns(query, [answer.errors.totals]),
      others: others?.columns ?? null,
      othersStandardErrors: others?.standardErrors ?? [],
      subtotals,
      comparisons,
      pivot,
      provenance: provenanceOfParts(asking, query, [answer]),
    };
  };
