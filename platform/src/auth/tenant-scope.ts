import { AsyncLocalStorage } from "node:async_hooks";
import type { TenantId } from "@tessera/contracts/ids";

const scope = new AsyncLocalStorage<TenantId>();

/**
 * Runs `work` with the tenant bound to everything it awaits: each PostgreSQL connection used inside carries `app.tenant_id`, so row-level
 * security sees this tenant alone. The work must be awaited inside; a promise that leaves the scope unawaited may lose it.
 */
export const inTenantScope = <T>(tenantId: TenantId, work: () => Promise<T>): Promise<T> =>
  scope.run(tenantId, async () => work());

/** The tenant bound to the running work; null outside any scope, where row-level security shows no rows. */
export const currentTenant = (): TenantId | null => scope.getStore() ?? null;
