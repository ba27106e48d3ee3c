import type { RuleId, TenantId } from "@tessera/contracts/ids";
import type { SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import { z } from "zod";
import type { Resolution } from "../domain/anomaly.ts";
import type { MetricCodec } from "../domain/metric.ts";
import type { CheckedPage } from "../domain/page.ts";
import type { RuleChange } from "../domain/rule-change.ts";
import type { ChangedRule, CreatedRule, Rule, RuleDefinition } from "../domain/rule.ts";
import { ruleRowParser } from "./rule-row.ts";
import {
  countRulesStatement,
  deleteRuleStatement,
  insertRuleStatement,
  lockRulesStatement,
  lockRuleStatement,
  resolveAnomaliesOfRuleStatement,
  ruleByNameStatement,
  updateRuleStatement,
} from "./rule-statements.ts";
import type { TenantModels } from "./tenant-models.ts";

/** Rules one tenant may have: each is a query every few seconds. */
export const MAX_RULES_PER_TENANT = 200;

/** A tenant's rules. */
export interface RuleStore {
  create(tenantId: TenantId, id: RuleId, definition: RuleDefinition, nowMs: number): Promise<CreatedRule>;
  /** Changes a rule as `decide` says of its present form; nobody else changes it in between. */
  change(tenantId: TenantId, id: RuleId, decide: (rule: Rule) => RuleChange, nowMs: number): Promise<ChangedRule>;
  /** Marks a rule deleted and resolves its open anomaly; false when there is no such rule. */
  remove(tenantId: TenantId, id: RuleId, resolution: Resolution): Promise<boolean>;
  /** The rule, unless it is deleted. */
  find(tenantId: TenantId, id: RuleId): Promise<Rule | null>;
  /** Those of the rules that exist, deleted ones included, in no order. */
  findMany(tenantId: TenantId, ids: readonly RuleId[]): Promise<readonly Rule[]>;
  /** One page of the rules that are not deleted. */
  page(tenantId: TenantId, request: CheckedPage<RuleId>): Promise<readonly Rule[]>;
}

/** What a write works with: its transaction, and how metrics and rules are written and read. */
interface Within {
  readonly transaction: SqlTransaction;
  readonly codec: MetricCodec;
  readonly parseRule: (row: unknown) => Rule;
}

const nothing = (): null => null;
const countRow = z.object({ rules: z.number() });

const create = async (
  { transaction, codec, parseRule }: Within,
  tenantId: TenantId,
  id: RuleId,
  definition: RuleDefinition,
  nowMs: number,
): Promise<CreatedRule> => {
  await transaction.run(lockRulesStatement(tenantId), nothing);
  const [namesake] = await transaction.run(ruleByNameStatement(tenantId, definition.name), parseRule);
  if (namesake !== undefined) return { kind: "NAME_TAKEN", rule: namesake };
  const [count] = await transaction.run(countRulesStatement(tenantId), (row) => countRow.parse(row));
  if (count === undefined || count.rules >= MAX_RULES_PER_TENANT)
    return { kind: "LIMIT_REACHED", limit: MAX_RULES_PER_TENANT };
  const stored = { ...definition, metric: codec.write(definition.metric) };
  const [rule] = await transaction.run(insertRuleStatement(tenantId, id, stored, nowMs), parseRule);
  if (rule === undefined) throw new Error("The new rule was not stored.");
  return { kind: "SAVED", rule };
};

const change = async (
  { transaction, codec, parseRule }: Within,
  tenantId: TenantId,
  id: RuleId,
  decide: (rule: Rule) => RuleChange,
  nowMs: number,
): Promise<ChangedRule> => {
  await transaction.run(lockRulesStatement(tenantId), nothing);
  const [rule] = await transaction.run(lockRuleStatement(tenantId, id), parseRule);
  if (rule === undefined) return { kind: "NOT_FOUND" };
  const decision = decide(rule);
  if (decision.kind === "STALE") return { kind: "STALE", rule };
  if (decision.kind === "REJECT") return { kind: "REJECTED", problems: decision.problems };
  const { definition, restart } = decision;
  const [namesake] = await transaction.run(ruleByNameStatement(tenantId, definition.name), parseRule);
  if (namesake !== undefined && namesake.id !== id) return { kind: "NAME_TAKEN", rule: namesake };
  const stored = { ...definition, metric: codec.write(definition.metric) };
  const [saved] = await transaction.run(updateRuleStatement(rule, stored, restart, nowMs), parseRule);
  if (saved === undefined) throw new Error("The changed rule was not stored.");
  return { kind: "SAVED", rule: saved };
};

const remove = async (
  transaction: SqlTransaction,
  tenantId: TenantId,
  id: RuleId,
  resolution: Resolution,
): Promise<boolean> => {
  const removed = await transaction.run(deleteRuleStatement(tenantId, id, resolution.atMs), nothing);
  if (removed.length === 0) return false;
  await transaction.run(resolveAnomaliesOfRuleStatement(tenantId, id, resolution), nothing);
  return true;
};

/** Builds {@link RuleStore}: reads through Prisma, writes in transactions that hold what they decide on. */
export const createRuleStore = (deps: { sql: TenantSql; models: TenantModels; codec: MetricCodec }): RuleStore => {
  const { sql, models, codec } = deps;
  const parseRule = ruleRowParser(codec);
  return {
    create: (tenantId, id, definition, nowMs) =>
      sql.transaction(tenantId, (transaction) =>
        create({ transaction, codec, parseRule }, tenantId, id, definition, nowMs),
      ),
    change: (tenantId, id, decide, nowMs) =>
      sql.transaction(tenantId, (transaction) =>
        change({ transaction, codec, parseRule }, tenantId, id, decide, nowMs),
      ),
    remove: (tenantId, id, resolution) =>
      sql.transaction(tenantId, (transaction) => remove(transaction, tenantId, id, resolution)),
    find: (tenantId, id) =>
      models.read(tenantId, async (tables) => {
        const row = await tables.anomalyRule.findFirst({ where: { tenantId, id, deletedAt: null } });
        return row === null ? null : parseRule(row);
      }),
    findMany: (tenantId, ids) =>
      models.read(tenantId, async (tables) => {
        const rows = await tables.anomalyRule.findMany({ where: { tenantId, id: { in: [...ids] } } });
        return rows.map(parseRule);
      }),
    page: (tenantId, { first, after }) =>
      models.read(tenantId, async (tables) => {
        const place = after === null ? {} : { id: { lt: after } };
        const rows = await tables.anomalyRule.findMany({
          where: { tenantId, deletedAt: null, ...place },
          orderBy: { id: "desc" },
          take: first,
        });
        return rows.map(parseRule);
      }),
  };
};
