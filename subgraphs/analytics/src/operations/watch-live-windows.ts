import type { Caller } from "@tessera/contracts/caller";
import { BATCH_STORED } from "@tessera/contracts/events/batch-stored";
import type { EventLog } from "@tessera/platform/events/event-log";
import { parseLogCursor } from "@tessera/platform/events/log-cursor";
import type { NowMs } from "@tessera/platform/time/clock";
import { accessOf } from "../domain/access.ts";
import { keptVersions } from "../domain/semantic/kept-meanings.ts";
import { parseWindows, type WindowsInput } from "../domain/windows.ts";
import type { AnalyticsStore } from "../store/analytics-store.ts";
import type { LiveIterator } from "@tessera/platform/runtime/live-iterator";
import { liveSnapshots, MIN_SNAPSHOT_INTERVAL_MS } from "./live-snapshots.ts";
import { resolveDimensions, type DimensionDeps } from "./semantic/own-dimensions.ts";
import { takeLiveWindows, type LiveWindowsAnswer } from "./query-live-windows.ts";

/**
 * Answers the subscription `liveWindows`: windows appear, fill, end, take late events and leave. Each message is complete, and the dimensions it names mean, to its
 * end, what they mean when it begins.
 */
export const watchLiveWindows =
  (
    deps: Pick<DimensionDeps, "definitions"> & {
      store: Pick<AnalyticsStore, "windows">;
      eventLog: Pick<EventLog, "head" | "follow">;
      nowMs: NowMs;
    },
  ) =>
  async (caller: Caller, input: WindowsInput, after: string | null): Promise<LiveIterator<LiveWindowsAnswer>> => {
    const named = await resolveDimensions({ definitions: deps.definitions }, caller, input);
    const [query, definitions] = [parseWindows(named, accessOf(caller)), keptVersions(named)];
    if (after !== null) parseLogCursor(after);
    const take = takeLiveWindows(deps);
    const start = await deps.eventLog.head();
    return liveSnapshots({
      follower: deps.eventLog.follow(caller.tenantId, BATCH_STORED, start),
      start,
      take: async (cursor, signal) => {
        const taken = await take(caller, query, cursor, signal);
        const value = { ...taken, provenance: { ...taken.provenance, definitions } };
        return { value, fingerprint: JSON.stringify(value.windows), decays: value.windows.length > 0 };
      },
      decayMs: MIN_SNAPSHOT_INTERVAL_MS,
      nowMs: deps.nowMs,
    });
  };
