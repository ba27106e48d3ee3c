import type { Caller } from "@tessera/contracts/caller";
import type { Approximate } from "../domain/approximate.ts";
import type { AskedSample } from "../domain/asked-sample.ts";
import type { Cell } from "../domain/columns.ts";
import { estimationOf, standardErrorsOf, type Estimation, type StandardErrors } from "../domain/estimators.ts";
import type { Approximation } from "../domain/planner.ts";
import type { Cost, PlanFacts } from "../domain/provenance.ts";
import type { AnalyticQuery } from "../domain/query.ts";
import { MIN_SAMPLED_PERSONS, relativeErrorOf, type Sample, type Sampling } from "../domain/sampling.ts";
import type { AnalyticsStore, CoarserRows } from "../store/analytics-store.ts";
import type { OlapRequest } from "../store/olap-sql.ts";
import type { OlapRow, SampleRow } from "../store/result-rows.ts";

/** Groups and totals, exact or from a sample, with what the answer says of itself. */
export interface BudgetedRows {
  readonly rows: readonly OlapRow[];
  readonly totals: readonly Cell[];
  readonly hasMore: boolean;
  readonly cost: Cost;
  readonly facts: PlanFacts;
  readonly sampling: Sampling | null;
  /** The coarser groups that were asked for in the same statement, with standard errors of their own where the answer has any. */
  readonly coarser: readonly (CoarserRows & Partial<Pick<BudgetedRows, "errors">>)[];
  /** Standard errors of each row and of the totals, null where there is no value; null when nothing was sampled. */
  readonly errors: {
    readonly rows: readonly (readonly (number | null)[])[];
    readonly totals: readonly (number | null)[];
  } | null;
}

/** One question to the event store, who asks it and how exactly. */
export interface BudgetedQuestion {
  readonly caller: Caller;
  readonly request: OlapRequest;
  readonly approximate: Approximate;
  /** What of all persons it is to be answered from. */
  readonly drawn: AskedSample;
  readonly signal: AbortSignal | undefined;
}

interface Estimated {
  readonly row: SampleRow;
  readonly errors: StandardErrors;
}

const worstError = (rows: readonly Estimated[], measure: number): number =>
  Math.max(
    0,
    ...rows.map(
      ({ row, errors }) =>
        errors.ranks[measure] ?? relativeErrorOf(row.measures[measure] ?? null, errors.errors[measure] ?? null) ?? 0,
    ),
  );

const approximationsOf = (
  { measures }: AnalyticQuery,
  rows: readonly Estimated[],
  sample: Sample,
): readonly Approximation[] =>
  measures.map(({ name }, index) => ({
    column: name,
    method: `sample of ${(sample.fraction * 100).toPrecision(3)} % of the persons`,
    relativeError: worstError(rows, index),
  }));

/** A sample to be read, and what is known of why. */
export interface SampleRead {
  readonly sample: Sample;
  readonly about: Omit<Sampling, "fraction" | "sampledPersons">;
}

/** Answers from a sample; null when too few are in it to tell how far an estimate may be off. */
export const readSample = async (
  { store }: { readonly store: Pick<AnalyticsStore, "sampled"> },
  { caller, request, signal }: Omit<BudgetedQuestion, "approximate" | "drawn">,
  { sample, about }: SampleRead,
): Promise<BudgetedRows | null> => {
  const { query, plan: planned } = request;
  const estimation: Estimation = estimationOf(query.measures);
  const { rows, totals, hasMore, cost, coarser } = await store.sampled(caller, request, { sample, estimation }, signal);
  if (totals === null || totals.units < MIN_SAMPLED_PERSONS) return null;
  const errorsIn = standardErrorsOf(estimation);
  const estimated = (row: SampleRow): Estimated => ({ row, errors: errorsIn(row) });
  const [whole, ...groups] = [totals, ...rows].map(estimated);
  const errorsOf = (of: readonly Estimated[]) => ({
    rows: of.map(({ errors }) => errors.errors),
    totals: whole?.errors.errors ?? [],
  });
  return {
    ...{ rows, hasMore, cost },
    coarser: coarser.map((set) => ({ ...set, errors: errorsOf(set.rows.map(estimated)) })),
    totals: totals.measures,
    facts: {
      parts: [{ table: sample.table, ...query.range }],
      rejected: planned.rejected,
      approximations: approximationsOf(query, whole === undefined ? [] : [whole, ...groups], sample),
    },
    sampling: { ...about, fraction: sample.fraction, sampledPersons: totals.persons },
    errors: errorsOf(groups),
  };
};
