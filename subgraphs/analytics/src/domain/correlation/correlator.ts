import type { CompiledPattern } from "./conditions.ts";
import { compareMatches, matchOf, type CorrelationMatch, type RuleVersion } from "./match.ts";
import type { StateLimits } from "./rule.ts";
import { EMPTY_SHARD, shardOf, stepShard, type Shard, type ShardStep } from "./shard.ts";
import { isOnTime, sightingsOf, type Seen, type Sighting } from "./sighting.ts";

/** What a run of a rule has counted since it began. */
export interface CorrelationCounts {
  /** Events that were of some part and in time. */
  readonly events: number;
  /** Events received later after they happened than the rule allows; not looked at. */
  readonly late: number;
  /** Events in time that came when the watermark had passed them, because their batch was told of too late; not looked at. */
  readonly overtaken: number;
  readonly shedKeys: number;
  readonly shedRuns: number;
  readonly shedEvents: number;
  /** Matches told. */
  readonly matches: number;
  /** Matches beyond what a rule may tell in a minute. */
  readonly shedMatches: number;
}

/** Nothing counted yet. */
export const NO_COUNTS: CorrelationCounts = {
  ...{ events: 0, late: 0, overtaken: 0, shedKeys: 0, shedRuns: 0, shedEvents: 0, matches: 0, shedMatches: 0 },
};

/** Where a run of a rule stands, but for its shards. */
export interface CorrelationState {
  /** Events that happened, or were received, before this moment are not the run's. */
  readonly fromMs: number;
  /** Every event in time that happened before this moment has been looked at. */
  readonly watermarkMs: number;
  /** The minute of event time, since the epoch, in which the last match completed, and how many did. */
  readonly minute: number;
  readonly minuteMatches: number;
  readonly counts: CorrelationCounts;
}

/** A run of a version of a rule. */
export interface CorrelationRun extends RuleVersion {
  readonly compiled: CompiledPattern;
  readonly limits: StateLimits;
  /** Whether events beyond the allowed lateness are left out, as live ones are. */
  readonly dropLate: boolean;
}

/** The state of a run that begins. */
export const beginningAt = (fromMs: number): CorrelationState => ({
  ...{ fromMs, watermarkMs: fromMs, minute: -1, minuteMatches: 0, counts: NO_COUNTS },
});

const MINUTE_MS = 60_000;

/** Events sorted out for a run: what it looks at by shard, and what it does not. */
export interface Arrivals {
  readonly byShard: ReadonlyMap<number, readonly Sighting[]>;
  readonly counts: Pick<CorrelationCounts, "events" | "late" | "overtaken">;
}

/** Sorts out events for a run: those before its beginning are none of its own, late and overtaken ones are counted. */
export const arrivalsOf = (
  { compiled, limits, dropLate }: CorrelationRun,
  { fromMs, watermarkMs }: Pick<CorrelationState, "fromMs" | "watermarkMs">,
  seen: readonly Seen[],
): Arrivals => {
  const byShard = new Map<number, Sighting[]>();
  const counts = { events: 0, late: 0, overtaken: 0 };
  for (const event of seen) {
    if (event.timeMs < fromMs || event.receivedAtMs < fromMs) continue;
    if (dropLate && !isOnTime(event, compiled.pattern.latenessMs)) counts.late += 1;
    else if (event.timeMs < watermarkMs) counts.overtaken += 1;
    else {
      counts.events += 1;
      for (const sighting of sightingsOf(event)) {
        const shard = shardOf(sighting.key, limits);
        const others = byShard.get(shard);
        if (others === undefined) byShard.set(shard, [sighting]);
        else others.push(sighting);
      }
    }
  }
  return { byShard, counts };
};

/** What a step of a run came to. */
export interface CorrelationStep {
  readonly state: CorrelationState;
  readonly shards: ReadonlyMap<number, ShardStep>;
  readonly matches: readonly CorrelationMatch[];
}

/** Lets through as many matches of each minute as a rule may tell, in their order. */
const withinRate = (
  state: CorrelationState,
  found: readonly CorrelationMatch[],
  { matchesPerMinute }: StateLimits,
): Pick<CorrelationState, "minute" | "minuteMatches"> & { readonly told: readonly CorrelationMatch[] } => {
  let { minute, minuteMatches } = state;
  const told = found.filter(({ completedAtMs }) => {
    const now = Math.floor(completedAtMs / MINUTE_MS);
    minuteMatches = now === minute ? minuteMatches + 1 : 1;
    minute = now;
    return minuteMatches <= matchesPerMinute;
  });
  return { minute, minuteMatches, told };
};

/**
 * Takes events into a run and brings it to a watermark. It is given the shards that events arrived for, and those in which something is due before
 * the watermark; a shard it is not given has nothing to do. A watermark never goes back.
 */
export const correlate = (
  run: CorrelationRun,
  state: CorrelationState,
  shards: ReadonlyMap<number, Shard>,
  { byShard, counts: arrived }: Arrivals,
  asked: number,
): CorrelationStep => {
  const watermarkMs = Math.max(asked, state.watermarkMs);
  const { compiled, limits } = run;
  const steps = new Map<number, ShardStep>();
  for (const number of new Set([...shards.keys(), ...byShard.keys()]))
    steps.set(
      number,
      stepShard(compiled, shards.get(number) ?? EMPTY_SHARD, byShard.get(number) ?? [], { watermarkMs, limits }),
    );
  const all = [...steps.values()];
  const found = all
    .flatMap(({ completed }) => completed.map(({ key, run: one }) => matchOf(run, compiled, key, one)))
    .toSorted(compareMatches);
  const { told, ...rate } = withinRate(state, found, limits);
  const shed = (what: keyof ShardStep["shed"]): number => all.reduce((sum, step) => sum + step.shed[what], 0);
  const { counts } = state;
  return {
    state: {
      ...{ fromMs: state.fromMs, watermarkMs, ...rate },
      counts: {
        events: counts.events + arrived.events,
        late: counts.late + arrived.late,
        overtaken: counts.overtaken + arrived.overtaken,
        shedKeys: counts.shedKeys + shed("keys"),
        shedRuns: counts.shedRuns + shed("runs"),
        shedEvents: counts.shedEvents + shed("pending"),
        matches: counts.matches + told.length,
        shedMatches: counts.shedMatches + found.length - told.length,
      },
    },
    shards: steps,
    matches: told,
  };
};
