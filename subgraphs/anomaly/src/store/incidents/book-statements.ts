import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement } from "@tessera/platform/db/sql";
import type { LogCursor } from "@tessera/platform/events/log-cursor";
import type { Incident, IncidentEntry, IncidentLink, Sign } from "../../domain/incidents/incident.ts";
import { INCIDENT_COLUMNS, SIGN_COLUMNS } from "./incident-rows.ts";

const at = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

/** Whoever changes a tenant's incidents does so one after the other. */
export const lockBookStatement = (tenantId: TenantId): SqlStatement => ({
  name: "incidents-lock",
  text: "SELECT pg_advisory_xact_lock(hashtextextended('incident:' || $1, 0))",
  params: [tenantId],
});

/** How far the tenant's alerts were taken. */
export const readPlaceStatement = (tenantId: TenantId): SqlStatement => ({
  name: "incidents-place",
  text: "SELECT transaction_id::text, sequence::text FROM incident_place WHERE tenant_id = $1",
  params: [tenantId],
});

/** Moves on how far the tenant's alerts were taken. */
export const movePlaceStatement = (tenantId: TenantId, { transaction, sequence }: LogCursor): SqlStatement => ({
  name: "incidents-move-place",
  text: `INSERT INTO incident_place (tenant_id, transaction_id, sequence) VALUES ($1, $2::text::xid8, $3::bigint)
    ON CONFLICT (tenant_id) DO UPDATE SET transaction_id = excluded.transaction_id, sequence = excluded.sequence`,
  params: [tenantId, String(transaction), String(sequence)],
});

/** The incidents that are not closed, in the order of their opening, and one that is asked for whatever became of it. */
export const liveIncidentsStatement = (tenantId: TenantId, most: number, named: string | null): SqlStatement => ({
  name: "incidents-live",
  text: `(SELECT ${INCIDENT_COLUMNS} FROM incident WHERE tenant_id = $1 AND state <> 'CLOSED' ORDER BY id LIMIT $2)
    UNION ALL (SELECT ${INCIDENT_COLUMNS} FROM incident WHERE tenant_id = $1 AND id = $3 AND state = 'CLOSED')`,
  params: [tenantId, most, named],
});

/** The open alerts that take part, and those of these anomalies whatever became of them. */
export const bookSignsStatement = (tenantId: TenantId, named: readonly string[], most: number): SqlStatement => ({
  name: "incidents-signs",
  text: `(SELECT ${SIGN_COLUMNS} FROM incident_sign WHERE tenant_id = $1 AND state = 'OPEN' ORDER BY anomaly_id LIMIT $3)
    UNION ALL (SELECT ${SIGN_COLUMNS} FROM incident_sign WHERE tenant_id = $1 AND state = 'OVER' AND anomaly_id = ANY ($2))`,
  params: [tenantId, named, most],
});

/** The newest incident's number; null before the first. */
export const lastNumberStatement = (tenantId: TenantId): SqlStatement => ({
  name: "incidents-last-number",
  text: "SELECT max(number) AS number FROM incident WHERE tenant_id = $1",
  params: [tenantId],
});

/** Who led to some steps of alerts, and what they said. */
export const actorsStatement = (tenantId: TenantId, transitionIds: readonly string[]): SqlStatement => ({
  name: "incidents-actors",
  text: "SELECT id, actor, note FROM anomaly_transition WHERE tenant_id = $1 AND id = ANY ($2) AND actor IS NOT NULL",
  params: [tenantId, transitionIds],
});

/** Keeps incidents, each with when it is due; those that are closed make room for those that are opened, so they come first. */
export const keepIncidentsStatement = (
  tenantId: TenantId,
  incidents: readonly { readonly incident: Incident; readonly dueAtMs: number | null }[],
): SqlStatement => ({
  name: "incidents-keep",
  text: `INSERT INTO incident (tenant_id, id, number, group_key, policy, labels, title, state, severity, worst_alert, roles, status, began_at, opened_at, acknowledged_at,
      mitigated_at, resolved_at, closed_at, quiet_since, resolve_after_ms, reopen_within_ms, times_reopened, entries, dropped, due_at)
    SELECT $1, i.* FROM jsonb_to_recordset($2::jsonb) AS i (id uuid, number integer, group_key text, policy text, labels jsonb, title text, state text, severity text, worst_alert text,
      roles jsonb, status text, began_at timestamptz, opened_at timestamptz, acknowledged_at timestamptz, mitigated_at timestamptz, resolved_at timestamptz, closed_at timestamptz,
      quiet_since timestamptz, resolve_after_ms integer, reopen_within_ms integer, times_reopened integer, entries integer, dropped integer, due_at timestamptz)
    ON CONFLICT (tenant_id, id) DO UPDATE SET title = excluded.title, state = excluded.state, severity = excluded.severity, worst_alert = excluded.worst_alert, roles = excluded.roles,
      status = excluded.status, acknowledged_at = excluded.acknowledged_at, mitigated_at = excluded.mitigated_at, resolved_at = excluded.resolved_at, closed_at = excluded.closed_at,
      quiet_since = excluded.quiet_since, times_reopened = excluded.times_reopened, entries = excluded.entries, dropped = excluded.dropped, due_at = excluded.due_at`,
  params: [
    tenantId,
    JSON.stringify(
      incidents.map(({ incident, dueAtMs }) => ({
        ...{ id: incident.id, number: incident.number, group_key: incident.groupKey, policy: incident.policy },
        ...{ labels: incident.labels, title: incident.title, state: incident.state, severity: incident.severity },
        ...{ worst_alert: incident.worstAlert, roles: incident.roles, status: incident.status },
        ...{ began_at: at(incident.beganAtMs), opened_at: at(incident.openedAtMs), due_at: at(dueAtMs) },
        ...{ acknowledged_at: at(incident.acknowledgedAtMs), mitigated_at: at(incident.mitigatedAtMs) },
        ...{ resolved_at: at(incident.resolvedAtMs), closed_at: at(incident.closedAtMs) },
        ...{ quiet_since: at(incident.quietSinceMs), resolve_after_ms: incident.resolveAfterMs },
        ...{ reopen_within_ms: incident.reopenWithinMs, times_reopened: incident.timesReopened },
        ...{ entries: incident.entries, dropped: incident.dropped },
      })),
    ),
  ],
});

