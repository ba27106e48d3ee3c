import type { JobId, TenantId } from "@tessera/contracts/ids";
import { wholeTenant } from "@tessera/platform/store/data-policy";
import type { EventStore, StoreStatement } from "@tessera/platform/store/event-store";
import type { LongQueryStore } from "@tessera/platform/store/long-query-store";
import { z } from "zod";
import type { AnalyticQuery } from "../domain/query.ts";
import { olapRowOf, type OlapRow } from "./result-rows.ts";

/** One row of a result as the engine gave it, by column alias. */
export type ResultRow = Readonly<Record<string, string | number | null>>;

/** A row with its place in the result; place 0 holds the totals. */
export interface PlacedRow<Row = ResultRow> {
  readonly place: number;
  readonly row: Row;
}

/** Names one run of a job: only the rows of the run that finished are its result. */
export interface JobRun {
  readonly tenantId: TenantId;
  readonly jobId: JobId;
  readonly attempt: number;
}

/** Results of long queries in the event store: rows as the job's own reader got them. Who may see them is decided before they are asked for. */
export interface JobResults {
  /** Stores rows at places `from`, `from + 1` ...; repeating it changes nothing. */
  append(run: JobRun, from: number, rows: readonly ResultRow[]): Promise<void>;
  /** Rows at places greater than `after`, in order, at most `first`. */
  page(run: JobRun, after: number, first: number): Promise<readonly PlacedRow[]>;
  /** The same, read as answers to a query. */
  pageOf(run: JobRun, query: AnalyticQuery, after: number, first: number): Promise<readonly PlacedRow<OlapRow>[]>;
  /** A row as the engine gives it: texts, numbers, nothing else. */
  readonly parseRow: (row: unknown) => ResultRow;
}

const parseResultRow = (row: unknown): ResultRow =>
  z.record(z.string(), z.union([z.string(), z.number(), z.null()])).parse(row);

const placedRow = (raw: unknown): PlacedRow => {
  const { row_number, row } = z.object({ row_number: z.coerce.number(), row: z.string() }).parse(raw);
  return { place: row_number, row: parseResultRow(JSON.parse(row)) };
};

const pageStatement = ({ tenantId, jobId, attempt }: JobRun, after: number, first: number): StoreStatement => ({
  name: "job-result-page",
  text: `SELECT row_number, row FROM job_results
WHERE tenant_id = {tenant: String} AND job_id = {job: UUID} AND attempt = {attempt: UInt32} AND row_number > {after: Int64}
ORDER BY row_number LIMIT {first: UInt32}`,
  params: { tenant: tenantId, job: jobId, attempt, after, first },
});

/** Builds {@link JobResults}: written by workers, read as any tenant reads. */
export const createJobResults = (deps: { eventStore: EventStore; longQueries: LongQueryStore }): JobResults => {
  const page: JobResults["page"] = async (run, after, first) =>
    (await deps.eventStore.query(wholeTenant(run.tenantId), pageStatement(run, after, first), placedRow)).rows;
  return {
    append: ({ tenantId, jobId, attempt }, from, rows) =>
      deps.longQueries.insert(
        "job_results",
        rows.map((row, index) => ({
          tenant_id: tenantId,
          job_id: jobId,
          attempt,
          row_number: from + index,
          row: JSON.stringify(row),
        })),
        `${jobId}:${attempt}:${from}`,
      ),
    page,
    pageOf: async (run, query, after, first) =>
      (await page(run, after, first)).map(({ place, row }) => ({ place, row: olapRowOf(row, query) })),
    parseRow: parseResultRow,
  };
};
