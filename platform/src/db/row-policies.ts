import { z } from "zod";
import { PolicyMissing } from "../errors/policy-missing.ts";
import type { TenantSql } from "./sql.ts";

/**
 * unheldTables: tables with a tenant's rows that the connected role may read though no row-level security holds it to the tenant of the connection;
 * and the role itself, when no policy holds it at all (a superuser, or one with BYPASSRLS), under the name of `role <name>`.
 */
const UNHELD = `
  SELECT c.relname AS name FROM pg_class c
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
  WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
    AND has_column_privilege(c.oid, a.attnum, 'SELECT')
    AND (NOT c.relrowsecurity OR (pg_has_role(c.relowner, 'USAGE') AND NOT c.relforcerowsecurity) OR NOT EXISTS (
      SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND pg_get_expr(p.polqual, p.polrelid) LIKE '%current_tenant_id()%'))
  UNION ALL
  SELECT 'role ' || rolname FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolbypassrls)
  ORDER BY 1`;

const named = z.object({ name: z.string() });

/** What of the control plane is not held to one tenant by row-level security, for the role that is connected; empty when all is. */
export const unheldTablesAcrossTenants = (sql: Pick<TenantSql, "runAcrossTenants">): Promise<readonly string[]> =>
  sql.runAcrossTenants({ name: "unheldTables", text: UNHELD, params: [] }, (row) => named.parse(row).name);

/** Throws, naming them, when tables of the control plane are not held to one tenant by row-level security. */
export const requireRowLevelSecurity = async (sql: Pick<TenantSql, "runAcrossTenants">): Promise<void> => {
  const unheld = await unheldTablesAcrossTenants(sql);
  if (unheld.length > 0)
    throw new PolicyMissing(
      `row-level security does not hold ${unheld.join(", ")}: restore the policies, or the role's rights`,
    );
};
