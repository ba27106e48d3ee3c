import { SUBJECT_KINDS, type Subject } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import { z } from "zod";
import { timeColumn } from "./stored-row.ts";

/** Characters of a change's detail that are kept. */
const MAX_DETAIL_LENGTH = 2_000;

/** Something that was changed about a tenant. */
export interface TenantHistoryEntry {
  /** Grows with each change. */
  readonly sequence: number;
  readonly atMs: number;
  readonly change: string;
  readonly detail: string;
  readonly by: Subject;
}

/** What was changed about tenants, when and by whom. */
export interface TenantHistory {
  note(tenantId: TenantId, entry: Omit<TenantHistoryEntry, "sequence">): Promise<void>;
  noteWith(transaction: SqlTransaction, tenantId: TenantId, entry: Omit<TenantHistoryEntry, "sequence">): Promise<void>;
  /** The newest entries first. */
  list(tenantId: TenantId, first: number): Promise<readonly TenantHistoryEntry[]>;
}

const noteStatement = (tenantId: TenantId, entry: Omit<TenantHistoryEntry, "sequence">): SqlStatement => ({
  name: "note-tenant-history",
  text: "INSERT INTO tenant_history (tenant_id, at, change, detail, by_kind, by_id) VALUES ($1, $2, $3, $4, $5, $6)",
  params: [
    tenantId,
    new Date(entry.atMs),
    entry.change,
    entry.detail.slice(0, MAX_DETAIL_LENGTH),
    entry.by.kind,
    entry.by.id,
  ],
});

const entryRow = z
  .object({
    sequence: z.coerce.number(),
    at: timeColumn,
    change: z.string(),
    detail: z.string(),
    by_kind: z.enum(SUBJECT_KINDS),
    by_id: z.string(),
  })
  .transform((row): TenantHistoryEntry => ({
    ...{ sequence: row.sequence, atMs: row.at, change: row.change, detail: row.detail },
    by: { kind: row.by_kind, id: row.by_id },
  }));

/** Builds {@link TenantHistory}. */
export const createTenantHistory = (sql: TenantSql): TenantHistory => ({
  note: async (tenantId, entry) => void (await sql.run(tenantId, noteStatement(tenantId, entry), () => null)),
  noteWith: async (transaction, tenantId, entry) =>
    void (await transaction.run(noteStatement(tenantId, entry), () => null)),
  list: (tenantId, first) =>
    sql.run(
      tenantId,
      {
        name: "list-tenant-history",
        text: "SELECT sequence, at, change, detail, by_kind, by_id FROM tenant_history WHERE tenant_id = $1 ORDER BY sequence DESC LIMIT $2",
        params: [tenantId, first],
      },
      (row) => entryRow.parse(row),
    ),
});
