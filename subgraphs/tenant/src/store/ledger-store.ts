import type { TenantId } from "@tessera/contracts/ids";
import type { SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import { z } from "zod";
import type { StorageBucket, UsageMeasures, UsageQuestion, UsageRow } from "../domain/usage.ts";
import type { UsageRecord } from "../domain/usage-record.ts";
import { tenantIdColumn, timeColumn } from "./stored-row.ts";
import * as statements from "./usage-statements.ts";

/** One hour of the ledger, for comparison with another book of the same executions. */
export interface LedgerHour {
  readonly hourMs: number;
  readonly records: bigint;
  /** Executions the rollup counts; always equal to `records` while the records of the hour are kept. */
  readonly rolledUp: bigint;
  /** Sum of a 64-bit hash of each execution id, as decimal text. */
  readonly checksum: string;
}

/** The usage ledger. */
export interface LedgerStore {
  /** Writes records in a transaction of the tenant; those already there add nothing. Answers how many were new. */
  record(
    transaction: SqlTransaction,
    tenantId: TenantId,
    records: readonly UsageRecord[],
    keptSinceMs: number,
  ): Promise<number>;
  /** Usage by bucket and dimension: at most `limit` rows and one more if there are more. */
  usage(tenantId: TenantId, question: UsageQuestion, limit: number): Promise<readonly UsageRow[]>;
  /** Mean of the storage samples by bucket. */
  storage(tenantId: TenantId, question: UsageQuestion): Promise<readonly StorageBucket[]>;
  hours(tenantId: TenantId, fromMs: number, toMs: number): Promise<readonly LedgerHour[]>;
  hasStorage(tenantId: TenantId, hourMs: number): Promise<boolean>;
  noteStorage(
    tenantId: TenantId,
    sample: { readonly hourMs: number; readonly events: number; readonly bytes: number },
  ): Promise<void>;
  /** Removes records from before a time, at most so many; answers how many. */
  pruneAcrossTenants(olderThanMs: number, limit: number): Promise<number>;
  /** Ids of tenants after an id, in order. */
  tenantsAcrossTenants(after: TenantId | null, limit: number): Promise<readonly TenantId[]>;
}

const count = z.coerce.bigint();
const amount = z.coerce.number();
const usageRow = z
  .object({
    bucket: timeColumn,
    kind: z.enum(["QUERY", "MUTATION", "SUBSCRIPTION", "INGEST", "JOB", "EXPORT", "ADMINISTRATION"]).optional(),
    operation: z.string().optional(),
    subject_kind: z.string().optional(),
    subject_id: z.string().optional(),
    api_key_id: z.string().nullish(),
    ...{ executions: count, queries: count, mutations: count, subscriptions: count, jobs: count, exports: count },
    ...{ refused: count, failed: count, rows_read: count, bytes_read: count, response_bytes: count, events: count },
    ...{ export_bytes: count, predictions: count },
    ...{ cost_points: amount, store_ms: amount, elapsed_ms: amount, subscription_minutes: amount },
  })
  .transform((row): UsageRow => {
    const { executions, queries, mutations, subscriptions, jobs, exports, refused, failed, events, predictions } = row;
    const measures: UsageMeasures = {
      ...{ executions, queries, mutations, subscriptions, jobs, exports, refused, failed, events, predictions },
      costPoints: row.cost_points,
      rowsRead: row.rows_read,
      bytesRead: row.bytes_read,
      storeMs: row.store_ms,
      elapsedMs: row.elapsed_ms,
      responseBytes: row.response_bytes,
      exportBytes: row.export_bytes,
      subscriptionMinutes: row.subscription_minutes,
    };
    return {
      fromMs: row.bucket,
      kind: row.kind ?? null,
      operation: row.operation ?? null,
      subjectKind: row.subject_kind ?? null,
      subjectId: row.subject_id ?? null,
      apiKeyId: row.api_key_id ?? null,
      measures,
      storageBytes: null,
    };
  });
const storageRow = z
  .object({ bucket: timeColumn, bytes: count })
  .transform((row): StorageBucket => ({ fromMs: row.bucket, bytes: row.bytes }));
const hourRow = z
  .object({ hour: timeColumn, records: count, rolled_up: count, checksum: z.string() })
  .transform((row): LedgerHour => ({
    hourMs: row.hour,
    records: row.records,
    rolledUp: row.rolled_up,
    checksum: row.checksum,
  }));

/** Builds {@link LedgerStore}. */
export const createLedgerStore = (sql: TenantSql): LedgerStore => ({
  record: async (transaction, tenantId, records, keptSinceMs) => {
    const added = z.object({ added: z.number() });
    const statement = statements.recordUsageStatement(tenantId, records, keptSinceMs);
    return (await transaction.run(statement, (row) => added.parse(row).added))[0] ?? 0;
  },
  usage: (tenantId, question, limit) =>
    sql.run(tenantId, statements.usageStatement(tenantId, question, limit), (row) => usageRow.parse(row)),
  storage: (tenantId, question) =>
    sql.run(tenantId, statements.storageStatement(tenantId, question), (row) => storageRow.parse(row)),
  hours: (tenantId, fromMs, toMs) =>
    sql.run(tenantId, statements.ledgerHoursStatement(tenantId, fromMs, toMs), (row) => hourRow.parse(row)),
  hasStorage: async (tenantId, hourMs) => {
    const text = "SELECT 1 FROM usage_storage WHERE tenant_id = $1 AND hour = $2";
    const params = [tenantId, new Date(hourMs)];
    return (await sql.run(tenantId, { name: "has-storage", text, params }, () => true)).length > 0;
  },
  noteStorage: async (tenantId, sample) => {
    await sql.run(tenantId, statements.noteStorageStatement(tenantId, sample), () => null);
  },
  pruneAcrossTenants: async (olderThanMs, limit) => {
    const text = "SELECT prune_usage_records_across_tenants($1, $2) AS pruned";
    const statement = { name: "prune-usage-records-across-tenants", text, params: [new Date(olderThanMs), limit] };
    const pruned = z.object({ pruned: z.number() });
    return (await sql.runAcrossTenants(statement, (row) => pruned.parse(row).pruned))[0] ?? 0;
  },
  tenantsAcrossTenants: (after, limit) => {
    const params = [after ?? "00000000-0000-0000-0000-000000000000", limit];
    const text = "SELECT id FROM list_tenants_across_tenants($1, $2)";
    const parse = (row: unknown): TenantId => z.object({ id: tenantIdColumn }).parse(row).id;
    return sql.runAcrossTenants({ name: "list-tenants-across-tenants", text, params }, parse);
  },
});
