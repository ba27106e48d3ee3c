import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import { displayName } from "../domain/input-text.ts";
import type { Tenant } from "../domain/tenant.ts";
import type { TenantStore } from "../store/tenant-store.ts";

/** Builds `renameTenant`: the display name alone changes. */
export const createRenameTenant =
  (deps: { tenants: TenantStore }) =>
  async (caller: Caller, request: { readonly name: string }): Promise<Tenant> => {
    const tenant = await deps.tenants.rename(caller.tenantId, displayName(request.name, "input.name"));
    if (tenant === null) throw refuse("NOT_FOUND", "The caller's tenant does not exist.");
    return tenant;
  };
