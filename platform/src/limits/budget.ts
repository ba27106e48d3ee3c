/** A bound on what may be spent in any stretch of time as long as its window, and what one charge takes from it. */
export interface BudgetCharge {
  /** Names whose spending is counted together; equal in every process. */
  readonly key: string;
  /** Whole units that may be spent per window. */
  readonly limit: number;
  readonly windowSeconds: number;
  /** Whole units to be taken now; 0 looks without taking. */
  readonly amount: number;
}

/** Where one budget stands after a charge. */
export interface BudgetState {
  /** Units left; 0 when more was spent than allowed, which a settlement can do. */
  readonly remaining: number;
  /** Milliseconds until units come back; 0 when none are spent. */
  readonly resetMs: number;
  /** Milliseconds until the amount asked for fits; 0 when it does, null when it is more than the whole limit. */
  readonly fitsInMs: number | null;
}

/** What became of a charge: taken from all budgets, or from none because one of them would be overdrawn. */
export interface ChargeOutcome {
  readonly charged: boolean;
  /** One per budget, in the order asked for. */
  readonly states: readonly BudgetState[];
}

/** A change of what was spent, after the fact: measured cost above (positive) or below (negative) what was reserved. */
export type BudgetAdjustment = Pick<BudgetCharge, "key" | "windowSeconds" | "amount">;

/**
 * Where spending is counted. `charge` looks at all budgets and takes from all of them or none, and nothing comes between; it answers at once where it
 * can, so that a request waits for nothing.
 */
export interface BudgetStore {
  charge(charges: readonly BudgetCharge[]): ChargeOutcome | Promise<ChargeOutcome>;
  /** Counts without asking: what is spent is spent. */
  adjust(adjustments: readonly BudgetAdjustment[]): void | Promise<void>;
}

/** Parts a window is cut into; what was spent leaves the window one part at a time, at most one part late and never early. */
export const WINDOW_PARTS = 60;

/** Milliseconds of one part of a window. */
export const partMsOf = (windowSeconds: number): number => Math.ceil((windowSeconds * 1_000) / WINDOW_PARTS);
