import type { RuleId, TenantId } from "@tessera/contracts/ids";
import type { TenantSql } from "@tessera/platform/db/sql";
import type { EventLog } from "@tessera/platform/events/event-log";
import { z } from "zod";
import type { AlertSignal } from "../domain/alerts/alert-state.ts";
import type { CheckedPage } from "../domain/page.ts";
import type { RuleChange } from "../domain/rule-change.ts";
import type { ChangedRule, CreatedRule, Rule, RuleAuthor, RuleDefinition, TooManyLive } from "../domain/rule.ts";
import type { RuleCodec } from "../domain/rules/rule-codec.ts";
import type { SettleSeries } from "../domain/rules/settle-series.ts";
import type { Actor } from "../domain/rules/step-series.ts";
import { ruleRowParser } from "./rule-row.ts";
import {
  countLiveRulesStatement,
  countRulesStatement,
  deleteRuleStatement,
  insertRuleStatement,
  lockRulesStatement,
  lockRuleStatement,
  ruleByNameStatement,
  updateRuleStatement,
  type StoredDefinition,
} from "./rule-statements.ts";
import { parseStandingRow } from "./series-row.ts";
import { forgetSeriesStatement, holdSeriesStatement } from "./series-statements.ts";
import type { TenantModels } from "./tenant-models.ts";
import { writeSettled, type Settling } from "./write-settled.ts";

/** Rules one tenant may have: each is a query every few seconds. */
export const MAX_RULES_PER_TENANT = 200;

/** Who changes a rule, and when. */
export interface Change extends Actor {
  readonly atMs: number;
}

/** How a rule is changed: what becomes of it as it stands, whose it is then, and how many live ones the tenant may have. */
export interface Changing {
  readonly decide: (rule: Rule) => RuleChange;
  readonly author: RuleAuthor;
  readonly maxLive: number;
}

/** A tenant's rules. */
export interface RuleStore {
  create(
    tenantId: TenantId,
    id: RuleId,
    made: { readonly definition: RuleDefinition; readonly author: RuleAuthor; readonly maxLive: number },
    nowMs: number,
  ): Promise<CreatedRule | TooManyLive>;
  /** Changes a rule as `decide` says of its present form; nobody else changes it in between. One that starts anew forgets its series and ends their anomalies. */
  change(tenantId: TenantId, id: RuleId, changing: Changing, change: Change): Promise<ChangedRule | TooManyLive>;
  /** Marks a rule deleted and ends its anomalies; false when there is no such rule. */
  remove(tenantId: TenantId, id: RuleId, change: Change): Promise<boolean>;
  /** The rule, unless it is deleted. */
  find(tenantId: TenantId, id: RuleId): Promise<Rule | null>;
  /** Those of the rules that exist, deleted ones included, in no order. */
  findMany(tenantId: TenantId, ids: readonly RuleId[]): Promise<readonly Rule[]>;
  /** One page of the rules that are not deleted. */
  page(tenantId: TenantId, request: CheckedPage<RuleId>): Promise<readonly Rule[]>;
}

/** What a write works with: its transaction, and how rules are written and read. */
export interface Within extends Settling {
  readonly codec: RuleCodec;
  readonly settleSeries: SettleSeries;
  readonly parseRule: (row: unknown) => Rule;
}

const nothing = (): null => null;
const countRow = z.object({ rules: z.number() });

const stored = ({ codec }: Within, { watch, alerting, ...same }: RuleDefinition): StoredDefinition => ({
  ...same,
  watch: codec.writeWatch(watch),
  alerting: codec.writeAlerting(alerting),
});

/** Says so where a rule is to be live and as many others of the tenant are as may be; null where there is room. */
const tooLive = async (
  { transaction }: Within,
  tenantId: TenantId,
  { id, live }: { readonly id: RuleId; readonly live: boolean },
  maxLive: number,
): Promise<TooManyLive | null> => {
  if (!live) return null;
  const [others] = await transaction.run(countLiveRulesStatement(tenantId, id), (row) => countRow.parse(row));
  return others === undefined || others.rules >= maxLive ? { kind: "TOO_MANY_LIVE", limit: maxLive } : null;
};

