import type { TenantId } from "@tessera/contracts/ids";
import type { EventLog, LogEntry } from "@tessera/platform/events/event-log";
import { formatLogCursor, parseLogCursor, type LogCursor } from "@tessera/platform/events/log-cursor";
import { createLiveIterator, type LiveIterator } from "@tessera/platform/runtime/live-iterator";

/** Where a stream begins: after a cursor that a client holds, or now, which is a place in the log too: without it, entries this process has not yet handed out would count as later. */
export const placeOf = async (
  eventLog: Pick<EventLog, "head">,
  after: string | null | undefined,
): Promise<LogCursor> => (after === null || after === undefined ? eventLog.head() : parseLogCursor(after));

/** Follows a topic of a tenant from after a place; `read` says what of an entry is told, null: nothing. */
export const followLog = <Told>(
  eventLog: Pick<EventLog, "follow">,
  { tenantId, topic, from }: { readonly tenantId: TenantId; readonly topic: string; readonly from: LogCursor },
  read: (payload: unknown) => Promise<Told | null>,
): LiveIterator<Told & { readonly cursor: string }> => {
  const follower = eventLog.follow(tenantId, topic, from);
  const told = async ({ payload, cursor }: LogEntry): Promise<(Told & { readonly cursor: string }) | null> => {
    const said = await read(payload);
    return said === null ? null : { ...said, cursor: formatLogCursor(cursor) };
  };
  const next = async (): Promise<IteratorResult<Told & { readonly cursor: string }>> => {
    for (;;) {
      const entry = await follower.next();
      if (entry.done === true) return { done: true, value: undefined };
      const value = await told(entry.value);
      if (value !== null) return { done: false, value };
    }
  };
  return createLiveIterator({ next, close: () => void follower.return() });
};
