import type { Caller } from "@tessera/contracts/caller";
import { parseTenantId, type TenantId } from "@tessera/contracts/ids";
import type { Permission } from "@tessera/contracts/permissions";

const nilTenant = (): TenantId => {
  const id = parseTenantId("00000000-0000-0000-0000-000000000000");
  if (id === null) throw new Error("The nil UUID is not a tenant id.");
  return id;
};

/** The nil UUID (RFC 9562): the tenant of a process that acts before any tenant is known; it owns no rows. */
export const NO_TENANT: TenantId = nilTenant();

/** The caller a process of the platform is when it asks on its own behalf; `name` is the process's role. */
export const serviceCaller = (name: string, permissions: readonly Permission[]): Caller => ({
  tenantId: NO_TENANT,
  subject: { kind: "SERVICE", id: name },
  permissions: new Set(permissions),
  expiresAtMs: null,
});
