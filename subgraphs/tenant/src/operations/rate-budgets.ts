import { refuse } from "@tessera/platform/errors/refusal";
import type { BudgetAdjustment } from "@tessera/platform/limits/budget";
import type { LeaseClaim, LeaseGrant, LeaseSource } from "@tessera/platform/limits/lease-source";

/** Budgets one claim may name: the levels of every limit of a subject fit many times. */
export const MAX_CLAIMS = 50;
/** Changes told at once: every budget a process holds leases of. */
export const MAX_ADJUSTMENTS = 10_000;
/** Seconds of the longest window: a day, with the time of a lease. */
const MAX_WINDOW_SECONDS = 86_500;
/** Characters of a budget's name. */
const MAX_KEY_LENGTH = 250;

/** Budgets of rate limits, for processes that have no store of their own. */
export interface RateBudgets {
  lease(claims: readonly LeaseClaim[]): Promise<LeaseGrant>;
  /** Answers how many changes were made. */
  adjust(adjustments: readonly BudgetAdjustment[]): Promise<number>;
}

const isWhole = (value: number, least: number): boolean => Number.isSafeInteger(value) && value >= least;

const requireBudgets = (budgets: readonly BudgetAdjustment[], most: number): void => {
  if (budgets.length > most) throw refuse("BAD_INPUT", `At most ${most} budgets are named at once.`);
  const wrong = budgets.find(
    ({ key, windowSeconds, amount }) =>
      key.length === 0 ||
      key.length > MAX_KEY_LENGTH ||
      !isWhole(windowSeconds, 1) ||
      windowSeconds > MAX_WINDOW_SECONDS ||
      !isWhole(amount, Number.MIN_SAFE_INTEGER),
  );
  if (wrong !== undefined)
    throw refuse("BAD_INPUT", `The budget "${wrong.key.slice(0, MAX_KEY_LENGTH)}" is not well-formed.`);
};

/** Builds {@link RateBudgets} over the store all processes share. */
export const createRateBudgets = (source: LeaseSource): RateBudgets => ({
  lease: (claims) => {
    requireBudgets(claims, MAX_CLAIMS);
    const wrong = claims.some(
      ({ amount, wanted, limit }) => !isWhole(limit, 0) || !isWhole(amount, 0) || !isWhole(wanted, amount),
    );
    if (wrong) throw refuse("BAD_INPUT", "A claim is of whole units, and wants at least what it needs.");
    return source.lease(claims);
  },
  adjust: async (adjustments) => {
    requireBudgets(adjustments, MAX_ADJUSTMENTS);
    await source.adjust(adjustments);
    return adjustments.length;
  },
});
