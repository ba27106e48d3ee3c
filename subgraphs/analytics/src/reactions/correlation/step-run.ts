import { CORRELATION_MATCHED, type CorrelationMatched } from "@tessera/contracts/events/correlation-matched";
import type { SqlTransaction } from "@tessera/platform/db/sql";
import type { EventLog } from "@tessera/platform/events/event-log";
import type { LogCursor } from "@tessera/platform/events/log-cursor";
import type { NowMs } from "@tessera/platform/time/clock";
import { compilePattern } from "../../domain/correlation/conditions.ts";
import { arrivalsOf, correlate, type CorrelationRun } from "../../domain/correlation/correlator.ts";
import { parsePattern } from "../../domain/correlation/parse-pattern.ts";
import type { CorrelationRule, StateLimits } from "../../domain/correlation/rule.ts";
import { SETTLE_MS } from "../../domain/correlation/settle.ts";
import type { Shard } from "../../domain/correlation/shard.ts";
import type { Seen } from "../../domain/correlation/sighting.ts";
import { decodeShard, decodeState, encodeShard } from "../../domain/correlation/state-json.ts";
import type { CorrelationRunStore, RunningRule } from "../../store/correlation/run-store.ts";

/** What bringing runs on needs. */
export interface StepDeps {
  readonly runs: CorrelationRunStore;
  readonly eventLog: Pick<EventLog, "appendWith">;
  readonly limits: StateLimits;
  readonly nowMs: NowMs;
  /** Makes a match's id of a text. */
  readonly idOf: (text: string) => string;
}

/** The run of a rule; refuses a pattern that can't be read any more with BAD_INPUT. Who defined it was allowed to. */
export const runOf = (rule: CorrelationRule, { limits, idOf }: Pick<StepDeps, "limits" | "idOf">): CorrelationRun => ({
  ...{ ruleId: rule.id, version: rule.version, idOf, limits, dropLate: true },
  compiled: compilePattern(parsePattern(rule.content.pattern, "pattern", { personalData: true })),
});

/** What a run is brought on by: events, the place of the log they are told of at, and how far the arrival clock has come. */
export interface Advance {
  readonly seen: readonly Seen[];
  readonly place: LogCursor;
  readonly arrivalMs: number;
}

/**
 * Brings a run on within a transaction that holds the tenant's runs: its state, the place it has come to, the matches and what tells of them are written
 * together. Where there is nothing to do, nothing is written: what comes again then changes nothing either.
 */
export const stepRun = async (
  deps: StepDeps,
  transaction: SqlTransaction,
  { rule, state: kept }: RunningRule,
  { seen, place, arrivalMs }: Advance,
): Promise<void> => {
  const { runs, eventLog, nowMs } = deps;
  const run = runOf(rule, deps);
  const { latenessMs } = run.compiled.pattern;
  const state = decodeState(kept);
  const asked = Math.max(state.watermarkMs, arrivalMs - latenessMs - SETTLE_MS);
  const arrivals = arrivalsOf(run, state, seen);
  const loaded = await runs.shards(transaction, rule, [...arrivals.byShard.keys()], asked);
  const { events, late, overtaken } = arrivals.counts;
  if (loaded.length === 0 && events + late + overtaken === 0) return;
  const shards = new Map<number, Shard>(loaded.map(({ shard, state: own }) => [shard, decodeShard(own)]));
  const step = correlate(run, state, shards, arrivals, asked);
  await runs.keep(transaction, rule.tenantId, {
    ...{ ruleId: rule.id, version: rule.version, state: step.state, place, toldAtMs: nowMs() },
    lookAtMs: (dueMs) => dueMs + latenessMs + SETTLE_MS + 1,
    shards: [...step.shards].map(([shard, next]) => ({ shard, state: encodeShard(next.shard), dueMs: next.dueMs })),
    matches: step.matches,
  });
  for (const { id, completedAtMs } of step.matches) {
    const payload: CorrelationMatched = {
      ...{ tenantId: rule.tenantId, ruleId: rule.id, version: rule.version, matchId: id, completedAtMs },
    };
    await eventLog.appendWith(transaction, {
      ...{ tenantId: rule.tenantId, topic: CORRELATION_MATCHED, dedupeKey: id, payload },
    });
  }
};
