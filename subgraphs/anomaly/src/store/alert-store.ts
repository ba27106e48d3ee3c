import { ALERT_CHANGED } from "@tessera/contracts/events/alert-changed";
import { parseAnomalyId, type RuleId, type TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, TenantSql } from "@tessera/platform/db/sql";
import type { LogCursor } from "@tessera/platform/events/log-cursor";
import { z } from "zod";
import type { AlertStep } from "../domain/rules/alert-step.ts";
import type { AlertStanding } from "../domain/rules/alert-standing.ts";
import { groupColumn, severityColumn } from "./anomaly-row.ts";
import { idColumn } from "./rule-row.ts";
import { parseStepRow, statesColumn, STEP_COLUMNS } from "./step-row.ts";

/** Where the alerts of a rule stand. */
export interface RuleStanding {
  readonly series: readonly AlertStanding[];
  /** Transitions after the asked place of the log that are in it already. */
  readonly taken: ReadonlySet<string>;
}

/** Where alerts stand, and their steps. */
export interface AlertStore {
  /** Every series of a rule, and what of the log after a place they are after already. */
  standing(tenantId: TenantId, ruleId: RuleId, after: LogCursor): Promise<RuleStanding>;
  /** Since when the alert of a series stands where it does; null where there is no such series. */
  sinceMs(tenantId: TenantId, ruleId: RuleId, fingerprint: string): Promise<number | null>;
  /** A step by its id; null where it is gone. */
  step(tenantId: TenantId, transitionId: string): Promise<AlertStep | null>;
}

const standingRow = z
  .object({
    fingerprint: z.string(),
    group: groupColumn,
    state: statesColumn,
    severity: severityColumn,
    since: z.number(),
    anomalyId: idColumn(parseAnomalyId).nullable(),
  })
  .transform(({ since, ...same }): AlertStanding => ({ ...same, sinceMs: since }));
const ruleRow = z.object({ series: z.array(standingRow), taken: z.array(z.string()) });
const sinceRow = z.object({ since: z.number() });

const ruleStatement = (tenantId: TenantId, ruleId: RuleId, after: LogCursor): SqlStatement => ({
  name: "anomaly-alerts-of-rule",
  // One statement, so that the series and what of the log is in them are of one snapshot.
  text: `SELECT (SELECT coalesce(jsonb_agg(jsonb_build_object('fingerprint', fingerprint, 'group', series_group, 'state', alert->'state', 'severity', alert->'severity',
        'since', alert->'sinceMs', 'anomalyId', anomaly_id) ORDER BY fingerprint), '[]') FROM anomaly_series WHERE tenant_id = $1 AND rule_id = $2) AS series,
      (SELECT coalesce(jsonb_agg(e.dedupe_key), '[]') FROM event_log e WHERE e.tenant_id = $1 AND e.topic = $3
        AND (e.transaction_id, e.sequence) > ($4::text::xid8, $5::bigint)) AS taken`,
  params: [tenantId, ruleId, ALERT_CHANGED, String(after.transaction), String(after.sequence)],
});

const sinceStatement = (tenantId: TenantId, ruleId: RuleId, fingerprint: string): SqlStatement => ({
  name: "anomaly-alert-since",
  text: `SELECT (alert->'sinceMs')::double precision AS since FROM anomaly_series WHERE tenant_id = $1 AND rule_id = $2 AND fingerprint = $3`,
  params: [tenantId, ruleId, fingerprint],
});

const stepStatement = (tenantId: TenantId, id: string): SqlStatement => ({
  name: "anomaly-step",
  text: `SELECT ${STEP_COLUMNS} FROM anomaly_transition WHERE tenant_id = $1 AND id = $2`,
  params: [tenantId, id],
});

/** Builds {@link AlertStore}. */
export const createAlertStore = (sql: TenantSql): AlertStore => ({
  standing: async (tenantId, ruleId, after) => {
    const [row] = await sql.run(tenantId, ruleStatement(tenantId, ruleId, after), (raw) => ruleRow.parse(raw));
    return { series: row?.series ?? [], taken: new Set(row?.taken) };
  },
  sinceMs: async (tenantId, ruleId, fingerprint) => {
    const [row] = await sql.run(tenantId, sinceStatement(tenantId, ruleId, fingerprint), (raw) => sinceRow.parse(raw));
    return row?.since ?? null;
  },
  step: async (tenantId, id) => (await sql.run(tenantId, stepStatement(tenantId, id), parseStepRow))[0] ?? null,
});
