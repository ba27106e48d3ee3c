import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import { z } from "zod";
import type { AuditFilter, AuditPlace } from "../domain/audit-filter.ts";
import type { AuditRecord, ChainHead, Json } from "../domain/audit-record.ts";
import { hashColumn, places } from "./audit-columns.ts";
import { pageStatement } from "./audit-page.ts";

/** An entry that the event log still has and its consumer has passed, beside what was recorded of it. */
export interface ToldExecution {
  readonly told: unknown;
  /** Null when there is no record of it. */
  readonly recorded: { readonly sequence: number; readonly entry: Json } | null;
}

/** The rows of a tenant's audit log. */
export interface AuditStore {
  /** Waits until this transaction alone may append to the tenant's log. */
  lock(transaction: SqlTransaction, tenantId: TenantId): Promise<void>;
  /** The last row; null when there is none. */
  lastRow(transaction: SqlTransaction, tenantId: TenantId): Promise<ChainHead | null>;
  /** Those of the executions that have a record. */
  known(transaction: SqlTransaction, tenantId: TenantId, ids: readonly string[]): Promise<ReadonlySet<string>>;
  insert(transaction: SqlTransaction, tenantId: TenantId, records: readonly AuditRecord[]): Promise<void>;
  /** Rows from a place on, in the order of the log. */
  readFrom(tenantId: TenantId, sequence: number, limit: number): Promise<readonly AuditRecord[]>;
  /** One page, the newest start first. */
  page(
    tenantId: TenantId,
    filter: AuditFilter,
    limit: number,
    after: AuditPlace | null,
  ): Promise<readonly AuditRecord[]>;
  find(tenantId: TenantId, executionId: string): Promise<AuditRecord | null>;
  /** The first place that was recorded at or after a moment; null when none was. */
  firstSince(tenantId: TenantId, recordedAtMs: number): Promise<number | null>;
  /** The newest entries of the event log that the consumer has passed, if they have no record or one at or after `unsealedFrom`. */
  told(
    tenantId: TenantId,
    source: { readonly consumer: string; readonly topic: string; readonly limit: number },
    unsealedFrom: number,
  ): Promise<readonly ToldExecution[]>;
  /** Drops rows the newest seal no longer keeps; answers how many. */
  dropExpired(tenantId: TenantId, limit: number): Promise<number>;
}

// boundary: jsonb holds nothing but JSON, and the driver has parsed it; the entry's own shape is read where it is shown.
const json = z.custom<Json>((value) => value !== undefined);

const recordRow = (tenantId: TenantId) => {
  const shape = z
    .object({
      sequence: z.coerce.number(),
      previous_hash: hashColumn,
      recorded_at_ms: z.coerce.number(),
      entry: json,
      hash: hashColumn,
    })
    .transform((row): AuditRecord => ({
      tenantId,
      sequence: row.sequence,
      previousHash: row.previous_hash,
      recordedAtMs: row.recorded_at_ms,
      entry: row.entry,
      hash: row.hash,
    }));
  return (row: unknown) => shape.parse(row);
};
const headRow = z
  .object({ sequence: z.coerce.number(), hash: hashColumn, recorded_at_ms: z.coerce.number() })
  .transform((row): ChainHead => ({ size: row.sequence + 1, hash: row.hash, recordedAtMs: row.recorded_at_ms }));
const idRow = z.object({ execution_id: z.string() });
const placeRow = z.object({ sequence: z.coerce.number() });
const droppedRow = z.object({ dropped: z.number() });
const toldRow = z
  .object({ payload: z.unknown(), sequence: z.coerce.number().nullable(), entry: json.nullable() })
  .transform(({ payload, sequence, entry }): ToldExecution => ({
    told: payload,
    recorded: sequence === null ? null : { sequence, entry },
  }));
const nothing = (): null => null;

