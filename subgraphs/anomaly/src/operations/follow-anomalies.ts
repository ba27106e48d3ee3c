import { ANOMALY_RAISED } from "@tessera/contracts/events/anomaly-raised";
import type { Caller } from "@tessera/contracts/caller";
import { parseAnomalyId, type TenantId } from "@tessera/contracts/ids";
import type { EventLog, LogEntry } from "@tessera/platform/events/event-log";
import { formatLogCursor, parseLogCursor } from "@tessera/platform/events/log-cursor";
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

/**
 * Follows the anomalies of the caller's tenant from after a cursor, or from now on. Written by hand, because a generator's `return()` waits
 * behind a pending `next()` and would keep the log's follower alive until the next anomaly.
 */
export const followAnomalies =
  (deps: { anomalies: AnomalyStore; eventLog: EventLog }) =>
  async (caller: Caller, after: string | null | undefined): Promise<AsyncIterableIterator<RaisedAnomaly>> => {
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
    let turn: Promise<unknown> = Promise.resolve();
    const iterator: AsyncIterableIterator<RaisedAnomaly> = {
      [Symbol.asyncIterator]: () => iterator,
      next: () => {
        const result = turn.then(next);
        // The log has moved past an entry that could not be told: whoever goes on must do so from the last cursor they have.
        turn = result.catch(() => follower.return());
        return result;
      },
      return: async () => {
        await follower.return();
        return { done: true, value: undefined };
      },
    };
    return iterator;
  };
