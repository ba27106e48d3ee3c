import type { Caller } from "@tessera/contracts/caller";
import { parseTenantId, type TenantId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";

/** The tenant a request is about: the caller's own. Another one is refused with TENANT_MISMATCH, what is no UUID with BAD_INPUT. */
export const ownTenant = (caller: Caller, asked: string | undefined): TenantId => {
  if (asked === undefined) return caller.tenantId;
  const tenantId = parseTenantId(asked);
  if (tenantId === null) throw refuse("BAD_INPUT", "`tenant_id` must be a UUID.", { field: "tenant_id" });
  if (tenantId !== caller.tenantId)
    throw refuse("TENANT_MISMATCH", "The credential belongs to another tenant.", { field: "tenant_id" });
  return tenantId;
};