const create = async (
  within: Within,
  tenantId: TenantId,
  id: RuleId,
  { definition, author, maxLive }: Parameters<RuleStore["create"]>[2],
  nowMs: number,
): Promise<CreatedRule | TooManyLive> => {
  const { transaction, parseRule } = within;
  await transaction.run(lockRulesStatement(tenantId), nothing);
  const [namesake] = await transaction.run(ruleByNameStatement(tenantId, definition.name), parseRule);
  if (namesake !== undefined) return { kind: "NAME_TAKEN", rule: namesake };
  const [count] = await transaction.run(countRulesStatement(tenantId), (row) => countRow.parse(row));
  if (count === undefined || count.rules >= MAX_RULES_PER_TENANT)
    return { kind: "LIMIT_REACHED", limit: MAX_RULES_PER_TENANT };
  const full = await tooLive(within, tenantId, { id, live: definition.live }, maxLive);
  if (full !== null) return full;
  const made = { definition: stored(within, definition), author };
  const [rule] = await transaction.run(insertRuleStatement(tenantId, id, made, nowMs), parseRule);
  if (rule === undefined) throw new Error("The new rule was not stored.");
  return { kind: "SAVED", rule };
};

/** Ends whatever is open of a rule's series and forgets them. */
const retire = async (
  within: Within,
  rule: Rule,
  { by, note, atMs }: Change,
  reason: "RULE_CHANGED" | "RULE_DELETED",
): Promise<void> => {
  const { transaction, settleSeries } = within;
  const held = await transaction.run(holdSeriesStatement(rule.tenantId, rule.id, null), parseStandingRow);
  const signal: AlertSignal = { kind: "RETIRED", reason, atMs };
  const told = [{ signal, bucket: null, actor: { by, note } }];
  await writeSettled(
    within,
    rule,
    held.map((series) => settleSeries(rule, series, told)),
  );
  await transaction.run(forgetSeriesStatement(rule.tenantId, rule.id, 0), nothing);
};

/** Changes a rule within a transaction that holds the tenant's rules: see {@link RuleStore.change}. */
export const changeWithin = async (
  within: Within,
  tenantId: TenantId,
  id: RuleId,
  { decide, author, maxLive }: Parameters<RuleStore["change"]>[2],
  by: Change,
): Promise<ChangedRule | TooManyLive> => {
  const { transaction, parseRule } = within;
  await transaction.run(lockRulesStatement(tenantId), nothing);
  const [rule] = await transaction.run(lockRuleStatement(tenantId, id), parseRule);
  if (rule === undefined) return { kind: "NOT_FOUND" };
  const decision = decide(rule);
  if (decision.kind === "STALE") return { kind: "STALE", rule };
  if (decision.kind === "REJECT") return { kind: "REJECTED", problems: decision.problems };
  const { definition, restart } = decision;
  const [namesake] = await transaction.run(ruleByNameStatement(tenantId, definition.name), parseRule);
  if (namesake !== undefined && namesake.id !== id) return { kind: "NAME_TAKEN", rule: namesake };
  const full = await tooLive(within, tenantId, { id, live: definition.live && !rule.live }, maxLive);
  if (full !== null) return full;
  const changed = { definition: stored(within, definition), author };
  const [saved] = await transaction.run(updateRuleStatement(rule, changed, restart, by.atMs), parseRule);
  if (saved === undefined) throw new Error("The changed rule was not stored.");
  if (restart) await retire(within, rule, by, "RULE_CHANGED");
  return { kind: "SAVED", rule: saved };
};

const remove = async (within: Within, tenantId: TenantId, id: RuleId, by: Change): Promise<boolean> => {
  const [rule] = await within.transaction.run(deleteRuleStatement(tenantId, id, by.atMs), within.parseRule);
  if (rule === undefined) return false;
  await retire(within, rule, by, "RULE_DELETED");
  return true;
};

/** Builds {@link RuleStore}: reads through Prisma, writes in transactions that hold what they decide on. */
export const createRuleStore = (deps: {
  sql: TenantSql;
  eventLog: EventLog;
  models: TenantModels;
  codec: RuleCodec;
  settleSeries: SettleSeries;
}): RuleStore => {
  const { sql, models, codec, eventLog, settleSeries } = deps;
  const parseRule = ruleRowParser(codec);
  const inTransaction = <T>(tenantId: TenantId, work: (within: Within) => Promise<T>): Promise<T> =>
    sql.transaction(tenantId, (transaction) => work({ transaction, eventLog, codec, settleSeries, parseRule }));
  return {
    create: (tenantId, id, made, nowMs) =>
      inTransaction(tenantId, (within) => create(within, tenantId, id, made, nowMs)),
    change: (tenantId, id, changing, by) =>
      inTransaction(tenantId, (within) => changeWithin(within, tenantId, id, changing, by)),
    remove: (tenantId, id, by) => inTransaction(tenantId, (within) => remove(within, tenantId, id, by)),
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
