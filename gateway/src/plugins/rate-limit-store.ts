import { Store } from "@envelop/rate-limiter";
import type { BudgetCharge, BudgetStore, ChargeOutcome } from "@tessera/platform/limits/budget";

type Identity = Parameters<Store["getForIdentity"]>[0];

/** What one operation is to be charged, and what became of it. */
export interface PendingCharge {
  readonly charges: readonly BudgetCharge[];
  outcome: ChargeOutcome | null;
}

const NOT_COUNTED: readonly number[] = [];

/**
 * The limiter's store. The limiter reads what was counted, decides, and writes it back, between which others could decide the same; so here reading is
 * the charge itself, one atomic step over all budgets of an operation, and answers what makes the limiter decide as the step did: nothing counted, or
 * one call counted of the one allowed. There is nothing left to write.
 */
export class RateLimitStore extends Store {
  readonly #budgets: BudgetStore;
  readonly #pending = new Map<string, PendingCharge>();
  #names = 0;

  constructor(budgets: BudgetStore) {
    super();
    this.#budgets = budgets;
  }

  /** Takes a charge in and answers the identity under which the limiter will ask for it, once. */
  expect(pending: PendingCharge): string {
    const name = String((this.#names += 1));
    this.#pending.set(name, pending);
    return name;
  }

  override getForIdentity({ contextIdentity }: Identity): readonly number[] | Promise<readonly number[]> {
    const pending = this.#pending.get(contextIdentity);
    this.#pending.delete(contextIdentity);
    if (pending === undefined) throw new Error("The rate limiter asked for a charge that nobody expects.");
    const settle = (outcome: ChargeOutcome): readonly number[] => {
      pending.outcome = outcome;
      return outcome.charged ? NOT_COUNTED : [Date.now()];
    };
    const outcome = this.#budgets.charge(pending.charges);
    return outcome instanceof Promise ? outcome.then(settle) : settle(outcome);
  }

  override setForIdentity(): void {
    // The charge was counted when it was asked for.
  }
}
