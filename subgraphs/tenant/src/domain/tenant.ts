import type { TenantId } from "@tessera/contracts/ids";
import type { Tier } from "@tessera/contracts/features";

/** Whether a tenant may use the platform; DELETING: its data is kept until a date and then erased. */
export type TenantState = "ACTIVE" | "SUSPENDED" | "DELETING";

/** One customer of the platform. */
export interface Tenant {
  readonly id: TenantId;
  readonly name: string;
  readonly slug: string;
  readonly state: TenantState;
  readonly tier: Tier;
  /** The organisation it belongs to; null when it stands alone. */
  readonly organisationId: string | null;
  /** When its data is erased, milliseconds since the epoch; null unless it is being deleted. */
  readonly deleteAtMs: number | null;
  /** Milliseconds since the epoch. */
  readonly createdAtMs: number;
}
