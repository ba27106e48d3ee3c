import type { CompiledPattern, Run } from "./conditions.ts";
import { stepCount } from "./counting.ts";
import { settleRuns, stepRuns } from "./runs.ts";
import type { StateLimits } from "./rule.ts";
import { compareSightings, type Sighting } from "./sighting.ts";

/** What is under way for the keys of one part of a rule's state. */
export interface Shard {
  /** Events that wait for the watermark. */
  readonly pending: readonly Sighting[];
  readonly keys: ReadonlyMap<string, readonly Run[]>;
}

/** What could not be held. */
export interface Shed {
  readonly keys: number;
  readonly runs: number;
  readonly pending: number;
}

/** A shard brought to a watermark. */
export interface ShardStep {
  readonly shard: Shard;
  readonly completed: readonly { readonly key: string; readonly run: Run }[];
  readonly shed: Shed;
  /** The watermark beyond which there is something to do without any event; null when there is nothing. */
  readonly dueMs: number | null;
}

/** A shard of which nothing is known yet. */
export const EMPTY_SHARD: Shard = { pending: [], keys: new Map() };

/** Hexadecimal digits of a key's hash that tell its shard: far more than there are shards. */
const SHARD_DIGITS = 7;

/** The shard a key belongs to. */
export const shardOf = (key: string, { shards }: Pick<StateLimits, "shards">): number =>
  Number.parseInt(key.slice(0, SHARD_DIGITS), 16) % shards;

const dueOf = (windowMs: number, { pending, keys }: Shard): number | null => {
  let due = Infinity;
  for (const { timeMs } of pending) due = Math.min(due, timeMs);
  for (const [first] of keys.values()) if (first !== undefined) due = Math.min(due, first.start.timeMs + windowMs);
  return due === Infinity ? null : due;
};

/** Works on a shard's keys in the order of the events. */
const createKeys = (compiled: CompiledPattern, given: Shard["keys"], limits: StateLimits) => {
  const keys = new Map(given);
  const completed: { readonly key: string; readonly run: Run }[] = [];
  const step = compiled.pattern.kind === "COUNT" ? stepCount : stepRuns;
  const shed = { keys: 0, runs: 0 };
  /** No key's runs have all ended before this moment: looking for room before it is in vain. */
  let fullUntilMs = -Infinity;

  const keep = (key: string, runs: readonly Run[]): void => {
    if (runs.length === 0) keys.delete(key);
    else keys.set(key, runs);
  };
  const settle = (key: string, runs: readonly Run[], beforeMs: number): readonly Run[] => {
    const [first] = runs;
    if (first === undefined || first.start.timeMs + compiled.pattern.windowMs >= beforeMs) return runs;
    const settled = settleRuns(compiled, runs, beforeMs);
    for (const run of settled.completed) completed.push({ key, run });
    keep(key, settled.runs);
    return settled.runs;
  };
  const settleAll = (beforeMs: number): void => {
    for (const [key, runs] of keys) settle(key, runs, beforeMs);
  };
  const isFull = (timeMs: number): boolean => {
    if (keys.size < limits.keysPerShard) return false;
    if (timeMs > fullUntilMs) {
      settleAll(timeMs);
      fullUntilMs = Infinity;
      for (const runs of keys.values())
        fullUntilMs = Math.min(fullUntilMs, (runs.at(-1)?.start.timeMs ?? timeMs) + compiled.pattern.windowMs);
    }
    return keys.size >= limits.keysPerShard;
  };
  return {
    ...{ keys, completed, shed, settleAll },
    show: (seen: Sighting): void => {
      const known = keys.get(seen.key);
      const runs = known === undefined ? [] : settle(seen.key, known, seen.timeMs);
      const next = step(compiled, runs, seen, limits.runsPerKey);
      for (const run of next.completed) completed.push({ key: seen.key, run });
      shed.runs += next.shed;
      if (next.runs === runs) return;
      if (next.runs.length > 0 && !keys.has(seen.key) && isFull(seen.timeMs)) shed.keys += 1;
      else keep(seen.key, next.runs);
    },
  };
};

/**
 * Takes events into a shard and brings it to a watermark: every event before it is seen in the order of (time, sequence, id), and every window that
 * ended before it is over. The events before the watermark are all there when it comes, so that how they came makes no difference.
 */
export const stepShard = (
  compiled: CompiledPattern,
  shard: Shard,
  arrived: readonly Sighting[],
  { watermarkMs, limits }: { readonly watermarkMs: number; readonly limits: StateLimits },
): ShardStep => {
  const all = shard.pending.length === 0 ? arrived : [...shard.pending, ...arrived];
  const ripe = all.filter(({ timeMs }) => timeMs < watermarkMs).toSorted(compareSightings);
  const waiting = all.filter(({ timeMs }) => timeMs >= watermarkMs);
  const work = createKeys(compiled, shard.keys, limits);
  for (const seen of ripe) work.show(seen);
  work.settleAll(watermarkMs);
  const next: Shard = { pending: waiting.slice(0, limits.pendingPerShard), keys: work.keys };
  return {
    shard: next,
    completed: work.completed,
    shed: { ...work.shed, pending: waiting.length - next.pending.length },
    dueMs: dueOf(compiled.pattern.windowMs, next),
  };
};
