import { errorMessage } from "../errors/error-message.ts";
import { refuse } from "../errors/refusal.ts";
import type { BudgetAdjustment, BudgetCharge } from "./budget.ts";

/** Marks made between two purges of those that ended: fewer than one purge forgets. */
const MARKS_PER_PURGE = 100;
const RETRY_AFTER_SECONDS = 1;

/** Sets a mark that stays for so many seconds; false when it is set already. Refuses with DEPENDENCY_UNAVAILABLE when that can't be known. */
export type UseMark = (mark: string, seconds: number) => Promise<boolean>;

/** The shared store of budgets, asked for every mark: nothing is decided from what one process knows. */
export interface MarkStore {
  readonly charge: (
    charges: readonly BudgetCharge[],
  ) => Promise<{ readonly charged: boolean }> | { readonly charged: boolean };
  /** Tells the store of changes, after which it forgets what has ended; absent where ended ones go by themselves. */
  readonly adjust?: (adjustments: readonly BudgetAdjustment[]) => Promise<void>;
}

/**
 * Marks that serve once for all processes, as budgets of a single unit: setting one is atomic, and a unit comes back when the time of the mark is over.
 * A store that can't be asked lets nothing pass, because what it would have refused is a replay.
 */
export const createOneTimeMarks = (store: MarkStore): UseMark => {
  let made = 0;
  const purge = (windowSeconds: number): void => {
    made += 1;
    if (made % MARKS_PER_PURGE !== 0) return;
    // What is not forgotten now is the next time.
    store.adjust?.([{ key: "MARK", windowSeconds, amount: 0 }]).catch(() => undefined);
  };
  return async (mark, seconds) => {
    const charge = { key: `MARK:${mark}`, limit: 1, windowSeconds: seconds, amount: 1 };
    try {
      const { charged } = await store.charge([charge]);
      purge(seconds);
      return charged;
    } catch (error) {
      const detail = "Whether this was used before can't be known at the moment.";
      const cause = new Error(errorMessage(error), { cause: error });
      throw refuse("DEPENDENCY_UNAVAILABLE", detail, { retryAfterSeconds: RETRY_AFTER_SECONDS }, cause);
    }
  };
};
