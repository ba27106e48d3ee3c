import type { TenantId } from "../ids.ts";

/** Topic on which {@link TenantScaled} is told. */
export const TENANT_SCALED = "tenant.scaled";

/** What a tenant may use at once. */
export interface TenantCapacity {
  readonly concurrentQueries: number;
  readonly queryMemoryBytes: number;
  /** How many turns its jobs get when another tenant's get one. */
  readonly workerWeight: number;
}

/** Told when a tenant's capacity was changed, in the transaction that changed it; what an autoscaler follows. */
export interface TenantScaled {
  readonly tenantId: TenantId;
  /** The request it was decided by. */
  readonly requestId: string;
  readonly before: TenantCapacity;
  readonly after: TenantCapacity;
  readonly scaledAtMs: number;
}
