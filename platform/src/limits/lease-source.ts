import type { BudgetAdjustment, BudgetCharge, BudgetState } from "./budget.ts";

/** A charge of which more may be taken at once than is needed now, to be spent without asking again. */
export interface LeaseClaim extends BudgetCharge {
  /** At least {@link BudgetCharge.amount}. */
  readonly wanted: number;
}

/** What a claim got: all that was needed or, when one budget had less than that, nothing from any. */
export interface LeaseGrant {
  readonly charged: boolean;
  /** One per claim; `remaining` is what nobody holds. */
  readonly states: readonly (BudgetState & { readonly granted: number })[];
}

/** Where leases are taken from: the store all processes share. */
export interface LeaseSource {
  lease(claims: readonly LeaseClaim[]): Promise<LeaseGrant>;
  adjust(adjustments: readonly BudgetAdjustment[]): Promise<void>;
}

/** A lease takes at most this part of what would be left, so that the last units are handed out one charge at a time. */
export const LEASE_SHARE = 20;
