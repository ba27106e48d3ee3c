import type { Caller } from "@tessera/contracts/caller";
import type { Cell, Column } from "../domain/columns.ts";
import {
  compareGroups,
  compareTotals,
  linesOfRows,
  type ComparedColumns,
  type PeriodQuery,
} from "../domain/comparison.ts";
import { totalColumns, type Group } from "../domain/olap-answer.ts";
import { plan } from "../domain/planner.ts";
import { provenanceOf, type Provenance } from "../domain/provenance.ts";
import type { AnalyticQuery, ComparisonPeriod, OlapQuery, OrderStep } from "../domain/query.ts";
import type { CoarserGroups } from "../domain/subtotals.ts";
import { formatInZone } from "../domain/zone.ts";
import type { LineChoice } from "../store/olap-sql.ts";
import { comparedErrors, type ComparedErrors } from "../domain/compared-errors.ts";
import { errorColumns } from "../domain/error-columns.ts";
import { drawnAfter } from "../domain/sampling.ts";
import { answerWithinBudget, type BudgetDeps } from "./answer-within-budget.ts";
import type { BudgetedRows } from "./read-sample.ts";

/** Who asks, when, and how exactly: the same for every part of an answer. */
export interface Asking {
  readonly caller: Caller;
  readonly asOfMs: number;
  readonly approximate: OlapQuery["approximate"];
  readonly drawn: OlapQuery["drawn"];
  readonly signal: AbortSignal | undefined;
}

/** One statement of an answer. */
export interface Part {
  readonly query: AnalyticQuery;
  readonly having?: OlapQuery["having"];
  readonly orderBy?: readonly OrderStep[];
  readonly limit: number;
  readonly lines?: LineChoice | null;
  /** Fewer groups that are read in the same statement. */
  readonly coarser?: readonly CoarserGroups[];
}

/** Reads one part of an answer, within the budget. */
export const readPart = (deps: BudgetDeps, asking: Asking, part: Part): Promise<BudgetedRows> => {
  const { caller, approximate, drawn, signal } = asking;
  const { having = [], orderBy = [], lines = null } = part;
  const request = { ...part, having, orderBy, lines, plan: plan(part.query, caller.dataPolicy) };
  return answerWithinBudget(deps, { caller, request, approximate, drawn, signal });
};

/** How further parts are asked for once a part was answered: from the same sample, so that they agree with it. */
export const askingAfter = (asking: Asking, { sampling }: BudgetedRows): Asking => ({
  ...asking,
  drawn: drawnAfter(asking.drawn, sampling),
});

/** What the answers of some statements say together of where they come from. */
export const provenanceOfParts = (
  asking: Asking,
  query: AnalyticQuery,
  parts: readonly [BudgetedRows, ...BudgetedRows[]],
): Provenance => {
  const [{ facts, sampling }] = parts;
  const costs = parts.map(({ cost }) => cost);
  return provenanceOf(facts, costs, asking.asOfMs, query.timeZone, asking.caller.dataPolicy, sampling);
};

/** What was measured in a period, beside the rows and totals of the answer; as in the SDL. */
export interface PeriodComparison extends ComparedColumns, ComparedErrors {
  readonly period: ComparisonPeriod;
  readonly from: string;
  readonly to: string;
  readonly totals: readonly Column[];
  readonly totalChanges: readonly Column[];
  readonly provenance: Provenance;
}

/** An answer's rows and totals that a period is laid beside. */
interface Compared {
  readonly query: AnalyticQuery;
  readonly rows: readonly Group[];
  readonly totals: readonly Cell[];
  readonly answer: BudgetedRows;
  /** Standard errors of the rows; null when nothing was sampled. */
  readonly errors: readonly (readonly (number | null)[])[] | null;
}

/** Measures a period for the rows of an answer: their dimensions alone, in all its buckets, and everything for the totals. */
export const comparePeriod = async (
  deps: BudgetDeps,
  asking: Asking,
  { query, rows, totals, answer, errors }: Compared,
  { period, query: then }: PeriodQuery,
): Promise<PeriodComparison> => {
  const { dimensions, buckets } = then;
  const limit = Math.max(1, rows.length) * (buckets?.startsMs.length ?? 1);
  const lines: LineChoice | null = dimensions.length === 0 ? null : { kind: "ONLY", lines: linesOfRows(rows) };
  const whole = await readPart(deps, asking, { query: { ...then, buckets: null, dimensions: [] }, limit: 1 });
  const grouped = dimensions.length > 0 || buckets !== null;
  const parts = grouped && rows.length > 0 ? await readPart(deps, asking, { query: then, limit, lines }) : whole;
  const overall = compareTotals(query, totals, whole.totals);
  return {
    period,
    from: formatInZone(then.range.fromMs, then.offsetAt),
    to: formatInZone(then.range.toMs, then.offsetAt),
    ...compareGroups(query, rows, then, parts.rows),
    totals: overall.columns,
    totalChanges: overall.changes,
    ...comparedErrors(query, then, {
      ...{ rows, before: parts.rows, errors, errorsBefore: parts.errors?.rows ?? null },
      ...{ totals, totalsBefore: whole.totals },
      ...{ totalErrors: answer.errors?.totals ?? null, totalErrorsBefore: whole.errors?.totals ?? null },
    }),
    provenance: provenanceOfParts(asking, then, parts === whole ? [whole] : [parts, whole]),
  };
};

/** Measures everything but the dimensions of an answer's rows, together, from the events themselves; null where nothing is left. */
export const measureOthers = async (
  deps: BudgetDeps,
  asking: Asking,
  query: AnalyticQuery,
  rows: readonly Group[],
  beside: BudgetedRows,
): Promise<{ readonly columns: readonly Column[]; readonly standardErrors: readonly Column[] }> => {
  const lines: LineChoice = { kind: "EXCEPT", lines: linesOfRows(rows) };
  // Rows and others partition the events: where the rows are exact, so is what is beside them.
  const drawn = beside.errors === null ? ({ kind: "ALL" } as const) : drawnAfter(asking.drawn, beside.sampling);
  const { totals, errors } = await readPart(deps, { ...asking, drawn }, { query, limit: 1, lines });
  return {
    columns: totalColumns(query, totals),
    standardErrors: errors === null ? [] : errorColumns(query, [errors.totals]),
  };
};
