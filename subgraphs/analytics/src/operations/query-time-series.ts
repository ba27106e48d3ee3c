import type { Caller } from "@tessera/contracts/caller";
import type { NowMs } from "@tessera/platform/time/clock";
import { accessOf } from "../domain/access.ts";
import type { Cell, Column } from "../domain/columns.ts";
import { errorColumns } from "../domain/error-columns.ts";
import { totalColumns } from "../domain/olap-answer.ts";
import { firstShown } from "../domain/measures.ts";
import { plan } from "../domain/planner.ts";
import { provenanceOf, type PlanFacts, type Provenance } from "../domain/provenance.ts";
import { drawnAfter } from "../domain/sampling.ts";
import { MAX_POINTS, parseTimeSeries, type TimeSeriesInput, type TimeSeriesQuery } from "../domain/query.ts";
import {
  completeBuckets,
  timeSeriesLines,
  type LineTotals,
  type TimeSeriesLine,
} from "../domain/time-series-answer.ts";
import { formatInZone } from "../domain/zone.ts";
import type { LineChoice } from "../store/olap-sql.ts";
import { answerWithinBudget, type BudgetDeps } from "./answer-within-budget.ts";
import type { BudgetedRows } from "./read-sample.ts";

/** Measures over time, as in the SDL. */
export interface TimeSeriesAnswer {
  readonly buckets: readonly string[];
  readonly complete: readonly boolean[];
  readonly lines: readonly TimeSeriesLine[];
  readonly hasMoreLines: boolean;
  readonly totals: readonly Column[];
  readonly totalStandardErrors: readonly Column[];
  readonly provenance: Provenance;
}

interface Lines {
  readonly lines: readonly LineTotals[];
  readonly totals: readonly Cell[];
  readonly hasMoreLines: boolean;
  /** Which lines the buckets are read of; null for all there are. */
  readonly choice: LineChoice | null;
  readonly answer: BudgetedRows;
}

/** What the lines and their buckets say together of where they come from. */
const factsOf = (split: BudgetedRows | undefined, buckets: BudgetedRows): PlanFacts => {
  const known = new Set(buckets.facts.approximations.map(({ column }) => column));
  const others = split?.facts.approximations.filter(({ column }) => !known.has(column)) ?? [];
  return { ...buckets.facts, approximations: [...buckets.facts.approximations, ...others] };
};

/** The lines with the greatest first measure over the whole range, and the totals over all lines. */
const greatestLines = async (
  deps: BudgetDeps,
  caller: Caller,
  { query, maxLines, approximate, drawn }: TimeSeriesQuery,
  signal: AbortSignal | undefined,
): Promise<Lines> => {
  const overall = { ...query, buckets: null };
  const request = {
    query: overall,
    plan: plan(overall, caller.dataPolicy),
    orderBy: [{ place: { kind: "MEASURE", index: firstShown(query.measures) }, direction: "DESC" }],
    limit: maxLines,
    having: [],
    lines: null,
  } as const;
  const answer = await answerWithinBudget(deps, { caller, request, approximate, drawn, signal });
  return {
    lines: answer.rows.map(({ dimensions, measures }, place) => ({
      dimensions,
      totals: measures,
      errors: answer.errors?.rows[place] ?? null,
    })),
    totals: answer.totals,
    hasMoreLines: answer.hasMore,
    choice: answer.hasMore ? { kind: "ONLY", lines: answer.rows.map(({ dimensions }) => dimensions) } : null,
    answer,
  };
};

/** Answers `timeSeries`: with `splitBy` first the greatest lines, then the buckets of these; without it one statement. */
export const queryTimeSeries =
  (deps: BudgetDeps & { readonly nowMs: NowMs }) =>
  async (caller: Caller, input: TimeSeriesInput, signal?: AbortSignal): Promise<TimeSeriesAnswer> => {
    const asked = parseTimeSeries(input, accessOf(caller));
    const { query, approximate, drawn: whole } = asked;
    const asOfMs = deps.nowMs();
    const split = query.dimensions.length === 0 ? null : await greatestLines(deps, caller, asked, signal);
    const request = {
      query,
      plan: plan(query, caller.dataPolicy),
      orderBy: [{ place: { kind: "TIME" }, direction: "ASC" }],
      limit: MAX_POINTS,
      having: [],
      lines: split?.choice ?? null,
    } as const;
    const drawn = split === null ? whole : drawnAfter(whole, split.answer.sampling);
    const buckets = await answerWithinBudget(deps, { caller, request, approximate, drawn, signal });
    const totals = split?.totals ?? buckets.totals;
    const { errors } = split?.answer ?? buckets;
    const lines = split?.lines ?? [{ dimensions: [], totals, errors: errors?.totals ?? null }];
    return {
      buckets: query.buckets.startsMs.map((ms) => formatInZone(ms, query.offsetAt)),
      complete: completeBuckets(query.buckets, query.range, asOfMs),
      lines: timeSeriesLines(query, lines, buckets.rows, buckets.errors?.rows ?? null),
      hasMoreLines: split?.hasMoreLines ?? false,
      totals: totalColumns(query, totals),
      totalStandardErrors: errors === null ? [] : errorColumns(query, [errors.totals]),
      provenance: provenanceOf(
        factsOf(split?.answer, buckets),
        split === null ? [buckets.cost] : [split.answer.cost, buckets.cost],
        asOfMs,
        query.timeZone,
        caller.dataPolicy,
        buckets.sampling ?? split?.answer.sampling ?? null,
      ),
    };
  };
