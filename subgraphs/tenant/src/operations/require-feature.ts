import type { Caller } from "@tessera/contracts/caller";
import type { Feature } from "@tessera/contracts/features";
import { refuse } from "@tessera/platform/errors/refusal";
import { notInTier } from "@tessera/platform/features/features";
import { featuresOf } from "@tessera/contracts/features";
import type { TenantStore } from "../store/tenant-store.ts";

/** Lets an operation be used by tenants whose tier includes a feature; whose tier it is, is read each time, so that a change holds at once. */
export const createFeatureGate =
  ({ tenants }: { readonly tenants: Pick<TenantStore, "find"> }) =>
  <Rest extends readonly unknown[], Outcome>(
    feature: Feature,
    operation: (caller: Caller, ...rest: Rest) => Promise<Outcome>,
  ) =>
  async (caller: Caller, ...rest: Rest): Promise<Outcome> => {
    const tenant = await tenants.find(caller.tenantId);
    if (tenant === null) throw refuse("NOT_FOUND", "The caller's tenant does not exist.");
    if (!featuresOf(tenant.tier).includes(feature)) throw notInTier(feature, tenant.tier);
    return operation(caller, ...rest);
  };
