import type { Tier } from "@tessera/contracts/features";
import type { LimitMetric } from "@tessera/contracts/limits";

/** A bound of a tier; null: none of that kind. */
export interface TierLimit {
  readonly soft: number | null;
  readonly hard: number | null;
  readonly graceSeconds: number;
}

const GIB = 1024 ** 3;
const DAY_SECONDS = 86_400;

const hard = (bound: number | null): TierLimit => ({ soft: null, hard: bound, graceSeconds: 0 });
/** Warns at four fifths; past the bound, work goes on for a grace. */
const metered = (bound: number | null, graceDays: number): TierLimit => ({
  soft: bound === null ? null : Math.floor(bound * 0.8),
  hard: bound,
  graceSeconds: Math.round(graceDays * DAY_SECONDS),
});

/** Limits of each tier, where nothing else was agreed. */
export const TIER_LIMITS: Readonly<Record<Tier, Readonly<Record<LimitMetric, TierLimit>>>> = {
  FREE: {
    EVENTS_PER_MONTH: metered(1_000_000, 0),
    ROWS_READ_PER_DAY: metered(500_000_000, 0),
    STORAGE_BYTES: metered(5 * GIB, 3),
    REQUESTS_PER_MINUTE: hard(300),
    COST_POINTS_PER_MINUTE: hard(10_000),
    CONCURRENT_QUERIES: hard(2),
    QUERY_MEMORY_BYTES: hard(GIB / 2),
    SUBSCRIPTIONS: hard(20),
    JOBS: hard(1),
    WORKER_WEIGHT: hard(1),
  },
  TEAM: {
    EVENTS_PER_MONTH: metered(50_000_000, 3),
    ROWS_READ_PER_DAY: metered(20_000_000_000, 1 / 12),
    STORAGE_BYTES: metered(250 * GIB, 7),
    REQUESTS_PER_MINUTE: hard(3_000),
    COST_POINTS_PER_MINUTE: hard(100_000),
    CONCURRENT_QUERIES: hard(8),
    QUERY_MEMORY_BYTES: hard(GIB),
    SUBSCRIPTIONS: hard(200),
    JOBS: hard(4),
    WORKER_WEIGHT: hard(1),
  },
  BUSINESS: {
    EVENTS_PER_MONTH: metered(1_000_000_000, 7),
    ROWS_READ_PER_DAY: metered(400_000_000_000, 1 / 6),
    STORAGE_BYTES: metered(5_000 * GIB, 14),
    REQUESTS_PER_MINUTE: hard(20_000),
    COST_POINTS_PER_MINUTE: hard(1_000_000),
    CONCURRENT_QUERIES: hard(24),
    QUERY_MEMORY_BYTES: hard(GIB),
    SUBSCRIPTIONS: hard(2_000),
    JOBS: hard(16),
    WORKER_WEIGHT: hard(2),
  },
  ENTERPRISE: {
    EVENTS_PER_MONTH: metered(null, 7),
    ROWS_READ_PER_DAY: metered(null, 1 / 6),
    STORAGE_BYTES: metered(null, 14),
    REQUESTS_PER_MINUTE: hard(null),
    COST_POINTS_PER_MINUTE: hard(null),
    CONCURRENT_QUERIES: hard(64),
    QUERY_MEMORY_BYTES: hard(GIB),
    SUBSCRIPTIONS: hard(20_000),
    JOBS: hard(64),
    WORKER_WEIGHT: hard(4),
  },
};
