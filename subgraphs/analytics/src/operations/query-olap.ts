import type { Caller } from "@tessera/contracts/caller";
import type { NowMs } from "@tessera/platform/time/clock";
import { accessOf } from "../domain/access.ts";
import type { Column } from "../domain/columns.ts";
import { groupColumns, totalColumns } from "../domain/olap-answer.ts";
import { plan } from "../domain/planner.ts";
import { provenanceOf, type Provenance } from "../domain/provenance.ts";
import { parseOlap, type OlapInput } from "../domain/query.ts";
import type { AnalyticsStore } from "../store/analytics-store.ts";

/** A grouped answer in columns, as in the SDL. */
export interface OlapAnswer {
  readonly columns: readonly Column[];
  readonly rowCount: number;
  readonly hasMore: boolean;
  readonly totals: readonly Column[];
  readonly provenance: Provenance;
}

/** Answers `olap`: validates, plans onto the cheapest table, reads groups and totals in one statement. */
export const queryOlap =
  (deps: { store: Pick<AnalyticsStore, "olap">; nowMs: NowMs }) =>
  async (caller: Caller, input: OlapInput, signal?: AbortSignal): Promise<OlapAnswer> => {
    const { query, orderBy, limit } = parseOlap(input, accessOf(caller));
    const planned = plan(query, caller.dataPolicy);
    const asOfMs = deps.nowMs();
    const request = { query, plan: planned, orderBy, limit, onlyLines: null };
    const { rows, totals, hasMore, cost } = await deps.store.olap(caller, request, signal);
    return {
      columns: groupColumns(query, rows),
      rowCount: rows.length,
      hasMore,
      totals: totalColumns(query, totals),
      provenance: provenanceOf(planned, [cost], asOfMs, query.timeZone, caller.dataPolicy),
    };
  };
