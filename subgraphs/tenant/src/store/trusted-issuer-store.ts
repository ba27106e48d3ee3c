import { SUBJECT_KINDS } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import type { TenantSql } from "@tessera/platform/db/sql";
import { z } from "zod";
import type { UserRole } from "../domain/role.ts";
import type { TrustedIssuer } from "../domain/trusted-issuer.ts";
import { tenantIdColumn, timeColumn } from "./stored-row.ts";

/** What became of trusting an issuer. */
export type IssuerAddition = "ADDED" | "TRUSTED_BEFORE" | "FULL";

/** Rows of `trusted_issuer`. */
export interface TrustedIssuerStore {
  list(tenantId: TenantId): Promise<readonly TrustedIssuer[]>;
  find(tenantId: TenantId, issuer: string): Promise<TrustedIssuer | null>;
  /** The same while the tenant is active; null otherwise. */
  findWorking(tenantId: TenantId, issuer: string): Promise<TrustedIssuer | null>;
  add(issuer: TrustedIssuer, limit: number): Promise<IssuerAddition>;
  /** Answers what was removed; null when the tenant trusts no such issuer. */
  remove(tenantId: TenantId, id: string): Promise<TrustedIssuer | null>;
}

const COLUMNS = "id, tenant_id, issuer, role_claim, role_map, created_at, created_by_kind, created_by_id";

const roleColumn: z.ZodType<UserRole> = z.enum([
  "OWNER",
  "ADMIN",
  "ANALYST",
  "DEVELOPER",
  "VIEWER",
  "AUDITOR",
  "OPERATOR",
]);

const issuerRow = z
  .object({
    id: z.uuid(),
    tenant_id: tenantIdColumn,
    issuer: z.string(),
    role_claim: z.string(),
    role_map: z.record(z.string(), roleColumn),
    created_at: timeColumn,
    created_by_kind: z.enum(SUBJECT_KINDS),
    created_by_id: z.string(),
  })
  .transform((row): TrustedIssuer => ({
    id: row.id,
    tenantId: row.tenant_id,
    issuer: row.issuer,
    roleClaim: row.role_claim,
    roles: Object.entries(row.role_map).map(([value, role]) => ({ value, role })),
    createdAtMs: row.created_at,
    createdBy: { kind: row.created_by_kind, id: row.created_by_id },
  }));

const parse = (row: unknown): TrustedIssuer => issuerRow.parse(row);

const LIST = {
  name: "list-trusted-issuers",
  text: `SELECT ${COLUMNS} FROM trusted_issuer ORDER BY created_at DESC, id DESC`,
  params: [],
};

/** Builds {@link TrustedIssuerStore}. */
export const createTrustedIssuerStore = (sql: TenantSql): TrustedIssuerStore => ({
  list: (tenantId) => sql.run(tenantId, LIST, parse),
  find: async (tenantId, issuer) => {
    const text = `SELECT ${COLUMNS} FROM trusted_issuer WHERE issuer = $1`;
    const [row] = await sql.run(tenantId, { name: "find-trusted-issuer", text, params: [issuer] }, parse);
    return row ?? null;
  },
  findWorking: async (tenantId, issuer) => {
    const text = `SELECT ${COLUMNS} FROM trusted_issuer WHERE issuer = $1 AND EXISTS (SELECT 1 FROM tenant WHERE state = 'ACTIVE')`;
    const [row] = await sql.run(tenantId, { name: "find-working-issuer", text, params: [issuer] }, parse);
    return row ?? null;
  },
  add: (added, limit) =>
    sql.transaction(added.tenantId, async (transaction): Promise<IssuerAddition> => {
      const lock = { name: "lock-own-tenant", text: "SELECT 1 FROM tenant FOR UPDATE", params: [] };
      await transaction.run(lock, () => null);
      const present = await transaction.run(LIST, parse);
      if (present.some(({ issuer }) => issuer === added.issuer)) return "TRUSTED_BEFORE";
      if (present.length >= limit) return "FULL";
      const roleMap = Object.fromEntries(added.roles.map(({ value, role }) => [value, role]));
      const text = `INSERT INTO trusted_issuer (${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`;
      const params = [
        ...[added.id, added.tenantId, added.issuer, added.roleClaim, JSON.stringify(roleMap)],
        ...[new Date(added.createdAtMs), added.createdBy.kind, added.createdBy.id],
      ];
      await transaction.run({ name: "add-trusted-issuer", text, params }, () => null);
      return "ADDED";
    }),
  remove: async (tenantId, id) => {
    const text = `DELETE FROM trusted_issuer WHERE id = $1 RETURNING ${COLUMNS}`;
    const [row] = await sql.run(tenantId, { name: "remove-trusted-issuer", text, params: [id] }, parse);
    return row ?? null;
  },
});
