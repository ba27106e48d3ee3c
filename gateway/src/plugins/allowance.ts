import type { Allowance } from "@tessera/platform/executions/allowance";
import { partMsOf, type BudgetCharge, type BudgetState, type ChargeOutcome } from "@tessera/platform/limits/budget";
import type { Quota } from "@tessera/platform/limits/quotas";
import { ROWS_PER_POINT } from "./measured-cost.ts";

/** Rows beyond which nothing is bounded: more than a query reads in the seconds it has, so that plentiful budgets cost no comparison. */
const MAX_ROWS_IN_TIME = 5_000_000_000;

const ofQuota = (quota: Quota, charge: BudgetCharge, state: BudgetState, nowMs: number): Allowance | null => {
  const rowsPerUnit = quota.unit === "rows" ? 1 : ROWS_PER_POINT;
  if (quota.unit === "requests") return null;
  const { policy, limit, windowSeconds } = quota;
  return {
    // What was taken for this very operation is its own to use.
    rows: (state.remaining + charge.amount) * rowsPerUnit,
    quota: policy,
    limit: limit * rowsPerUnit,
    windowSeconds,
    refillsFromMs: Math.round(nowMs + state.resetMs),
    refilledByMs: Math.round(nowMs + windowSeconds * 1_000 + partMsOf(windowSeconds)),
  };
};

/** What an operation may read by the tightest of the budgets it was charged to; null when none of them is near its end. */
export const allowanceOf = (
  quotas: readonly Quota[],
  charges: readonly BudgetCharge[],
  { states }: ChargeOutcome,
  nowMs: number,
): Allowance | null => {
  let tightest: Allowance | null = null;
  for (const [place, quota] of quotas.entries()) {
    const [charge, state] = [charges[place], states[place]];
    const one = charge === undefined || state === undefined ? null : ofQuota(quota, charge, state, nowMs);
    if (one !== null && one.rows < (tightest?.rows ?? MAX_ROWS_IN_TIME)) tightest = one;
  }
  return tightest;
};
