import type { TenantId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import type { Tenant } from "../domain/tenant.ts";

/** Gives the caller's tenant from what the call has looked up; refuses a caller whose tenant does not exist, as a platform process's. */
export const readOwnTenant = async (
  loader: { load(id: TenantId): Promise<Tenant | null> },
  tenantId: TenantId,
): Promise<Tenant> => {
  const tenant = await loader.load(tenantId);
  if (tenant === null) throw refuse("NOT_FOUND", "The caller's tenant does not exist.");
  return tenant;
};
