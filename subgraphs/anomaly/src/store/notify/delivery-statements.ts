import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement } from "@tessera/platform/db/sql";
import type { Attempt, DeliveryState, ToldGroup } from "../../domain/notify/delivery.ts";
import { CHANNEL_COLUMNS, DELIVERY_COLUMNS } from "./notify-rows.ts";

/** A delivery a worker may send until its lease ends; the token proves it when it is settled. */
export interface DeliveryClaim {
  readonly tenantId: TenantId;
  readonly id: string;
  readonly leaseToken: string;
}

/** Which deliveries are listed; null: whichever. */
export interface DeliveryFilter {
  readonly channelId: string | null;
  readonly states: readonly DeliveryState[] | null;
  readonly anomalyId: string | null;
}

const at = (ms: number): Date => new Date(ms);
const keyOf = ({ tenantId, id, leaseToken }: DeliveryClaim) => [tenantId, id, leaseToken] as const;

/** Leases due deliveries of any tenants. */
export const claimStatement = (nowMs: number, leaseUntilMs: number, limit: number): SqlStatement => ({
  name: "notify-claim-due-across-tenants",
  text: "SELECT tenant_id, id, lease_token FROM claim_due_notify_deliveries_across_tenants($1, $2, $3)",
  params: [at(nowMs), at(leaseUntilMs), limit],
});

/** The channel of a claimed delivery, held: whoever writes notices to it waits, so that what is begun takes no more in. */
export const holdChannelStatement = (claim: DeliveryClaim): SqlStatement => ({
  name: "notify-hold-channel-of-claim",
  text: `SELECT ${CHANNEL_COLUMNS}, sealed_secret FROM notify_channel WHERE tenant_id = $1 AND deleted_at IS NULL
    AND id = (SELECT channel_id FROM notify_delivery WHERE tenant_id = $1 AND id = $2 AND lease_token = $3) FOR UPDATE`,
  params: keyOf(claim),
});

/** A claimed delivery, and whether it waits for an earlier one of a lane. */
export const holdClaimedStatement = (claim: DeliveryClaim): SqlStatement => ({
  name: "notify-hold-claimed",
  text: `SELECT ${DELIVERY_COLUMNS}, d.bundle, EXISTS (
      SELECT 1 FROM notify_notice n JOIN notify_notice earlier ON earlier.tenant_id = n.tenant_id AND earlier.channel_id = n.channel_id
        AND earlier.lane = n.lane AND earlier.sequence < n.sequence AND earlier.open AND earlier.delivery_id <> n.delivery_id
      WHERE n.tenant_id = d.tenant_id AND n.delivery_id = d.id
    ) AS waits, CASE WHEN d.bundle LIKE 'group %' THEN (
      SELECT max(o.due_at) FROM notify_delivery o WHERE o.tenant_id = d.tenant_id AND o.channel_id = d.channel_id AND o.bundle = d.bundle AND o.id <> d.id
        AND o.state IN ('SENDING', 'RETRYING')
    ) END AS group_tried_at
    FROM notify_delivery d JOIN notify_channel c ON c.tenant_id = d.tenant_id AND c.id = d.channel_id
    WHERE d.tenant_id = $1 AND d.id = $2 AND d.lease_token = $3 AND d.state IN ('GATHERING', 'SENDING', 'RETRYING') FOR UPDATE OF d`,
  params: keyOf(claim),
});

/** What a channel's window holds: begun deliveries, the one that leaves it first, and whether a summary gathers. */
export const windowStatement = (
  { tenantId, id }: DeliveryClaim,
  channelId: string,
  sinceMs: number,
  rateBundle: string,
): SqlStatement => ({
  name: "notify-rate-window",
  text: `SELECT count(*)::integer AS begun, min(begun_at) AS first,
      (SELECT due_at FROM notify_delivery WHERE tenant_id = $1 AND channel_id = $3 AND bundle = $5 AND state = 'GATHERING' AND id <> $2) AS summary_at
    FROM notify_delivery WHERE tenant_id = $1 AND channel_id = $3 AND begun_at > $4 AND id <> $2`,
  params: [tenantId, id, channelId, at(sinceMs), rateBundle],
});

/** Gives a claim back: it is due again at another time. */
export const postponeStatement = (claim: DeliveryClaim, dueMs: number): SqlStatement => ({
  name: "notify-postpone",
  text: "UPDATE notify_delivery SET due_at = $4, lease_token = NULL, leased_until = NULL WHERE tenant_id = $1 AND id = $2 AND lease_token = $3",
  params: [...keyOf(claim), at(dueMs)],
});

