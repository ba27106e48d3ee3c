import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement } from "@tessera/platform/db/sql";
import type { Attempt, ToldGroup } from "../../domain/notify/delivery.ts";
import { DELIVERY_COLUMNS, SEALED_COLUMNS } from "./notify-rows.ts";
import { idsOf, tokensOf, type ClaimBounds, type LeasedClaim } from "../leased-claims.ts";

const at = (ms: number): Date => new Date(ms);
/** Claims `c` of a tenant: `$1` the tenant, `$2` ids, `$3` tokens. */
const CLAIMS = "unnest($2::uuid[], $3::uuid[]) AS c(id, token)";

/** Leases due deliveries of any tenants. */
export const claimStatement = (nowMs: number, leaseUntilMs: number, bounds: ClaimBounds): SqlStatement => ({
  name: "notify-claim-due-across-tenants",
  text: "SELECT tenant_id, id, lease_token FROM claim_due_notify_deliveries_across_tenants($1, $2, $3, $4, $5)",
  params: [at(nowMs), at(leaseUntilMs), bounds.limit, bounds.perTenant, bounds.perReceiver],
});

/** Lengthens leases of any tenants; the tokens of those that are still held. */
export const renewStatement = (claims: readonly LeasedClaim[], leaseUntilMs: number): SqlStatement => ({
  name: "notify-renew-leases-across-tenants",
  text: "SELECT lease_token FROM renew_notify_leases_across_tenants($1, $2, $3, $4)",
  params: [claims.map(({ tenantId }) => tenantId), idsOf(claims), tokensOf(claims), at(leaseUntilMs)],
});

/** The channels of claimed deliveries, held in one order: whoever writes notices to them waits, so that what is begun takes no more in. */
export const holdChannelsStatement = (tenantId: TenantId, claims: readonly LeasedClaim[]): SqlStatement => ({
  name: "notify-hold-channels-of-claims",
  text: `SELECT ${SEALED_COLUMNS} FROM notify_channel WHERE tenant_id = $1 AND deleted_at IS NULL
    AND id IN (SELECT d.channel_id FROM notify_delivery d JOIN ${CLAIMS} ON d.tenant_id = $1 AND d.id = c.id AND d.lease_token = c.token)
    ORDER BY id FOR UPDATE`,
  params: [tenantId, idsOf(claims), tokensOf(claims)],
});

/** Claimed deliveries, held in one order, and whether each waits for an earlier one of a lane. */
export const holdClaimedStatement = (tenantId: TenantId, claims: readonly LeasedClaim[]): SqlStatement => ({
  name: "notify-hold-claimed",
  text: `SELECT ${DELIVERY_COLUMNS}, d.bundle, EXISTS (
      SELECT 1 FROM notify_notice n JOIN notify_notice earlier ON earlier.tenant_id = n.tenant_id AND earlier.channel_id = n.channel_id
        AND earlier.lane = n.lane AND earlier.sequence < n.sequence AND earlier.open AND earlier.delivery_id <> n.delivery_id
      WHERE n.tenant_id = d.tenant_id AND n.delivery_id = d.id
    ) AS waits, CASE WHEN d.bundle LIKE 'group %' THEN (
      SELECT max(o.due_at) FROM notify_delivery o WHERE o.tenant_id = d.tenant_id AND o.channel_id = d.channel_id AND o.bundle = d.bundle AND o.id <> d.id
        AND o.state IN ('SENDING', 'RETRYING')
    ) END AS group_tried_at
    FROM notify_delivery d JOIN ${CLAIMS.replace("AS c", "AS t")} ON d.id = t.id AND d.lease_token = t.token
    JOIN notify_channel c ON c.tenant_id = d.tenant_id AND c.id = d.channel_id
    WHERE d.tenant_id = $1 AND d.state IN ('GATHERING', 'SENDING', 'RETRYING') ORDER BY d.id FOR UPDATE OF d`,
  params: [tenantId, idsOf(claims), tokensOf(claims)],
});

/** What channels' windows hold at a moment: begun deliveries, the one that leaves it first, and the summary that gathers. */
export const windowsStatement = (
  tenantId: TenantId,
  channels: readonly { readonly id: string; readonly sinceMs: number }[],
  rateBundle: string,
  nowMs: number,
): SqlStatement => ({
  name: "notify-rate-windows",
  text: `SELECT w.channel_id, b.begun, b.first, s.id AS summary, s.due_at AS summary_at
    FROM unnest($2::uuid[], $3::timestamptz[]) AS w(channel_id, since)
    CROSS JOIN LATERAL (
      SELECT count(*)::integer AS begun, min(d.begun_at) AS first FROM notify_delivery d
      WHERE d.tenant_id = $1 AND d.channel_id = w.channel_id AND d.begun_at > w.since AND d.begun_at <= $5
    ) b
    LEFT JOIN notify_delivery s ON s.tenant_id = $1 AND s.channel_id = w.channel_id AND s.bundle = $4 AND s.state = 'GATHERING'`,
  params: [tenantId, channels.map(({ id }) => id), channels.map(({ sinceMs }) => at(sinceMs)), rateBundle, at(nowMs)],
});

