import type { Caller } from "@tessera/contracts/caller";
import { Refusal, refuse } from "@tessera/platform/errors/refusal";
import { accessOf } from "../../domain/access.ts";
import type { AbsoluteRange } from "../../domain/asked-range.ts";
import type { Column } from "../../domain/columns.ts";
import {
  ANSWER_KEPT_MS,
  formatAnswerPlace,
  MAX_TENANT_ANSWER_ROWS,
  notOfThisAnswer,
  parseAnswerPage,
  type AnswerPageInput,
  type AnswerPlace,
} from "../../domain/delivery/answer-page.ts";
import { parseAnswerMark } from "../../domain/delivery/answer-mark.ts";
import { parseKeptQuestion, type KeptQuestion } from "../../domain/delivery/kept-question.ts";
import { parsePagedQuestion } from "../../domain/delivery/paged-question.ts";
import { formatDuration } from "../../domain/duration.ts";
import { groupColumns, totalColumns } from "../../domain/olap-answer.ts";
import { plan } from "../../domain/planner.ts";
import { provenanceOf, type Provenance } from "../../domain/provenance.ts";
import type { OlapQuery } from "../../domain/query.ts";
import type { AskedOlap } from "../../domain/semantic/asked-question.ts";
import type { DefinitionUse } from "../../domain/semantic/definition.ts";
import { NO_USES } from "../../domain/uses.ts";
import type { AnalyticsStore } from "../../store/analytics-store.ts";
import type { AnswerRowsStore } from "../../store/delivery/answer-rows-store.ts";
import type { OlapRow } from "../../store/result-rows.ts";
import { answerWithinBudget, type BudgetDeps } from "../answer-within-budget.ts";
import type { BudgetedRows } from "../read-sample.ts";
import { atRange, tellRange, type Asked } from "../at-range.ts";
import { resolveQuestion, type ResolveDeps } from "../semantic/resolve-question.ts";
import { answerAnew, TENANT_KEEPS, type AnewDeps, type PageRows } from "./answer-anew.ts";
import { answerKey } from "./answer-key.ts";

/** Some rows of an answer, as in the SDL. */
export interface OlapPage {
  readonly columns: readonly Column[];
  readonly rowCount: number;
  readonly totals: readonly Column[];
  readonly hasNextPage: boolean;
  readonly endCursor: string | null;
  readonly range: AbsoluteRange;
  readonly definitions: readonly DefinitionUse[];
  readonly provenance: Provenance;
}

/** Which page of which answer. */
export interface OlapPageInput extends AnswerPageInput {
  readonly input: Asked<AskedOlap>;
}

/** What answering in pages needs. */
export interface OlapPageDeps extends BudgetDeps, ResolveDeps, AnewDeps {
  readonly store: BudgetDeps["store"] & Pick<AnalyticsStore, "planFor">;
  readonly answerRows: AnswerRowsStore;
  /** Rows of an answer that is kept: pages of a larger one are computed anew. */
  readonly maxKeptRows: number;
}

interface Asking {
  readonly caller: Caller;
  readonly kept: KeptQuestion;
  readonly asked: OlapQuery;
  readonly signal: AbortSignal | undefined;
}

const pageOf = (
  { kept, asked: { query } }: Pick<Asking, "kept" | "asked">,
  { rows, totals, ...rest }: PageRows,
): OlapPage => ({
  columns: groupColumns(query, rows),
  rowCount: rows.length,
  totals: totalColumns(query, totals),
  ...rest,
  ...tellRange({ definitions: kept.definitions }, kept.olap),
});

const cursorAfter = (rows: readonly OlapRow[], { answerId, place }: AnswerPlace): string | null =>
  rows.length === 0 ? null : formatAnswerPlace({ answerId, place: place + rows.length });

const hasRoom = async ({ answerRows }: OlapPageDeps, { tenantId }: Caller): Promise<boolean> =>
  (await answerRows.keptRows(tenantId)) <= MAX_TENANT_ANSWER_ROWS;

const expired = (): Error =>
  refuse("CURSOR_EXPIRED", "The answer is no longer kept: ask for its first page again.", { field: "after" });

/**
 * Computes all rows once and keeps them, so that every page is of the same answer whatever is stored meanwhile; null where they are too many, or no room is
 * left for the tenant's.
 */
const keepAll = async (deps: OlapPageDeps, asking: Asking, key: string, small: BudgetedRows, first: number) => {
  const { caller, kept, asked, signal } = asking;
  const { tenantId } = caller;
  const answerId = deps.newId();
  const release = await deps.keepSlots.take(tenantId, TENANT_KEEPS, signal);
  try {
    if (!(await hasRoom(deps, caller))) return null;
    const asOfMs = deps.nowMs();
    const taken = await deps.store.planFor(caller, asked.query, plan(asked.query, caller.dataPolicy), signal);
    const request = { ...asked, plan: taken, lines: null };
    const { rows, cost } = await deps.answerRows.keep(caller, request, answerId, signal);
    if (rows > deps.maxKeptRows) return null;
    await deps.answerRows.tell(tenantId, answerId, { key, rows, asOfMs, asked: kept, mark: null });
    const page = await deps.answerRows.page(tenantId, { answerId, after: 0, first }, signal);
    if (page === null) throw expired();
    const shown = page.rowsOf(asked.query);
    return pageOf(asking, {
      ...{ ...shown, hasNextPage: rows > shown.rows.length },
      endCursor: cursorAfter(shown.rows, { answerId, place: 0 }),
      provenance: provenanceOf(taken, [small.cost, cost, page.cost], asOfMs, asked.query.timeZone, caller.dataPolicy),
    });
  } finally {
    release();
  }
};

