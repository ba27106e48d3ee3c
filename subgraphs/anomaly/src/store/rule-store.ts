import type { RuleId, TenantId } from "@tessera/contracts/ids";
import type { SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import { z } from "zod";
import type { Resolution } from "../domain/anomaly.ts";
import type { RuleChange } from "../domain/rule-change.ts";
import type { Rule, RuleDefinition, RuleProblem } from "../domain/rule.ts";
import { parseRuleRow } from "./rule-row.ts";
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

/** What became of a new rule. */
export type CreatedRule =
  | { readonly kind: "SAVED"; readonly rule: Rule }
  | { readonly kind: "NAME_TAKEN"; readonly rule: Rule }
  | { readonly kind: "LIMIT_REACHED"; readonly limit: number };

/** What became of a change. */
export type ChangedRule =
  | { readonly kind: "SAVED"; readonly rule: Rule }
  | { readonly kind: "NAME_TAKEN"; readonly rule: Rule }
  | { readonly kind: "REJECTED"; readonly problems: readonly RuleProblem[] }
  | { readonly kind: "STALE"; readonly rule: Rule }
  | { readonly kind: "NOT_FOUND" };

/** A page to read, newest first: so many, after this id. */
export interface PageRequest<Id extends string> {
  readonly first: number;
  readonly after: Id | null;
}

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
  page(tenantId: TenantId, request: PageRequest<RuleId>): Promise<readonly Rule[]>;
}

const nothing = (): null => null;
const countRow = z.object({ rules: z.number() });

const create = async (
  transaction: SqlTransaction,
  tenantId: TenantId,
  id: RuleId,
  definition: RuleDefinition,
  nowMs: number,
): Promise<CreatedRule> => {
  await transaction.run(lockRulesStatement(tenantId), nothing);
  const [namesake] = await transaction.run(ruleByNameStatement(tenantId, definition.name), parseRuleRow);
  if (namesake !== undefined) return { kind: "NAME_TAKEN", rule: namesake };
  const [count] = await transaction.run(countRulesStatement(tenantId), (row) => countRow.parse(row));
  if (count === undefined || count.rules >= MAX_RULES_PER_TENANT)
    return { kind: "LIMIT_REACHED", limit: MAX_RULES_PER_TENANT };
  const [rule] = await transaction.run(insertRuleStatement(tenantId, id, definition, nowMs), parseRuleRow);
  if (rule === undefined) throw new Error("The new rule was not stored.");
  return { kind: "SAVED", rule };
};

const change = async (
  transaction: SqlTransaction,
  tenantId: TenantId,
  id: RuleId,
  decide: (rule: Rule) => RuleChange,
  nowMs: number,
): Promise<ChangedRule> => {
  await transaction.run(lockRulesStatement(tenantId), nothing);
  const [rule] = await transaction.run(lockRuleStatement(tenantId, id), parseRuleRow);
  if (rule === undefined) return { kind: "NOT_FOUND" };
  const decision = decide(rule);
  if (decision.kind === "STALE") return { kind: "STALE", rule };
  if (decision.kind === "REJECT") return { kind: "REJECTED", problems: decision.problems };
  const [namesake] = await transaction.run(ruleByNameStatement(tenantId, decision.definition.name), parseRuleRow);
  if (namesake !== undefined && namesake.id !== id) return { kind: "NAME_TAKEN", rule: namesake };
  const statement = updateRuleStatement(rule, decision.definition, decision.restart, nowMs);
  const [saved] = await transaction.run(statement, parseRuleRow);
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
export const createRuleStore = ({ sql, models }: { sql: TenantSql; models: TenantModels }): RuleStore => ({
  create: (tenantId, id, definition, nowMs) =>
    sql.transaction(tenantId, (transaction) => create(transaction, tenantId, id, definition, nowMs)),
  change: (tenantId, id, decide, nowMs) =>
    sql.transaction(tenantId, (transaction) => change(transaction, tenantId, id, decide, nowMs)),
  remove: (tenantId, id, resolution) =>
    sql.transaction(tenantId, (transaction) => remove(transaction, tenantId, id, resolution)),
  find: (tenantId, id) =>
    models.read(tenantId, async (tables) => {
      const row = await tables.anomalyRule.findFirst({ where: { tenantId, id, deletedAt: null } });
      return row === null ? null : parseRuleRow(row);
    }),
  findMany: (tenantId, ids) =>
    models.read(tenantId, async (tables) => {
      const rows = await tables.anomalyRule.findMany({ where: { tenantId, id: { in: [...ids] } } });
      return rows.map(parseRuleRow);
    }),
  page: (tenantId, { first, after }) =>
    models.read(tenantId, async (tables) => {
      const place = after === null ? {} : { id: { lt: after } };
      const rows = await tables.anomalyRule.findMany({
        where: { tenantId, deletedAt: null, ...place },
        orderBy: { id: "desc" },
        take: first,
      });
      return rows.map(parseRuleRow);
    }),
});
