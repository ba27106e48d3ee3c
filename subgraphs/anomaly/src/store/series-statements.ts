import type { RuleId, TenantId } from "@tessera/contracts/ids";
import type { SqlStatement } from "@tessera/platform/db/sql";
import type { JudgedSeries } from "../domain/rules/series.ts";
import type { SettledSeries, SettledStep } from "../domain/rules/settle-series.ts";
import type { AnomalyWrite } from "../domain/rules/step-series.ts";
import { LEARNT_COLUMNS, SERIES_COLUMNS, STANDING_COLUMNS } from "./series-row.ts";

const iso = (ms: number): string => new Date(ms).toISOString();

/** Every series of a rule with all that is kept of it. */
export const seriesOfRuleStatement = (tenantId: TenantId, ruleId: RuleId): SqlStatement => ({
  name: "anomaly-series-of-rule",
  text: `SELECT ${SERIES_COLUMNS} FROM anomaly_series WHERE tenant_id = $1 AND rule_id = $2 ORDER BY fingerprint`,
  params: [tenantId, ruleId],
});

/** Every series of a rule with what its detector has learnt and where its alert stands, without its judged buckets. */
export const learntOfRuleStatement = (tenantId: TenantId, ruleId: RuleId): SqlStatement => ({
  name: "anomaly-learnt-of-rule",
  text: `SELECT ${LEARNT_COLUMNS} FROM anomaly_series WHERE tenant_id = $1 AND rule_id = $2`,
  params: [tenantId, ruleId],
});

/** Where some series of a rule stand, held until the transaction ends; of all of them where none is named. */
export const holdSeriesStatement = (
  tenantId: TenantId,
  ruleId: RuleId,
  fingerprints: readonly string[] | null,
): SqlStatement => ({
  name: "anomaly-hold-series",
  text: `SELECT ${STANDING_COLUMNS} FROM anomaly_series WHERE tenant_id = $1 AND rule_id = $2
      AND ($3::text[] IS NULL OR fingerprint = ANY ($3)) ORDER BY fingerprint FOR UPDATE`,
  params: [tenantId, ruleId, fingerprints],
});

/** Keeps what detectors have learnt and where alerts stand, of any number of series. */
export const keepSeriesStatement = (
  tenantId: TenantId,
  ruleId: RuleId,
  series: readonly { readonly judged: JudgedSeries; readonly settled: SettledSeries }[],
): SqlStatement => ({
  name: "anomaly-keep-series",
  text: `INSERT INTO anomaly_series (tenant_id, rule_id, fingerprint, series_group, detector, alert, recent, anomaly_id, seen_at)
    SELECT $1, $2, s.fingerprint, s.series_group, s.detector, s.alert, s.recent, s.anomaly_id, s.seen_at
    FROM jsonb_to_recordset($3::jsonb) AS s (fingerprint text, series_group jsonb, detector jsonb, alert jsonb, recent jsonb, anomaly_id uuid, seen_at timestamptz)
    ON CONFLICT (tenant_id, rule_id, fingerprint) DO UPDATE
      SET detector = excluded.detector, alert = excluded.alert, recent = excluded.recent, anomaly_id = excluded.anomaly_id, seen_at = excluded.seen_at`,
  params: [
    tenantId,
    ruleId,
    JSON.stringify(
      series.map(({ judged, settled }) => ({
        ...{ fingerprint: judged.fingerprint, series_group: judged.group, detector: judged.detector ?? null },
        ...{
          alert: settled.alert,
          recent: judged.recent,
          anomaly_id: settled.anomalyId,
          seen_at: iso(judged.seenAtMs),
        },
      })),
    ),
  ],
});

/** Keeps where alerts stand, of series that are there. */
export const keepAlertsStatement = (
  tenantId: TenantId,
  ruleId: RuleId,
  settled: readonly SettledSeries[],
): SqlStatement => ({
  name: "anomaly-keep-alerts",
  text: `UPDATE anomaly_series a SET alert = s.alert, anomaly_id = s.anomaly_id
    FROM jsonb_to_recordset($3::jsonb) AS s (fingerprint text, alert jsonb, anomaly_id uuid)
    WHERE a.tenant_id = $1 AND a.rule_id = $2 AND a.fingerprint = s.fingerprint`,
  params: [
    tenantId,
    ruleId,
    JSON.stringify(settled.map(({ fingerprint, alert, anomalyId }) => ({ fingerprint, alert, anomaly_id: anomalyId }))),
  ],
});

/** Forgets the series of a rule, or those beyond so many whose alerts are over, the longest unseen of them. */
export const forgetSeriesStatement = (tenantId: TenantId, ruleId: RuleId, keep: number): SqlStatement => ({
  name: "anomaly-forget-series",
  text: `DELETE FROM anomaly_series WHERE tenant_id = $1 AND rule_id = $2 AND fingerprint IN (
      SELECT fingerprint FROM anomaly_series WHERE tenant_id = $1 AND rule_id = $2
        AND ($3 = 0 OR alert->>'state' IN ('OK', 'RESOLVED'))
      ORDER BY seen_at DESC, fingerprint OFFSET $3)`,
  params: [tenantId, ruleId, keep],
});

