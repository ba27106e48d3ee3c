import type { TenantId } from "@tessera/contracts/ids";

/** Whether a tenant may use the platform. */
export type TenantState = "ACTIVE" | "SUSPENDED";

/** One customer of the platform. */
export interface Tenant {
  readonly id: TenantId;
  readonly name: string;
  readonly slug: string;
  readonly state: TenantState;
  /** Milliseconds since the epoch. */
  readonly createdAtMs: number;
}
