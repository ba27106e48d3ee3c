/** Days the health of a tenant is told from: four weeks, compared in halves. */
export const HEALTH_DAYS = 28;

/** What a tenant did in the last {@link HEALTH_DAYS} days. */
export interface HealthFacts {
  /** Executions of each day, oldest first, today last. */
  readonly daily: readonly number[];
  readonly executions: number;
  readonly failed: number;
  /** Different operations, keys and people. */
  readonly operations: number;
  readonly subjects: number;
  /** Limits that are passed. */
  readonly passedLimits: number;
}

/** Something that raises a tenant's churn score, in the score's own points. */
export interface ChurnReason {
  readonly reason: "SILENT" | "DECLINING" | "FAILING" | "NARROW" | "BLOCKED";
  readonly detail: string;
  readonly points: number;
}

/** How a tenant fares. */
export interface TenantHealth {
  readonly activeDays: number;
  readonly daysSinceLastUse: number;
  /** Executions of the later half over those of the earlier half; 1 when both are empty. */
  readonly trend: number;
  readonly failedShare: number;
  /** 0 to 100; see docs/tenancy.md for the formula. */
  readonly health: number;
  /** 0 to 1. */
  readonly churn: number;
  readonly churnReasons: readonly ChurnReason[];
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
const unit = (value: number): number => Math.min(1, Math.max(0, value));
const rounded = (value: number, digits: number): number => Math.round(value * 10 ** digits) / 10 ** digits;
const percent = (share: number): string => `${rounded(100 * share, 1)} %`;

/** Working days of four weeks: on so many, a tenant is fully active. */
const FULL_DAYS = 20;
/** Different operations of a tenant that uses what there is. */
const FULL_OPERATIONS = 10;
/** Share of failures at which nothing is left of the trust. */
const WORST_FAILED_SHARE = 0.1;
/** Days of silence after which a tenant is taken as gone. */
const SILENT_DAYS = 14;
/** Log-odds of churn of a tenant that lacks nothing. */
const BASE_LOG_ODDS = -4;

/**
 * Health: 35 % active days, 25 % trend, 25 % freedom from failures, 15 % breadth of use. Churn: a logistic score whose log-odds are the base and the points
 * of each reason. The weights are chosen, not learnt: there is no record of tenants that left to learn from.
 */
export const healthOf = (facts: HealthFacts): TenantHealth => {
  const { daily } = facts;
  const half = Math.floor(daily.length / 2);
  const [earlier, later] = [total(daily.slice(0, half)), total(daily.slice(half))];
  const trend = earlier === 0 ? (later === 0 ? 1 : 2) : later / earlier;
  const activeDays = daily.filter((count) => count > 0).length;
  const last = daily.findLastIndex((count) => count > 0);
  const daysSinceLastUse = last === -1 ? daily.length : daily.length - 1 - last;
  const failedShare = facts.executions === 0 ? 0 : facts.failed / facts.executions;
  const breadth = unit(facts.operations / FULL_OPERATIONS);
  const activity = unit(activeDays / FULL_DAYS);
  const health =
    35 * activity +
    25 * unit(trend) * Math.sign(activeDays) +
    25 * (1 - unit(failedShare / WORST_FAILED_SHARE)) +
    15 * breadth;
  const silence = unit(daysSinceLastUse / SILENT_DAYS);
  const reasons: readonly ChurnReason[] = [
    { reason: "SILENT", detail: `Not used for ${daysSinceLastUse} days.`, points: 4 * silence },
    { reason: "DECLINING", detail: `Used ${percent(trend)} as much as two weeks before.`, points: 3 * unit(1 - trend) },
    {
      reason: "FAILING",
      detail: `${percent(failedShare)} of its work failed.`,
      points: 2 * unit(failedShare / WORST_FAILED_SHARE),
    },
    { reason: "NARROW", detail: `Uses ${facts.operations} different operations.`, points: 1 - breadth },
    { reason: "BLOCKED", detail: `${facts.passedLimits} limits are passed.`, points: facts.passedLimits > 0 ? 1 : 0 },
  ];
  const logOdds = BASE_LOG_ODDS + total(reasons.map(({ points }) => points));
  return {
    ...{ activeDays, daysSinceLastUse, trend: rounded(trend, 4), failedShare: rounded(failedShare, 4) },
    health: rounded(health, 1),
    churn: rounded(1 / (1 + Math.exp(-logOdds)), 4),
    churnReasons: reasons
      .filter(({ points }) => points >= 0.1)
      .map((one) => ({ ...one, points: rounded(one.points, 2) }))
      .toSorted((a, b) => b.points - a.points),
  };
};
