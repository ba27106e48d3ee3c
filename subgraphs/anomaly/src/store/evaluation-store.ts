import { parseRuleId, parseTenantId, type RuleId, type TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, TenantSql } from "@tessera/platform/db/sql";
import type { EventLog } from "@tessera/platform/events/event-log";
import { z } from "zod";
import type { Evaluation } from "../domain/evaluation.ts";
import type { Rule } from "../domain/rule.ts";
import type { RuleCodec } from "../domain/rules/rule-codec.ts";
import type { JudgedSeries, Series } from "../domain/rules/series.ts";
import type { SeriesBefore, SettledSeries } from "../domain/rules/settle-series.ts";
import { tokenRow } from "./leased-claims.ts";
import { evaluationJson, idColumn, RULE_COLUMNS, ruleRowParser } from "./rule-row.ts";
import { parseSeriesRow, parseStandingRow } from "./series-row.ts";
import {
  forgetSeriesStatement,
  holdSeriesStatement,
  keepSeriesStatement,
  seriesOfRuleStatement,
} from "./series-statements.ts";
import { beginSettling, writeSettled, type Settling } from "./write-settled.ts";

/** A rule a worker may evaluate until its lease ends; the token proves it when the result is settled. */
export interface Claim {
  readonly tenantId: TenantId;
  readonly ruleId: RuleId;
  readonly leaseToken: string;
}

/** A claimed rule with all its series. */
export interface Claimed {
  readonly rule: Rule;
  readonly series: readonly Series[];
}

/** What became of a claim: how many transitions were settled, or that the rule was changed or taken over meanwhile. */
export type Settlement = { readonly kind: "SETTLED"; readonly transitions: number } | { readonly kind: "LEASE_LOST" };

/** An evaluation to settle. */
export interface EvaluationEnd {
  /** The last bucket that was judged; null when none was. */
  readonly evaluation: Evaluation | null;
  readonly breachedSinceMs: number | null;
  readonly judgedUntilMs: number | null;
  readonly warmUntilMs: number | null;
  readonly seriesSeen: number;
  readonly nextEvaluationAtMs: number;
  readonly judged: readonly JudgedSeries[];
  /** How many series are kept of a rule whose alerts are over. */
  readonly keep: number;
  /** Decides what follows for a series, as it stands while the transaction holds it. */
  settle(rule: Rule, series: SeriesBefore, judged: JudgedSeries): SettledSeries;
}

/** Where evaluations are claimed and settled. */
export interface EvaluationStore {
  /** Leases due rules of any tenants, at most `limit`; what other workers hold is passed over. */
  claimDueAcrossTenants(nowMs: number, leaseUntilMs: number, limit: number): Promise<readonly Claim[]>;
  /** Lengthens leases; the tokens of those that are still held. */
  renewAcrossTenants(claims: readonly Claim[], leaseUntilMs: number): Promise<ReadonlySet<string>>;
  /** The claimed rule with its series; null when the claim is no longer good. */
  load(claim: Claim): Promise<Claimed | null>;
  /** Keeps series, transitions and anomalies, tells of them, and gives the lease back: all of it or nothing. */
  settle(claim: Claim, end: EvaluationEnd): Promise<Settlement>;
  /** Keeps why the evaluation failed and gives the lease back. */
  fail(
    claim: Claim,
    failure: { readonly code: string; readonly message: string },
    nextEvaluationAtMs: number,
  ): Promise<void>;
}

const nothing = (): null => null;
const at = (ms: number): Date => new Date(ms);
const atOrNull = (ms: number | null): Date | null => (ms === null ? null : at(ms));

const claimRow = z
  .object({ tenant_id: idColumn(parseTenantId), id: idColumn(parseRuleId), lease_token: z.string() })
  .transform((row): Claim => ({ tenantId: row.tenant_id, ruleId: row.id, leaseToken: row.lease_token }));

const claimStatement = (nowMs: number, leaseUntilMs: number, limit: number): SqlStatement => ({
  name: "anomaly-claim-due-across-tenants",
  text: "SELECT tenant_id, id, lease_token FROM claim_due_anomaly_rules_across_tenants($1, $2, $3)",
  params: [at(nowMs), at(leaseUntilMs), limit],
});

const renewStatement = (claims: readonly Claim[], leaseUntilMs: number): SqlStatement => ({
  name: "anomaly-renew-leases-across-tenants",
  text: "SELECT lease_token FROM renew_anomaly_rule_leases_across_tenants($1, $2, $3, $4)",
  params: [
    ...[claims.map(({ tenantId }) => tenantId), claims.map(({ ruleId }) => ruleId)],
    ...[claims.map(({ leaseToken }) => leaseToken), at(leaseUntilMs)],
  ],
});

