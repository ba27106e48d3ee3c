import type { TenantId } from "@tessera/contracts/ids";
import type { SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import type { NowMs } from "@tessera/platform/time/clock";
import { z } from "zod";
import type { CorrelationRule } from "../../domain/correlation/rule.ts";
import { correlationRuleRow } from "./rule-rows.ts";
import * as statements from "./rule-statements.ts";
import type { ChangeRuleOutcome, CorrelationRuleStore, DefineRuleOutcome, RunStanding } from "./rule-store-types.ts";

interface Deps {
  readonly sql: TenantSql;
  readonly nowMs: NowMs;
  /** The state of a run that is defined at a moment. */
  readonly beginning: (definedAtMs: number) => object;
}

const nothing = (): null => null;
const counted = (row: unknown) => z.object({ rules: z.number(), running: z.number() }).parse(row);
const standingRow = (raw: unknown): RunStanding => {
  const row = z
    .object({
      ...{ version: z.number(), state: z.unknown() },
      ...{ failed_code: z.string().nullable(), failed_detail: z.string().nullable() },
    })
    .parse(raw);
  const failure = row.failed_code === null ? null : { code: row.failed_code, detail: row.failed_detail ?? "" };
  return { version: row.version, state: row.state, failure };
};

const loaded = async (transaction: SqlTransaction, tenantId: TenantId, id: string): Promise<CorrelationRule | null> =>
  (await transaction.run(statements.ruleByIdStatement(tenantId, id, null), correlationRuleRow))[0] ?? null;

/** Lets the version of a rule that is to run begin anew, unless it runs already; a retired rule has no run. */
const startRun = async (
  { nowMs, beginning }: Deps,
  transaction: SqlTransaction,
  rule: CorrelationRule,
): Promise<void> => {
  const { tenantId, id } = rule;
  const version = rule.pinnedVersion ?? rule.latestVersion;
  const [standing] = await transaction.run(statements.standingStatement(tenantId, id), standingRow);
  if (!rule.retired && standing?.version === version && standing.failure === null) return;
  await transaction.run(statements.dropShardsStatement(tenantId, id), nothing);
  await transaction.run(statements.dropRunStatement(tenantId, id), nothing);
  if (rule.retired) return;
  const state = beginning(nowMs());
  await transaction.run(statements.insertRunStatement(tenantId, { id, version, state }), nothing);
};

const define =
  (deps: Deps): CorrelationRuleStore["define"] =>
  (tenantId, one, bounds) =>
    deps.sql.transaction(tenantId, async (transaction): Promise<DefineRuleOutcome> => {
      const nowMs = deps.nowMs();
      await transaction.run(statements.lockCorrelationsStatement(tenantId), nothing);
      const [now] = await transaction.run(statements.ruleByNameStatement(tenantId, one.name, null), correlationRuleRow);
      const version = now?.latestVersion ?? 0;
      if ((one.expectedVersion ?? version) !== version) return { kind: "OTHER_VERSION", version };
      if (now !== undefined && !now.retired) {
        const same = statements.sameRuleContentStatement(tenantId, now.id, version, one.content);
        if ((await transaction.run(same, nothing)).length > 0) return { kind: "DEFINED", rule: now, changed: false };
      }
      const [counts = { rules: 0, running: 0 }] = await transaction.run(
        statements.countRulesStatement(tenantId),
        counted,
      );
      if (now === undefined && counts.rules >= bounds.rules) return { kind: "TOO_MANY", limit: bounds.rules };
      if (now?.retired !== false && counts.running >= bounds.running)
        return { kind: "TOO_MANY", limit: bounds.running };
      const id = now?.id ?? one.id;
      if (now === undefined) await transaction.run(statements.insertRuleStatement(tenantId, one, nowMs), nothing);
      const next = { id, version: version + 1, content: one.content, by: one.by };
      await transaction.run(statements.insertRuleVersionStatement(tenantId, next, nowMs), nothing);
      await transaction.run(statements.setRuleVersionStatement(tenantId, id, next.version), nothing);
      const rule = await loaded(transaction, tenantId, id);
      if (rule === null) throw new Error("The rule was not stored.");
      await startRun(deps, transaction, rule);
      return { kind: "DEFINED", rule, changed: true };
    });

const change = (
  deps: Deps,
  tenantId: TenantId,
  id: string,
  work: (transaction: SqlTransaction, rule: CorrelationRule) => Promise<boolean>,
): Promise<ChangeRuleOutcome> =>
  deps.sql.transaction(tenantId, async (transaction): Promise<ChangeRuleOutcome> => {
    await transaction.run(statements.lockCorrelationsStatement(tenantId), nothing);
    const now = await loaded(transaction, tenantId, id);
    if (now === null || !(await work(transaction, now))) return { kind: "NOT_FOUND", id };
    const rule = await loaded(transaction, tenantId, id);
    if (rule === null) return { kind: "NOT_FOUND", id };
    await startRun(deps, transaction, rule);
    return { kind: "CHANGED", rule };
  });

/** Builds {@link CorrelationRuleStore}. */
export const createCorrelationRuleStore = (deps: Deps): CorrelationRuleStore => {
  const { sql, nowMs } = deps;
  return {
    byId: async (tenantId, id, version) =>
      (await sql.run(tenantId, statements.ruleByIdStatement(tenantId, id, version), correlationRuleRow))[0] ?? null,
    byName: async (tenantId, name, version) =>
      (await sql.run(tenantId, statements.ruleByNameStatement(tenantId, name, version), correlationRuleRow))[0] ?? null,
    list: (tenantId, page) => sql.run(tenantId, statements.listRulesStatement(tenantId, page), correlationRuleRow),
    versions: (tenantId, id, first) =>
      sql.run(tenantId, statements.ruleVersionsStatement(tenantId, id, first), correlationRuleRow),
    define: define(deps),
    retire: (tenantId, id) =>
      change(deps, tenantId, id, async (transaction) => {
        await transaction.run(statements.retireRuleStatement(tenantId, id, nowMs()), nothing);
        return true;
      }),
    pin: (tenantId, id, version) =>
      change(deps, tenantId, id, async (transaction) => {
        if (version !== null) {
          const known = statements.ruleByIdStatement(tenantId, id, version);
          if ((await transaction.run(known, nothing)).length === 0) return false;
        }
        await transaction.run(statements.pinRuleStatement(tenantId, id, version), nothing);
        return true;
      }),
    standing: async (tenantId, id) =>
      (await sql.run(tenantId, statements.standingStatement(tenantId, id), standingRow))[0] ?? null,
  };
};
