import type { Caller } from "@tessera/contracts/caller";
import { parseTenantId, type TenantId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";

/**
 * The tenant a request names in its path: the caller's own, or another one for callers who hold `platform:tenants`. Refuses others with TENANT_MISMATCH,
 * and what is no UUID with BAD_INPUT.
 */
export const administeredTenant = (caller: Caller, asked: string | undefined): TenantId => {
  const tenantId = parseTenantId(asked ?? "");
  if (tenantId === null) throw refuse("BAD_INPUT", "`id` must be the UUID of a tenant.", { field: "id" });
  if (tenantId !== caller.tenantId && !caller.permissions.has("platform:tenants"))
    throw refuse("TENANT_MISMATCH", "The credential belongs to another tenant.", { field: "id" });
  return tenantId;
};

/** The tenant a request is about: the caller's own. Another one is refused with TENANT_MISMATCH, what is no UUID with BAD_INPUT. */
export const ownTenant = (caller: Caller, asked: string | undefined): TenantId => {
  if (asked === undefined) return caller.tenantId;
  const tenantId = parseTenantId(asked);
  if (tenantId === null) throw refuse("BAD_INPUT", "`tenant_id` must be a UUID.", { field: "tenant_id" });
  if (tenantId !== caller.tenantId)
    throw refuse("TENANT_MISMATCH", "The credential belongs to another tenant.", { field: "tenant_id" });
  return tenantId;
};
