import { countOnMeter, currentAllowance } from "@tessera/platform/executions/meter";
import { wholeTenant, type DataReader } from "@tessera/platform/store/data-policy";
import type { EventStore, QueryStatistics, StoreStatement } from "@tessera/platform/store/event-store";
import type { LongQueryStore } from "@tessera/platform/store/long-query-store";
import type { TenantId } from "@tessera/contracts/ids";
import { z } from "zod";
import type { AnalyticQuery } from "../../domain/query.ts";
import type { OlapRequest } from "../olap-sql.ts";
import { olapRowOf, type OlapRow } from "../result-rows.ts";
import {
  answerPageStatement,
  copiedMembersSql,
  copiedMembersStatement,
  copyMembersStatement,
  HEAD_PLACE,
  keepAnswerStatement,
  keptColumns,
  keptRowsStatement,
  type MembersCopy,
} from "./answer-rows-sql.ts";

/** What is kept of an answer beside its rows. */
export interface AnswerHead {
  /** The one spelling of what was asked, and of what the asker may see: equal for whoever may read on. */
  readonly key: string;
  /** Rows, without the totals. */
  readonly rows: number;
  /** Moment of the answer, milliseconds since the epoch. */
  readonly asOfMs: number;
  /** What was asked in the end, as JSON: names resolved, moments for a range. */
  readonly asked: unknown;
  /** Where a page ended whose next is computed anew, as JSON; null where the rows themselves are kept. */
  readonly mark: unknown;
}

/** Totals and some rows of an answer. */
export interface AnswerRows {
  readonly totals: OlapRow["measures"];
  readonly rows: readonly OlapRow[];
}

/** Some rows of an answer that is kept. */
export interface KeptRows {
  readonly head: AnswerHead;
  /** Reads them as what they are the answer to. */
  rowsOf(query: AnalyticQuery): AnswerRows;
  readonly cost: QueryStatistics;
}

/** Seconds within which an answer is computed and written: the gateway gives its room up a second later. */
const MAX_KEEP_SECONDS = 8;

const head = z.object({
  key: z.string(),
  rows: z.number(),
  asOfMs: z.number(),
  asked: z.unknown(),
  mark: z.unknown(),
});
const placed = z.object({ place: z.coerce.number(), row: z.string() });
const cells = z.array(z.union([z.string(), z.number(), z.null()]));

const keptRowOf = (text: string, names: readonly string[], query: AnalyticQuery): OlapRow => {
  const values = cells.parse(JSON.parse(text));
  return olapRowOf(Object.fromEntries(names.map((name, index) => [name, values[index]])), query);
};

const countRow = (row: unknown): number => z.object({ rows: z.coerce.number() }).parse(row).rows;

/** Computes rows and writes them within the time of a question; what is read counts for the execution. */
const fillMetered = async (
  longQueries: Pick<LongQueryStore, "fill">,
  reader: DataReader,
  statement: StoreStatement,
  options: { readonly persons: "RESOLVED" | "STORED"; readonly signal: AbortSignal | undefined },
) => {
  const allowance = currentAllowance();
  const startedMs = performance.now();
  const { rowsRead, bytesRead, rowsWritten } = await longQueries.fill(reader, statement, {
    ...{ maxSeconds: MAX_KEEP_SECONDS, ...options },
    ...(allowance === null ? {} : { maxRowsToRead: allowance.rows }),
  });
  const elapsedMs = performance.now() - startedMs;
  countOnMeter(rowsRead, bytesRead, elapsedMs);
  return { rowsWritten, cost: { rowsRead, bytesRead, elapsedMs } };
};

/** Answers that are read in pages, in the event store. */
export const createAnswerRowsStore = (deps: {
  readonly eventStore: Pick<EventStore, "query">;
  readonly longQueries: Pick<LongQueryStore, "fill" | "insert">;
}) => ({
  /** Computes all rows and keeps them; answers how many there are without the totals, and what it took. What it reads counts for the execution. */
  keep: async (reader: DataReader, request: OlapRequest, answerId: string, signal: AbortSignal | undefined) => {
    const statement = keepAnswerStatement(request, reader.tenantId, answerId);
    const persons = request.plan.rollup === null ? "RESOLVED" : "STORED";
    const { rowsWritten, cost } = await fillMetered(deps.longQueries, reader, statement, { persons, signal });
    return { rows: Math.max(0, rowsWritten - 1), cost };
  },

  /** Copies the members of a cohort as the reader may see them, for an hour; answers how many were written. What it reads counts for the execution. */
  copyMembers: async (reader: DataReader, copy: MembersCopy, signal: AbortSignal | undefined) => {
    const statement = copyMembersStatement(copy, reader.tenantId);
    const { rowsWritten, cost } = await fillMetered(deps.longQueries, reader, statement, {
      persons: "RESOLVED",
      signal,
    });
    return { written: rowsWritten, cost };
  },

  /** How many members of a copy are there. */
  copiedMembers: async (tenantId: TenantId, id: string): Promise<number> =>
    (await deps.eventStore.query(wholeTenant(tenantId), copiedMembersStatement(tenantId, id), countRow)).rows[0] ?? 0,

  /** The members of a copy, as a statement that gives the number of each once. */
  membersSql: copiedMembersSql,

  /** Keeps what tells about an answer; before it there is none. */
  tell: (tenantId: TenantId, answerId: string, about: AnswerHead): Promise<void> =>
    deps.longQueries.insert(
      "worker_answer_rows",
      [{ tenant_id: tenantId, answer_id: answerId, place: HEAD_PLACE, row: JSON.stringify(about) }],
      `${answerId}:head`,
    ),

  /** Reads rows behind a place; null when there is no such answer, or no more. Who may see them is decided by what is told about the answer. */
  page: async (
    tenantId: TenantId,
    { answerId, after, first }: { readonly answerId: string; readonly after: number; readonly first: number },
    signal: AbortSignal | undefined,
  ): Promise<KeptRows | null> => {
    const { rows: found, statistics } = await deps.eventStore.query(
      wholeTenant(tenantId),
      answerPageStatement(tenantId, answerId, after, first),
      (row) => placed.parse(row),
      signal === undefined ? {} : { signal },
    );
    const [top, ...rest] = found;
    if (top?.place !== HEAD_PLACE) return null;
    const rowsOf = (query: AnalyticQuery): AnswerRows => {
      const names = keptColumns({ query });
      const rows = rest.map(({ row }) => keptRowOf(row, names, query));
      return {
        totals: rows.find(({ isTotal }) => isTotal)?.measures ?? [],
        rows: rows.filter(({ isTotal }) => !isTotal),
      };
    };
    return { head: head.parse(JSON.parse(top.row)), rowsOf, cost: statistics };
  },

  /** Rows that are kept of a tenant's answers now. */
  keptRows: async (tenantId: TenantId): Promise<number> =>
    (await deps.eventStore.query(wholeTenant(tenantId), keptRowsStatement(tenantId), countRow)).rows[0] ?? 0,
});

/** See {@link createAnswerRowsStore}. */
export type AnswerRowsStore = ReturnType<typeof createAnswerRowsStore>;
