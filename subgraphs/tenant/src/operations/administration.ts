import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import type { ActivityStore } from "../store/activity-store.ts";
import type { BillingStore } from "../store/billing-store.ts";
import type { LedgerStore } from "../store/ledger-store.ts";
import type { LifecycleStore } from "../store/lifecycle-store.ts";
import type { LimitStore } from "../store/limit-store.ts";
import type { ScaleStore } from "../store/scale-store.ts";
import type { SecurityStore } from "../store/security-store.ts";
import type { TenantHistory } from "../store/tenant-history.ts";
import type { TenantStore } from "../store/tenant-store.ts";
import {
  createChargeback,
  createGrantCredit,
  createSetBillingPlan,
  createSetTeam,
  createSimulateInvoice,
} from "./billing.ts";
import { createReadLedgerHours, createReadUsage } from "./read-usage.ts";
import { createReadLimits } from "./read-limits.ts";
import { createDecideScaleRequest, createListScaleRequests, createScaleTenant } from "./scale-tenant.ts";
import { createSetLimits } from "./set-limits.ts";
import { createTargetTenant } from "./target-tenant.ts";
import {
  createCreateTenant,
  createReadSettings,
  createSetSettings,
  createSetTenantTier,
  createTenantStep,
} from "./tenant-lifecycle.ts";
import { createForecastLimits, createTenantHealth } from "./tenant-outlook.ts";

/** Changes one answer shows at most. */
const MAX_HISTORY = 1_000;

/** Stores the administration of tenants works on. */
export interface AdministrationStores {
  readonly tenants: TenantStore;
  readonly ledger: LedgerStore;
  readonly limits: LimitStore;
  readonly lifecycle: LifecycleStore;
  readonly history: TenantHistory;
  readonly activity: ActivityStore;
  readonly scales: ScaleStore;
  readonly billing: BillingStore;
  readonly security: SecurityStore;
}

/** Builds everything that administers tenants. */
export const createAdministration = (
  stores: AdministrationStores,
  given: { readonly newId: () => string; readonly nowMs: NowMs },
) => {
  const targetTenant = createTargetTenant(stores);
  const readLimits = createReadLimits({ ...stores, nowMs: given.nowMs });
  const deps = { ...stores, ...given, targetTenant, readLimits };
  return {
    usage: createReadUsage(deps),
    ledgerHours: createReadLedgerHours(deps),
    effectiveLimits: readLimits,
    limits: async (caller: Caller, asked: string | null | undefined) => {
      const limits = await readLimits(await targetTenant(caller, asked), null);
      if (limits === null) throw refuse("NOT_FOUND", "There is no such tenant.");
      return limits;
    },
    setLimits: createSetLimits(deps),
    limitForecast: createForecastLimits(deps),
    settings: createReadSettings(deps),
    setSettings: createSetSettings(deps),
    history: async (
      caller: Caller,
      asked: { readonly first: number; readonly tenantId?: string | null | undefined },
    ) => {
      if (asked.first < 1 || asked.first > MAX_HISTORY)
        throw refuse("BAD_INPUT", `\`first\` must be between 1 and ${MAX_HISTORY}.`, { field: "first" });
      return stores.history.list(await targetTenant(caller, asked.tenantId), asked.first);
    },
    scaleRequests: createListScaleRequests(deps),
    scaleTenant: createScaleTenant(deps),
    decideScaleRequest: createDecideScaleRequest(deps),
    createTenant: createCreateTenant(deps),
    suspendTenant: createTenantStep(deps, "SUSPEND"),
    resumeTenant: createTenantStep(deps, "RESUME"),
    deleteTenant: createTenantStep(deps, "DELETE"),
    setTenantTier: createSetTenantTier(deps),
    simulateInvoice: createSimulateInvoice(deps),
    chargeback: createChargeback(deps),
    setBillingPlan: createSetBillingPlan(deps),
    grantCredit: createGrantCredit(deps),
    setTeam: createSetTeam(deps),
    tenantHealth: createTenantHealth(deps),
  };
};

/** Everything that administers tenants. */
export type Administration = ReturnType<typeof createAdministration>;