/** Gives claims back at a moment: each is due again at a time of its own. */
export const postponeStatement = (
  tenantId: TenantId,
  postponed: readonly { readonly id: string; readonly dueMs: number }[],
  nowMs: number,
): SqlStatement => ({
  name: "notify-postpone",
  text: `UPDATE notify_delivery d SET due_at = p.due_at, postponed_at = $4, lease_token = NULL, leased_until = NULL
    FROM unnest($2::uuid[], $3::timestamptz[]) AS p(id, due_at) WHERE d.tenant_id = $1 AND d.id = p.id`,
  params: [tenantId, postponed.map(({ id }) => id), postponed.map(({ dueMs }) => at(dueMs)), at(nowMs)],
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

/** Moves everything of deliveries into another one, and removes them. */
export const foldStatements = (
  tenantId: TenantId,
  ids: readonly string[],
  into: string,
): readonly [SqlStatement, SqlStatement] => [
  {
    name: "notify-fold",
    text: "UPDATE notify_notice SET delivery_id = $3 WHERE tenant_id = $1 AND delivery_id = ANY($2::uuid[])",
    params: [tenantId, ids, into],
  },
  {
    name: "notify-remove-folded",
    text: "DELETE FROM notify_delivery WHERE tenant_id = $1 AND id = ANY($2::uuid[])",
    params: [tenantId, ids],
  },
];

/** Begins claimed deliveries: they take no more notices, and the try counts; one that was begun and whose end nobody told says so. */
export const beginStatement = (tenantId: TenantId, ids: readonly string[], abandoned: Attempt): SqlStatement => ({
  name: "notify-begin",
  text: `UPDATE notify_delivery SET state = 'SENDING', attempts = attempts + 1, begun_at = coalesce(begun_at, $3),
      log = CASE WHEN state = 'SENDING' THEN log || $4::jsonb ELSE log END
    WHERE tenant_id = $1 AND id = ANY($2::uuid[])`,
  params: [tenantId, ids, at(abandoned.atMs), JSON.stringify([abandoned])],
});

/** Different alerts of each of some deliveries, by what stands for them at receivers. */
export const countAlertsStatement = (tenantId: TenantId, ids: readonly string[]): SqlStatement => ({
  name: "notify-count-alerts",
  text: `SELECT delivery_id, count(DISTINCT coalesce(anomaly_id::text, lane))::integer AS alerts FROM notify_notice
    WHERE tenant_id = $1 AND delivery_id = ANY($2::uuid[]) GROUP BY delivery_id`,
  params: [tenantId, ids],
});

/** Keeps that a recipient has the message. */
export const doneStatement = ({ tenantId, id, leaseToken }: LeasedClaim, recipient: string): SqlStatement => ({
  name: "notify-done",
  text: "UPDATE notify_delivery SET done = done || $4::text WHERE tenant_id = $1 AND id = $2 AND lease_token = $3 RETURNING id",
  params: [tenantId, id, leaseToken, recipient],
});

/** How a claimed delivery is settled. */
export interface SettledDelivery {
  readonly state: "SENT" | "HANDED_OVER" | "RETRYING" | "FAILED";
  readonly attempt: Attempt;
  /** When it is tried again; null when it is over, or an endpoint's. */
  readonly dueMs: number | null;
  /** What it told of its group; null when it told of none, or was not sent. */
  readonly group: ToldGroup | null;
}

/** Keeps what became of tries, and gives the leases back; no row for those whose lease was lost. */
export const settleStatement = (
  tenantId: TenantId,
  settled: readonly { readonly claim: LeasedClaim; readonly settling: SettledDelivery }[],
): SqlStatement => ({
  name: "notify-settle",
  text: `WITH s AS (
      SELECT * FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::integer[], $7::text[], $8::timestamptz[], $9::timestamptz[],
        $10::text[]) AS s(id, token, state, attempt, code, said, due_at, finished_at, told_group)
    ), held AS MATERIALIZED (
      SELECT d.id FROM notify_delivery d JOIN s ON d.tenant_id = $1 AND d.id = s.id AND d.lease_token = s.token ORDER BY d.id FOR UPDATE OF d
    )
    UPDATE notify_delivery d SET state = s.state, log = d.log || s.attempt::jsonb, response_code = s.code, response = s.said,
      due_at = coalesce(s.due_at, d.due_at), finished_at = s.finished_at, told_group = s.told_group::jsonb, lease_token = NULL, leased_until = NULL
    FROM held JOIN s USING (id) WHERE d.tenant_id = $1 AND d.id = s.id AND d.lease_token = s.token RETURNING d.id, d.channel_id`,
  params: [
    tenantId,
    ...[settled.map(({ claim }) => claim.id), settled.map(({ claim }) => claim.leaseToken)],
    settled.map(({ settling }) => settling.state),
    settled.map(({ settling }) => JSON.stringify([settling.attempt])),
    ...[settled.map(({ settling }) => settling.attempt.code), settled.map(({ settling }) => settling.attempt.said)],
    settled.map(({ settling: { dueMs } }) => (dueMs === null ? null : at(dueMs))),
    settled.map(({ settling: { state, dueMs, attempt } }) =>
      dueMs === null && state !== "HANDED_OVER" ? at(attempt.atMs) : null,
    ),
    settled.map(({ settling: { group } }) => (group === null ? null : JSON.stringify(group))),
  ],
});

/** Lets what follows in the lanes of deliveries go. */
export const closeNoticesStatement = (tenantId: TenantId, ids: readonly string[]): SqlStatement => ({
  name: "notify-close-notices",
  text: "UPDATE notify_notice SET open = false WHERE tenant_id = $1 AND delivery_id = ANY($2::uuid[])",
  params: [tenantId, ids],
});

/** Keeps where the conversation about an anomaly began; the first stays. */
export const keepThreadStatement = (
  { tenantId, id }: LeasedClaim,
  thread: { readonly subject: string; readonly reference: string },
  nowMs: number,
): SqlStatement => ({
  name: "notify-keep-thread",
  text: `INSERT INTO notify_thread (tenant_id, channel_id, subject, reference, created_at)
    SELECT $1, channel_id, $3, $4, $5 FROM notify_delivery WHERE tenant_id = $1 AND id = $2 ON CONFLICT DO NOTHING`,
  params: [tenantId, id, thread.subject, thread.reference, at(nowMs)],
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