/** The delivery that takes in what a channel's rate cap keeps back. */
export const summaryStatement = (
  tenantId: TenantId,
  made: { readonly id: string; readonly channelId: string; readonly bundle: string; readonly dueMs: number },
  nowMs: number,
): SqlStatement => ({
  name: "notify-summary",
  text: `INSERT INTO notify_delivery (tenant_id, id, channel_id, bundle, wait, due_at, created_at) VALUES ($1, $2, $3, $4, 'RATE_CAP', $5, $6)
    ON CONFLICT (tenant_id, channel_id, bundle) WHERE state = 'GATHERING' DO UPDATE SET due_at = least(notify_delivery.due_at, excluded.due_at) RETURNING id`,
  params: [tenantId, made.id, made.channelId, made.bundle, at(made.dueMs), at(nowMs)],
});

/** Moves everything of a delivery into another one, and removes it. */
export const foldStatements = (
  { tenantId, id }: DeliveryClaim,
  into: string,
): readonly [SqlStatement, SqlStatement] => [
  {
    name: "notify-fold",
    text: "UPDATE notify_notice SET delivery_id = $3 WHERE tenant_id = $1 AND delivery_id = $2",
    params: [tenantId, id, into],
  },
  {
    name: "notify-remove-folded",
    text: "DELETE FROM notify_delivery WHERE tenant_id = $1 AND id = $2",
    params: [tenantId, id],
  },
];

/** Begins a claimed delivery: it takes no more notices, and the try counts. */
export const beginStatement = (claim: DeliveryClaim, nowMs: number, abandoned: readonly Attempt[]): SqlStatement => ({
  name: "notify-begin",
  text: `UPDATE notify_delivery SET state = 'SENDING', attempts = attempts + 1, begun_at = coalesce(begun_at, $4), log = log || $5::jsonb
    WHERE tenant_id = $1 AND id = $2 AND lease_token = $3`,
  params: [...keyOf(claim), at(nowMs), JSON.stringify(abandoned)],
});

/** The newest notices of a delivery, the oldest of them first. */
export const noticesStatement = ({ tenantId, id }: DeliveryClaim, limit: number): SqlStatement => ({
  name: "notify-notices",
  text: `SELECT delivery_id, route, alert, group_id, group_labels FROM (
      SELECT delivery_id, route, alert, group_id, group_labels, sequence FROM notify_notice WHERE tenant_id = $1 AND delivery_id = $2 ORDER BY sequence DESC LIMIT $3
    ) newest ORDER BY sequence`,
  params: [tenantId, id, limit],
});

/** Different alerts of a delivery, by what stands for them at receivers. */
export const countAlertsStatement = ({ tenantId, id }: DeliveryClaim): SqlStatement => ({
  name: "notify-count-alerts",
  text: "SELECT count(DISTINCT coalesce(anomaly_id::text, lane))::integer AS alerts FROM notify_notice WHERE tenant_id = $1 AND delivery_id = $2",
  params: [tenantId, id],
});

/** Where the conversation about an anomaly goes on. */
export const threadStatement = (tenantId: TenantId, channelId: string, subject: string): SqlStatement => ({
  name: "notify-thread",
  text: "SELECT reference FROM notify_thread WHERE tenant_id = $1 AND channel_id = $2 AND subject = $3",
  params: [tenantId, channelId, subject],
});

/** Keeps where the conversation about an anomaly began; the first stays. */
export const keepThreadStatement = (
  { tenantId, id }: DeliveryClaim,
  thread: { readonly subject: string; readonly reference: string },
  nowMs: number,
): SqlStatement => ({
  name: "notify-keep-thread",
  text: `INSERT INTO notify_thread (tenant_id, channel_id, subject, reference, created_at)
    SELECT $1, channel_id, $3, $4, $5 FROM notify_delivery WHERE tenant_id = $1 AND id = $2 ON CONFLICT DO NOTHING`,
  params: [tenantId, id, thread.subject, thread.reference, at(nowMs)],
});

/** Keeps that a recipient has the message. */
export const doneStatement = (claim: DeliveryClaim, recipient: string): SqlStatement => ({
  name: "notify-done",
  text: "UPDATE notify_delivery SET done = done || $4::text WHERE tenant_id = $1 AND id = $2 AND lease_token = $3 RETURNING id",
  params: [...keyOf(claim), recipient],
});