/** Puts down steps of alerts. */
export const addStepsStatement = (tenantId: TenantId, ruleId: RuleId, steps: readonly SettledStep[]): SqlStatement => ({
  name: "anomaly-add-steps",
  text: `INSERT INTO anomaly_transition (tenant_id, id, rule_id, fingerprint, anomaly_id, from_state, to_state, reason, severity, notify, silence,
      escalation_step, at, actor, note, finding)
    SELECT $1, s.id, $2, s.fingerprint, s.anomaly_id, s.from_state, s.to_state, s.reason, s.severity, s.notify, s.silence, s.escalation_step, s.at,
      s.actor, s.note, s.finding
    FROM jsonb_to_recordset($3::jsonb) AS s (id uuid, fingerprint text, anomaly_id uuid, from_state text, to_state text, reason text, severity text,
      notify boolean, silence text, escalation_step integer, at timestamptz, actor jsonb, note text, finding jsonb)`,
  params: [
    tenantId,
    ruleId,
    JSON.stringify(
      steps.map(({ step: { actor, bucket }, told }) => ({
        ...{ id: told.transitionId, fingerprint: told.fingerprint, anomaly_id: told.anomalyId, from_state: told.from },
        ...{ to_state: told.to, reason: told.reason, severity: told.severity, notify: told.notify },
        ...{ silence: told.silence, escalation_step: told.escalationStep, at: iso(told.atMs) },
        ...{ actor: actor?.by ?? null, note: actor?.note ?? null, finding: bucket },
      })),
    ),
  ],
});

/** An anomaly with the series it is of. */
export interface SeriesAnomaly {
  readonly series: Pick<SettledSeries, "fingerprint" | "group">;
  readonly write: AnomalyWrite;
}

/** Takes anomalies on that were there before. */
export const changeAnomaliesStatement = (tenantId: TenantId, changed: readonly SeriesAnomaly[]): SqlStatement => ({
  name: "anomaly-change",
  text: `UPDATE anomaly a SET state = s.state, severity = s.severity, last_seen_at = coalesce(s.seen_at, a.last_seen_at),
      last_value = CASE WHEN s.seen_at IS NOT NULL THEN s.value ELSE a.last_value END, times_seen = a.times_seen + s.times,
      acknowledgement = coalesce(s.acknowledgement, a.acknowledgement), resolution = s.resolution
    FROM jsonb_to_recordset($2::jsonb) AS s (id uuid, state text, severity text, seen_at timestamptz, value double precision, times integer,
      acknowledgement jsonb, resolution jsonb)
    WHERE a.tenant_id = $1 AND a.id = s.id`,
  params: [
    tenantId,
    JSON.stringify(
      changed.map(({ write: { id, state, severity, seen, acknowledgement, resolution } }) => ({
        ...{ id, state, severity, acknowledgement, resolution, times: seen?.times ?? 0 },
        ...{ value: seen?.value ?? null, seen_at: seen === null ? null : iso(seen.atMs) },
      })),
    ),
  ],
});

/** Puts down anomalies that began, with what their rule watches: whoever settles holds it, so that it is what was judged. */
export const addAnomaliesStatement = (
  tenantId: TenantId,
  ruleId: RuleId,
  begun: readonly SeriesAnomaly[],
): SqlStatement => ({
  name: "anomaly-add",
  text: `INSERT INTO anomaly (tenant_id, id, rule_id, fingerprint, series_group, severity, state, evidence, raised_at, last_seen_at, last_value, times_seen,
      acknowledgement, resolution, watch)
    SELECT $1, s.id, $2, s.fingerprint, s.series_group, s.severity, s.state, s.evidence, s.raised_at, s.seen_at, s.value, s.times, s.acknowledgement, s.resolution,
      (SELECT r.watch FROM anomaly_rule r WHERE r.tenant_id = $1 AND r.id = $2)
    FROM jsonb_to_recordset($3::jsonb) AS s (id uuid, fingerprint text, series_group jsonb, severity text, state text, evidence jsonb, raised_at timestamptz,
      seen_at timestamptz, value double precision, times integer, acknowledgement jsonb, resolution jsonb)`,
  params: [
    tenantId,
    ruleId,
    JSON.stringify(
      begun.map(({ series, write: { begun: first, seen, id, state, severity, acknowledgement, resolution } }) => ({
        ...{
          id,
          fingerprint: series.fingerprint,
          series_group: series.group,
          severity,
          state,
          acknowledgement,
          resolution,
        },
        ...{
          evidence: first?.evidence,
          raised_at: iso(first?.atMs ?? 0),
          seen_at: iso(seen?.atMs ?? first?.atMs ?? 0),
        },
        ...{
          value: seen === null ? (first?.evidence.value ?? null) : seen.value,
          times: Math.max(1, seen?.times ?? 1),
        },
      })),
    ),
  ],
});
