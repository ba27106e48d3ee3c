import type { AlertChanged } from "@tessera/contracts/events/alert-changed";
import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, SqlTransaction } from "@tessera/platform/db/sql";
import { z } from "zod";
import type { Recipient } from "../../domain/notify/addressed.ts";
import type { Channel } from "../../domain/notify/channel.ts";
import type { Group } from "../../domain/notify/group.ts";
import type { Plan } from "../../domain/notify/plan.ts";
import type { SentReport } from "../../domain/notify/report-mail.ts";
import type { Routes } from "../../domain/notify/route.ts";
import { routesWithin } from "./channel-store.ts";
import { CHANNEL_COLUMNS, channelRow } from "./notify-rows.ts";

/** A notice to put into a delivery. */
export interface NewNotice {
  readonly channelId: string;
  readonly alert: AlertChanged;
  readonly route: string;
  readonly plan: Plan;
  /** The group its alert belongs to; left out: it is told of by itself. */
  readonly group?: Group | null;
  /** The delivery's, if it makes one. */
  readonly deliveryId: string;
  readonly nowMs: number;
  /** The one person it is for, and what names them among the channel's; left out: whomever the channel names. */
  readonly recipient?: Recipient | null;
  readonly recipientKey?: string;
}

/** A delivery that sends the files of a report. */
export interface NewReportDelivery {
  readonly deliveryId: string;
  readonly channelId: string;
  readonly report: SentReport;
  readonly nowMs: number;
}

/** What is done about notices within the transaction that takes a tenant's transitions. */
export interface NoticeStore {
  /** The tenant's routes; null when it has set none. */
  routes(): Promise<Routes | null>;
  /** Channels of these ids that there are, held until the transaction ends: what is written to one is written in one order. */
  holdChannels(ids: readonly string[]): Promise<ReadonlyMap<string, Channel>>;
  /** When the last delivery of a bundle was begun; null when none was. */
  lastBegun(channelId: string, bundle: string): Promise<number | null>;
  /** Makes the delivery of a run of a report, unless there is one. */
  putReport(report: NewReportDelivery): Promise<void>;
  /** Puts a notice into a delivery; false when it was put into one before. */
  put(notice: NewNotice): Promise<boolean>;
}

const nothing = (): null => null;
const at = (ms: number): Date => new Date(ms);

/** What is told in order: the steps of a series, to each recipient by themselves. */
const laneOf = ({ alert, recipientKey = "" }: NewNotice): string =>
  recipientKey === "" ? alert.fingerprint : `${alert.fingerprint} ${recipientKey}`;

