import type { Caller } from "@tessera/contracts/caller";
import { Refusal } from "@tessera/platform/errors/refusal";
import type { Allowance } from "@tessera/platform/executions/allowance";
import { currentAllowance } from "@tessera/platform/executions/meter";
import type { Features } from "@tessera/platform/features/features";
import type { Approximate } from "../domain/approximate.ts";
import type { Cell } from "../domain/columns.ts";
import { narrowedStarts, refuseOverBudget, type Suggestions } from "../domain/over-budget.ts";
import { plan, type Approximation } from "../domain/planner.ts";
import type { Cost, PlanFacts } from "../domain/provenance.ts";
import type { AnalyticQuery } from "../domain/query.ts";
import {
  CONFIDENCE,
  firstParts,
  MIN_SAMPLED_PERSONS,
  relativeErrorOf,
  SAMPLE_PARTS,
  sampleOf,
  sampleTables,
  whyNotSampled,
  type Sample,
  type Sampling,
} from "../domain/sampling.ts";
import type { AnalyticsStore, CoarserRows, SampledRows } from "../store/analytics-store.ts";
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
  /** The coarser groups that were asked for in the same statement; none of a sample. */
  readonly coarser: readonly CoarserRows[];
  /** Standard errors of each row and of the totals; null when nothing was sampled. */
  readonly errors: { readonly rows: readonly (readonly number[])[]; readonly totals: readonly number[] } | null;
}

/** What answering within a budget needs. */
export interface BudgetDeps {
  readonly store: Pick<AnalyticsStore, "olap" | "sampled" | "estimate">;
  /** Whether a tenant may start jobs. */
  readonly features: Pick<Features, "isEnabled">;
}

interface Question {
  readonly caller: Caller;
  readonly request: OlapRequest;
  readonly approximate: Approximate;
  readonly signal: AbortSignal | undefined;
}

/** Samples of a table that are tried until one fits: the store reads whole blocks, so the first may be too large. */
const MAX_TRIES = 4;
const NO_SAMPLE = "no sample that fits holds enough persons.";

/** The budget that a refusal is about; null for every other error. */
const allowanceBehind = (error: unknown): Allowance | null =>
  error instanceof Refusal && error.code === "QUERY_TOO_COSTLY" && error.extras["refilledBy"] !== undefined
    ? currentAllowance()
    : null;

const worstError = (rows: readonly SampleRow[], measure: number): number =>
  Math.max(0, ...rows.map((row) => relativeErrorOf(row.measures[measure] ?? null, row.errors[measure] ?? 0) ?? 0));

const approximationsOf = (
  { measures }: AnalyticQuery,
  rows: readonly SampleRow[],
  sample: Sample,
): readonly Approximation[] =>
  measures.map(({ name }, index) => ({
    column: name,
    method: `sample of ${(sample.fraction * 100).toPrecision(3)} % of the persons`,
    relativeError: worstError(rows, index),
  }));

/** The largest sample of a table that reads no more than is left; null when none does. */
const fittingSample = async (
  { store }: BudgetDeps,
  { caller, request, signal }: Question,
  table: Sample["table"],
  left: number,
): Promise<Sample | null> => {
  const { rows } = await store.estimate(caller, request, sampleOf(table, SAMPLE_PARTS - 1), signal);
  let parts = firstParts(rows, left);
  for (let tries = 0; tries < MAX_TRIES && parts > 0; tries += 1) {
    const { rows: reads } = await store.estimate(caller, request, sampleOf(table, parts), signal);
    if (reads <= left) return sampleOf(table, parts);
    parts = Math.floor(Math.min(parts / 2, (parts * left) / reads));
  }
  return null;
};

