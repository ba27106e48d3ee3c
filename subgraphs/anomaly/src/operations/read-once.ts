import type { TenantId } from "@tessera/contracts/ids";

type OfTenant<More extends readonly unknown[], T> = (tenantId: TenantId, ...more: More) => Promise<T>;

/** What is read of a tenant for rules that are evaluated together: read once, with what the first asks by, until it is forgotten. */
export const readOnce = <More extends readonly unknown[], T>(
  read: OfTenant<More, T>,
): { readonly read: OfTenant<More, T>; readonly forget: (tenantId: TenantId) => void } => {
  const known = new Map<TenantId, Promise<T>>();
  return {
    read: (tenantId, ...more) => {
      const found = known.get(tenantId) ?? read(tenantId, ...more);
      known.set(tenantId, found);
      // Who looks next tries again.
      found.catch(() => known.delete(tenantId));
      return found;
    },
    forget: (tenantId) => void known.delete(tenantId),
  };
};
