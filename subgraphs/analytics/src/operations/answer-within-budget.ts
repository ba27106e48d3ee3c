import { Refusal } from "@tessera/platform/errors/refusal";
import type { Allowance } from "@tessera/platform/executions/allowance";
import { currentAllowance } from "@tessera/platform/executions/meter";
import type { Features } from "@tessera/platform/features/features";
import { estimationOf } from "../domain/estimators.ts";
import { narrowedStarts, refuseOverBudget, type Suggestions } from "../domain/over-budget.ts";
import { plan } from "../domain/planner.ts";
import type { AnalyticQuery } from "../domain/query.ts";
import {
  CONFIDENCE,
  firstParts,
  largestSample,
  sampleOf,
  sampleTables,
  whyNotSampled,
  type Sample,
} from "../domain/sampling.ts";
import type { AnalyticsStore } from "../store/analytics-store.ts";
import { answerSampled, type SampledDeps } from "./answer-sampled.ts";
import { readSample, type BudgetedQuestion, type BudgetedRows } from "./read-sample.ts";

/** What answering within a budget needs. */
export interface BudgetDeps {
  readonly store: SampledDeps["store"] & Pick<AnalyticsStore, "estimate">;
  /** Whether a tenant may start jobs. */
  readonly features: Pick<Features, "isEnabled">;
}

/** Samples of a table that are tried until one fits: the store reads whole blocks, so the first may be too large. */
const MAX_TRIES = 4;
const NO_SAMPLE = "no sample that fits holds enough persons.";

/** The budget that a refusal is about; null for every other error. */
const allowanceBehind = (error: unknown): Allowance | null =>
  error instanceof Refusal && error.code === "QUERY_TOO_COSTLY" && error.extras["refilledBy"] !== undefined
    ? currentAllowance()
    : null;

/** The largest sample of a table that reads no more than is left; null when none does. */
const fittingSample = async (
  { store }: BudgetDeps,
  { caller, request, signal }: BudgetedQuestion,
  table: Sample["table"],
  left: number,
): Promise<Sample | null> => {
  const estimation = estimationOf(request.query.measures);
  const reads = async (sample: Sample): Promise<number> =>
    (await store.estimate(caller, request, { sample, estimation }, signal)).rows;
  let parts = firstParts(table, await reads(largestSample(table)), left);
  for (let tries = 0; tries < MAX_TRIES && parts > 0; tries += 1) {
    const sample = sampleOf(table, parts);
    const rows = await reads(sample);
    if (rows <= left) return sample;
    parts = Math.floor(Math.min(parts / 2, (parts * left) / rows));
  }
  return null;
};

const trySample = async (
  deps: BudgetDeps,
  question: BudgetedQuestion,
  allowance: Allowance,
  exactRows: number,
): Promise<BudgetedRows | null> => {
  const { caller, request } = question;
  const linked = await deps.store.countsLinked(caller, request.query);
  for (const table of sampleTables(request.query, linked)) {
    const sample = await fittingSample(deps, question, table, allowance.rows);
    if (sample === null) continue;
    const { rows: rowsLeft, quota } = allowance;
    const about = { reason: "OVER_BUDGET", confidence: CONFIDENCE, exactRows, rowsLeft, quota } as const;
    return readSample(deps, question, { sample, about });
  }
  return null;
};

const suggestionsFor = async (
  { store, features }: BudgetDeps,
  { caller, request, signal }: BudgetedQuestion,
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

const whyNot = ({ caller, request, approximate }: BudgetedQuestion): string | null =>
  caller.dataPolicy === null
    ? whyNotSampled(request.query, request.having, approximate)
    : "A data policy holds for the caller, and samples are of all rows.";

const answerOverBudget = async (
  deps: BudgetDeps,
  question: BudgetedQuestion,
  allowance: Allowance,
): Promise<BudgetedRows> => {
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
 * from a sample of persons that fits, if the question and its asker allow one, and refuses last. What is asked of a part of the persons is answered from that part.
 */
export const answerWithinBudget = async (deps: BudgetDeps, question: BudgetedQuestion): Promise<BudgetedRows> => {
  const { caller, request, signal } = question;
  try {
    const drawn = await answerSampled(deps, question);
    if (drawn.kind === "SAMPLED") return drawn.answer;
    const answer = await deps.store.olap(caller, request, signal);
    const facts = { ...answer.plan, rejected: [...answer.plan.rejected, ...drawn.rejected] };
    return { ...answer, facts, sampling: null, errors: null };
  } catch (error) {
    const allowance = allowanceBehind(error);
    if (allowance === null) throw error;
    return answerOverBudget(deps, question, allowance);
  }
};
