import type { TenantId } from "@tessera/contracts/ids";
import { LRUCache } from "lru-cache";
import type { NowMs } from "../time/clock.ts";

/** Bytes an entry counts for beside its value: its key, and what keeps it in order. */
const ENTRY_BYTES = 256;
/** Milliseconds between looks for what is too old to be of use to anybody. */
const SWEEP_MS = 60_000;

/** Bounds of a {@link FairCache}. */
export interface FairCacheBounds {
  /** Bytes of all tenants. */
  readonly totalBytes: number;
  /** Bytes of one tenant, whether or not others need the room. */
  readonly tenantBytes: number;
  /** Bytes of one value; a larger one is not kept. */
  readonly valueBytes: number;
  /** Milliseconds after which a value is of no use to anybody. */
  readonly maxAgeMs: number;
}

/** A value with when it was made, milliseconds since the epoch. */
export interface KeptValue<Value> {
  readonly value: Value;
  readonly madeAtMs: number;
}

/** Values of tenants in memory: a tenant sees its own alone, and never loses one because another keeps more. */
export interface FairCache<Value> {
  /** The value of a key; null when none is kept. */
  get(tenantId: TenantId, key: string): KeptValue<Value> | null;
  /** Keeps a value of so many bytes, unless a newer one is there. */
  set(tenantId: TenantId, key: string, kept: KeptValue<Value>, bytes: number): void;
  /** Forgets everything of a tenant. */
  forget(tenantId: TenantId): void;
  /** Bytes kept of all tenants, as they were counted. */
  readonly bytes: number;
}

/**
 * Builds {@link FairCache}. Each tenant has a least-recently-used list of its own; when all of them together are too large, the largest gives way, so
 * that who keeps no more than an even share loses nothing to the others.
 */
export const createFairCache = <Value>(bounds: FairCacheBounds, nowMs: NowMs): FairCache<Value> => {
  const { totalBytes, tenantBytes, valueBytes, maxAgeMs } = bounds;
  const shares = new Map<TenantId, LRUCache<string, KeptValue<Value>>>();
  let sweptAtMs = nowMs();
  const sizes = (): number => [...shares.values()].reduce((sum, share) => sum + share.calculatedSize, 0);
  const dropEmpty = (): void => {
    for (const [tenantId, share] of shares) if (share.size === 0) shares.delete(tenantId);
  };
  const sweep = (): void => {
    if (nowMs() - sweptAtMs < SWEEP_MS) return;
    sweptAtMs = nowMs();
    for (const share of shares.values())
      for (const [key, { madeAtMs }] of [...share.entries()]) if (nowMs() - madeAtMs > maxAgeMs) share.delete(key);
    dropEmpty();
  };
  const makeRoom = (): void => {
    for (let over = sizes() - totalBytes; over > 0; over = sizes() - totalBytes) {
      const [largest] = [...shares.values()].toSorted((a, b) => b.calculatedSize - a.calculatedSize);
      if (largest?.pop() === undefined) return;
    }
    dropEmpty();
  };
  return {
    get: (tenantId, key) => {
      const kept = shares.get(tenantId)?.get(key);
      return kept === undefined || nowMs() - kept.madeAtMs > maxAgeMs ? null : kept;
    },
    set: (tenantId, key, kept, bytes) => {
      sweep();
      if (bytes > valueBytes) return;
      const share = shares.get(tenantId) ?? new LRUCache<string, KeptValue<Value>>({ maxSize: tenantBytes });
      const known = share.peek(key);
      if (known !== undefined && known.madeAtMs > kept.madeAtMs) return;
      shares.set(tenantId, share);
      share.set(key, kept, { size: Math.ceil(bytes) + ENTRY_BYTES });
      makeRoom();
    },
    forget: (tenantId) => void shares.delete(tenantId),
    get bytes() {
      return sizes();
    },
  };
};
