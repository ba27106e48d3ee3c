import type { SubgraphConnection } from "@tessera/gateway/connections/connection";
import type { GatewayCall } from "@tessera/gateway/graphql-request";
import type { BudgetStore } from "@tessera/platform/limits/budget";
import { createGuardedBudgetStore } from "@tessera/platform/limits/guarded-budget-store";
import { createLeasedBudgetStore } from "@tessera/platform/limits/leased-budget-store";
import { createMemoryBudgetStore } from "@tessera/platform/limits/memory-budget-store";
import { createOneTimeMarks, type UseMark } from "@tessera/platform/limits/one-time-marks";
import { createQuotas, type Quotas } from "@tessera/platform/limits/quotas";
import { createRedisBudgetStore } from "@tessera/platform/limits/redis-budget-store";
import type { Logger } from "@tessera/platform/telemetry/logger";
import { systemNowMs } from "@tessera/platform/time/clock";
import { createAskLimits, type AskLimits } from "./ask-limits.ts";
import type { Part } from "./lifecycle.ts";

/** How a process holds callers to limits. */
export interface Limiting {
  readonly budgets: BudgetStore;
  readonly quotas: Quotas;
  /** Marks that serve once for every process of the installation. */
  readonly useMark: UseMark;
  /** Gives back, when the process stops, what it holds of shared budgets. */
  readonly part: Part;
}

/** Where a process counts: alone, as the only one of its installation; in Redis; or by leases of the tenant room's budgets. */
export type Counting = "alone" | { readonly redisUrl: string | undefined };

/** Marks in the tenant room's PostgreSQL, where a mark is a lease of the one unit its budget has. */
const marksOf = (ask: AskLimits): UseMark =>
  createOneTimeMarks({
    charge: (charges) => ask.lease(charges.map((charge) => ({ ...charge, wanted: charge.amount }))),
    adjust: ask.adjust,
  });

const sharedStore = (ask: AskLimits, redisUrl: string | undefined, logger: Logger) => {
  if (redisUrl !== undefined) {
    const store = createRedisBudgetStore({ url: redisUrl, logger });
    return { store, useMark: createOneTimeMarks({ charge: store.charge }), stop: store.close };
  }
  const store = createLeasedBudgetStore({ source: ask, nowMs: systemNowMs, logger });
  return { store, useMark: marksOf(ask), stop: store.stop };
};

/** What callers and tenants are held to, as a process of this role asks the tenant room. */
export const quotasOf = (tenant: SubgraphConnection<GatewayCall>, role: string, logger: Logger): Quotas =>
  createQuotas({ read: createAskLimits(tenant, role).read, nowMs: systemNowMs, logger });

/** Opens {@link Limiting} for a process of this role, which asks the tenant room what callers are held to. */
export const openLimiting = (
  tenant: SubgraphConnection<GatewayCall> | undefined,
  deps: { readonly role: string; readonly counting: Counting; readonly logger: Logger },
): Limiting => {
  const { role, counting, logger } = deps;
  if (tenant === undefined) throw new Error("supergraph.yaml names no tenant subgraph.");
  const ask = createAskLimits(tenant, role);
  const nowMs = systemNowMs;
  const quotas = quotasOf(tenant, role, logger);
  const part = (stop: () => Promise<void>): Part => ({ name: "limits", start: async () => undefined, stop });
  if (counting === "alone")
    return {
      ...{ quotas, useMark: marksOf(ask), budgets: createMemoryBudgetStore(nowMs) },
      part: part(async () => undefined),
    };
  const { store, useMark, stop } = sharedStore(ask, counting.redisUrl, logger);
  return { quotas, useMark, budgets: createGuardedBudgetStore({ shared: store, nowMs, logger }), part: part(stop) };
};
