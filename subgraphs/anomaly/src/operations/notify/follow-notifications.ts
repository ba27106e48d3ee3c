import type { Caller } from "@tessera/contracts/caller";
import { NOTIFICATION_ADDED } from "@tessera/contracts/events/notification-added";
import type { EventLog, LogEntry } from "@tessera/platform/events/event-log";
import { formatLogCursor, parseLogCursor } from "@tessera/platform/events/log-cursor";
import { createLiveIterator, type LiveIterator } from "@tessera/platform/runtime/live-iterator";
import { z } from "zod";
import type { Notification } from "../../domain/notify/delivery.ts";
import type { InboxStore } from "../../store/notify/inbox-store.ts";

/** A notification as it came, with its place in the event log. */
export interface CameNotification {
  readonly cursor: string;
  readonly notification: Notification;
}

const payload = z.object({ notificationId: z.string(), recipient: z.string().nullable() });

/** `KIND:id` of who reads an inbox. */
export const readerOf = ({ subject }: Caller): string => `${subject.kind}:${subject.id}`;

/** Follows what comes into the caller's inbox, from after a cursor, or from now on. What was dropped from a full inbox before it could be told is passed over. */
export const followNotifications =
  (deps: { readonly inbox: Pick<InboxStore, "find">; readonly eventLog: EventLog }) =>
  async (caller: Caller, after: string | null | undefined): Promise<LiveIterator<CameNotification>> => {
    const reader = readerOf(caller);
    // Now is a place in the log: without it, entries this process has not yet handed out would count as later.
    const from = after === null || after === undefined ? await deps.eventLog.head() : parseLogCursor(after);
    const follower = deps.eventLog.follow(caller.tenantId, NOTIFICATION_ADDED, from);
    const readEntry = async (entry: LogEntry): Promise<CameNotification | null> => {
      const { notificationId, recipient } = payload.parse(entry.payload);
      if (recipient !== null && recipient !== reader) return null;
      const notification = await deps.inbox.find(caller.tenantId, reader, notificationId);
      return notification === null ? null : { cursor: formatLogCursor(entry.cursor), notification };
    };
    const next = async (): Promise<IteratorResult<CameNotification>> => {
      for (;;) {
        const entry = await follower.next();
        if (entry.done === true) return { done: true, value: undefined };
        const came = await readEntry(entry.value);
        if (came !== null) return { done: false, value: came };
      }
    };
    return createLiveIterator({ next, close: () => void follower.return() });
  };
