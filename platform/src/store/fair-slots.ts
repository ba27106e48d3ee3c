import type { TenantId } from "@tessera/contracts/ids";
import { refuse, type Refusal } from "../errors/refusal.ts";

/** Milliseconds a query waits for a slot: with its own time it stays below what a request may take. */
export const MAX_SLOT_WAIT_MS = 5_000;
/** Queries of one tenant that wait at one time: two dashboards of 30 tiles opened at once. */
export const MAX_WAITING_PER_TENANT = 64;
/** Name of the quota in refusals. */
const POLICY = "tenant-concurrency";
const RETRY_AFTER_SECONDS = 1;

/** What one tenant may take. */
export interface SlotBounds {
  /** Queries at one time. */
  readonly slots: number;
  /** Waiting queries it is given in each round, beside the others': at least 1. */
  readonly weight: number;
}

/** Shares slots out between tenants. */
export interface FairSlots {
  /** Resolves with what gives the slot back; refuses with OVERLOADED what waited too long or finds too many waiting, and with QUERY_CANCELLED who left. */
  take(tenantId: TenantId, bounds: SlotBounds, signal?: AbortSignal): Promise<() => void>;
  readonly running: number;
  readonly waiting: number;
}

interface Waiter {
  readonly admit: () => void;
  readonly reject: (refusal: Refusal) => void;
}

interface Tenant {
  running: number;
  bounds: SlotBounds;
  /** Waiting queries it may still be given in this round. */
  turns: number;
  readonly waiting: Set<Waiter>;
}

const overloaded = ({ bounds, waiting }: Tenant, what: string): Refusal =>
  refuse("OVERLOADED", `${what}: the tenant runs ${bounds.slots} queries at a time, and ${waiting.size} wait.`, {
    quota: POLICY,
    limit: bounds.slots,
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });

/** Waits in a tenant's line until admitted, too late, or gone. */
const waitIn = (tenant: Tenant, maxWaitMs: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    const leave = (): void => {
      tenant.waiting.delete(waiter);
      clearTimeout(timer);
      signal?.removeEventListener("abort", gone);
    };
    const waiter: Waiter = {
      admit: () => {
        leave();
        resolve();
      },
      reject: (refusal) => {
        leave();
        reject(refusal);
      },
    };
    const gone = (): void => waiter.reject(refuse("QUERY_CANCELLED", "The caller left."));
    const timer = setTimeout(() => waiter.reject(overloaded(tenant, "No slot came free in time")), maxWaitMs);
    timer.unref();
    tenant.waiting.add(waiter);
    signal?.addEventListener("abort", gone, { once: true });
  });

interface Lines {
  readonly total: number;
  /** In the order of their turns: who was served last comes last. */
  readonly tenants: Map<TenantId, Tenant>;
  running: number;
}

const hasRoom = (lines: Lines, tenant: Tenant): boolean =>
  lines.running < lines.total && tenant.running < tenant.bounds.slots;

/** Takes a slot; who has used up its turns goes behind the others. */
const begin = (lines: Lines, id: TenantId, tenant: Tenant): void => {
  if (tenant.turns <= 0) tenant.turns = Math.max(1, tenant.bounds.weight);
  tenant.turns -= 1;
  tenant.running += 1;
  lines.running += 1;
  if (tenant.turns > 0) return;
  lines.tenants.delete(id);
  lines.tenants.set(id, tenant);
};

/** Gives free slots to who waits, in turns. */
const serve = (lines: Lines): void => {
  while (lines.running < lines.total) {
    const next = [...lines.tenants].find(([, tenant]) => tenant.waiting.size > 0 && hasRoom(lines, tenant));
    if (next === undefined) return;
    const [id, tenant] = next;
    const [waiter] = tenant.waiting;
    begin(lines, id, tenant);
    waiter?.admit();
  }
};

/** A tenant that neither runs nor waits is not kept. */
const forget = ({ tenants }: Lines, id: TenantId, tenant: Tenant): void => {
  if (tenant.running === 0 && tenant.waiting.size === 0 && tenants.get(id) === tenant) tenants.delete(id);
};

const releaseOnce = (lines: Lines, id: TenantId, tenant: Tenant): (() => void) => {
  let held = true;
  return () => {
    if (!held) return;
    held = false;
    tenant.running -= 1;
    lines.running -= 1;
    forget(lines, id, tenant);
    serve(lines);
  };
};

/**
 * Builds {@link FairSlots} over `total` slots. A tenant never holds more than its own number of them, and while several wait, free slots go round between
 * tenants, as many to each as its weight, whoever has the longest line: so a tenant that asks ten times as much makes its own line longer, not the others'.
 */
export const createFairSlots = (options: {
  readonly total: number;
  readonly maxWaitMs?: number;
  readonly maxWaitingPerTenant?: number;
}): FairSlots => {
  const { total, maxWaitMs = MAX_SLOT_WAIT_MS, maxWaitingPerTenant = MAX_WAITING_PER_TENANT } = options;
  const lines: Lines = { total, tenants: new Map(), running: 0 };
  const tenantOf = (id: TenantId, bounds: SlotBounds): Tenant => {
    const tenant = lines.tenants.get(id) ?? { running: 0, bounds, turns: 0, waiting: new Set<Waiter>() };
    tenant.bounds = bounds;
    lines.tenants.set(id, tenant);
    return tenant;
  };
  return {
    take: async (id, bounds, signal) => {
      if (signal?.aborted === true) throw refuse("QUERY_CANCELLED", "The caller left.");
      const tenant = tenantOf(id, bounds);
      if (tenant.waiting.size === 0 && hasRoom(lines, tenant)) begin(lines, id, tenant);
      else if (tenant.waiting.size >= maxWaitingPerTenant) throw overloaded(tenant, "Too many queries wait");
      else await waitIn(tenant, maxWaitMs, signal).finally(() => forget(lines, id, tenant));
      return releaseOnce(lines, id, tenant);
    },
    get running() {
      return lines.running;
    },
    get waiting() {
      return [...lines.tenants.values()].reduce((sum, { waiting }) => sum + waiting.size, 0);
    },
  };
};