const statements = {
  hold: (tenantId: TenantId, ids: readonly string[]): SqlStatement => ({
    name: "notify-hold-channels",
    text: `SELECT ${CHANNEL_COLUMNS} FROM notify_channel WHERE tenant_id = $1 AND id = ANY($2::uuid[]) AND deleted_at IS NULL ORDER BY id FOR UPDATE`,
    params: [tenantId, ids],
  }),
  lastBegun: (tenantId: TenantId, channelId: string, bundle: string): SqlStatement => ({
    name: "notify-last-begun",
    text: "SELECT begun_at FROM notify_delivery WHERE tenant_id = $1 AND channel_id = $2 AND bundle = $3 AND begun_at IS NOT NULL ORDER BY begun_at DESC LIMIT 1",
    params: [tenantId, channelId, bundle],
  }),
  isThere: (tenantId: TenantId, { alert, channelId, recipientKey = "" }: NewNotice): SqlStatement => ({
    name: "notify-notice-is-there",
    text: "SELECT 1 AS one FROM notify_notice WHERE tenant_id = $1 AND transition_id = $2 AND channel_id = $3 AND recipient = $4",
    params: [tenantId, alert.transitionId, channelId, recipientKey],
  }),
  /** The delivery that gathers notices of the lane with others; one that holds a single notice by itself is kept in order by the lane alone. */
  gathersLane: (tenantId: TenantId, notice: NewNotice): SqlStatement => ({
    name: "notify-gathers-lane",
    text: `SELECT d.id, d.due_at FROM notify_notice n JOIN notify_delivery d ON d.tenant_id = n.tenant_id AND d.id = n.delivery_id
      WHERE n.tenant_id = $1 AND n.channel_id = $2 AND n.lane = $3 AND n.open AND d.state = 'GATHERING' AND d.bundle NOT LIKE 'one %'
      ORDER BY d.due_at LIMIT 1 FOR UPDATE OF d`,
    params: [tenantId, notice.channelId, laneOf(notice)],
  }),
  /** What is told by itself and waits is sent no later than what follows it. */
  hasten: (tenantId: TenantId, notice: NewNotice): SqlStatement => ({
    name: "notify-hasten-lane",
    text: `UPDATE notify_delivery d SET due_at = $4 FROM notify_notice n
      WHERE n.tenant_id = $1 AND n.channel_id = $2 AND n.lane = $3 AND n.open AND d.tenant_id = n.tenant_id AND d.id = n.delivery_id
        AND d.state = 'GATHERING' AND d.bundle LIKE 'one %' AND d.due_at > $4`,
    params: [tenantId, notice.channelId, laneOf(notice), at(notice.plan.dueMs)],
  }),
  gather: (tenantId: TenantId, { deliveryId, channelId, plan, nowMs, recipient = null }: NewNotice): SqlStatement => ({
    name: "notify-gather",
    text: `INSERT INTO notify_delivery (tenant_id, id, channel_id, bundle, wait, due_at, created_at, recipient) VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb)
      ON CONFLICT (tenant_id, channel_id, bundle) WHERE state = 'GATHERING'
      DO UPDATE SET due_at = least(notify_delivery.due_at, excluded.due_at) RETURNING id`,
    params: [
      ...[tenantId, deliveryId, channelId, plan.bundle, plan.wait, at(plan.dueMs), at(nowMs)],
      recipient === null ? null : JSON.stringify(recipient),
    ],
  }),
  putReport: (tenantId: TenantId, { deliveryId, channelId, report, nowMs }: NewReportDelivery): SqlStatement => ({
    name: "notify-put-report",
    text: `INSERT INTO notify_delivery (tenant_id, id, channel_id, bundle, wait, due_at, created_at, report) VALUES ($1, $2, $3, $4, 'NOW', $5, $5, $6::jsonb)
      ON CONFLICT DO NOTHING`,
    params: [tenantId, deliveryId, channelId, `report ${report.runId}`, at(nowMs), JSON.stringify(report)],
  }),
  /** What gathers of the lane from one delivery on, in whatever deliveries it waits by then: what lies between two notices of a delivery would wait for it, and it for that. */
  moveLane: (tenantId: TenantId, notice: NewNotice, from: string, to: string): SqlStatement => ({
    name: "notify-move-lane",
    text: `UPDATE notify_notice n SET delivery_id = $5 FROM notify_delivery d
      WHERE n.tenant_id = $1 AND n.channel_id = $2 AND n.lane = $3 AND n.open AND n.delivery_id <> $5 AND d.tenant_id = n.tenant_id AND d.id = n.delivery_id
        AND d.state = 'GATHERING' AND n.sequence >= (
          SELECT min(f.sequence) FROM notify_notice f WHERE f.tenant_id = $1 AND f.channel_id = $2 AND f.lane = $3 AND f.delivery_id = $4 AND f.open
        ) RETURNING d.id`,
    params: [tenantId, notice.channelId, laneOf(notice), from, to],
  }),
  removeEmpty: (tenantId: TenantId, id: string): SqlStatement => ({
    name: "notify-remove-empty",
    text: `DELETE FROM notify_delivery d WHERE d.tenant_id = $1 AND d.id = $2
      AND NOT EXISTS (SELECT 1 FROM notify_notice n WHERE n.tenant_id = d.tenant_id AND n.delivery_id = d.id)`,
    params: [tenantId, id],
  }),
  insert: (tenantId: TenantId, notice: NewNotice, deliveryId: string): SqlStatement => ({
    name: "notify-insert-notice",
    text: `INSERT INTO notify_notice (tenant_id, transition_id, channel_id, lane, delivery_id, rule_id, anomaly_id, route, alert, created_at, recipient,
      group_id, group_labels) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::json, $10, $11, $12, $13::jsonb)`,
    params: [
      ...[tenantId, notice.alert.transitionId, notice.channelId, laneOf(notice), deliveryId, notice.alert.ruleId],
      ...[notice.alert.anomalyId, notice.route, JSON.stringify(notice.alert), at(notice.nowMs)],
      ...[
        notice.recipientKey ?? "",
        notice.group?.id ?? null,
        notice.group ? JSON.stringify(notice.group.labels) : null,
      ],
    ],
  }),
};

const placeRow = z.object({ id: z.string(), due_at: z.date() });
const idRow = (row: unknown): string => z.object({ id: z.string() }).parse(row).id;
const begunRow = (row: unknown): number => z.object({ begun_at: z.date() }).parse(row).begun_at.getTime();

/**
 * The delivery a notice goes into, and those its lane has left. What gathers notices of its lane with others takes it in when that is sent no later, with what waits behind
 * that by itself; otherwise all of these go into the new one's, so that nothing overtakes and no two deliveries wait for each other.
 */
const deliveryFor = async (
  transaction: SqlTransaction,
  tenantId: TenantId,
  notice: NewNotice,
): Promise<{ readonly id: string; readonly left: readonly string[] }> => {
  const [gathers] = await transaction.run(statements.gathersLane(tenantId, notice), (row) => placeRow.parse(row));
  const moved = (from: string, to: string) => transaction.run(statements.moveLane(tenantId, notice, from, to), idRow);
  if (gathers !== undefined && gathers.due_at.getTime() <= notice.plan.dueMs)
    return { id: gathers.id, left: await moved(gathers.id, gathers.id) };
  await transaction.run(statements.hasten(tenantId, notice), nothing);
  const [id = notice.deliveryId] = await transaction.run(statements.gather(tenantId, notice), idRow);
  return { id, left: gathers === undefined ? [] : await moved(gathers.id, id) };
};

/** Builds {@link NoticeStore} within a transaction of a tenant. */
export const noticesWithin = (transaction: SqlTransaction, tenantId: TenantId): NoticeStore => ({
  routes: () => routesWithin(transaction, tenantId),
  holdChannels: async (ids) =>
    new Map((await transaction.run(statements.hold(tenantId, ids), channelRow)).map((one) => [one.id, one])),
  lastBegun: async (channelId, bundle) =>
    (await transaction.run(statements.lastBegun(tenantId, channelId, bundle), begunRow))[0] ?? null,
  putReport: async (report) => {
    await transaction.run(statements.putReport(tenantId, report), nothing);
  },
  put: async (notice) => {
    const there = await transaction.run(statements.isThere(tenantId, notice), nothing);
    if (there.length > 0) return false;
    const { id, left } = await deliveryFor(transaction, tenantId, notice);
    await transaction.run(statements.insert(tenantId, notice, id), nothing);
    for (const empty of new Set(left)) await transaction.run(statements.removeEmpty(tenantId, empty), nothing);
    return true;
  },
});
