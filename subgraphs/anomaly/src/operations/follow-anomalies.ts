import { ANOMALY_RAISED } from "@tessera/contracts/events/anomaly-raised";
import type { Caller } from "@tessera/contracts/caller";
import { parseAnomalyId, type TenantId } from "@tessera/contracts/ids";
import type { EventLog, LogEntry } from "@tessera/platform/events/event-log";
import { formatLogCursor, parseLogCursor } from "@tessera/platform/events/log-cursor";
import { createLiveIterator, type LiveIterator } from "@tessera/platform/runtime/live-iterator";
import { z } from "zod";
import type { Anomaly } from "../domain/anomaly.ts";
import type { AnomalyStore } from "../store/anomaly-store.ts";

/** An anomaly as it was raised, with its place in the event log. */
export interface RaisedAnomaly {
  readonly cursor: string;
  readonly anomaly: Anomaly;
}

const payload = z.object({ anomalyId: z.string() });

const anomalyOf = async (anomalies: AnomalyStore, tenantId: TenantId, entry: LogEntry): Promise<Anomaly> => {
  const id = parseAnomalyId(payload.parse(entry.payload).anomalyId);
  const [anomaly] = id === null ? [] : await anomalies.findMany(tenantId, [id]);
  if (anomaly === undefined) throw new Error("The event log tells of an anomaly that does not exist.");
  return anomaly;
};

/** Follows the anomalies of the caller's tenant from after a cursor, or from now on. */
export const followAnomalies =
  (deps: { anomalies: AnomalyStore; eventLog: EventLog }) =>
  async (caller: Caller, after: string | null | undefined): Promise<LiveIterator<RaisedAnomaly>> => {
    const { tenantId } = caller;
    // Now is a place in the log: without it, entries this process has not yet handed out would count as later.
    const from = after === null || after === undefined ? await deps.eventLog.head() : parseLogCursor(after);
    const follower = deps.eventLog.follow(tenantId, ANOMALY_RAISED, from);
    const next = async (): Promise<IteratorResult<RaisedAnomaly>> => {
      const entry = await follower.next();
      if (entry.done === true) return { done: true, value: undefined };
      const anomaly = await anomalyOf(deps.anomalies, tenantId, entry.value);
      return { done: false, value: { cursor: formatLogCursor(entry.value.cursor), anomaly } };
    };
    return createLiveIterator({ next, close: () => void follower.return() });
  };
