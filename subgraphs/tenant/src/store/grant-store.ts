import { OPERATOR_ACCESS, type OperatorAccess } from "@tessera/contracts/events/operator-access";
import type { TenantId } from "@tessera/contracts/ids";
import type { Permission } from "@tessera/contracts/permissions";
import type { SqlStatement, SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import type { EventLog } from "@tessera/platform/events/event-log";
import { z } from "zod";
import type { OperatorGrant } from "../domain/operator-grant.ts";
import { permissionsColumn, subjectKindColumn, tenantIdColumn, timeColumn } from "./stored-row.ts";

/** What a grant that holds lets its operator do. */
export interface HeldGrant {
  readonly tenantId: TenantId;
  readonly permissions: readonly Permission[];
  readonly expiresAtMs: number;
}

/** An organisation and the names of its tenants. */
export interface Organisation {
  readonly id: string;
  readonly name: string;
  readonly tenantNames: readonly string[];
}

/** Grants by which operators enter tenants, each change told in the log of the tenant that is entered; and organisations. */
export interface GrantStore {
  /** Grants of a tenant, newest first. */
  list(tenantId: TenantId, limit: number): Promise<readonly OperatorGrant[]>;
  /** Makes a grant in the tenant it is for, unless as many hold as may; "NO_TENANT" when there is no such tenant that works. */
  addAcrossTenants(grant: OperatorGrant, maxOpen: number): Promise<"ADDED" | "FULL" | "NO_TENANT">;
  /** Ends a grant; null when the tenant has none of that id. Ending an ended one changes nothing. */
  revoke(tenantId: TenantId, id: string, nowMs: number): Promise<OperatorGrant | null>;
  /** The grant of that id, if it holds for the operator. */
  findHeldAcrossTenants(id: string, operatorId: string, nowMs: number): Promise<HeldGrant | null>;
  /** Tells the tenant that its grant is made use of. */
  tellUse(tenantId: TenantId, id: string, nowMs: number): Promise<void>;
  /** The organisation of a tenant; null when it stands alone. */
  organisation(tenantId: TenantId): Promise<Organisation | null>;
}

const COLUMNS =
  "id, tenant_id, operator_id, permissions, reason, break_glass, granted_by_kind, granted_by_id, created_at, expires_at, revoked_at";
const grantRow = z
  .object({
    id: z.string(),
    tenant_id: tenantIdColumn,
    operator_id: z.string(),
    permissions: permissionsColumn,
    reason: z.string(),
    break_glass: z.boolean(),
    granted_by_kind: subjectKindColumn,
    granted_by_id: z.string(),
    created_at: timeColumn,
    expires_at: timeColumn,
    revoked_at: timeColumn.nullable(),
  })
  .transform((row): OperatorGrant => ({
    ...{ id: row.id, tenantId: row.tenant_id, operatorId: row.operator_id, permissions: row.permissions },
    ...{ reason: row.reason, breakGlass: row.break_glass, createdAtMs: row.created_at },
    ...{ expiresAtMs: row.expires_at, revokedAtMs: row.revoked_at },
    grantedBy: { kind: row.granted_by_kind, id: row.granted_by_id },
  }));
const parseGrant = (row: unknown): OperatorGrant => grantRow.parse(row);
const heldRow = z
  .object({ tenant_id: tenantIdColumn, permissions: permissionsColumn, expires_at: timeColumn })
  .transform((row): HeldGrant => ({
    ...{ tenantId: row.tenant_id, permissions: row.permissions, expiresAtMs: row.expires_at },
  }));
const organisationRow = z
  .object({ id: z.string(), name: z.string(), tenant_names: z.array(z.string()) })
  .transform(({ tenant_names: tenantNames, ...row }): Organisation => ({ ...row, tenantNames }));

const statement = (name: string, text: string, ...params: readonly unknown[]): SqlStatement => ({ name, text, params });
const nothing = (): null => null;
const openRow = z.object({ open: z.number() });

const insertGrant = (grant: OperatorGrant): SqlStatement =>
  statement(
    "add-operator-grant",
    `INSERT INTO operator_grant (${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, NULL)`,
    ...[grant.id, grant.tenantId, grant.operatorId, grant.permissions, grant.reason, grant.breakGlass],
    ...[grant.grantedBy.kind, grant.grantedBy.id, new Date(grant.createdAtMs), new Date(grant.expiresAtMs)],
  );

const findGrant = (tenantId: TenantId, id: string): SqlStatement =>
  statement(
    "find-operator-grant",
    `SELECT ${COLUMNS} FROM operator_grant WHERE tenant_id = $1 AND id = $2`,
    tenantId,
    id,
  );

const createTell =
  (eventLog: EventLog) =>
  (
    transaction: SqlTransaction,
    grant: OperatorGrant,
    change: OperatorAccess["change"],
    atMs: number,
  ): Promise<void> => {
    const { tenantId, id: grantId, operatorId, permissions, reason, breakGlass, expiresAtMs } = grant;
    const payload: OperatorAccess = {
      ...{ tenantId, grantId, change, operatorId, permissions, reason, breakGlass, expiresAtMs, atMs },
    };
    const dedupeKey = `${grantId}:${change}:${atMs}`;
    return eventLog.appendWith(transaction, { tenantId, topic: OPERATOR_ACCESS, dedupeKey, payload });
  };

/** Builds {@link GrantStore}. */
export const createGrantStore = ({ sql, eventLog }: { sql: TenantSql; eventLog: EventLog }): GrantStore => {
  const tell = createTell(eventLog);
  return {
    list: (tenantId, limit) =>
      sql.run(
        tenantId,
        statement(
          "list-operator-grants",
          `SELECT ${COLUMNS} FROM operator_grant WHERE tenant_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2`,
          ...[tenantId, limit],
        ),
        parseGrant,
      ),
    addAcrossTenants: (grant, maxOpen) =>
      sql.transaction(grant.tenantId, async (transaction) => {
        const lock = "SELECT 1 FROM tenant WHERE id = current_tenant_id() AND state = 'ACTIVE' FOR UPDATE";
        if ((await transaction.run(statement("lock-tenant-for-grant", lock), nothing)).length === 0) return "NO_TENANT";
        const text =
          "SELECT count(*)::integer AS open FROM operator_grant WHERE tenant_id = $1 AND revoked_at IS NULL AND expires_at > $2";
        const count = statement("count-open-grants", text, grant.tenantId, new Date(grant.createdAtMs));
        const [row] = await transaction.run(count, (raw) => openRow.parse(raw));
        if ((row?.open ?? 0) >= maxOpen) return "FULL";
        await transaction.run(insertGrant(grant), nothing);
        await tell(transaction, grant, "GRANTED", grant.createdAtMs);
        return "ADDED";
      }),
    revoke: (tenantId, id, nowMs) =>
      sql.transaction(tenantId, async (transaction) => {
        const text = `UPDATE operator_grant SET revoked_at = $3 WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL RETURNING ${COLUMNS}`;
        const ended = statement("revoke-operator-grant", text, tenantId, id, new Date(nowMs));
        const [revoked] = await transaction.run(ended, parseGrant);
        if (revoked !== undefined) await tell(transaction, revoked, "REVOKED", nowMs);
        return revoked ?? (await transaction.run(findGrant(tenantId, id), parseGrant))[0] ?? null;
      }),
    findHeldAcrossTenants: async (id, operatorId, nowMs) => {
      const text = "SELECT tenant_id, permissions, expires_at FROM find_operator_grant_across_tenants($1, $2, $3)";
      const find = statement("find-held-grant-across-tenants", text, id, operatorId, new Date(nowMs));
      return (await sql.runAcrossTenants(find, (row) => heldRow.parse(row)))[0] ?? null;
    },
    tellUse: (tenantId, id, nowMs) =>
      sql.transaction(tenantId, async (transaction) => {
        const [grant] = await transaction.run(findGrant(tenantId, id), parseGrant);
        if (grant !== undefined) await tell(transaction, grant, "USED", nowMs);
      }),
    organisation: async (tenantId) => {
      const find = statement(
        "organisation-tenants",
        "SELECT id, name, tenant_names FROM organisation_tenants_across_tenants()",
      );
      return (await sql.run(tenantId, find, (row) => organisationRow.parse(row)))[0] ?? null;
    },
  };
};
