/** Counts open sockets per tenant against a cap. */
export interface TenantSockets {
  /** False when the tenant has as many as it may; true counts one more. */
  readonly take: (tenantId: string) => boolean;
  readonly release: (tenantId: string) => void;
}

/** Makes the count; a tenant without sockets costs nothing. */
export const createTenantSockets = (maximum: number): TenantSockets => {
  const open = new Map<string, number>();
  return {
    take: (tenantId) => {
      const before = open.get(tenantId) ?? 0;
      if (before >= maximum) return false;
      open.set(tenantId, before + 1);
      return true;
    },
    release: (tenantId) => {
      const left = (open.get(tenantId) ?? 0) - 1;
      if (left > 0) open.set(tenantId, left);
      else open.delete(tenantId);
    },
  };
};
