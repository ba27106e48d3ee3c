import { NOTIFICATION_ADDED, type NotificationAdded } from "@tessera/contracts/events/notification-added";
import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import type { EventLog } from "@tessera/platform/events/event-log";
import type { NowMs } from "@tessera/platform/time/clock";
import { z } from "zod";
import type { NewNotification, Notification } from "../../domain/notify/delivery.ts";
import { notificationRow } from "./notify-rows.ts";

/** What is in the inboxes of the platform, as one reader (`KIND:id`) sees it. */
export interface InboxStore {
  /** The newest first; one more than asked for tells that there are more. */
  list(
    tenantId: TenantId,
    reader: string,
    page: { readonly first: number; readonly after: string | null; readonly unreadOnly: boolean },
  ): Promise<readonly Notification[]>;
  /** Notifications the reader has not read. */
  countUnread(tenantId: TenantId, reader: string): Promise<number>;
  /** One that the reader may see; null otherwise. */
  find(tenantId: TenantId, reader: string, id: string): Promise<Notification | null>;
  /** Marks these as read, or all up to one; answers how many were not before. */
  markRead(tenantId: TenantId, reader: string, upTo: string): Promise<number>;
}

const nothing = (): null => null;
const countRow = (row: unknown): number => z.object({ count: z.number() }).parse(row).count;
const idRow = (row: unknown): string => z.object({ id: z.string() }).parse(row).id;

const COLUMNS =
  "n.tenant_id, n.id, n.kind, n.severity, n.title, n.body, n.anomaly_id, n.channel_id, n.created_at, r.read_at";
/** A reader sees what is in their own inbox and in everybody's. */
const SEEN = `FROM notification n LEFT JOIN notification_read r ON r.tenant_id = n.tenant_id AND r.notification_id = n.id AND r.reader = $2
  WHERE n.tenant_id = $1 AND (n.recipient IS NULL OR n.recipient = $2)`;

const addStatement = (tenantId: TenantId, added: NewNotification, nowMs: number): SqlStatement => ({
  name: "notify-add-notification",
  text: `INSERT INTO notification (tenant_id, id, recipient, delivery_id, kind, severity, title, body, anomaly_id, channel_id, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING RETURNING id`,
  params: [
    ...[tenantId, added.id, added.recipient, added.deliveryId, added.kind, added.severity, added.title, added.body],
    ...[added.anomalyId, added.channelId, new Date(nowMs)],
  ],
});

const trimStatement = (tenantId: TenantId, recipient: string | null, kept: number): SqlStatement => ({
  name: "notify-trim-inbox",
  text: `DELETE FROM notification WHERE tenant_id = $1 AND recipient IS NOT DISTINCT FROM $2 AND id <= (
      SELECT id FROM notification WHERE tenant_id = $1 AND recipient IS NOT DISTINCT FROM $2 ORDER BY id DESC OFFSET $3 LIMIT 1)`,
  params: [tenantId, recipient, kept],
});

/** Puts notifications into inboxes within a transaction, and tells of them; what was put there before is not put there again. */
export const addNotifications = async (
  deps: { readonly eventLog: EventLog; readonly nowMs: NowMs; readonly kept: number },
  transaction: SqlTransaction,
  tenantId: TenantId,
  added: readonly NewNotification[],
): Promise<void> => {
  for (const one of added) {
    const [id] = await transaction.run(addStatement(tenantId, one, deps.nowMs()), idRow);
    if (id === undefined) continue;
    await transaction.run(trimStatement(tenantId, one.recipient, deps.kept), nothing);
    const payload: NotificationAdded = { tenantId, notificationId: id, recipient: one.recipient };
    await deps.eventLog.appendWith(transaction, { tenantId, topic: NOTIFICATION_ADDED, dedupeKey: id, payload });
  }
};

/** Builds {@link InboxStore}. */
export const createInboxStore = (deps: { readonly sql: TenantSql; readonly nowMs: NowMs }): InboxStore => ({
  list: (tenantId, reader, { first, after, unreadOnly }) =>
    deps.sql.run(
      tenantId,
      {
        name: "notify-list-inbox",
        text: `SELECT ${COLUMNS} ${SEEN} AND ($3::uuid IS NULL OR n.id < $3) AND (NOT $4::boolean OR r.read_at IS NULL) ORDER BY n.id DESC LIMIT $5`,
        params: [tenantId, reader, after, unreadOnly, first + 1],
      },
      notificationRow,
    ),
  countUnread: async (tenantId, reader) => {
    const text = `SELECT count(*)::integer AS count ${SEEN} AND r.read_at IS NULL`;
    const [count = 0] = await deps.sql.run(
      tenantId,
      { name: "notify-count-unread", text, params: [tenantId, reader] },
      countRow,
    );
    return count;
  },
  find: async (tenantId, reader, id) => {
    const text = `SELECT ${COLUMNS} ${SEEN} AND n.id = $3`;
    const statement = { name: "notify-find-notification", text, params: [tenantId, reader, id] };
    return (await deps.sql.run(tenantId, statement, notificationRow))[0] ?? null;
  },
  markRead: async (tenantId, reader, upTo) => {
    const text = `INSERT INTO notification_read (tenant_id, notification_id, reader, read_at)
      SELECT n.tenant_id, n.id, $2, $4 ${SEEN} AND n.id <= $3 AND r.read_at IS NULL ON CONFLICT DO NOTHING RETURNING notification_id AS id`;
    const params = [tenantId, reader, upTo, new Date(deps.nowMs())];
    return (await deps.sql.run(tenantId, { name: "notify-mark-read", text, params }, idRow)).length;
  },
});
