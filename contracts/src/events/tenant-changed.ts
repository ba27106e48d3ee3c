import type { TenantId } from "../ids.ts";

/** Topic on which {@link TenantChanged} is told. */
export const TENANT_CHANGED = "tenant.changed";

/** Told when a tenant was made, or its state or tier was changed, in the transaction that changed it. */
export interface TenantChanged {
  readonly tenantId: TenantId;
  readonly change: "CREATED" | "SUSPENDED" | "RESUMED" | "DELETION_REQUESTED" | "TIER_CHANGED";
  readonly state: "ACTIVE" | "SUSPENDED" | "DELETING";
  readonly tier: string;
  readonly changedAtMs: number;
}
