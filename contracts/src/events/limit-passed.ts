import type { TenantId } from "../ids.ts";
import type { LimitMetric, LimitScope } from "../limits.ts";

/** Topic on which {@link LimitPassed} is told. */
export const LIMIT_PASSED = "tenant.limit-passed";

/** Told once per limit and period, when use first passes the soft or the hard limit. */
export interface LimitPassed {
  readonly tenantId: TenantId;
  readonly metric: LimitMetric;
  readonly scope: LimitScope;
  /** Id of the organisation, tenant, key or person whose limit it is. */
  readonly scopeId: string;
  readonly level: "SOFT" | "HARD";
  /** First day of the period, `2026-11-01`. */
  readonly period: string;
  readonly limit: number;
  readonly used: number;
  readonly passedAtMs: number;
  /** When work is refused, milliseconds since the epoch; null for a soft limit, which refuses nothing. */
  readonly blockedFromMs: number | null;
}
