import { parseTenantId, type TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import { z } from "zod";
import type { StoredSeal } from "../domain/audit-seal.ts";

/** The seals of tenants. */
export interface SealStore {
  /** Waits until this transaction alone may seal the tenant's log. */
  lock(transaction: SqlTransaction, tenantId: TenantId): Promise<void>;
  insert(transaction: SqlTransaction, tenantId: TenantId, seal: StoredSeal): Promise<void>;
  /** The newest seal, in a transaction or by itself; null when there is none. */
  newest(tenantId: TenantId, transaction?: SqlTransaction): Promise<StoredSeal | null>;
  find(tenantId: TenantId, number: number): Promise<StoredSeal | null>;
  /** Seals from a number on, from the oldest. */
  since(tenantId: TenantId, number: number, limit: number): Promise<readonly StoredSeal[]>;
  /** Seals of more than `size` and at most `end` records, from the oldest. */
  between(tenantId: TenantId, size: number, end: number, limit: number): Promise<readonly StoredSeal[]>;
  /** The oldest seal of at least so many records; null when there is none. */
  firstOver(tenantId: TenantId, size: number): Promise<StoredSeal | null>;
  /** One page, the newest first. */
  page(tenantId: TenantId, limit: number, before: number | null): Promise<readonly StoredSeal[]>;
  /** Tenants after one, by id, that have something to seal or to drop. */
  tenantsToSealAcrossTenants(
    after: TenantId | null,
    expiredBeforeMs: number,
    limit: number,
  ): Promise<readonly TenantId[]>;
}

const sealRow = z
  .object({
    number: z.coerce.number(),
    tree_size: z.coerce.number(),
    kept_from: z.coerce.number(),
    sealed_at_ms: z.coerce.number(),
    jws: z.string(),
  })
  .transform((row): StoredSeal => ({
    number: row.number,
    treeSize: row.tree_size,
    keptFrom: row.kept_from,
    sealedAtMs: row.sealed_at_ms,
    jws: row.jws,
  }));
const tenantRow = z.object({ tenant_id: z.string() }).transform((row, context): TenantId => {
  const tenantId = parseTenantId(row.tenant_id);
  if (tenantId !== null) return tenantId;
  context.addIssue("A tenant's id is a UUID.");
  return z.NEVER;
});
const parseSeal = (row: unknown): StoredSeal => sealRow.parse(row);
const nothing = (): null => null;

const COLUMNS = "number, tree_size, kept_from, sealed_at_ms, jws";
const select = (name: string, rest: string, params: readonly unknown[]): SqlStatement => ({
  name,
  text: `SELECT ${COLUMNS} FROM audit_seal WHERE tenant_id = $1 ${rest}`,
  params,
});

const statements = {
  lock: (tenantId: TenantId): SqlStatement => ({
    name: "audit-seal-lock",
    text: "SELECT pg_advisory_xact_lock(hashtextextended('audit-seal:' || $1, 0))",
    params: [tenantId],
  }),
  insert: (tenantId: TenantId, seal: StoredSeal): SqlStatement => ({
    name: "audit-seal-insert",
    text: `INSERT INTO audit_seal (tenant_id, ${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6)`,
    params: [tenantId, seal.number, seal.treeSize, seal.keptFrom, seal.sealedAtMs, seal.jws],
  }),
  newest: (tenantId: TenantId) => select("audit-seal-newest", "ORDER BY number DESC LIMIT 1", [tenantId]),
  find: (tenantId: TenantId, number: number) => select("audit-seal-find", "AND number = $2", [tenantId, number]),
  since: (tenantId: TenantId, number: number, limit: number) =>
    select("audit-seal-since", "AND number >= $2 ORDER BY number LIMIT $3", [tenantId, number, limit]),
  between: (tenantId: TenantId, size: number, end: number, limit: number) =>
    select("audit-seal-between", "AND tree_size > $2 AND tree_size <= $3 ORDER BY number LIMIT $4", [
      ...[tenantId, size, end, limit],
    ]),
  firstOver: (tenantId: TenantId, size: number) =>
    select("audit-seal-first-over", "AND tree_size >= $2 ORDER BY tree_size, number LIMIT 1", [tenantId, size]),
  page: (tenantId: TenantId, limit: number, before: number | null) =>
    before === null
      ? select("audit-seal-page", "ORDER BY number DESC LIMIT $2", [tenantId, limit])
      : select("audit-seal-page-after", "AND number < $3 ORDER BY number DESC LIMIT $2", [tenantId, limit, before]),
  tenants: (after: TenantId | null, expiredBeforeMs: number, limit: number): SqlStatement => ({
    name: "tenants-to-seal-across-tenants",
    text: "SELECT tenant_id FROM tenants_to_seal_across_tenants($1, $2, $3)",
    params: [after, expiredBeforeMs, limit],
  }),
};

/** Builds {@link SealStore}. */
export const createSealStore = (sql: TenantSql): SealStore => {
  const one = async (tenantId: TenantId, statement: SqlStatement): Promise<StoredSeal | null> =>
    (await sql.run(tenantId, statement, parseSeal))[0] ?? null;
  return {
    lock: async (transaction, tenantId) => void (await transaction.run(statements.lock(tenantId), nothing)),
    insert: async (transaction, tenantId, seal) =>
      void (await transaction.run(statements.insert(tenantId, seal), nothing)),
    newest: async (tenantId, transaction) =>
      transaction === undefined
        ? one(tenantId, statements.newest(tenantId))
        : ((await transaction.run(statements.newest(tenantId), parseSeal))[0] ?? null),
    find: (tenantId, number) => one(tenantId, statements.find(tenantId, number)),
    since: (tenantId, number, limit) => sql.run(tenantId, statements.since(tenantId, number, limit), parseSeal),
    between: (tenantId, size, end, limit) =>
      sql.run(tenantId, statements.between(tenantId, size, end, limit), parseSeal),
    firstOver: (tenantId, size) => one(tenantId, statements.firstOver(tenantId, size)),
    page: (tenantId, limit, before) => sql.run(tenantId, statements.page(tenantId, limit, before), parseSeal),
    tenantsToSealAcrossTenants: (after, expired, limit) =>
      sql.runAcrossTenants(statements.tenants(after, expired, limit), (row) => tenantRow.parse(row)),
  };
};