/** How a claimed delivery is settled. */
export interface SettledDelivery {
  readonly state: "SENT" | "RETRYING" | "FAILED";
  readonly attempt: Attempt;
  /** When it is tried again; null when it is over. */
  readonly dueMs: number | null;
  /** What it told of its group; null when it told of none, or was not sent. */
  readonly group: ToldGroup | null;
}

/** Keeps what became of a try, and gives the lease back; no row when the lease was lost. */
export const settleStatement = (claim: DeliveryClaim, settled: SettledDelivery): SqlStatement => ({
  name: "notify-settle",
  text: `UPDATE notify_delivery SET state = $4, log = log || $5::jsonb, response_code = $6, response = $7, due_at = coalesce($8, due_at),
      finished_at = $9, told_group = $10::jsonb, lease_token = NULL, leased_until = NULL WHERE tenant_id = $1 AND id = $2 AND lease_token = $3 RETURNING id, channel_id`,
  params: [
    ...[...keyOf(claim), settled.state, JSON.stringify([settled.attempt]), settled.attempt.code, settled.attempt.said],
    settled.dueMs === null ? null : at(settled.dueMs),
    settled.dueMs === null ? at(settled.attempt.atMs) : null,
    settled.group === null ? null : JSON.stringify(settled.group),
  ],
});

/** Lets what follows in the lanes of a delivery go. */
export const closeNoticesStatement = ({ tenantId, id }: DeliveryClaim): SqlStatement => ({
  name: "notify-close-notices",
  text: "UPDATE notify_notice SET open = false WHERE tenant_id = $1 AND delivery_id = $2",
  params: [tenantId, id],
});

/** Disables a channel that refused for good; no row when it is not active any more. */
export const disableStatement = (
  tenantId: TenantId,
  channelId: string,
  because: string,
  nowMs: number,
): SqlStatement => ({
  name: "notify-disable-channel",
  text: `UPDATE notify_channel SET state = 'DISABLED', disabled_because = $3, changed_at = $4, version = version + 1
    WHERE tenant_id = $1 AND id = $2 AND state = 'ACTIVE' AND deleted_at IS NULL RETURNING id, name`,
  params: [tenantId, channelId, because, at(nowMs)],
});

/** The newest deliveries first. */
export const listStatement = (
  tenantId: TenantId,
  filter: DeliveryFilter,
  page: { readonly first: number; readonly after: string | null },
): SqlStatement => ({
  name: "notify-list-deliveries",
  text: `SELECT ${DELIVERY_COLUMNS} FROM notify_delivery d JOIN notify_channel c ON c.tenant_id = d.tenant_id AND c.id = d.channel_id
    WHERE d.tenant_id = $1 AND ($2::uuid IS NULL OR d.channel_id = $2) AND ($3::text[] IS NULL OR d.state = ANY($3))
      AND ($4::uuid IS NULL OR EXISTS (SELECT 1 FROM notify_notice n WHERE n.tenant_id = d.tenant_id AND n.delivery_id = d.id AND n.anomaly_id = $4))
      AND ($5::uuid IS NULL OR d.id < $5) ORDER BY d.id DESC LIMIT $6`,
  params: [tenantId, filter.channelId, filter.states, filter.anomalyId, page.after, page.first + 1],
});

/** The newest notices of each of several deliveries. */
export const noticesOfStatement = (tenantId: TenantId, ids: readonly string[], limit: number): SqlStatement => ({
  name: "notify-notices-of",
  text: `SELECT delivery_id, route, alert, group_id, group_labels FROM (
      SELECT delivery_id, route, alert, group_id, group_labels, sequence, row_number() OVER (PARTITION BY delivery_id ORDER BY sequence DESC) AS place
      FROM notify_notice WHERE tenant_id = $1 AND delivery_id = ANY($2::uuid[])
    ) n WHERE place <= $3 ORDER BY delivery_id, sequence`,
  params: [tenantId, ids, limit],
});

/** Removes what is older than is kept. */
export const forgetStatement = (beforeMs: number, limit: number): SqlStatement => ({
  name: "notify-forget-across-tenants",
  text: "SELECT forget_old_notifications_across_tenants($1, $2)::integer AS rows",
  params: [at(beforeMs), limit],
});

/** Removes members of groups that nothing was told of for longer than is kept. */
export const forgetMembersStatement = (beforeMs: number, limit: number): SqlStatement => ({
  name: "notify-forget-members-across-tenants",
  text: "SELECT forget_old_group_members_across_tenants($1, $2)::integer AS rows",
  params: [at(beforeMs), limit],
});
