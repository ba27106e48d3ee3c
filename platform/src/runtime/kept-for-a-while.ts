import { LRUCache } from "lru-cache";
import type { NowMs } from "../time/clock.ts";

/** For how long something is kept, and how much of it. */
export interface KeptBounds {
  /** Milliseconds for which what was kept is taken to be so still; none after a clock was set back behind the moment it was kept. */
  readonly ms: number;
  /** Keys at most; those asked for longest ago make room. */
  readonly most: number;
  readonly nowMs: NowMs;
}

/** What was found a short while ago, by keys. */
export interface KeptForAWhile<Key, Value> {
  /** What is kept and young enough; undefined otherwise. */
  get(key: Key): Value | undefined;
  /** Keeps it as found at a moment, which is now unless told. */
  keep(key: Key, value: Value, atMs?: number): void;
  forget(key: Key): void;
}

/** Builds {@link KeptForAWhile}. */
export const createKeptForAWhile = <Key extends string, Value>({
  ms,
  most,
  nowMs,
}: KeptBounds): KeptForAWhile<Key, Value> => {
  const kept = new LRUCache<Key, { readonly value: Value; readonly atMs: number }>({ max: most });
  return {
    get: (key) => {
      const found = kept.get(key);
      if (found === undefined) return undefined;
      const ageMs = nowMs() - found.atMs;
      return ageMs >= 0 && ageMs < ms ? found.value : undefined;
    },
    keep: (key, value, atMs = nowMs()) => {
      kept.set(key, { value, atMs });
    },
    forget: (key) => {
      kept.delete(key);
    },
  };
};

/** What is looked up by keys: those who ask within the time share one look, which counts from its start. */
export interface KeptLookups<Key, Found> {
  of(key: Key, look: () => Promise<Found>): Promise<Found>;
  /** The next one to ask looks it up anew. */
  forget(key: Key): void;
}

/** Builds {@link KeptLookups}: what could not be looked up is looked up again by whoever asks next. */
export const createKeptLookups = <Key extends string, Found>(bounds: KeptBounds): KeptLookups<Key, Found> => {
  const kept = createKeptForAWhile<Key, Promise<Found>>(bounds);
  return {
    of: (key, look) => {
      const before = kept.get(key);
      if (before !== undefined) return before;
      const found = look();
      kept.keep(key, found);
      found.catch(() => {
        if (kept.get(key) === found) kept.forget(key);
      });
      return found;
    },
    forget: kept.forget,
  };
};
