import { LRUCache } from "lru-cache";
import type { NowMs } from "../time/clock.ts";
import type { BudgetCharge, ChargeOutcome } from "./budget.ts";

/** Milliseconds a refusal is repeated without asking: who is far above a budget costs the shared store five questions a second. */
const REFUSAL_KEPT_MS = 200;
/** Refusals remembered. */
const MAX_REFUSALS = 10_000;

interface Refused {
  readonly amounts: readonly number[];
  readonly outcome: ChargeOutcome;
  readonly untilMs: number;
}

/** Refusals that are repeated, for a moment, to who asks for as much or more. */
export interface KeptRefusals {
  find(name: string, charges: readonly BudgetCharge[]): ChargeOutcome | null;
  note(name: string, charges: readonly BudgetCharge[], outcome: ChargeOutcome): void;
}

/** Builds {@link KeptRefusals}; `name` names the set of budgets. */
export const createKeptRefusals = (nowMs: NowMs): KeptRefusals => {
  const refusals = new LRUCache<string, Refused>({ max: MAX_REFUSALS });
  return {
    find: (name, charges) => {
      const known = refusals.get(name);
      if (known === undefined || nowMs() >= known.untilMs) return null;
      return charges.every(({ amount }, place) => amount >= (known.amounts[place] ?? 0)) ? known.outcome : null;
    },
    note: (name, charges, outcome) => {
      if (outcome.charged) return;
      const fits = Math.max(...outcome.states.map(({ fitsInMs }) => fitsInMs ?? REFUSAL_KEPT_MS));
      const untilMs = nowMs() + Math.min(fits, REFUSAL_KEPT_MS);
      refusals.set(name, { amounts: charges.map(({ amount }) => amount), outcome, untilMs });
    },
  };
};
