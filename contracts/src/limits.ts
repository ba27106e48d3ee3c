import type { ActiveThrottle } from "./abuse.ts";
import type { Subject } from "./caller.ts";
import type { TenantId } from "./ids.ts";

/**
 * What can be limited. The first three are metered from the usage ledger and can be soft or hard; the others are held by whoever does the work at
 * the moment it is asked for, and are hard.
 */
export const LIMIT_METRICS = [
  "EVENTS_PER_MONTH",
  "ROWS_READ_PER_DAY",
  "STORAGE_BYTES",
  "REQUESTS_PER_MINUTE",
  "COST_POINTS_PER_MINUTE",
  "CONCURRENT_QUERIES",
  "QUERY_MEMORY_BYTES",
  "SUBSCRIPTIONS",
  "JOBS",
  "WORKER_WEIGHT",
] as const;

/** One of {@link LIMIT_METRICS}. */
export type LimitMetric = (typeof LIMIT_METRICS)[number];

/** Whose use a limit counts: all tenants of an organisation together, the tenant, one API key, one person. Widest first. */
export type LimitScope = "ORGANISATION" | "TENANT" | "API_KEY" | "USER";

/** Where a limit stands: within, past the soft limit, past the hard limit within its grace, past the hard limit and its grace. */
export type LimitStanding = "WITHIN" | "WARNED" | "GRACE" | "BLOCKED";

/** One level of a limit: a scope's own bound. Null: none of that kind. */
export interface LimitLevel {
  readonly scope: LimitScope;
  /** Id of the organisation, tenant, key or person. */
  readonly scopeId: string;
  readonly soft: number | null;
  readonly hard: number | null;
  readonly graceSeconds: number;
  /** True when it comes from the tenant's tier and was not set for this scope. */
  readonly fromTier: boolean;
  /** What the scope has used in the present period; null for what is not metered from the ledger. */
  readonly used: number | null;
  readonly standing: LimitStanding;
  /** When the grace of a passed hard limit ends, milliseconds since the epoch; null when none is running. */
  readonly graceUntilMs: number | null;
}

/** A limit as it holds for one subject: every level that applies, widest first, and the smallest hard bound of them. */
export interface EffectiveLimit {
  readonly metric: LimitMetric;
  /** Null: unlimited. */
  readonly hard: number | null;
  /** The worst standing of its levels. */
  readonly standing: LimitStanding;
  readonly levels: readonly LimitLevel[];
}

/** What holds for one subject of a tenant: its tier, the features the tier includes, and every limit. */
export interface EffectiveLimits {
  readonly tenantId: TenantId;
  readonly tier: string;
  /** Names of the features the tier includes, sorted. */
  readonly features: readonly string[];
  /** One per metric, in the order of {@link LIMIT_METRICS}. */
  readonly limits: readonly EffectiveLimit[];
  /** What the subject is held back by for abuse; absent or null: nothing. */
  readonly throttle?: ActiveThrottle | null;
}

/** Tells what holds for a subject; null when there is no such tenant. Answers are at most five seconds old. */
export type ReadEffectiveLimits = (tenantId: TenantId, subject: Subject) => Promise<EffectiveLimits | null>;
