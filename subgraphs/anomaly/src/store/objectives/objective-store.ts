import { parseRuleId, type RuleId, type TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import type { EventLog } from "@tessera/platform/events/event-log";
import { z } from "zod";
import type { Anomaly } from "../../domain/anomaly.ts";
import type { DeletedObjective, ObjectiveCodec, SavedObjective } from "../../domain/objectives/objective.ts";
import type { Rule } from "../../domain/rule.ts";
import type { RuleCodec } from "../../domain/rules/rule-codec.ts";
import type { SettleSeries } from "../../domain/rules/settle-series.ts";
import { ANOMALY_COLUMNS, parseAnomalyRow } from "../anomaly-row.ts";
import {
  createNamedDefinitions,
  definitionColumns,
  savedDefinition,
  type DefinitionOutcome,
  type DefinitionToSave,
} from "../named-definitions.ts";
import { idColumn, ruleRowParser } from "../rule-row.ts";
import { lockRulesStatement, lockRuleStatement } from "../rule-statements.ts";
import { changeWithin, type Change, type Changing } from "../rule-store.ts";

/** Objectives of a tenant. */
export const MAX_OBJECTIVES = 100;
/** Rules of one objective that are told; all a tenant has are no more than 200. */
const MAX_RULES = 200;

/** What becomes of the rules on an objective when it is changed. */
export interface Following {
  readonly changing: (saved: SavedObjective, rule: Rule) => Changing;
  readonly change: Change;
}

/** Service level objectives of a tenant. */
export interface ObjectiveStore {
  /** By name. */
  list(tenantId: TenantId): Promise<readonly SavedObjective[]>;
  /** Those of the objectives that exist, in no order. */
  findMany(tenantId: TenantId, ids: readonly string[]): Promise<readonly SavedObjective[]>;
  /** Saves an objective, and has every rule on it follow in the same transaction. Rejects with what deciding throws, and nothing is changed then. */
  save(
    tenantId: TenantId,
    objective: DefinitionToSave<SavedObjective["definition"]>,
    following: Following,
  ): Promise<DefinitionOutcome<SavedObjective>>;
  remove(tenantId: TenantId, id: string): Promise<DeletedObjective>;
  /** The rules that watch these objectives, the oldest first. */
  rulesOf(
    tenantId: TenantId,
    ids: readonly string[],
  ): Promise<readonly { readonly objectiveId: string; readonly ruleId: RuleId }[]>;
  /** The newest anomalies of these rules. */
  anomaliesOf(tenantId: TenantId, ruleIds: readonly RuleId[], most: number): Promise<readonly Anomaly[]>;
}

const nothing = (): null => null;
const ruleOfRow = z.object({ objectiveId: z.string(), ruleId: idColumn(parseRuleId) });

const COLUMNS = `id, definition, version, created_at AS "createdAt", changed_at AS "changedAt"`;
const statements = {
  list: (tenantId: TenantId): SqlStatement => ({
    name: "objectives-list",
    text: `SELECT ${COLUMNS} FROM service_objective WHERE tenant_id = $1 ORDER BY name LIMIT $2`,
    params: [tenantId, MAX_OBJECTIVES],
  }),
  findMany: (tenantId: TenantId, ids: readonly string[]): SqlStatement => ({
    name: "objectives-find",
    text: `SELECT ${COLUMNS} FROM service_objective WHERE tenant_id = $1 AND id = ANY ($2::uuid[])`,
    params: [tenantId, ids],
  }),
  rulesOf: (tenantId: TenantId, ids: readonly string[]): SqlStatement => ({
    name: "objectives-rules",
    text: `SELECT objective_id AS "objectiveId", id AS "ruleId" FROM anomaly_rule WHERE tenant_id = $1 AND objective_id = ANY ($2::uuid[])
      ORDER BY id LIMIT $3`,
    params: [tenantId, ids, MAX_RULES],
  }),
  anomaliesOf: (tenantId: TenantId, ruleIds: readonly RuleId[], most: number): SqlStatement => ({
    name: "objectives-anomalies",
    text: `SELECT ${ANOMALY_COLUMNS} FROM anomaly WHERE tenant_id = $1 AND rule_id = ANY ($2::uuid[]) ORDER BY id DESC LIMIT $3`,
    params: [tenantId, ruleIds, most],
  }),
};

/** Builds {@link ObjectiveStore}; `codec` reads and writes objectives, `rules` says how rules are written and their series ended. */
export const createObjectiveStore = (deps: {
  readonly sql: TenantSql;
  readonly codec: ObjectiveCodec;
  readonly rules: { readonly eventLog: EventLog; readonly codec: RuleCodec; readonly settleSeries: SettleSeries };
}): ObjectiveStore => {
  const { sql, codec, rules } = deps;
  const parseRule = ruleRowParser(rules.codec);
  const objectiveRow = (row: unknown): SavedObjective => savedDefinition(definitionColumns.parse(row), codec);
  const ruleRow = (row: unknown) => ruleOfRow.parse(row);
  const definitions = createNamedDefinitions({
    ...{ sql, table: "service_objective", most: MAX_OBJECTIVES, codec },
    read: (transaction, tenantId, id) => transaction.run(statements.findMany(tenantId, [id]), objectiveRow),
  });
  const follow = async (
    transaction: SqlTransaction,
    tenantId: TenantId,
    saved: SavedObjective,
    { changing, change }: Following,
  ): Promise<void> => {
    await transaction.run(lockRulesStatement(tenantId), nothing);
    const within = { transaction, ...rules, parseRule };
    for (const { ruleId } of await transaction.run(statements.rulesOf(tenantId, [saved.id]), ruleRow)) {
      const [rule] = await transaction.run(lockRuleStatement(tenantId, ruleId), parseRule);
      if (rule !== undefined) await changeWithin(within, tenantId, ruleId, changing(saved, rule), change);
    }
  };
  return {
    list: (tenantId) => sql.run(tenantId, statements.list(tenantId), objectiveRow),
    findMany: (tenantId, ids) => sql.run(tenantId, statements.findMany(tenantId, ids), objectiveRow),
    save: (tenantId, objective, following) =>
      sql.transaction(tenantId, async (transaction) => {
        const outcome = await definitions.saveWithin(transaction, tenantId, objective, following.change.atMs);
        if (outcome.kind === "SAVED" && objective.version !== null)
          await follow(transaction, tenantId, outcome.saved, following);
        return outcome;
      }),
    remove: (tenantId, id) =>
      sql.transaction(tenantId, async (transaction): Promise<DeletedObjective> => {
        // Objectives are locked before rules, as where they are saved; then none comes to watch this one in between.
        await definitions.lock(transaction, tenantId);
        await transaction.run(lockRulesStatement(tenantId), nothing);
        const watching = await transaction.run(statements.rulesOf(tenantId, [id]), ruleRow);
        if (watching.length > 0) return { kind: "IN_USE", rules: watching.map(({ ruleId }) => ruleId) };
        return { kind: (await definitions.removeWithin(transaction, tenantId, id)) ? "DELETED" : "NOT_FOUND" };
      }),
    rulesOf: (tenantId, ids) => sql.run(tenantId, statements.rulesOf(tenantId, ids), ruleRow),
    anomaliesOf: (tenantId, ruleIds, most) =>
      sql.run(tenantId, statements.anomaliesOf(tenantId, ruleIds, most), parseAnomalyRow),
  };
};
