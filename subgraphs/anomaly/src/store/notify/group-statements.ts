import type { SqlStatement } from "@tessera/platform/db/sql";
import type { GroupMember } from "../../domain/notify/group.ts";
import { z } from "zod";
import type { LeasedClaim } from "../leased-claims.ts";
import { parseAlertChanged } from "./notify-rows.ts";

/** A member with what all members of its group have in common. */
export interface KeptMember {
  readonly member: GroupMember;
  readonly episode: string;
  /** Members of the group, listed or not. */
  readonly total: number;
}

const memberColumns = z.object({
  ...{ subject: z.string(), episode: z.string(), told: z.boolean(), lost: z.boolean(), gone: z.boolean() },
  ...{ total: z.number(), alert: z.unknown() },
});

/** Reads a member of a group. */
export const memberRow = (row: unknown): KeptMember => {
  const { episode, total, alert, ...member } = memberColumns.parse(row);
  return { member: { ...member, alert: parseAlertChanged(alert) }, episode, total };
};

/**
 * Members of a group, in the order in which its channel was first told of them; of many, those whose message failed first. What is over though nobody was
 * told, and has no news in the delivery, does not count.
 */
export const membersStatement = (
  { tenantId, id }: Pick<LeasedClaim, "tenantId" | "id">,
  of: { readonly channelId: string; readonly groupId: string },
  limit: number,
): SqlStatement => ({
  name: "notify-group-members",
  text: `SELECT subject, episode, told, lost, gone, alert, total FROM (
      SELECT m.subject, m.episode, m.told, m.lost, coalesce(a.state = 'RESOLVED', false) AS gone, m.alert, m.sequence, count(*) OVER ()::integer AS total
      FROM notify_group_member m LEFT JOIN anomaly a ON a.tenant_id = m.tenant_id AND a.id = m.anomaly_id
      WHERE m.tenant_id = $1 AND m.channel_id = $2 AND m.group_id = $3 AND (m.lost OR a.id IS NULL OR a.state <> 'RESOLVED' OR EXISTS (
        SELECT 1 FROM notify_notice n WHERE n.tenant_id = m.tenant_id AND n.delivery_id = $4 AND n.anomaly_id = m.anomaly_id))
      ORDER BY m.lost DESC, m.sequence LIMIT $5
    ) read ORDER BY sequence`,
  params: [tenantId, of.channelId, of.groupId, id, limit],
});

/** What stands for a notice's alert at receivers. */
const SUBJECT = "coalesce(anomaly_id::text, lane)";

/**
 * Keeps what a channel was told of the alerts of a delivery that belong to groups, or was to be: an alert belongs to one group of a channel at a time, and
 * whether its group was told that it is open is forgotten when it goes over to another.
 */
export const keepMembersStatement = ({ tenantId, id }: LeasedClaim, isSent: boolean, nowMs: number): SqlStatement => ({
  name: "notify-keep-group-members",
  text: `INSERT INTO notify_group_member AS m (tenant_id, channel_id, subject, group_id, episode, anomaly_id, transition_id, alert, is_over, told, lost, changed_at)
    SELECT $1, n.channel_id, n.subject, n.group_id, coalesce((
        SELECT one.episode FROM notify_group_member one WHERE one.tenant_id = $1 AND one.channel_id = n.channel_id AND one.group_id = n.group_id
        ORDER BY one.sequence LIMIT 1
      ), $2::uuid), n.anomaly_id, n.transition_id, n.alert, n.alert->>'to' IN ('RESOLVED', 'OK'), $3, NOT $3, $4
    FROM (
      SELECT DISTINCT ON (${SUBJECT}) channel_id, ${SUBJECT} AS subject, group_id, anomaly_id, transition_id, alert, sequence
      FROM notify_notice WHERE tenant_id = $1 AND delivery_id = $2 AND group_id IS NOT NULL ORDER BY ${SUBJECT}, sequence DESC
    ) n ORDER BY n.sequence
    ON CONFLICT (tenant_id, channel_id, subject) DO UPDATE SET group_id = excluded.group_id, episode = excluded.episode, transition_id = excluded.transition_id,
      alert = excluded.alert, is_over = excluded.is_over, told = excluded.told OR (m.told AND m.group_id = excluded.group_id), lost = excluded.lost,
      changed_at = excluded.changed_at`,
  params: [tenantId, id, isSent, new Date(nowMs)],
});

/** Keeps that what failed before was told with a message of its group. */
export const foundMembersStatement = (
  { tenantId }: LeasedClaim,
  channelId: string,
  transitions: readonly string[],
): SqlStatement => ({
  name: "notify-found-group-members",
  text: "UPDATE notify_group_member SET lost = false, told = true WHERE tenant_id = $1 AND channel_id = $2 AND transition_id = ANY($3::uuid[]) AND lost",
  params: [tenantId, channelId, transitions],
});

/** Lets go of members of the groups of a delivery whose end was told. */
export const dropOverStatement = ({ tenantId, id }: LeasedClaim, channelId: string): SqlStatement => ({
  name: "notify-drop-over-members",
  text: `DELETE FROM notify_group_member WHERE tenant_id = $1 AND channel_id = $3 AND is_over AND NOT lost
    AND group_id IN (SELECT group_id FROM notify_notice WHERE tenant_id = $1 AND delivery_id = $2)`,
  params: [tenantId, id, channelId],
});