/** The claimed rule, if the claim is still good; held until the transaction ends where that is asked for. */
export const claimedStatement = (claim: Claim, hold: "" | "FOR UPDATE"): SqlStatement => ({
  name: `anomaly-claimed${hold === "" ? "" : "-hold"}`,
  text: `SELECT ${RULE_COLUMNS} FROM anomaly_rule WHERE tenant_id = $1 AND id = $2 AND lease_token = $3 ${hold}`,
  params: [claim.tenantId, claim.ruleId, claim.leaseToken],
});

const endStatement = (rule: Rule, end: EvaluationEnd): SqlStatement => ({
  name: "anomaly-keep-evaluation",
  text: `UPDATE anomaly_rule SET last_evaluation = coalesce($3::jsonb, last_evaluation), last_failure = NULL, failure_code = NULL,
      breached_since = $4, judged_until = $5, warm_until = $6, series_seen = $7, next_evaluation_at = $8, lease_token = NULL, leased_until = NULL
    WHERE tenant_id = $1 AND id = $2`,
  params: [
    ...[rule.tenantId, rule.id, end.evaluation === null ? null : evaluationJson(end.evaluation)],
    ...[atOrNull(end.breachedSinceMs), atOrNull(end.judgedUntilMs), atOrNull(end.warmUntilMs)],
    ...[end.seriesSeen, at(end.nextEvaluationAtMs)],
  ],
});

const failStatement = (
  claim: Claim,
  { code, message }: { readonly code: string; readonly message: string },
  nextEvaluationAtMs: number,
): SqlStatement => ({
  name: "anomaly-fail-evaluation",
  text: `UPDATE anomaly_rule SET last_failure = $4, failure_code = $5, next_evaluation_at = $6, lease_token = NULL, leased_until = NULL
    WHERE tenant_id = $1 AND id = $2 AND lease_token = $3`,
  params: [claim.tenantId, claim.ruleId, claim.leaseToken, message, code, at(nextEvaluationAtMs)],
});

const settle = async (
  settling: Settling,
  parseRule: (row: unknown) => Rule,
  claim: Claim,
  end: EvaluationEnd,
): Promise<Settlement> => {
  const { transaction } = settling;
  const { tenantId, ruleId } = claim;
  await beginSettling(transaction);
  // A holder of an old lease settles nothing: the token is looked for in the transaction that writes.
  const [rule] = await transaction.run(claimedStatement(claim, "FOR UPDATE"), parseRule);
  if (rule === undefined) return { kind: "LEASE_LOST" };
  const fingerprints = end.judged.map(({ fingerprint }) => fingerprint);
  const held = await transaction.run(holdSeriesStatement(tenantId, ruleId, fingerprints), parseStandingRow);
  const before = new Map(held.map((series) => [series.fingerprint, series]));
  const series = end.judged.map((judged) => {
    const { fingerprint, group } = judged;
    const standing = before.get(fingerprint) ?? { fingerprint, group, alert: null, anomalyId: null };
    return { judged, settled: end.settle(rule, standing, judged) };
  });
  await writeSettled(
    settling,
    rule,
    series.map(({ settled }) => settled),
  );
  if (series.length > 0) await transaction.run(keepSeriesStatement(tenantId, ruleId, series), nothing);
  await transaction.run(forgetSeriesStatement(tenantId, ruleId, end.keep), nothing);
  await transaction.run(endStatement(rule, end), nothing);
  return { kind: "SETTLED", transitions: series.reduce((sum, { settled }) => sum + settled.steps.length, 0) };
};

/** Builds {@link EvaluationStore}; the event log's entries commit together with what they tell of. */
export const createEvaluationStore = (deps: {
  sql: TenantSql;
  eventLog: EventLog;
  codec: RuleCodec;
}): EvaluationStore => {
  const { sql, eventLog } = deps;
  const parseRule = ruleRowParser(deps.codec);
  return {
    claimDueAcrossTenants: (nowMs, leaseUntilMs, limit) =>
      sql.runAcrossTenants(claimStatement(nowMs, leaseUntilMs, limit), (row) => claimRow.parse(row)),
    renewAcrossTenants: async (claims, leaseUntilMs) =>
      new Set(await sql.runAcrossTenants(renewStatement(claims, leaseUntilMs), tokenRow)),
    load: async (claim) => {
      const [rule] = await sql.run(claim.tenantId, claimedStatement(claim, ""), parseRule);
      if (rule === undefined) return null;
      const series = await sql.run(claim.tenantId, seriesOfRuleStatement(claim.tenantId, claim.ruleId), parseSeriesRow);
      return { rule, series };
    },
    settle: (claim, end) =>
      sql.transaction(claim.tenantId, (transaction) => settle({ transaction, eventLog }, parseRule, claim, end)),
    fail: async (claim, failure, nextEvaluationAtMs) => {
      await sql.run(claim.tenantId, failStatement(claim, failure, nextEvaluationAtMs), nothing);
    },
  };
};
