import { LRUCache } from "lru-cache";
import type { Caller, Subject } from "@tessera/contracts/caller";
import type {
  EffectiveLimits,
  LimitLevel,
  LimitMetric,
  LimitScope,
  ReadEffectiveLimits,
} from "@tessera/contracts/limits";
import type { TenantId } from "@tessera/contracts/ids";
import { errorMessage } from "../errors/error-message.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { NowMs } from "../time/clock.ts";

/** Milliseconds an answer about limits is used at most, counted from the question: a changed limit holds everywhere within this. */
export const QUOTAS_USED_FOR_MS = 5_000;
/** Milliseconds after which an answer is asked for anew beside the requests that still use it, so that none of them waits. */
const RENEW_AFTER_MS = 2_500;
/** Milliseconds a request waits for an answer before it is held to what is known. */
const ANSWER_DEADLINE_MS = 500;
/** Milliseconds after a failed question in which nobody waits for another. */
const NOT_ASKED_FOR_MS = 1_000;
/** Milliseconds between two lines about the same trouble. */
const TELL_EVERY_MS = 10_000;
/** Subjects remembered, about 2 KB each. */
const MAX_SUBJECTS = 10_000;
/** Seconds of the limits that are named per minute. */
const MINUTE_SECONDS = 60;
/** Seconds of the limits that are named per day, which roll here. */
const DAY_SECONDS = 86_400;

/** What a quota counts. */
export type QuotaUnit = "requests" | "cost" | "rows";

/** A bound on what a scope may spend, as it is counted and as clients are told of it. */
export interface Quota {
  /** Name in the RateLimit headers and in refusals, such as `tenant-cost`. */
  readonly policy: string;
  /** Key of its budget. */
  readonly key: string;
  readonly unit: QuotaUnit;
  readonly limit: number;
  readonly windowSeconds: number;
}

/** What holds for a subject; null limits when nothing is known of it. */
export interface KnownLimits {
  readonly quotas: readonly Quota[];
  readonly limits: EffectiveLimits | null;
}

/** Tells what a caller is held to, at once where it is known. */
export interface Quotas {
  /** Waits half a second where nothing is known yet; `patienceMs` is for those who can't go on without. */
  of(caller: Pick<Caller, "tenantId" | "subject">, patienceMs?: number): KnownLimits | Promise<KnownLimits>;
}

const SCOPE_NAMES: Readonly<Record<LimitScope, string>> = {
  ORGANISATION: "organisation",
  TENANT: "tenant",
  API_KEY: "key",
  USER: "user",
};
const UNITS: Partial<Record<LimitMetric, QuotaUnit>> = {
  REQUESTS_PER_MINUTE: "requests",
  COST_POINTS_PER_MINUTE: "cost",
};

/**
 * The quota of rows at one level. The ledger decides when a bound with a grace holds: then nothing is left. One without a grace holds for any day that ends
 * now, before the ledger has seen what is being read.
 */
const rowsQuota = (owner: string, { scope, hard, standing, graceSeconds }: LimitLevel): readonly Quota[] => {
  if (hard === null || (graceSeconds > 0 && standing !== "BLOCKED")) return [];
  const limit = standing === "BLOCKED" ? 0 : hard;
  const policy = `${SCOPE_NAMES[scope]}-rows`;
  return [{ policy, key: `${scope}:${owner}:rows`, unit: "rows", limit, windowSeconds: DAY_SECONDS }];
};

/** The quotas in a subject's limits: one per level that has a bound, widest first; keys and people are counted within their tenant. */
export const quotasIn = (limits: EffectiveLimits): readonly Quota[] =>
  limits.limits.flatMap(({ metric, levels }) => {
    const unit = UNITS[metric];
    return levels.flatMap((level): readonly Quota[] => {
      const { scope, scopeId, hard } = level;
      const owner = scope === "API_KEY" || scope === "USER" ? `${limits.tenantId}:${scopeId}` : scopeId;
      if (metric === "ROWS_READ_PER_DAY") return rowsQuota(owner, level);
      if (unit === undefined || hard === null) return [];
      const policy = `${SCOPE_NAMES[scope]}-${unit}`;
      return [{ policy, key: `${scope}:${owner}:${unit}`, unit, limit: hard, windowSeconds: MINUTE_SECONDS }];
    });
  });

interface Entry {
  known: KnownLimits;
  askedAtMs: number;
  failedAtMs: number;
  running: Promise<void> | null;
}

const NOTHING_KNOWN: KnownLimits = { quotas: [], limits: null };

const within = async (patienceMs: number, answer: Promise<void>): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, patienceMs);
  });
  await Promise.race([answer, late]).finally(() => clearTimeout(timer));
};

/**
 * Builds {@link Quotas} over answers about limits. While they can't be read, the last answer goes on holding; of whom nothing was ever read, nothing is
 * told, and the process's own configured budget holds: a limiter that lost its source neither stops the platform nor leaves it unbounded.
 */
export const createQuotas = (deps: {
  /** Asked anew each time, without keeping answers of its own. */
  readonly read: ReadEffectiveLimits;
  readonly nowMs: NowMs;
  readonly logger: Logger;
}): Quotas => {
  const { nowMs, logger } = deps;
  const entries = new LRUCache<string, Entry>({ max: MAX_SUBJECTS });
  const entryOf = (key: string): Entry => {
    const found = entries.get(key);
    if (found !== undefined) return found;
    const made = { known: NOTHING_KNOWN, askedAtMs: -Infinity, failedAtMs: -Infinity, running: null };
    entries.set(key, made);
    return made;
  };
  let toldAtMs = -TELL_EVERY_MS;
  const tell = (error: unknown): void => {
    if (nowMs() - toldAtMs < TELL_EVERY_MS) return;
    toldAtMs = nowMs();
    logger.warn(
      { error: errorMessage(error) },
      "Limits can't be read: what was last known holds, else the configured budget.",
    );
  };
  const ask = async (entry: Entry, tenantId: TenantId, subject: Subject): Promise<void> => {
    const askedAtMs = nowMs();
    try {
      const limits = await deps.read(tenantId, subject);
      entry.known = limits === null ? NOTHING_KNOWN : { limits, quotas: quotasIn(limits) };
      entry.askedAtMs = askedAtMs;
    } catch (error) {
      entry.failedAtMs = nowMs();
      tell(error);
    } finally {
      entry.running = null;
    }
  };
  return {
    of: ({ tenantId, subject }, patienceMs = ANSWER_DEADLINE_MS) => {
      const entry = entryOf(`${tenantId}:${subject.kind}:${subject.id}`);
      const age = nowMs() - entry.askedAtMs;
      if (age < RENEW_AFTER_MS) return entry.known;
      const isLeftAlone = nowMs() - entry.failedAtMs < NOT_ASKED_FOR_MS;
      if (!isLeftAlone) entry.running ??= ask(entry, tenantId, subject);
      if (age < QUOTAS_USED_FOR_MS || isLeftAlone || entry.running === null) return entry.known;
      const waitMs = entry.known.limits === null ? patienceMs : ANSWER_DEADLINE_MS;
      return within(waitMs, entry.running).then(() => entry.known);
    },
  };
};
