import DataLoader from "dataloader";
import type { TenantId, UserId } from "@tessera/contracts/ids";
import type { Tenant } from "../domain/tenant.ts";
import type { User } from "../domain/user.ts";
import type { TenantStore } from "./tenant-store.ts";
import type { UserStore } from "./user-store.ts";

/** Users looked up in one statement. */
export const MAX_USERS_PER_LOOKUP = 500;

/** What one call has already looked up; lives as long as the call and sees its caller's tenant alone. */
export interface Loaders {
  readonly tenant: DataLoader<TenantId, Tenant | null>;
  readonly user: DataLoader<UserId, User | null>;
}

/** Builds the loaders of one call. */
export const createLoaders = (
  stores: { readonly tenants: TenantStore; readonly users: UserStore },
  callerTenantId: TenantId,
): Loaders => ({
  tenant: new DataLoader(async (ids) => {
    const own = ids.includes(callerTenantId) ? await stores.tenants.find(callerTenantId) : null;
    return ids.map((id) => (id === callerTenantId ? own : null));
  }),
  user: new DataLoader(
    async (ids) => {
      const found = await stores.users.findMany(callerTenantId, ids);
      const byId = new Map(found.map((user) => [user.id, user]));
      return ids.map((id) => byId.get(id) ?? null);
    },
    { maxBatchSize: MAX_USERS_PER_LOOKUP },
  ),
});
