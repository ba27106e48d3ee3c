import type { Caller } from "@tessera/contracts/caller";
import { BATCH_STORED } from "@tessera/contracts/events/batch-stored";
import type { EventLog } from "@tessera/platform/events/event-log";
import { parseLogCursor } from "@tessera/platform/events/log-cursor";
import type { NowMs } from "@tessera/platform/time/clock";
import type { RealtimeMetrics } from "../domain/realtime-answer.ts";
import { bucketWidthMs, parseTimeframe } from "../domain/realtime.ts";
import type { AnalyticsStore } from "../store/analytics-store.ts";
import type { LiveIterator } from "@tessera/platform/runtime/live-iterator";
import { HEARTBEAT_MS, liveSnapshots, type Snapshot } from "./live-snapshots.ts";
import { takeRealtimeMetrics } from "./query-realtime-metrics.ts";

/** What a client sees of the metrics; the moment and the cost change with every look. */
const snapshotOf = (value: RealtimeMetrics): Snapshot<RealtimeMetrics> => {
  const { events, users, sessions, revenue, names, series } = value;
  const decays = events > 0;
  return {
    value,
    fingerprint: JSON.stringify([events, users, sessions, revenue, names, decays ? series : null]),
    decays,
  };
};

/** Answers the subscription `realtimeMetrics`. A snapshot is complete, so resuming is starting again; the cursor must be one of ours. */
export const watchRealtimeMetrics =
  (deps: { store: Pick<AnalyticsStore, "realtime">; eventLog: Pick<EventLog, "head" | "follow">; nowMs: NowMs }) =>
  async (caller: Caller, timeframe: string, after: string | null): Promise<LiveIterator<RealtimeMetrics>> => {
    const timeframeMs = parseTimeframe(timeframe);
    if (after !== null) parseLogCursor(after);
    const take = takeRealtimeMetrics(deps);
    const start = await deps.eventLog.head();
    return liveSnapshots({
      follower: deps.eventLog.follow(caller.tenantId, BATCH_STORED, start),
      start,
      take: async (cursor, signal) => snapshotOf(await take(caller, timeframeMs, cursor, signal)),
      decayMs: Math.min(bucketWidthMs(timeframeMs), HEARTBEAT_MS),
      nowMs: deps.nowMs,
    });
  };