/** Keeps alerts as incidents see them. */
export const keepSignsStatement = (tenantId: TenantId, signs: readonly Sign[]): SqlStatement => ({
  name: "incidents-keep-signs",
  text: `INSERT INTO incident_sign (tenant_id, anomaly_id, rule_id, rule_name, fingerprint, incident_id, policy, group_key, labels, severity, state, acknowledged, told, inhibited,
      fired_at, over_at)
    SELECT $1, s.* FROM jsonb_to_recordset($2::jsonb) AS s (anomaly_id uuid, rule_id uuid, rule_name text, fingerprint text, incident_id uuid, policy text, group_key text, labels jsonb,
      severity text, state text, acknowledged boolean, told boolean, inhibited boolean, fired_at timestamptz, over_at timestamptz)
    ON CONFLICT (tenant_id, anomaly_id) DO UPDATE SET incident_id = excluded.incident_id, policy = excluded.policy, group_key = excluded.group_key, labels = excluded.labels,
      severity = excluded.severity, state = excluded.state, acknowledged = excluded.acknowledged, told = excluded.told, inhibited = excluded.inhibited, over_at = excluded.over_at`,
  params: [
    tenantId,
    JSON.stringify(
      signs.map((sign) => ({
        ...{
          anomaly_id: sign.anomalyId,
          rule_id: sign.ruleId,
          rule_name: sign.ruleName,
          fingerprint: sign.fingerprint,
        },
        ...{ incident_id: sign.incidentId, policy: sign.policy, group_key: sign.groupKey, labels: sign.labels },
        ...{ severity: sign.severity, state: sign.state, acknowledged: sign.acknowledged, told: sign.told },
        ...{ inhibited: sign.inhibited, fired_at: at(sign.firedAtMs), over_at: at(sign.overAtMs) },
      })),
    ),
  ],
});

/** Adds entries to timelines, in their order. */
export const addEntriesStatement = (tenantId: TenantId, entries: readonly IncidentEntry[]): SqlStatement => ({
  name: "incidents-add-entries",
  text: `INSERT INTO incident_entry (tenant_id, incident_id, id, kind, from_state, to_state, severity, actor, said, anomaly_id, at)
    SELECT $1, e.incident_id, e.id, e.kind, e.from_state, e.to_state, e.severity, e.actor, e.said, e.anomaly_id, e.at
    FROM jsonb_to_recordset($2::jsonb) AS e (place integer, incident_id uuid, id uuid, kind text, from_state text, to_state text, severity text, actor jsonb, said text, anomaly_id uuid,
      at timestamptz) ORDER BY e.place`,
  params: [
    tenantId,
    JSON.stringify(
      entries.map((entry, place) => ({
        ...{ place, incident_id: entry.incidentId, id: entry.id, kind: entry.kind, from_state: entry.from },
        ...{ to_state: entry.to, severity: entry.severity, actor: entry.by, said: entry.text },
        ...{ anomaly_id: entry.anomalyId, at: at(entry.atMs) },
      })),
    ),
  ],
});

/** Adds links; of two incidents that are linked already, what somebody says of them stands. */
export const addLinksStatement = (tenantId: TenantId, links: readonly IncidentLink[]): SqlStatement => ({
  name: "incidents-add-links",
  text: `INSERT INTO incident_link (tenant_id, incident_id, other_id, score, reasons, linked_by, note, at)
    SELECT $1, l.incident_id, l.other_id, l.score, l.reasons, l.linked_by, l.note, l.at
    FROM jsonb_to_recordset($2::jsonb) AS l (incident_id uuid, other_id uuid, score real, reasons text[], linked_by jsonb, note text, at timestamptz)
    ON CONFLICT (tenant_id, incident_id, other_id) DO UPDATE SET score = excluded.score, reasons = excluded.reasons, linked_by = excluded.linked_by, note = excluded.note, at = excluded.at
      WHERE excluded.linked_by IS NOT NULL`,
  params: [
    tenantId,
    JSON.stringify(
      links.map((link) => ({
        ...{ incident_id: link.incidentId, other_id: link.otherId, score: link.score, reasons: link.reasons },
        ...{ linked_by: link.by, note: link.note, at: at(link.atMs) },
      })),
    ),
  ],
});
