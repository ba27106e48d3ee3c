import { refuse } from "@tessera/platform/errors/refusal";
import type { RejectedTable } from "../domain/planner.ts";
import { estimationOf } from "../domain/estimators.ts";
import {
  askedSample,
  CONFIDENCE,
  FAST_ROWS,
  fastSample,
  isFast,
  largestSample,
  sampleTables,
  whyNotSampled,
  type Sample,
} from "../domain/sampling.ts";
import type { AnalyticsStore } from "../store/analytics-store.ts";
import { readSample, type BudgetedQuestion, type BudgetedRows } from "./read-sample.ts";

/** What answering from a sample that was asked for needs. */
export interface SampledDeps {
  readonly store: Pick<AnalyticsStore, "olap" | "sampled" | "roughEstimate" | "countsLinked">;
}

/** An answer from a sample, or why there is none and everything is to be read. */
type SampledAnswer =
  | { readonly kind: "SAMPLED"; readonly answer: BudgetedRows }
  | { readonly kind: "EXACT"; readonly rejected: readonly RejectedTable[] };

const exactly = (reason: string): SampledAnswer => ({
  kind: "EXACT",
  rejected: [{ table: "events_sample", reason }],
});

const TOO_FEW = "Too few persons are in a sample of that size to tell how far an estimate may be off.";
const LINKED = "People are linked, of whom a sample as they were stored does not hold all.";

const answerFrom = async (
  deps: SampledDeps,
  question: BudgetedQuestion,
  sample: Sample,
  exactRows: number | null,
): Promise<SampledAnswer> => {
  const about = { reason: "ASKED", confidence: CONFIDENCE, exactRows, rowsLeft: null, quota: null } as const;
  const answer = await readSample(deps, question, { sample, about });
  return answer === null ? exactly(TOO_FEW) : { kind: "SAMPLED", answer };
};

/** The sample that `fast` reads: of the table made for samples, or of the narrow one where that holds so few persons that more can be read. */
const chooseFast = async (
  { store }: SampledDeps,
  { caller, request, signal }: BudgetedQuestion,
  tables: ReturnType<typeof sampleTables>,
): Promise<Sample | null> => {
  const estimation = estimationOf(request.query.measures);
  const rowsOf = async (table: (typeof tables)[number]): Promise<number> =>
    (await store.roughEstimate(caller, request, { sample: largestSample(table), estimation }, signal)).rows;
  const made = await rowsOf("events_sample");
  if (made > FAST_ROWS / 2 || !tables.includes("events_by_person")) return fastSample("events_sample", made);
  return fastSample("events_by_person", await rowsOf("events_by_person"));
};

const answerFast = async (deps: SampledDeps, question: BudgetedQuestion): Promise<SampledAnswer> => {
  const { caller, request, approximate, signal } = question;
  const reason = whyNotSampled(request.query, request.having, approximate);
  if (reason !== null) return exactly(reason);
  if (await deps.store.countsLinked(caller, request.query)) return exactly(LINKED);
  const tables = sampleTables(request.query, false);
  const [exact, sample] = await Promise.all([
    deps.store.roughEstimate(caller, request, null, signal),
    chooseFast(deps, question, tables),
  ]);
  if (isFast(request.query, exact)) return { kind: "EXACT", rejected: [] };
  return sample === null ? exactly(TOO_FEW) : answerFrom(deps, question, sample, exact.rows);
};

/** Answers from the part of the persons that was asked for; a part by name of what can't be estimated is refused with BAD_INPUT, `fast` reads that exactly. */
export const answerSampled = async (deps: SampledDeps, question: BudgetedQuestion): Promise<SampledAnswer> => {
  const { caller, request, approximate, drawn } = question;
  if (drawn.kind === "ALL") return { kind: "EXACT", rejected: [] };
  if (drawn.kind === "FAST") return answerFast(deps, question);
  const reason = whyNotSampled(request.query, request.having, approximate);
  if (reason !== null)
    throw refuse(
      "BAD_INPUT",
      `The answer can't be estimated from a part of the persons: ${reason} Leave \`sample\` out.`,
      {
        field: "input.sample",
      },
    );
  const tables = sampleTables(request.query, await deps.store.countsLinked(caller, request.query));
  return answerFrom(deps, question, askedSample(tables, drawn.fraction), null);
};
