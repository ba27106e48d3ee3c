import {
  LIMIT_METRICS,
  type EffectiveLimit,
  type LimitLevel,
  type LimitMetric,
  type LimitScope,
  type LimitStanding,
} from "@tessera/contracts/limits";
import { refuse } from "@tessera/platform/errors/refusal";
import { type Tier } from "@tessera/contracts/features";
import { TIER_LIMITS, type TierLimit } from "./tier.ts";

/** Metrics that the ledger meters; only they can be soft or have a grace. */
const METERED: ReadonlySet<LimitMetric> = new Set(["EVENTS_PER_MONTH", "ROWS_READ_PER_DAY", "STORAGE_BYTES"]);
/** Metrics that mean nothing for less than a tenant. */
const TENANT_ONLY: ReadonlySet<LimitMetric> = new Set(["STORAGE_BYTES", "QUERY_MEMORY_BYTES", "WORKER_WEIGHT"]);
/** Limits one call may set. */
export const MAX_LIMITS_SET = 100;
/** Limits of keys and people a tenant may have. */
export const MAX_LIMITS_KEPT = 2_000;
/** Seconds of the longest grace: a month. */
export const MAX_GRACE_SECONDS = 2_678_400;
/** Largest bound of a few metrics, whose effect is bounded by the machines; others are bounded by what a number holds. */
const LARGEST: Partial<Record<LimitMetric, number>> = { WORKER_WEIGHT: 100, CONCURRENT_QUERIES: 10_000, JOBS: 10_000 };

/** A limit as it was set for a scope. */
export interface SetLimit {
  readonly scope: LimitScope;
  /** Empty for the tenant itself; else the id of the organisation, key or person. */
  readonly scopeId: string;
  readonly metric: LimitMetric;
  readonly soft: number | null;
  readonly hard: number | null;
  readonly graceSeconds: number;
}

/** When a limit was first passed in a period. */
export interface Breach {
  readonly scope: LimitScope;
  readonly scopeId: string;
  readonly metric: LimitMetric;
  readonly level: "SOFT" | "HARD";
  readonly period: string;
  readonly breachedAtMs: number;
}

/** What one scope used in the present periods of the metered limits. */
export type MeteredUse = Readonly<Record<"EVENTS_PER_MONTH" | "ROWS_READ_PER_DAY" | "STORAGE_BYTES", number>>;

/** Everything that decides the limits of a subject. */
export interface LimitFacts {
  readonly tenantId: string;
  readonly organisationId: string | null;
  readonly tier: Tier;
  readonly limits: readonly SetLimit[];
  readonly breaches: readonly Breach[];
  /** Use by scope, `TENANT:`, `API_KEY:<id>`. */
  readonly used: ReadonlyMap<string, MeteredUse>;
}

/** Names a scope in {@link LimitFacts}. */
export const scopeKey = (scope: LimitScope, scopeId: string): string => `${scope}:${scope === "TENANT" ? "" : scopeId}`;

/** Whether a metric is metered from the ledger. */
export const isMetered = (metric: LimitMetric): metric is keyof MeteredUse => METERED.has(metric);

/**
 * First day of the period a metered limit counts in (UTC): the day for what is per day, else of the month. What is stored does not start anew, so that
 * storage that stays above its limit is told, and has its grace, once a month.
 */
export const periodOf = (metric: keyof MeteredUse, nowMs: number): string => {
  const day = new Date(nowMs).toISOString().slice(0, 10);
  return metric === "ROWS_READ_PER_DAY" ? day : `${day.slice(0, 7)}-01`;
};

const ORDER: readonly LimitStanding[] = ["WITHIN", "WARNED", "GRACE", "BLOCKED"];
const worst = (standings: readonly LimitStanding[]): LimitStanding =>
  standings.reduce((a, b) => (ORDER.indexOf(b) > ORDER.indexOf(a) ? b : a), "WITHIN");

/** Where use stands to a bound: at the bound is within it, beyond it is not. A hard limit blocks when its grace is over. */
export const standingOf = (
  bound: Pick<TierLimit, "soft" | "hard" | "graceSeconds">,
  used: number,
  hardBreachedAtMs: number | null,
  nowMs: number,
): { readonly standing: LimitStanding; readonly graceUntilMs: number | null } => {
  if (bound.hard !== null && used > bound.hard) {
    const graceUntilMs = (hardBreachedAtMs ?? nowMs) + bound.graceSeconds * 1_000;
    return nowMs < graceUntilMs ? { standing: "GRACE", graceUntilMs } : { standing: "BLOCKED", graceUntilMs: null };
  }
  return { standing: bound.soft !== null && used > bound.soft ? "WARNED" : "WITHIN", graceUntilMs: null };
};

const levelOf = (
  facts: LimitFacts,
  metric: LimitMetric,
  scope: LimitScope,
  scopeId: string,
  bound: TierLimit & { readonly fromTier: boolean },
  nowMs: number,
): LimitLevel => {
  const shownId = scope === "TENANT" ? facts.tenantId : scopeId;
  const base = { scope, scopeId: shownId, ...bound };
  if (!isMetered(metric)) return { ...base, used: null, standing: "WITHIN", graceUntilMs: null };
  const used = facts.used.get(scopeKey(scope, scopeId))?.[metric] ?? 0;
  const period = periodOf(metric, nowMs);
  const breach = facts.breaches.find(
    (one) =>
      one.level === "HARD" &&
      one.metric === metric &&
      one.period === period &&
      scopeKey(one.scope, one.scopeId) === scopeKey(scope, scopeId),
  );
  return { ...base, used, ...standingOf(bound, used, breach?.breachedAtMs ?? null, nowMs) };
};