/** No answer where its groups with their totals need more memory than a query may use; every other error goes on. */
const noneForMemory = (error: unknown): null => {
  const forMemory = error instanceof Refusal && error.code === "QUERY_TOO_COSTLY" && !("refilledBy" in error.extras);
  if (!forMemory) throw error;
  return null;
};

/** The first page: from the store when it is the only one. */
const begin = async (
  deps: OlapPageDeps,
  caller: Caller,
  { input, rows: first }: OlapPageInput,
  signal: AbortSignal | undefined,
): Promise<OlapPage> => {
  const asOfMs = deps.nowMs();
  const resolved = await resolveQuestion(deps, caller, atRange<AskedOlap>(input, asOfMs));
  const asked = parsePagedQuestion(resolved.input, accessOf(caller));
  const { definitions } = resolved;
  const kept = { olap: resolved.input, definitions, uses: deps.notedUses?.() ?? NO_USES };
  const asking = { caller, kept, asked, signal };
  const request = { ...asked, limit: first, plan: plan(asked.query, caller.dataPolicy), lines: null };
  const { approximate, drawn } = asked;
  const small = await answerWithinBudget(deps, { caller, request, approximate, drawn, signal }).catch(noneForMemory);
  if (small === null || small.hasMore) {
    const key = answerKey("olapPage", caller, input, []);
    // The row over everything is one of those that the limit cut.
    const fits = small !== null && (small.cost.rowsBeforeLimit ?? 0) - 1 <= deps.maxKeptRows;
    const whole = fits ? await keepAll(deps, asking, key, small, first) : null;
    if (whole !== null) return whole;
    const costs = small === null ? [] : [small.cost];
    return pageOf(asking, await answerAnew(deps, { ...asking, key, first, asOfMs, costs }, null));
  }
  return pageOf(asking, {
    ...{ rows: small.rows, totals: small.totals, hasNextPage: false, endCursor: null },
    provenance: provenanceOf(small.facts, [small.cost], asOfMs, asked.query.timeZone, caller.dataPolicy),
  });
};

/** A page of an answer that is kept; refuses who asks something else, or may see or do something else than who asked. */
const goOn = async (
  deps: OlapPageDeps,
  caller: Caller,
  { input, rows: first }: OlapPageInput,
  { answerId, place }: AnswerPlace,
  signal: AbortSignal | undefined,
): Promise<OlapPage> => {
  const page = await deps.answerRows.page(caller.tenantId, { answerId, after: place, first }, signal);
  if (page === null) throw expired();
  const { key, asOfMs, rows: all, asked: keptQuestion } = page.head;
  const mark = parseAnswerMark(page.head.mark);
  const ageMs = deps.nowMs() - asOfMs;
  if (key !== answerKey("olapPage", caller, input, []))
    throw notOfThisAnswer("The cursor is of another question, or of somebody who may see or do other things.");
  if (mark === null ? ageMs > ANSWER_KEPT_MS : deps.nowMs() - mark.toldAtMs > ANSWER_KEPT_MS) throw expired();
  if (mark === null ? place > all : place !== mark.place)
    throw notOfThisAnswer("The cursor is not one this list gave out.");
  const kept = parseKeptQuestion(keptQuestion);
  deps.noteUses?.(kept.uses);
  const asked = parsePagedQuestion(kept.olap, accessOf(caller));
  if (mark !== null) {
    const asking = { caller, kept, asked, key, first, asOfMs, costs: [page.cost], signal };
    return pageOf({ kept, asked }, await answerAnew(deps, asking, mark));
  }
  const { query } = asked;
  const facts = await deps.store.planFor(caller, query, plan(query, caller.dataPolicy), signal);
  const provenance = provenanceOf(facts, [page.cost], asOfMs, query.timeZone, caller.dataPolicy);
  const { rows, totals } = page.rowsOf(query);
  return pageOf(
    { kept, asked },
    {
      ...{ rows, totals, hasNextPage: place + rows.length < all },
      endCursor: cursorAfter(rows, { answerId, place }),
      provenance: { ...provenance, cache: "HIT", freshness: formatDuration(Math.max(0, ageMs)) },
    },
  );
};

/**
 * Answers `olapPage`: all rows of a question, page after page, of one moment. What does not fit on the first page is computed once, in its order, and kept
 * for an hour; a page is then its rows by their places, so that neither new events nor an estimate that comes out otherwise move a row across a page's end. Of an
 * answer that is too large to be kept each page is computed anew, behind the row the one before ended with.
 */
export const queryOlapPage =
  (deps: OlapPageDeps) =>
  async (caller: Caller, asked: OlapPageInput, signal?: AbortSignal): Promise<OlapPage> => {
    const { first, after } = parseAnswerPage(asked);
    return after === null
      ? begin(deps, caller, { ...asked, rows: first }, signal)
      : goOn(deps, caller, { ...asked, rows: first }, after, signal);
  };
