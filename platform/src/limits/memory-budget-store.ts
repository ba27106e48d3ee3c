import { LRUCache } from "lru-cache";
import type { NowMs } from "../time/clock.ts";
import type { BudgetCharge, BudgetStore, ChargeOutcome } from "./budget.ts";
import { SlidingWindow } from "./sliding-window.ts";

/** Budgets remembered, about 2 KB each when busy; the one used longest ago is forgotten first, which makes it fresh. */
export const MAX_REMEMBERED_BUDGETS = 50_000;

/** A store in this process, which answers at once. */
export interface MemoryBudgetStore extends BudgetStore {
  charge(charges: readonly BudgetCharge[]): ChargeOutcome;
  adjust(adjustments: Parameters<BudgetStore["adjust"]>[0]): void;
}

/** Builds a budget store in this process: it looks and takes without awaiting in between, so nothing can come between. */
export const createMemoryBudgetStore = (nowMs: NowMs, maxBudgets = MAX_REMEMBERED_BUDGETS): MemoryBudgetStore => {
  const windows = new LRUCache<string, SlidingWindow>({ max: maxBudgets });
  const windowOf = ({ key, windowSeconds }: Pick<BudgetCharge, "key" | "windowSeconds">): SlidingWindow => {
    const name = `${windowSeconds}:${key}`;
    const known = windows.get(name);
    if (known !== undefined) return known;
    const made = new SlidingWindow(windowSeconds);
    windows.set(name, made);
    return made;
  };
  return {
    charge: (charges) => {
      const now = nowMs();
      const asked = charges.map((charge) => ({ ...charge, window: windowOf(charge) }));
      const charged = asked.every(({ window, limit, amount }) => amount === 0 || window.spent(now) + amount <= limit);
      if (charged) for (const { window, amount } of asked) window.add(amount, now);
      // After a charge what was asked for did fit; after none, what is left is as it was.
      const states = asked.map(({ window, limit, amount }) => window.stateFor(limit, charged ? 0 : amount, now));
      return { charged, states };
    },
    adjust: (adjustments) => {
      for (const adjustment of adjustments) windowOf(adjustment).add(adjustment.amount, nowMs());
    },
  };
};