const sampledAnswer = (
  { request }: Question,
  sample: Sample,
  answer: SampledRows & { readonly totals: SampleRow },
  sampling: Omit<Sampling, "fraction" | "sampledPersons">,
): BudgetedRows => {
  const { query, plan: planned } = request;
  const { rows, totals, hasMore, cost } = answer;
  return {
    ...{ rows, hasMore, cost },
    totals: totals.measures,
    facts: {
      parts: [{ table: sample.table, ...query.range }],
      rejected: planned.rejected,
      approximations: approximationsOf(query, [totals, ...rows], sample),
    },
    coarser: [],
    sampling: { ...sampling, fraction: sample.fraction, sampledPersons: totals.persons },
    errors: { rows: rows.map(({ errors }) => errors), totals: totals.errors },
  };
};

const trySample = async (
  deps: BudgetDeps,
  question: Question,
  allowance: Allowance,
  exactRows: number,
): Promise<BudgetedRows | null> => {
  const { caller, request, signal } = question;
  for (const table of sampleTables(request.query)) {
    const sample = await fittingSample(deps, question, table, allowance.rows);
    if (sample === null) continue;
    const answer = await deps.store.sampled(caller, request, sample, signal);
    const { totals } = answer;
    if (totals === null || totals.persons < MIN_SAMPLED_PERSONS) return null;
    const about = { reason: "OVER_BUDGET", confidence: CONFIDENCE, exactRows } as const;
    const { rows: rowsLeft, quota } = allowance;
    return sampledAnswer(question, sample, { ...answer, totals }, { ...about, rowsLeft, quota });
  }
  return null;
};

const suggestionsFor = async (
  { store, features }: BudgetDeps,
  { caller, request, signal }: Question,
  allowance: Allowance,
  rows: number,
): Promise<Suggestions> => {
  const { query } = request;
  const fits = async (changed: AnalyticQuery): Promise<boolean> => {
    const asked = { ...request, query: changed, plan: plan(changed, caller.dataPolicy), orderBy: [], lines: null };
    return (await store.estimate(caller, asked, null, signal)).rows <= allowance.rows;
  };
  let narrowFromMs: number | null = null;
  for (const fromMs of narrowedStarts(query.range, rows, allowance.rows)) {
    if (!(await fits({ ...query, range: { ...query.range, fromMs } }))) continue;
    narrowFromMs = fromMs;
    break;
  }
  const leaveOut: string[] = [];
  for (const field of query.dimensions) {
    const changed = { ...query, dimensions: query.dimensions.filter((other) => other !== field) };
    if (plan(changed, caller.dataPolicy).rollup !== null && (await fits(changed))) leaveOut.push(field.name);
  }
  return { narrowFromMs, leaveOut, asJob: await features.isEnabled(caller.tenantId, "long-queries") };
};

const whyNot = ({ caller, request, approximate }: Question): string | null =>
  caller.dataPolicy === null
    ? whyNotSampled(request.query, request.having, approximate)
    : "A data policy holds for the caller, and samples are of all rows.";

const answerOverBudget = async (deps: BudgetDeps, question: Question, allowance: Allowance): Promise<BudgetedRows> => {
  const { caller, request, signal } = question;
  const { rows: exactRows } = await deps.store.estimate(caller, request, null, signal);
  const reason = whyNot(question);
  const sampled = reason === null ? await trySample(deps, question, allowance, exactRows) : null;
  if (sampled !== null) return sampled;
  const left = currentAllowance() ?? allowance;
  throw refuseOverBudget(left, exactRows, reason ?? NO_SAMPLE, await suggestionsFor(deps, question, left, exactRows));
};

/**
 * Answers exactly where the execution's budget allows it: the store compares its own estimate with what is left before it reads. Over budget it answers
 * from a sample of persons that fits, if the question and its asker allow one, and refuses last.
 */
export const answerWithinBudget = async (deps: BudgetDeps, question: Question): Promise<BudgetedRows> => {
  const { caller, request, signal } = question;
  try {
    const answer = await deps.store.olap(caller, request, signal);
    return { ...answer, facts: answer.plan, sampling: null, errors: null };
  } catch (error) {
    const allowance = allowanceBehind(error);
    if (allowance === null) throw error;
    return answerOverBudget(deps, question, allowance);
  }
};
