import type { Buckets } from "../calendar.ts";
import { arrivalsOf, beginningAt, correlate, type CorrelationCounts, type CorrelationRun } from "./correlator.ts";
import type { CorrelationMatch } from "./match.ts";
import type { Shard } from "./shard.ts";
import type { Seen } from "./sighting.ts";

/** Events one backtest looks at: beyond it the call would not end in its time. */
export const MAX_BACKTEST_EVENTS = 500_000;
/** Matches one backtest finds: they are held to be counted and compared. */
export const MAX_BACKTEST_MATCHES = 50_000;
/** Matches an answer tells, and keys. */
export const BACKTEST_PAGE = { matches: 1_000, keys: 100 } as const;

/** A run over history: events in the order of time, a piece at a time. */
export interface Replay {
  /** Takes the events before a moment that were not yet taken. */
  take(seen: readonly Seen[], untilMs: number): void;
  readonly matches: readonly CorrelationMatch[];
  /** Hands over what was found since the last time, and forgets it. */
  drain(): readonly CorrelationMatch[];
  counts(): CorrelationCounts;
}

/** Begins a run over history: the same matcher, given the sorted whole. */
export const replay = (run: CorrelationRun, fromMs: number): Replay => {
  let state = beginningAt(fromMs);
  const shards = new Map<number, Shard>();
  const matches: CorrelationMatch[] = [];
  return {
    matches,
    take: (seen, untilMs) => {
      const step = correlate(run, state, shards, arrivalsOf(run, state, seen), untilMs);
      state = step.state;
      for (const [number, { shard, dueMs }] of step.shards) {
        if (dueMs === null) shards.delete(number);
        else shards.set(number, shard);
      }
      matches.push(...step.matches);
    },
    drain: () => matches.splice(0),
    counts: () => state.counts,
  };
};

/** How many matches were complete in each bucket. */
export const matchesOverTime = (matches: readonly CorrelationMatch[], { startsMs }: Buckets): readonly number[] => {
  const counts = startsMs.map(() => 0);
  let bucket = 0;
  for (const { completedAtMs } of matches) {
    while (bucket + 1 < startsMs.length && (startsMs[bucket + 1] ?? Infinity) <= completedAtMs) bucket += 1;
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  return counts;
};

/** Keys with the most matches, each with its first one; equal ones in the order of these. */
export const topKeys = (
  matches: readonly CorrelationMatch[],
  first: number,
): readonly { readonly matches: number; readonly match: CorrelationMatch }[] => {
  const byKey = new Map<string, { matches: number; readonly match: CorrelationMatch }>();
  for (const match of matches) {
    const known = byKey.get(match.key);
    if (known === undefined) byKey.set(match.key, { matches: 1, match });
    else known.matches += 1;
  }
  return [...byKey.values()].toSorted((one, other) => other.matches - one.matches).slice(0, first);
};

/** What tells matches of different versions apart: their events. */
const eventsOf = ({ events }: CorrelationMatch): string => events.map(({ id }) => id).join(" ");

/** Matches that one list has and the other has not: those of the same events are the same. */
export const onlyIn = (
  matches: readonly CorrelationMatch[],
  other: readonly CorrelationMatch[],
): readonly CorrelationMatch[] => {
  const known = new Set(other.map(eventsOf));
  return matches.filter((match) => !known.has(eventsOf(match)));
};
