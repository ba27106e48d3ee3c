import type { Caller } from "@tessera/contracts/caller";
import { parseTenantId, type TenantId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import type { TenantStore } from "../store/tenant-store.ts";

/** The tenant a caller means: its own unless it names another, which only operators may; to all others a foreign tenant looks unknown. */
export type TargetTenant = (caller: Caller, asked: string | null | undefined) => Promise<TenantId>;

/** Builds {@link TargetTenant}; refuses with NOT_FOUND a tenant that is not there, or that the caller may not know of. */
export const createTargetTenant =
  (deps: { readonly tenants: Pick<TenantStore, "find"> }): TargetTenant =>
  async (caller, asked) => {
    if (asked === null || asked === undefined) return caller.tenantId;
    const tenantId = parseTenantId(asked);
    if (tenantId === caller.tenantId) return tenantId;
    const known =
      tenantId !== null && caller.permissions.has("platform:tenants") && (await deps.tenants.find(tenantId));
    if (tenantId === null || known === false || known === null) throw refuse("NOT_FOUND", "There is no such tenant.");
    return tenantId;
  };
