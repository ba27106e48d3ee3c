import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import type { FairSlots } from "@tessera/platform/store/fair-slots";
import type { NowMs } from "@tessera/platform/time/clock";
import { accessOf } from "../../domain/access.ts";
import type { AbsoluteRange } from "../../domain/asked-range.ts";
import type { Column } from "../../domain/columns.ts";
import {
  ANSWER_KEPT_MS,
  formatAnswerPlace,
  MAX_ANSWER_ROWS,
  MAX_TENANT_ANSWER_ROWS,
  notOfThisAnswer,
  parseAnswerPage,
  type AnswerPageInput,
  type AnswerPlace,
} from "../../domain/delivery/answer-page.ts";
import { parseKeptQuestion, type KeptQuestion } from "../../domain/delivery/kept-question.ts";
import { parsePagedQuestion } from "../../domain/delivery/paged-question.ts";
import { formatDuration } from "../../domain/duration.ts";
import { groupColumns, totalColumns } from "../../domain/olap-answer.ts";
import { plan } from "../../domain/planner.ts";
import { provenanceOf, type Provenance } from "../../domain/provenance.ts";
import type { OlapQuery } from "../../domain/query.ts";
import type { AskedOlap } from "../../domain/semantic/asked-question.ts";
import type { DefinitionUse } from "../../domain/semantic/definition.ts";
import type { AnalyticsStore } from "../../store/analytics-store.ts";
import type { AnswerRowsStore } from "../../store/delivery/answer-rows-store.ts";
import type { OlapRow } from "../../store/result-rows.ts";
import { answerWithinBudget, type BudgetDeps } from "../answer-within-budget.ts";
import type { BudgetedRows } from "../read-sample.ts";
import { atRange, tellRange, type Asked } from "../at-range.ts";
import { resolveQuestion, type ResolveDeps } from "../semantic/resolve-question.ts";
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
export interface OlapPageDeps extends BudgetDeps, ResolveDeps {
  readonly store: BudgetDeps["store"] & Pick<AnalyticsStore, "planFor">;
  readonly answerRows: AnswerRowsStore;
  /** Answers that are computed and kept at a time. */
  readonly keepSlots: FairSlots;
  readonly nowMs: NowMs;
  readonly newId: () => string;
}

/** Answers one tenant has computed and kept at a time, in a process. */
const TENANT_KEEPS = { slots: 2, weight: 1 } as const;

interface Asking {
  readonly caller: Caller;
  readonly kept: KeptQuestion;
  readonly asked: OlapQuery;
  readonly signal: AbortSignal | undefined;
}

type Rows = Pick<OlapPage, "hasNextPage" | "endCursor" | "provenance"> & {
  readonly rows: readonly OlapRow[];
  readonly totals: OlapRow["measures"];
};

const pageOf = (
  { kept, asked: { query } }: Pick<Asking, "kept" | "asked">,
  { rows, totals, ...rest }: Rows,
): OlapPage => ({
  columns: groupColumns(query, rows),
  rowCount: rows.length,
  totals: totalColumns(query, totals),
  ...rest,
  ...tellRange({ definitions: kept.definitions }, kept.olap),
});

const cursorAfter = (rows: readonly OlapRow[], { answerId, place }: AnswerPlace): string | null =>
  rows.length === 0 ? null : formatAnswerPlace({ answerId, place: place + rows.length });

const requireRoom = async ({ answerRows }: OlapPageDeps, { tenantId }: Caller): Promise<void> => {
  const rows = await answerRows.keptRows(tenantId);
  if (rows > MAX_TENANT_ANSWER_ROWS)
    throw refuse(
      "RESULT_TOO_LARGE",
      `${rows.toLocaleString("en-US")} rows of the tenant's answers are kept for their pages, more than ${MAX_TENANT_ANSWER_ROWS.toLocaleString("en-US")}: ask again when some were an hour old, or run it as a job, which keeps up to 1,000,000.`,
      { field: "input" },
    );
};

const refuseTooLarge = (): Error =>
  refuse(
    "RESULT_TOO_LARGE",
    `The answer has more than ${MAX_ANSWER_ROWS.toLocaleString("en-US")} rows: group by fewer dimensions, take a shorter range, or filter.`,
    { field: "input.dimensions" },
  );

const expired = (): Error =>
  refuse("CURSOR_EXPIRED", "The answer is no longer kept: ask for its first page again.", { field: "after" });

/** Computes all rows once and keeps them, so that every page is of the same answer whatever is stored meanwhile. */
const keepAll = async (deps: OlapPageDeps, asking: Asking, key: string, small: BudgetedRows, first: number) => {
  const { caller, kept, asked, signal } = asking;
  const { tenantId } = caller;
  const answerId = deps.newId();
  const release = await deps.keepSlots.take(tenantId, TENANT_KEEPS, signal);
  try {
    await requireRoom(deps, caller);
    const asOfMs = deps.nowMs();
    const taken = await deps.store.planFor(caller, asked.query, plan(asked.query, caller.dataPolicy), signal);
    const request = { ...asked, plan: taken, lines: null };
    const { rows, cost } = await deps.answerRows.keep(caller, request, answerId, signal);
    if (rows > MAX_ANSWER_ROWS) throw refuseTooLarge();
    await deps.answerRows.tell(tenantId, answerId, { key, rows, asOfMs, asked: kept });
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
  const asking = { caller, kept: { olap: resolved.input, definitions: resolved.definitions }, asked, signal };
  const request = { ...asked, limit: first, plan: plan(asked.query, caller.dataPolicy), lines: null };
  const { approximate, drawn } = asked;
  const small = await answerWithinBudget(deps, { caller, request, approximate, drawn, signal });
  if (small.hasMore) return keepAll(deps, asking, answerKey("olapPage", caller, input, []), small, first);
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
  const ageMs = deps.nowMs() - asOfMs;
  if (key !== answerKey("olapPage", caller, input, []))
    throw notOfThisAnswer("The cursor is of another question, or of somebody who may see or do other things.");
  if (ageMs > ANSWER_KEPT_MS) throw expired();
  if (place > all) throw notOfThisAnswer("The cursor is not one this list gave out.");
  const kept = parseKeptQuestion(keptQuestion);
  const asked = parsePagedQuestion(kept.olap, accessOf(caller));
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
 * for an hour; a page is then its rows by their places, so that neither new events nor an estimate that comes out otherwise move a row across a page's end.
 */
export const queryOlapPage =
  (deps: OlapPageDeps) =>
  async (caller: Caller, asked: OlapPageInput, signal?: AbortSignal): Promise<OlapPage> => {
    const { first, after } = parseAnswerPage(asked);
    return after === null
      ? begin(deps, caller, { ...asked, rows: first }, signal)
      : goOn(deps, caller, { ...asked, rows: first }, after, signal);
  };
