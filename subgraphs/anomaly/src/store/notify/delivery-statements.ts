import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement } from "@tessera/platform/db/sql";
import type { DeliveryState } from "../../domain/notify/delivery.ts";
import { DELIVERY_COLUMNS } from "./notify-rows.ts";

/** Which deliveries are listed; null: whichever. */
export interface DeliveryFilter {
  readonly channelId: string | null;
  readonly states: readonly DeliveryState[] | null;
  readonly anomalyId: string | null;
}

const at = (ms: number): Date => new Date(ms);

/** Where the conversation about an anomaly goes on. */
export const threadStatement = (tenantId: TenantId, channelId: string, subject: string): SqlStatement => ({
  name: "notify-thread",
  text: "SELECT reference FROM notify_thread WHERE tenant_id = $1 AND channel_id = $2 AND subject = $3",
  params: [tenantId, channelId, subject],
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
