import type { Subject } from "@tessera/contracts/caller";
import type { ApiKeyId, TenantId, UserId } from "@tessera/contracts/ids";
import type { SqlStatement, SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import { z } from "zod";
import type { KeptAccess } from "../domain/access.ts";
import type { KeptPolicy } from "../domain/data-policy.ts";
import type { CustomRole } from "../domain/role.ts";
import { accessRow, parseCustomRole, parseKeptPolicy } from "./access-rows.ts";
import { permissionsColumn } from "./stored-row.ts";

/** What came of saving something of which a tenant may have so many. */
export type Saved = "SAVED" | "FULL" | "NO_TENANT";

/** Who can be given roles. */
export type RoleHolder =
  { readonly kind: "USER"; readonly id: UserId } | { readonly kind: "API_KEY"; readonly id: ApiKeyId };

/** Roles of a tenant's own, who has which, and data policies; plain SQL under the tenant's row-level security. */
export interface AccessStore {
  roles(tenantId: TenantId): Promise<readonly CustomRole[]>;
  /** Makes a role, or changes it when it is there and `mayChange`; at most `limit`. "TAKEN" when it is there and may not be changed. */
  saveRole(
    tenantId: TenantId,
    role: CustomRole,
    options: { readonly limit: number; readonly mayChange: boolean },
  ): Promise<Saved | "TAKEN">;
  /** Takes a role away, from everybody who has it and from the policies that name it; false when there is none. */
  deleteRole(tenantId: TenantId, name: string): Promise<boolean>;
  /** Gives somebody exactly these roles; false when there is nobody. */
  setRoles(tenantId: TenantId, holder: RoleHolder, roles: readonly string[]): Promise<boolean>;
  /** What is kept about the rights of a person or key; null when there is nobody. */
  keptAccess(tenantId: TenantId, holder: RoleHolder): Promise<KeptAccess | null>;
  /** Permissions of roles of the tenant's own and the policies that apply to a subject with roles. */
  accessOf(
    tenantId: TenantId,
    subject: Subject,
    roles: readonly string[],
  ): Promise<Pick<KeptAccess, "rolePermissions" | "policies">>;
  policies(tenantId: TenantId): Promise<readonly KeptPolicy[]>;
  savePolicy(tenantId: TenantId, policy: KeptPolicy, limit: number): Promise<Saved>;
  deletePolicy(tenantId: TenantId, name: string): Promise<boolean>;
}

const statement = (name: string, text: string, ...params: readonly unknown[]): SqlStatement => ({ name, text, params });
const time = (ms: number): Date => new Date(ms);
const nothing = (): null => null;
const LOCK_TENANT = statement(
  "lock-tenant-for-access",
  "SELECT 1 FROM tenant WHERE id = current_tenant_id() FOR UPDATE",
);

const listRoles = (tenantId: TenantId): SqlStatement =>
  statement(
    "list-custom-roles",
    "SELECT name, description, permissions, created_at, updated_at FROM custom_role WHERE tenant_id = $1 ORDER BY name",
    tenantId,
  );

const listPolicies = (tenantId: TenantId): SqlStatement =>
  statement(
    "list-data-policies",
    `SELECT name, description, everyone, roles, subjects, rows, masks, created_at, updated_at FROM data_policy
WHERE tenant_id = $1 ORDER BY name`,
    tenantId,
  );

const upsertRole = (tenantId: TenantId, role: CustomRole): SqlStatement =>
  statement(
    "save-custom-role",
    `INSERT INTO custom_role (tenant_id, name, description, permissions, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (tenant_id, name) DO UPDATE SET description = $3, permissions = $4, updated_at = $6`,
    ...[tenantId, role.name, role.description, role.permissions, time(role.createdAtMs), time(role.updatedAtMs)],
  );

const upsertPolicy = (tenantId: TenantId, policy: KeptPolicy): SqlStatement =>
  statement(
    "save-data-policy",
    `INSERT INTO data_policy (tenant_id, name, description, everyone, roles, subjects, rows, masks, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (tenant_id, name) DO UPDATE SET description = $3, everyone = $4, roles = $5, subjects = $6, rows = $7, masks = $8, updated_at = $10`,
    ...[tenantId, policy.name, policy.description, policy.everyone, policy.roles, policy.subjects],
    ...[JSON.stringify(policy.rows), JSON.stringify(policy.masks), time(policy.createdAtMs), time(policy.updatedAtMs)],
  );

/** Takes a name out of every list of roles, so that a later role of the same name gives nobody anything. */
const forgetRole = (tenantId: TenantId, name: string): readonly SqlStatement[] => [
  statement(
    "forget-role-of-users",
    "UPDATE tenant_user SET roles = array_remove(roles, $2) WHERE tenant_id = $1 AND $2 = ANY (roles)",
    ...[tenantId, name],
  ),
  statement(
    "forget-role-of-keys",
    "UPDATE api_key SET roles = array_remove(roles, $2) WHERE tenant_id = $1 AND $2 = ANY (roles)",
    ...[tenantId, name],
  ),
  statement(
    "forget-role-of-policies",
    "UPDATE data_policy SET roles = array_remove(roles, $2) WHERE tenant_id = $1 AND $2 = ANY (roles)",
    ...[tenantId, name],
  ),
];

const isThere = {
  there: z.object({ there: z.boolean() }),
  counted: z.object({ others: z.number(), there: z.boolean() }),
};

const room = async (
  transaction: SqlTransaction,
  table: "custom_role" | "data_policy",
  tenantId: TenantId,
  name: string,
): Promise<{ readonly others: number; readonly there: boolean } | null> => {
  if ((await transaction.run(LOCK_TENANT, nothing)).length === 0) return null;
  const text = `SELECT (count(*) FILTER (WHERE name <> $2))::integer AS others, coalesce(bool_or(name = $2), false) AS there
FROM ${table} WHERE tenant_id = $1`;
  const [row] = await transaction.run(statement(`count-${table}`, text, tenantId, name), (raw) =>
    isThere.counted.parse(raw),
  );
  return row ?? { others: 0, there: false };
};

const HOLDERS = {
  USER: { table: "tenant_user", permissions: "'{}'::text[]", id: "id = $2::uuid" },
  API_KEY: { table: "api_key", permissions: "permissions", id: "id = $2" },
} as const satisfies Record<RoleHolder["kind"], object>;

const holderRow = accessRow.extend({ permissions: permissionsColumn, roles: z.array(z.string()) });

const keptAccessStatement = (tenantId: TenantId, { kind, id }: RoleHolder): SqlStatement => {
  const { table, permissions, id: isHolder } = HOLDERS[kind];
  const text = `SELECT h.permissions, h.roles, a.role_permissions, a.policies
FROM (SELECT ${permissions} AS permissions, roles FROM ${table} WHERE tenant_id = $1 AND ${isHolder}) h, access_of($1, $3, h.roles) a`;
  return statement(`kept-access-of-${table}`, text, tenantId, id, `${kind}:${id}`);
};

const setRolesStatement = (tenantId: TenantId, { kind, id }: RoleHolder, roles: readonly string[]): SqlStatement => {
  const { table, id: isHolder } = HOLDERS[kind];
  const text = `UPDATE ${table} SET roles = $3 WHERE tenant_id = $1 AND ${isHolder} RETURNING true AS there`;
  return statement(`set-roles-of-${table}`, text, tenantId, id, roles);
};

const deleteNamed = (table: "custom_role" | "data_policy", tenantId: TenantId, name: string): SqlStatement =>
  statement(
    `delete-${table}`,
    `DELETE FROM ${table} WHERE tenant_id = $1 AND name = $2 RETURNING true AS there`,
    ...[tenantId, name],
  );

/** Builds {@link AccessStore}. */
export const createAccessStore = (sql: TenantSql): AccessStore => ({
  roles: (tenantId) => sql.run(tenantId, listRoles(tenantId), parseCustomRole),
  saveRole: (tenantId, role, { limit, mayChange }) =>
    sql.transaction(tenantId, async (transaction) => {
      const found = await room(transaction, "custom_role", tenantId, role.name);
      if (found === null) return "NO_TENANT";
      if (found.there && !mayChange) return "TAKEN";
      if (!found.there && found.others >= limit) return "FULL";
      await transaction.run(upsertRole(tenantId, role), nothing);
      return "SAVED";
    }),
  deleteRole: (tenantId, name) =>
    sql.transaction(tenantId, async (transaction) => {
      await transaction.run(LOCK_TENANT, nothing);
      for (const each of forgetRole(tenantId, name)) await transaction.run(each, nothing);
      return (await transaction.run(deleteNamed("custom_role", tenantId, name), nothing)).length > 0;
    }),
  setRoles: async (tenantId, holder, roles) =>
    (await sql.run(tenantId, setRolesStatement(tenantId, holder, roles), nothing)).length > 0,
  keptAccess: async (tenantId, holder) => {
    const [row] = await sql.run(tenantId, keptAccessStatement(tenantId, holder), (raw) => holderRow.parse(raw));
    if (row === undefined) return null;
    const { role_permissions: rolePermissions, ...rest } = row;
    return { ...rest, rolePermissions };
  },
  accessOf: async (tenantId, { kind, id }, roles) => {
    const text = "SELECT role_permissions, policies FROM access_of($1, $2, $3)";
    const [row] = await sql.run(tenantId, statement("access-of", text, tenantId, `${kind}:${id}`, roles), (raw) =>
      accessRow.parse(raw),
    );
    return { rolePermissions: row?.role_permissions ?? [], policies: row?.policies ?? [] };
  },
  policies: (tenantId) => sql.run(tenantId, listPolicies(tenantId), parseKeptPolicy),
  savePolicy: (tenantId, policy, limit) =>
    sql.transaction(tenantId, async (transaction) => {
      const found = await room(transaction, "data_policy", tenantId, policy.name);
      if (found === null) return "NO_TENANT";
      if (!found.there && found.others >= limit) return "FULL";
      await transaction.run(upsertPolicy(tenantId, policy), nothing);
      return "SAVED";
    }),
  deletePolicy: async (tenantId, name) =>
    (await sql.run(tenantId, deleteNamed("data_policy", tenantId, name), nothing)).length > 0,
});
