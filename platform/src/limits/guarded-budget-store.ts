import { errorMessage } from "../errors/error-message.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { NowMs } from "../time/clock.ts";
import type { BudgetStore } from "./budget.ts";
import { createMemoryBudgetStore } from "./memory-budget-store.ts";

/** Milliseconds between two lines about the same trouble. */
const TELL_EVERY_MS = 10_000;
/** Milliseconds the shared store is left alone after it failed, so that requests don't wait for its timeout one after another. */
export const LEFT_ALONE_MS = 1_000;

/**
 * A store that goes on counting in this process while the shared one can't be asked. Failing closed would make every outage of the limiter an outage of
 * the platform, failing open would take the bounds away when they are needed most: so the same bounds hold, for each process by itself.
 */
export const createGuardedBudgetStore = (deps: {
  readonly shared: BudgetStore;
  readonly nowMs: NowMs;
  readonly logger: Logger;
}): BudgetStore => {
  const { shared, nowMs, logger } = deps;
  const own = createMemoryBudgetStore(nowMs);
  let aloneUntilMs = 0;
  let toldAtMs = -TELL_EVERY_MS;
  const failed = (error: unknown): void => {
    aloneUntilMs = nowMs() + LEFT_ALONE_MS;
    if (nowMs() - toldAtMs < TELL_EVERY_MS) return;
    toldAtMs = nowMs();
    logger.warn(
      { error: errorMessage(error) },
      "Rate limits are counted by this process alone: the shared store can't be asked.",
    );
  };
  return {
    charge: (charges) => {
      if (nowMs() < aloneUntilMs) return own.charge(charges);
      const outcome = shared.charge(charges);
      if (!(outcome instanceof Promise)) return outcome;
      return outcome.catch((error: unknown) => {
        failed(error);
        return own.charge(charges);
      });
    },
    adjust: (adjustments) => {
      if (nowMs() < aloneUntilMs) return own.adjust(adjustments);
      const told = shared.adjust(adjustments);
      return told instanceof Promise ? told.catch(failed) : told;
    },
  };
};