const lockStatement = (tenantId: TenantId): SqlStatement => ({
  name: "audit-lock",
  text: "SELECT pg_advisory_xact_lock(hashtextextended('audit:' || $1, 0))",
  params: [tenantId],
});
const lastStatement = (tenantId: TenantId): SqlStatement => ({
  name: "audit-last",
  text: "SELECT sequence, hash, recorded_at_ms FROM audit_record WHERE tenant_id = $1 ORDER BY sequence DESC LIMIT 1",
  params: [tenantId],
});
const knownStatement = (tenantId: TenantId, ids: readonly string[]): SqlStatement => ({
  name: "audit-known",
  text: "SELECT execution_id FROM audit_record WHERE tenant_id = $1 AND execution_id = ANY($2)",
  params: [tenantId, ids],
});
const insertStatement = (tenantId: TenantId, records: readonly AuditRecord[]): SqlStatement => ({
  name: "audit-insert",
  text: `INSERT INTO audit_record (tenant_id, sequence, previous_hash, recorded_at_ms, entry, hash)
    SELECT $1::uuid, * FROM unnest($2::bigint[], $3::bytea[], $4::bigint[], $5::jsonb[], $6::bytea[])`,
  params: [
    tenantId,
    places(records.map(({ sequence }) => sequence)),
    records.map(({ previousHash }) => previousHash),
    places(records.map(({ recordedAtMs }) => recordedAtMs)),
    records.map(({ entry }) => JSON.stringify(entry)),
    records.map(({ hash }) => hash),
  ],
});
const fromStatement = (tenantId: TenantId, sequence: number, limit: number): SqlStatement => ({
  name: "audit-from",
  text: `SELECT sequence, previous_hash, recorded_at_ms, entry, hash FROM audit_record
    WHERE tenant_id = $1 AND sequence >= $2 ORDER BY sequence LIMIT $3`,
  params: [tenantId, sequence, limit],
});
const findStatement = (tenantId: TenantId, executionId: string): SqlStatement => ({
  name: "audit-find",
  text: `SELECT sequence, previous_hash, recorded_at_ms, entry, hash FROM audit_record
    WHERE tenant_id = $1 AND execution_id = $2`,
  params: [tenantId, executionId],
});
const sinceStatement = (tenantId: TenantId, recordedAtMs: number): SqlStatement => ({
  name: "audit-since",
  text: `SELECT sequence FROM audit_record WHERE tenant_id = $1 AND recorded_at_ms >= $2
    ORDER BY recorded_at_ms, sequence LIMIT 1`,
  params: [tenantId, recordedAtMs],
});
const toldStatement = (
  tenantId: TenantId,
  { consumer, topic, limit }: { readonly consumer: string; readonly topic: string; readonly limit: number },
  unsealedFrom: number,
): SqlStatement => ({
  name: "audit-told",
  text: `SELECT told.payload, r.sequence, r.entry FROM (
      SELECT e.payload FROM event_log e JOIN event_log_place($2, $1::uuid) c
        ON (e.transaction_id, e.sequence) <= (c.transaction_id, c.sequence)
      WHERE e.tenant_id = $1 AND e.topic = $3 ORDER BY e.transaction_id DESC, e.sequence DESC LIMIT $4
    ) told LEFT JOIN audit_record r ON r.tenant_id = $1 AND r.execution_id = lower(told.payload->>'executionId')
    WHERE r.sequence IS NULL OR r.sequence >= $5 ORDER BY r.sequence`,
  params: [tenantId, consumer, topic, limit, unsealedFrom],
});
const dropStatement = (limit: number): SqlStatement => ({
  name: "audit-drop-expired",
  text: "SELECT drop_expired_audit_records($1) AS dropped",
  params: [limit],
});

/** Builds {@link AuditStore}. */
export const createAuditStore = (sql: TenantSql): AuditStore => ({
  lock: async (transaction, tenantId) => void (await transaction.run(lockStatement(tenantId), nothing)),
  lastRow: async (transaction, tenantId) =>
    (await transaction.run(lastStatement(tenantId), (row) => headRow.parse(row)))[0] ?? null,
  known: async (transaction, tenantId, ids) =>
    new Set(await transaction.run(knownStatement(tenantId, ids), (row) => idRow.parse(row).execution_id)),
  insert: async (transaction, tenantId, records) => {
    if (records.length > 0) await transaction.run(insertStatement(tenantId, records), nothing);
  },
  readFrom: (tenantId, sequence, limit) =>
    sql.run(tenantId, fromStatement(tenantId, sequence, limit), recordRow(tenantId)),
  page: (tenantId, filter, limit, after) =>
    sql.run(tenantId, pageStatement(tenantId, filter, limit, after), recordRow(tenantId)),
  find: async (tenantId, executionId) =>
    (await sql.run(tenantId, findStatement(tenantId, executionId), recordRow(tenantId)))[0] ?? null,
  firstSince: async (tenantId, recordedAtMs) =>
    (await sql.run(tenantId, sinceStatement(tenantId, recordedAtMs), (row) => placeRow.parse(row).sequence))[0] ?? null,
  told: (tenantId, source, unsealedFrom) =>
    sql.run(tenantId, toldStatement(tenantId, source, unsealedFrom), (row) => toldRow.parse(row)),
  dropExpired: async (tenantId, limit) =>
    (await sql.run(tenantId, dropStatement(limit), (row) => droppedRow.parse(row).dropped))[0] ?? 0,
});