/** The scopes that hold a subject, widest first. */
const scopesOf = (facts: LimitFacts, subject: { readonly kind: string; readonly id: string } | null) => [
  ...(facts.organisationId === null ? [] : [{ scope: "ORGANISATION", scopeId: facts.organisationId } as const]),
  { scope: "TENANT", scopeId: "" } as const,
  ...(subject?.kind === "API_KEY" ? [{ scope: "API_KEY", scopeId: subject.id } as const] : []),
  ...(subject?.kind === "USER" ? [{ scope: "USER", scopeId: subject.id } as const] : []),
];

/**
 * Every limit as it holds for a subject (null: for the tenant as a whole). The tenant's own level is what was set for it, else its tier's; the levels
 * above and below are there where they were set. The smallest hard bound is the one that holds.
 */
export const effectiveLimits = (
  facts: LimitFacts,
  subject: { readonly kind: string; readonly id: string } | null,
  nowMs: number,
): readonly EffectiveLimit[] =>
  LIMIT_METRICS.map((metric) => {
    const levels = scopesOf(facts, subject).flatMap(({ scope, scopeId }) => {
      const set = facts.limits.find(
        (one) => one.metric === metric && scopeKey(one.scope, one.scopeId) === scopeKey(scope, scopeId),
      );
      if (set === undefined && scope !== "TENANT") return [];
      const bound =
        set === undefined ? { ...TIER_LIMITS[facts.tier][metric], fromTier: true } : { ...set, fromTier: false };
      const { soft, hard, graceSeconds, fromTier } = bound;
      return [levelOf(facts, metric, scope, scopeId, { soft, hard, graceSeconds, fromTier }, nowMs)];
    });
    const bounds = levels.flatMap(({ hard }) => (hard === null ? [] : [hard]));
    return {
      metric,
      hard: bounds.length === 0 ? null : Math.min(...bounds),
      standing: worst(levels.map(({ standing }) => standing)),
      levels,
    };
  });

/** A limit that use has newly passed. */
export interface NewBreach extends Breach {
  readonly limit: number;
  readonly used: number;
  /** When work is refused; null for a soft limit. */
  readonly blockedFromMs: number | null;
}

/** Limits that use has passed in the present period and that were not noted yet. */
export const newBreaches = (facts: LimitFacts, nowMs: number): readonly NewBreach[] => {
  const scopes = new Map<string, { readonly scope: LimitScope; readonly scopeId: string }>();
  for (const { scope, scopeId } of [...scopesOf(facts, null), ...facts.limits])
    scopes.set(scopeKey(scope, scopeId), { scope, scopeId: scope === "TENANT" ? "" : scopeId });
  const noted = new Set(
    facts.breaches.map((one) => `${scopeKey(one.scope, one.scopeId)}:${one.metric}:${one.level}:${one.period}`),
  );
  return [...scopes.values()].flatMap(({ scope, scopeId }) =>
    LIMIT_METRICS.filter(isMetered).flatMap((metric) => {
      const key = scopeKey(scope, scopeId);
      const set = facts.limits.find((one) => one.metric === metric && scopeKey(one.scope, one.scopeId) === key);
      const bound = set ?? (scope === "TENANT" ? TIER_LIMITS[facts.tier][metric] : null);
      const used = facts.used.get(key)?.[metric] ?? 0;
      const period = periodOf(metric, nowMs);
      const passed = (level: "SOFT" | "HARD", limit: number | null, blockedFromMs: number | null): NewBreach[] =>
        limit === null || used <= limit || noted.has(`${key}:${metric}:${level}:${period}`)
          ? []
          : [{ scope, scopeId, metric, level, period, breachedAtMs: nowMs, limit, used, blockedFromMs }];
      if (bound === null) return [];
      return [...passed("SOFT", bound.soft, null), ...passed("HARD", bound.hard, nowMs + bound.graceSeconds * 1_000)];
    }),
  );
};

const check = (holds: boolean, detail: string, field: string): void => {
  if (!holds) throw refuse("BAD_INPUT", detail, { field });
};

/** Refuses with BAD_INPUT a limit that means nothing: out of bounds, softer than hard, soft where nothing meters it, of a scope too narrow. */
export const checkedLimit = (limit: SetLimit, field: string): SetLimit => {
  const { metric, scope, soft, hard, graceSeconds } = limit;
  const largest = LARGEST[metric] ?? Number.MAX_SAFE_INTEGER;
  for (const [name, bound] of Object.entries({ soft, hard }))
    check(
      bound === null || (Number.isSafeInteger(bound) && bound >= 0 && bound <= largest),
      `\`${name}\` must be a whole number from 0 to ${largest}.`,
      `${field}.${name}`,
    );
  check(soft === null || hard === null || soft <= hard, "`soft` must not be above `hard`.", `${field}.soft`);
  check(isMetered(metric) || soft === null, `${metric} is not metered and has no soft limit.`, `${field}.soft`);
  check(
    graceSeconds >= 0 && graceSeconds <= MAX_GRACE_SECONDS,
    `A grace is 0 to ${MAX_GRACE_SECONDS} seconds.`,
    `${field}.graceSeconds`,
  );
  check(isMetered(metric) || graceSeconds === 0, `${metric} is not metered and has no grace.`, `${field}.graceSeconds`);
  const narrow = scope === "API_KEY" || scope === "USER";
  check(!narrow || !TENANT_ONLY.has(metric), `${metric} can't be limited for a key or a person.`, `${field}.metric`);
  check(
    (scope === "TENANT") === (limit.scopeId === ""),
    "A key, a person or an organisation is named by its id.",
    `${field}.scopeId`,
  );
  check(limit.scopeId.length <= 200, "An id has at most 200 characters.", `${field}.scopeId`);
  return limit;
};
