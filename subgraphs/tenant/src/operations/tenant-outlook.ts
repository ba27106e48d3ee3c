import type { Caller } from "@tessera/contracts/caller";
import type { LimitMetric } from "@tessera/contracts/limits";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import { forecastLimit, HISTORY_DAYS, type LimitForecast, type LimitKind } from "../domain/forecast.ts";
import { HEALTH_DAYS, healthOf, type TenantHealth } from "../domain/health.ts";
import { isMetered, type MeteredUse } from "../domain/limits.ts";
import type { ActivityStore } from "../store/activity-store.ts";
import type { createReadLimits } from "./read-limits.ts";
import type { TargetTenant } from "./target-tenant.ts";

const DAY_MS = 86_400_000;

interface OutlookDeps {
  readonly activity: ActivityStore;
  readonly readLimits: ReturnType<typeof createReadLimits>;
  readonly targetTenant: TargetTenant;
  readonly nowMs: NowMs;
}

/** When a hard limit of the tenant will be passed. */
export interface ForecastOfLimit {
  readonly metric: LimitMetric;
  readonly limit: number;
  readonly used: number;
  /** Null with less than three days of history. */
  readonly forecast: LimitForecast | null;
}

const KINDS: Readonly<Record<keyof MeteredUse, LimitKind>> = {
  EVENTS_PER_MONTH: "MONTHLY",
  ROWS_READ_PER_DAY: "DAILY",
  STORAGE_BYTES: "LEVEL",
};

const limitsOf = async (deps: OutlookDeps, caller: Caller, asked: string | null | undefined) => {
  const tenantId = await deps.targetTenant(caller, asked);
  const limits = await deps.readLimits(tenantId, null);
  if (limits === null) throw refuse("NOT_FOUND", "There is no such tenant.");
  return limits;
};

/** Builds `limitForecast`: for each metered limit that has a hard bound, when use will pass it. */
export const createForecastLimits =
  (deps: OutlookDeps) =>
  async (caller: Caller, asked: string | null | undefined): Promise<readonly ForecastOfLimit[]> => {
    const { tenantId, limits } = await limitsOf(deps, caller, asked);
    const todayMs = Math.floor(deps.nowMs() / DAY_MS) * DAY_MS;
    const told: ForecastOfLimit[] = [];
    for (const { metric, levels } of limits) {
      const level = levels.find(({ scope }) => scope === "TENANT");
      if (!isMetered(metric) || level === undefined || level.hard === null) continue;
      const series = await deps.activity.daily(tenantId, metric, todayMs, HISTORY_DAYS);
      const [limit, used] = [level.hard, level.used ?? 0];
      told.push({
        metric,
        limit,
        used,
        forecast: forecastLimit({ kind: KINDS[metric], limit, used, todayMs, ...series }),
      });
    }
    return told;
  };

/** Builds `tenantHealth`: activity, health, and the churn score with its reasons. */
export const createTenantHealth =
  (deps: OutlookDeps) =>
  async (caller: Caller, asked: string | null | undefined): Promise<TenantHealth> => {
    const { tenantId, limits } = await limitsOf(deps, caller, asked);
    const todayMs = Math.floor(deps.nowMs() / DAY_MS) * DAY_MS;
    const activity = await deps.activity.summary(tenantId, todayMs, HEALTH_DAYS);
    const passedLimits = limits.filter(({ standing }) => standing === "GRACE" || standing === "BLOCKED").length;
    return healthOf({ ...activity, passedLimits });
  };
