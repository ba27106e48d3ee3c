import { parseAnomalyId, parseIncidentId, parseRuleId, parseTenantId } from "@tessera/contracts/ids";
import { z } from "zod";
import type { Incident, IncidentEntry, IncidentLink, Sign } from "../../domain/incidents/incident.ts";
import { severityColumn, subjectColumn } from "../anomaly-row.ts";
import { idColumn, msColumn } from "../rule-row.ts";

/** The columns of an incident, under the names its parser reads. */
export const INCIDENT_COLUMNS = `tenant_id AS "tenantId", id, number, group_key AS "groupKey", policy, labels, title, state, severity, worst_alert AS "worstAlert", roles, status,
  began_at AS "beganAt", opened_at AS "openedAt", acknowledged_at AS "acknowledgedAt", mitigated_at AS "mitigatedAt", resolved_at AS "resolvedAt", closed_at AS "closedAt",
  quiet_since AS "quietSince", resolve_after_ms AS "resolveAfterMs", reopen_within_ms AS "reopenWithinMs", times_reopened AS "timesReopened", entries, dropped`;
/** The columns of an alert as incidents see it. */
export const SIGN_COLUMNS = `anomaly_id AS "anomalyId", rule_id AS "ruleId", rule_name AS "ruleName", fingerprint, incident_id AS "incidentId", policy, group_key AS "groupKey", labels,
  severity, state, acknowledged, told, inhibited, fired_at AS "firedAt", over_at AS "overAt"`;
/** The columns of an entry. */
export const ENTRY_COLUMNS = `incident_id AS "incidentId", id, kind, from_state AS "from", to_state AS "to", severity, actor, said, anomaly_id AS "anomalyId", at`;
/** The columns of a link. */
export const LINK_COLUMNS = `incident_id AS "incidentId", other_id AS "otherId", score, reasons, linked_by AS "by", note, at`;

const incidentId = idColumn(parseIncidentId);
const anomalyId = idColumn(parseAnomalyId);
const labels = z.record(z.string(), z.string());
const states = z.enum(["TRIGGERED", "ACKNOWLEDGED", "MITIGATED", "RESOLVED", "CLOSED"]);
const moment = msColumn.nullable();

const incidentColumns = z.object({
  ...{ tenantId: idColumn(parseTenantId), id: incidentId, number: z.number(), groupKey: z.string() },
  ...{ policy: z.string().nullable(), labels, title: z.string(), state: states, severity: severityColumn },
  worstAlert: severityColumn.nullable(),
  roles: z.array(
    z.object({
      role: z.enum(["COMMANDER", "COMMUNICATIONS", "SCRIBE", "RESPONDER"]),
      ...{ personId: z.string(), scheduleId: z.string().nullable(), atMs: z.number() },
    }),
  ),
  ...{ status: z.string().nullable(), beganAt: msColumn, openedAt: msColumn, acknowledgedAt: moment },
  ...{ mitigatedAt: moment, resolvedAt: moment, closedAt: moment, quietSince: moment },
  ...{ resolveAfterMs: z.number(), reopenWithinMs: z.number(), timesReopened: z.number() },
  ...{ entries: z.number(), dropped: z.number() },
});

/** Reads an incident; throws ZodError when the row is broken. */
export const incidentRow = (row: unknown): Incident => {
  const { beganAt, openedAt, acknowledgedAt, mitigatedAt, resolvedAt, closedAt, quietSince, ...same } =
    incidentColumns.parse(row);
  return {
    ...same,
    ...{ beganAtMs: beganAt, openedAtMs: openedAt, acknowledgedAtMs: acknowledgedAt, mitigatedAtMs: mitigatedAt },
    ...{ resolvedAtMs: resolvedAt, closedAtMs: closedAt, quietSinceMs: quietSince },
  };
};

const signColumns = z.object({
  ...{ anomalyId, ruleId: idColumn(parseRuleId), ruleName: z.string(), fingerprint: z.string() },
  ...{ incidentId: incidentId.nullable(), policy: z.string().nullable(), groupKey: z.string().nullable(), labels },
  ...{ severity: severityColumn, state: z.enum(["OPEN", "OVER"]), acknowledged: z.boolean(), told: z.boolean() },
  ...{ inhibited: z.boolean(), firedAt: msColumn, overAt: moment },
});

/** Reads an alert as incidents see it. */
export const signRow = (row: unknown): Sign => {
  const { firedAt, overAt, ...same } = signColumns.parse(row);
  return { ...same, firedAtMs: firedAt, overAtMs: overAt };
};

const entryColumns = z.object({
  ...{ incidentId, id: z.string(), from: states, to: states, severity: severityColumn },
  kind: z.enum([
    ...(["OPENED", "ALERT_JOINED", "ALERT_CHANGED", "ACKNOWLEDGED", "MITIGATED", "RELAPSED", "RESOLVED"] as const),
    ...(["REOPENED", "CLOSED", "SEVERITY_CHANGED", "ROLE_ASSIGNED", "STATUS_UPDATED", "NOTED", "LINKED"] as const),
    "TOLD" as const,
  ]),
  ...{ actor: subjectColumn.nullable(), said: z.string(), anomalyId: anomalyId.nullable(), at: msColumn },
});

/** Reads an entry of a timeline. */
export const entryRow = (row: unknown): IncidentEntry => {
  const { actor, said, at, ...same } = entryColumns.parse(row);
  return { ...same, by: actor, text: said, atMs: at };
};

const linkColumns = z.object({
  ...{ incidentId, otherId: incidentId, score: z.number() },
  reasons: z.array(z.enum(["SAME_LABELS", "SAME_TIME", "SHARED_UPSTREAM", "BY_HAND"])),
  ...{ by: subjectColumn.nullable(), note: z.string().nullable(), at: msColumn },
});

/** Reads a link between two incidents. */
export const linkRow = (row: unknown): IncidentLink => {
  const { at, score, ...same } = linkColumns.parse(row);
  // The store keeps four bytes of it.
  return { ...same, score: Math.round(score * 1_000) / 1_000, atMs: at };
};
