import type { Caller } from "@tessera/contracts/caller";
import type { NowMs } from "@tessera/platform/time/clock";
import { accessOf } from "../domain/access.ts";
import type { Cell, Column } from "../domain/columns.ts";
import { totalColumns } from "../domain/olap-answer.ts";
import { plan } from "../domain/planner.ts";
import { provenanceOf, type Cost, type Provenance } from "../domain/provenance.ts";
import { MAX_POINTS, parseTimeSeries, type TimeSeriesInput, type TimeSeriesQuery } from "../domain/query.ts";
import {
  completeBuckets,
  timeSeriesLines,
  type LineTotals,
  type TimeSeriesLine,
} from "../domain/time-series-answer.ts";
import { formatInZone } from "../domain/zone.ts";
import type { AnalyticsStore } from "../store/analytics-store.ts";

/** Measures over time, as in the SDL. */
export interface TimeSeriesAnswer {
  readonly buckets: readonly string[];
  readonly complete: readonly boolean[];
  readonly lines: readonly TimeSeriesLine[];
  readonly hasMoreLines: boolean;
  readonly totals: readonly Column[];
  readonly provenance: Provenance;
}

interface Lines {
  readonly lines: readonly LineTotals[];
  readonly totals: readonly Cell[];
  readonly hasMoreLines: boolean;
  /** Which lines the buckets are read of; null for all there are. */
  readonly onlyLines: readonly (readonly Cell[])[] | null;
  readonly cost: Cost;
}

type Store = Pick<AnalyticsStore, "olap">;

/** The lines with the greatest first measure over the whole range, and the totals over all lines. */
const greatestLines = async (
  store: Store,
  caller: Caller,
  { query, maxLines }: TimeSeriesQuery,
  signal: AbortSignal | undefined,
): Promise<Lines> => {
  const overall = { ...query, buckets: null };
  const answer = await store.olap(
    caller,
    {
      query: overall,
      plan: plan(overall, caller.dataPolicy),
      orderBy: [{ place: { kind: "MEASURE", index: 0 }, direction: "DESC" }],
      limit: maxLines,
      onlyLines: null,
    },
    signal,
  );
  return {
    lines: answer.rows.map(({ dimensions, measures }) => ({ dimensions, totals: measures })),
    totals: answer.totals,
    hasMoreLines: answer.hasMore,
    onlyLines: answer.hasMore ? answer.rows.map(({ dimensions }) => dimensions) : null,
    cost: answer.cost,
  };
};

/** Answers `timeSeries`: with `splitBy` first the greatest lines, then the buckets of these; without it one statement. */
export const queryTimeSeries =
  (deps: { store: Store; nowMs: NowMs }) =>
  async (caller: Caller, input: TimeSeriesInput, signal?: AbortSignal): Promise<TimeSeriesAnswer> => {
    const asked = parseTimeSeries(input, accessOf(caller));
    const { query } = asked;
    const planned = plan(query, caller.dataPolicy);
    const asOfMs = deps.nowMs();
    const split = query.dimensions.length === 0 ? null : await greatestLines(deps.store, caller, asked, signal);
    const buckets = await deps.store.olap(
      caller,
      {
        query,
        plan: planned,
        orderBy: [{ place: { kind: "TIME" }, direction: "ASC" }],
        limit: MAX_POINTS,
        onlyLines: split?.onlyLines ?? null,
      },
      signal,
    );
    const totals = split?.totals ?? buckets.totals;
    const lines = split?.lines ?? [{ dimensions: [], totals }];
    return {
      buckets: query.buckets.startsMs.map((ms) => formatInZone(ms, query.offsetAt)),
      complete: completeBuckets(query.buckets, query.range, asOfMs),
      lines: timeSeriesLines(query, lines, buckets.rows),
      hasMoreLines: split?.hasMoreLines ?? false,
      totals: totalColumns(query, totals),
      provenance: provenanceOf(
        planned,
        split === null ? [buckets.cost] : [split.cost, buckets.cost],
        asOfMs,
        query.timeZone,
        caller.dataPolicy,
      ),
    };
  };
