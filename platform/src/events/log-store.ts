import { parseTenantId } from "@tessera/contracts/ids";
import { z } from "zod";
import type { SqlStatement, SqlTransaction, TenantSql } from "../db/sql.ts";
import type { LogAppend, LogEntry } from "./event-log.ts";
import type { LogCursor } from "./log-cursor.ts";

/** Entries read from the log in one statement. */
export const READ_BATCH = 1_000;

/** An entry of the event log as PostgreSQL gives it. */
export const logEntryRow = z
  .object({
    transaction_id: z.string(),
    sequence: z.string(),
    tenant_id: z.string(),
    topic: z.string(),
    payload: z.unknown(),
  })
  .transform((row, context): LogEntry => {
    const tenantId = parseTenantId(row.tenant_id);
    if (tenantId === null) {
      context.addIssue("An entry of the event log names no tenant.");
      return z.NEVER;
    }
    return {
      cursor: { transaction: BigInt(row.transaction_id), sequence: BigInt(row.sequence) },
      tenantId,
      topic: row.topic,
      payload: row.payload,
    };
  });
const headRow = z.object({
  transaction_id: z.string(),
  sequence: z.string(),
  horizon_transaction: z.string(),
  horizon_sequence: z.string(),
});
const nothing = (): null => null;

const appendManyStatement = (entries: readonly LogAppend[]): SqlStatement => ({
  name: "append-event-log-across-tenants",
  text: "SELECT append_event_log_across_tenants($1::jsonb)",
  params: [JSON.stringify(entries)],
});
const appendOneStatement = (entry: LogAppend): SqlStatement => ({
  name: "append-event-log",
  text: "INSERT INTO event_log (tenant_id, topic, dedupe_key, payload) VALUES ($1, $2, $3, $4::jsonb) ON CONFLICT DO NOTHING",
  params: [entry.tenantId, entry.topic, entry.dedupeKey, JSON.stringify(entry.payload)],
});
const appendAllStatement = (entries: readonly LogAppend[]): SqlStatement => ({
  name: "append-event-log-all",
  text: `INSERT INTO event_log (tenant_id, topic, dedupe_key, payload) SELECT e.tenant_id, e.topic, e.dedupe_key, e.payload
    FROM ROWS FROM (jsonb_to_recordset($1::jsonb) AS ("tenantId" uuid, topic text, "dedupeKey" text, payload jsonb)) WITH ORDINALITY
      AS e (tenant_id, topic, dedupe_key, payload, place) ORDER BY e.place ON CONFLICT DO NOTHING`,
  params: [JSON.stringify(entries)],
});
const readStatement = (after: LogCursor): SqlStatement => ({
  name: "read-event-log-across-tenants",
  text: "SELECT * FROM read_event_log_across_tenants($1::text::xid8, $2::bigint, $3)",
  params: [String(after.transaction), String(after.sequence), READ_BATCH],
});
const lookStatement = (after: LogCursor): SqlStatement => ({
  name: "look-at-event-log-across-tenants",
  // One statement, so that what is held back and what is read are of one snapshot.
  text: `SELECT held.back AS held_back, e.* FROM event_log_holds_back_across_tenants() AS held (back)
    LEFT JOIN read_event_log_across_tenants($1::text::xid8, $2::bigint, $3) WITH ORDINALITY
      AS e (transaction_id, sequence, tenant_id, topic, payload, place) ON true ORDER BY e.place`,
  params: [String(after.transaction), String(after.sequence), READ_BATCH],
});
const lookRow = z.object({ held_back: z.boolean(), place: z.string().nullable() });
/** Reads a tenant's entries of a topic after a place, in commit order. */
export const readTenantStatement = (tenantId: string, topic: string, after: LogCursor): SqlStatement => ({
  name: "read-event-log",
  // Ordered by the columns of the table: the bare names would mean the texts that are selected, where 100 comes before 99.
  text: `SELECT e.transaction_id::text, e.sequence::text, e.tenant_id, e.topic, e.payload FROM event_log e
    WHERE e.tenant_id = $1 AND e.topic = $2 AND (e.transaction_id, e.sequence) > ($3::text::xid8, $4::bigint)
      AND e.transaction_id < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY e.transaction_id, e.sequence LIMIT $5`,
  params: [tenantId, topic, String(after.transaction), String(after.sequence), READ_BATCH],
});
const headStatement: SqlStatement = { name: "event-log-head", text: "SELECT * FROM event_log_head()", params: [] };

/** The newest readable place and the oldest one that can be resumed from. */
export interface LogBounds {
  readonly head: LogCursor;
  readonly horizon: LogCursor;
}

/** What a look at the log shows. */
export interface LogLook {
  readonly entries: readonly LogEntry[];
  /** Whether an entry has committed that no reader is shown yet, since a transaction that began before its own goes on. */
  readonly heldBack: boolean;
}

/** SQL access to the event log. */
export interface LogStore {
  append(entries: readonly LogAppend[]): Promise<void>;
  appendWith(transaction: SqlTransaction, entry: LogAppend): Promise<void>;
  appendAllWith(transaction: SqlTransaction, entries: readonly LogAppend[]): Promise<void>;
  readAcrossTenants(after: LogCursor): Promise<readonly LogEntry[]>;
  /** {@link LogStore.readAcrossTenants}, and whether there will be more without another append. */
  lookAcrossTenants(after: LogCursor): Promise<LogLook>;
  read(tenantId: LogEntry["tenantId"], topic: string, after: LogCursor): Promise<readonly LogEntry[]>;
  bounds(): Promise<LogBounds>;
}

/** Builds {@link LogStore} over the tenant pool. */
export const createLogStore = (sql: TenantSql): LogStore => ({
  append: async (entries) => {
    if (entries.length > 0) await sql.runAcrossTenants(appendManyStatement(entries), nothing);
  },
  appendWith: async (transaction, entry) => {
    await transaction.run(appendOneStatement(entry), nothing);
  },
  appendAllWith: async (transaction, entries) => {
    if (entries.length > 0) await transaction.run(appendAllStatement(entries), nothing);
  },
  readAcrossTenants: (after) => sql.runAcrossTenants(readStatement(after), (row) => logEntryRow.parse(row)),
  lookAcrossTenants: async (after) => {
    const rows = await sql.runAcrossTenants(lookStatement(after), (row) => {
      const { held_back, place } = lookRow.parse(row);
      return { heldBack: held_back, entry: place === null ? null : logEntryRow.parse(row) };
    });
    return {
      entries: rows.flatMap(({ entry }) => (entry === null ? [] : [entry])),
      heldBack: rows.some(({ heldBack }) => heldBack),
    };
  },
  read: (tenantId, topic, after) =>
    sql.run(tenantId, readTenantStatement(tenantId, topic, after), (row) => logEntryRow.parse(row)),
  bounds: async () => {
    const [row] = await sql.runAcrossTenants(headStatement, (raw) => headRow.parse(raw));
    if (row === undefined) throw new Error("The event log has no horizon row.");
    return {
      head: { transaction: BigInt(row.transaction_id), sequence: BigInt(row.sequence) },
      horizon: { transaction: BigInt(row.horizon_transaction), sequence: BigInt(row.horizon_sequence) },
    };
  },
});
