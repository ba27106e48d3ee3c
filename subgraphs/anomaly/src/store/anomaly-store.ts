import { parseAnomalyId, type AnomalyId, type RuleId, type TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import type { EventLog } from "@tessera/platform/events/event-log";
import { z } from "zod";
import type { AlertCommand } from "../domain/alerts/alert-state.ts";
import type { Severity } from "../domain/alerts/alert.ts";
import type { Anomaly, AnomalyState, SteppedAnomaly } from "../domain/anomaly.ts";
import type { CheckedPage } from "../domain/page.ts";
import type { Rule } from "../domain/rule.ts";
import type { RuleCodec } from "../domain/rules/rule-codec.ts";
import type { KeptBucket } from "../domain/rules/series.ts";
import type { SettleSeries } from "../domain/rules/settle-series.ts";
import type { AlertStep } from "../domain/rules/alert-step.ts";
import type { Watch } from "../domain/rules/watch.ts";
import { ANOMALY_COLUMNS, parseAnomalyRow } from "./anomaly-row.ts";
import { idColumn, RULE_COLUMNS, ruleRowParser } from "./rule-row.ts";
import type { Change } from "./rule-store.ts";
import { parseSeriesRow, parseStandingRow, SERIES_COLUMNS } from "./series-row.ts";
import { holdSeriesStatement, keepAlertsStatement } from "./series-statements.ts";
import { parseStepRow, STEP_COLUMNS } from "./step-row.ts";
import type { TenantModels } from "./tenant-models.ts";
import { writeSettled } from "./write-settled.ts";

/** Which anomalies a page shows; null means all. */
interface AnomalyFilter {
  readonly state: AnomalyState | null;
  /** Only those that are not resolved. */
  readonly active: boolean;
  readonly severity: Severity | null;
  readonly ruleId: RuleId | null;
}

/** What the rule of an anomaly watched when it was raised. */
interface WatchOfAnomaly {
  readonly anomalyId: AnomalyId;
  readonly watch: Watch;
}

/** A tenant's anomalies. */
export interface AnomalyStore {
  /** Has the alert of an anomaly's series take a command; nobody else moves it in between. Refused when it leads nowhere from where it stands. */
  command(tenantId: TenantId, id: AnomalyId, command: AlertCommand, change: Change): Promise<SteppedAnomaly>;
  /** The same within a transaction of the tenant, which has best written nothing before. */
  commandWithin(
    transaction: SqlTransaction,
    tenantId: TenantId,
    id: AnomalyId,
    command: AlertCommand,
    change: Change,
  ): Promise<SteppedAnomaly>;
  /** Holds the rule of an anomaly until the transaction ends: whoever writes before a command of its own holds it first. Nothing of an anomaly that there is not. */
  holdRuleWithin(transaction: SqlTransaction, tenantId: TenantId, id: AnomalyId): Promise<void>;
  /** Those of the anomalies that exist, in no order. */
  findMany(tenantId: TenantId, ids: readonly AnomalyId[]): Promise<readonly Anomaly[]>;
  /** The newest anomaly that is not resolved of each of these rules. */
  findOpenOfRules(tenantId: TenantId, ruleIds: readonly RuleId[]): Promise<readonly Anomaly[]>;
  /** One page, newest first. */
  page(tenantId: TenantId, request: CheckedPage<AnomalyId>, filter: AnomalyFilter): Promise<readonly Anomaly[]>;
  /** Steps of these anomalies, oldest first, at most so many of each. */
  stepsOf(tenantId: TenantId, ids: readonly AnomalyId[], most: number): Promise<readonly AlertStep[]>;
  /** What the rules of these anomalies watched when they were raised; nothing of those that were raised before that was kept. */
  watchesOf(tenantId: TenantId, ids: readonly AnomalyId[]): Promise<readonly WatchOfAnomaly[]>;
  /** The last judged buckets of an anomaly's series. */
  bucketsOf(tenantId: TenantId, ruleId: RuleId, fingerprint: string): Promise<readonly KeptBucket[]>;
}

const nothing = (): null => null;

const findStatement = (tenantId: TenantId, id: AnomalyId): SqlStatement => ({
  name: "anomaly-find",
  text: `SELECT ${ANOMALY_COLUMNS} FROM anomaly WHERE tenant_id = $1 AND id = $2`,
  params: [tenantId, id],
});

/** The rule, held first by all that steps its alerts: transactions are numbered as they come to it, and in that order the event log tells their steps. */
const holdRuleStatement = (tenantId: TenantId, id: RuleId): SqlStatement => ({
  name: "anomaly-hold-rule-of",
  text: `SELECT ${RULE_COLUMNS} FROM anomaly_rule WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE`,
  params: [tenantId, id],
});

/** The rule of an anomaly, held as {@link holdRuleStatement} does. */
const holdRuleOfStatement = (tenantId: TenantId, id: AnomalyId): SqlStatement => ({
  name: "anomaly-hold-rule-of-anomaly",
  text: `SELECT r.id FROM anomaly_rule r WHERE r.tenant_id = $1 AND r.id = (SELECT a.rule_id FROM anomaly a WHERE a.tenant_id = $1 AND a.id = $2) FOR NO KEY UPDATE`,
  params: [tenantId, id],
});

const stepsStatement = (tenantId: TenantId, ids: readonly AnomalyId[], most: number): SqlStatement => ({
  name: "anomaly-steps-of",
  text: `SELECT ${STEP_COLUMNS} FROM (SELECT *, row_number() OVER (PARTITION BY anomaly_id ORDER BY id DESC) AS place
      FROM anomaly_transition WHERE tenant_id = $1 AND anomaly_id = ANY ($2)) steps WHERE place <= $3 ORDER BY anomaly_id, id`,
  params: [tenantId, ids, most],
});

const watchesStatement = (tenantId: TenantId, ids: readonly AnomalyId[]): SqlStatement => ({
  name: "anomaly-watches-of",
  text: `SELECT id AS "anomalyId", watch FROM anomaly WHERE tenant_id = $1 AND id = ANY ($2) AND watch IS NOT NULL`,
  params: [tenantId, ids],
});
const watchRow = z.object({ anomalyId: idColumn(parseAnomalyId), watch: z.unknown() });

const seriesStatement = (tenantId: TenantId, ruleId: RuleId, fingerprint: string): SqlStatement => ({
  name: "anomaly-series-one",
  text: `SELECT ${SERIES_COLUMNS} FROM anomaly_series WHERE tenant_id = $1 AND rule_id = $2 AND fingerprint = $3`,
  params: [tenantId, ruleId, fingerprint],
});

const openStatement = (tenantId: TenantId, ruleIds: readonly RuleId[]): SqlStatement => ({
  name: "anomaly-open-of-rules",
  text: `SELECT DISTINCT ON (rule_id) ${ANOMALY_COLUMNS} FROM anomaly WHERE tenant_id = $1 AND rule_id = ANY ($2) AND state <> 'RESOLVED'
    ORDER BY rule_id, id DESC`,
  params: [tenantId, ruleIds],
});

interface Commanding {
  readonly transaction: SqlTransaction;
  readonly eventLog: EventLog;
  readonly settleSeries: SettleSeries;
  readonly parseRule: (row: unknown) => Rule;
}

const command = async (
  within: Commanding,
  tenantId: TenantId,
  id: AnomalyId,
  asked: AlertCommand,
  { atMs, ...actor }: Change,
): Promise<SteppedAnomaly> => {
  const { transaction, settleSeries, parseRule } = within;
  const [found] = await transaction.run(findStatement(tenantId, id), parseAnomalyRow);
  if (found === undefined) return { kind: "NOT_FOUND" };
  const { ruleId, fingerprint } = found;
  const [rule] = await transaction.run(holdRuleStatement(tenantId, ruleId), parseRule);
  const [series] = await transaction.run(holdSeriesStatement(tenantId, ruleId, [fingerprint]), parseStandingRow);
  // Read again: whoever held the series before may have ended the anomaly.
  const [anomaly = found] = await transaction.run(findStatement(tenantId, id), parseAnomalyRow);
  if (rule === undefined || series === undefined || series.anomalyId !== id || anomaly.state === "RESOLVED")
    return { kind: "REFUSED", anomaly };
  const signal = { kind: "COMMAND", command: asked, episode: series.alert.episode, atMs } as const;
  const settled = settleSeries(rule, series, [{ signal, bucket: null, actor }]);
  if (settled.steps.length === 0) return { kind: "REFUSED", anomaly };
  await writeSettled(within, rule, [settled]);
  await transaction.run(keepAlertsStatement(tenantId, ruleId, [settled]), nothing);
  const [saved] = await transaction.run(findStatement(tenantId, id), parseAnomalyRow);
  if (saved === undefined) throw new Error("The anomaly's state was not stored.");
  return { kind: "SAVED", anomaly: saved };
};

/** Builds {@link AnomalyStore}: reads through Prisma, steps in a transaction that holds the series. */
export const createAnomalyStore = (deps: {
  sql: TenantSql;
  eventLog: EventLog;
  models: TenantModels;
  codec: RuleCodec;
  settleSeries: SettleSeries;
}): AnomalyStore => {
  const { sql, models, eventLog, settleSeries } = deps;
  const parseRule = ruleRowParser(deps.codec);
  return {
    findMany: (tenantId, ids) =>
      models.read(tenantId, async (tables) => {
        const rows = await tables.anomaly.findMany({ where: { tenantId, id: { in: [...ids] } } });
        return rows.map(parseAnomalyRow);
      }),
    command: (tenantId, id, asked, change) =>
      sql.transaction(tenantId, (transaction) =>
        command({ transaction, eventLog, settleSeries, parseRule }, tenantId, id, asked, change),
      ),
    commandWithin: (transaction, tenantId, id, asked, change) =>
      command({ transaction, eventLog, settleSeries, parseRule }, tenantId, id, asked, change),
    holdRuleWithin: async (transaction, tenantId, id) => {
      await transaction.run(holdRuleOfStatement(tenantId, id), nothing);
    },
    findOpenOfRules: (tenantId, ruleIds) => sql.run(tenantId, openStatement(tenantId, ruleIds), parseAnomalyRow),
    page: (tenantId, { first, after }, { state, active, severity, ruleId }) =>
      models.read(tenantId, async (tables) => {
        const rows = await tables.anomaly.findMany({
          where: {
            tenantId,
            ...(after === null ? {} : { id: { lt: after } }),
            ...(state === null ? (active ? { state: { not: "RESOLVED" } } : {}) : { state }),
            ...(severity === null ? {} : { severity }),
            ...(ruleId === null ? {} : { ruleId }),
          },
          orderBy: { id: "desc" },
          take: first,
        });
        return rows.map(parseAnomalyRow);
      }),
    stepsOf: (tenantId, ids, most) => sql.run(tenantId, stepsStatement(tenantId, ids, most), parseStepRow),
    watchesOf: (tenantId, ids) =>
      sql.run(tenantId, watchesStatement(tenantId, ids), (row) => {
        const { anomalyId, watch } = watchRow.parse(row);
        return { anomalyId, watch: deps.codec.readWatch(watch) };
      }),
    bucketsOf: async (tenantId, ruleId, fingerprint) => {
      const [series] = await sql.run(tenantId, seriesStatement(tenantId, ruleId, fingerprint), parseSeriesRow);
      return series?.recent ?? [];
    },
  };
};
