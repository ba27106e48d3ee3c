import type { Caller } from "@tessera/contracts/caller";
import { NOTIFICATION_ADDED } from "@tessera/contracts/events/notification-added";
import type { EventLog } from "@tessera/platform/events/event-log";
import type { LiveIterator } from "@tessera/platform/runtime/live-iterator";
import { z } from "zod";
import type { Notification } from "../../domain/notify/delivery.ts";
import type { InboxStore } from "../../store/notify/inbox-store.ts";
import { followLog, placeOf } from "../follow-log.ts";

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
    const from = await placeOf(deps.eventLog, after);
    return followLog(deps.eventLog, { tenantId: caller.tenantId, topic: NOTIFICATION_ADDED, from }, async (said) => {
      const { notificationId, recipient } = payload.parse(said);
      if (recipient !== null && recipient !== reader) return null;
      const notification = await deps.inbox.find(caller.tenantId, reader, notificationId);
      return notification === null ? null : { notification };
    });
  };
