import type { Caller } from "@tessera/contracts/caller";
import type { EventLog } from "@tessera/platform/events/event-log";
import { formatLogCursor, type LogCursor } from "@tessera/platform/events/log-cursor";
import type { NowMs } from "@tessera/platform/time/clock";
import { plan } from "../domain/planner.ts";
import { provenanceOf } from "../domain/provenance.ts";
import { realtimeAnswer, type RealtimeMetrics } from "../domain/realtime-answer.ts";
import { parseTimeframe, realtimeQuery } from "../domain/realtime.ts";
import type { AnalyticsStore } from "../store/analytics-store.ts";

type Store = Pick<AnalyticsStore, "realtime">;

/** Takes the metrics of a timeframe now; `cursor` is a place of the event log that was read before. */
export const takeRealtimeMetrics =
  (deps: { store: Store; nowMs: NowMs }) =>
  async (caller: Caller, timeframeMs: number, cursor: LogCursor, signal?: AbortSignal): Promise<RealtimeMetrics> => {
    const nowMs = deps.nowMs();
    const query = realtimeQuery(timeframeMs, nowMs);
    const planned = plan(query, caller.dataPolicy);
    const { rows, statistics, plan: taken } = await deps.store.realtime(caller, query, planned, signal);
    return realtimeAnswer(
      query,
      rows,
      formatLogCursor(cursor),
      provenanceOf(taken, [statistics], nowMs, query.timeZone, caller.dataPolicy),
    );
  };

/** Answers `realtimeMetrics`. */
export const queryRealtimeMetrics =
  (deps: { store: Store; eventLog: Pick<EventLog, "head">; nowMs: NowMs }) =>
  async (caller: Caller, timeframe: string, signal?: AbortSignal): Promise<RealtimeMetrics> => {
    const timeframeMs = parseTimeframe(timeframe);
    return takeRealtimeMetrics(deps)(caller, timeframeMs, await deps.eventLog.head(), signal);
  };
