import type { EventId, TenantId } from "@tessera/contracts/ids";

/** Ids that one request is storing; others who bring the same id wait until it is decided. */
export interface Claim {
  readonly settled: Promise<void>;
}

/** The ids being stored at the moment, per tenant: each is claimed by one request only. */
export interface Claims {
  /** The claim that holds an id; undefined when it is free. */
  holder(tenantId: TenantId, id: EventId): Claim | undefined;
  /** Claims free ids; `release` frees them and lets those who wait go on. */
  claim(tenantId: TenantId, ids: readonly EventId[]): { readonly claim: Claim; readonly release: () => void };
  readonly size: number;
}

/** Makes an empty {@link Claims}. */
export const createClaims = (): Claims => {
  const byTenant = new Map<TenantId, Map<EventId, Claim>>();
  let size = 0;
  const release = (tenantId: TenantId, ids: readonly EventId[]): void => {
    const held = byTenant.get(tenantId);
    if (held === undefined) return;
    for (const id of ids) held.delete(id);
    size -= ids.length;
    if (held.size === 0) byTenant.delete(tenantId);
  };
  return {
    holder: (tenantId, id) => byTenant.get(tenantId)?.get(id),
    claim: (tenantId, ids) => {
      const held = byTenant.get(tenantId) ?? new Map<EventId, Claim>();
      byTenant.set(tenantId, held);
      let settle = (): void => undefined;
      const claim: Claim = { settled: new Promise((resolve) => (settle = resolve)) };
      for (const id of ids) held.set(id, claim);
      size += ids.length;
      return {
        claim,
        release: () => {
          release(tenantId, ids);
          settle();
        },
      };
    },
    get size() {
      return size;
    },
  };
};
