import { ANOMALY_RAISED, type AnomalyRaised } from "@tessera/contracts/events/anomaly-raised";
import { parseRuleId, parseTenantId, type AnomalyId, type RuleId, type TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import type { EventLog } from "@tessera/platform/events/event-log";
import { z } from "zod";
import type { Anomaly, Conclusion, Consequence, Evidence } from "../domain/anomaly.ts";
import type { Evaluation } from "../domain/evaluation.ts";
import type { MetricCodec } from "../domain/metric.ts";
import type { Rule } from "../domain/rule.ts";
import { ANOMALY_COLUMNS, evidenceJson, parseAnomalyRow } from "./anomaly-row.ts";
import { saveStandingStatement } from "./anomaly-store.ts";
import { evaluationJson, idColumn, RULE_COLUMNS, ruleRowParser } from "./rule-row.ts";

/** A rule a worker may evaluate until its lease ends; the token proves it when the result is settled. */
export interface Claim {
  readonly tenantId: TenantId;
  readonly ruleId: RuleId;
  readonly leaseToken: string;
}

/** What became of a claim: what followed from the evaluation, or that the rule was changed or taken over meanwhile. */
export type Settlement = Consequence["kind"] | "LEASE_LOST";

/** Where evaluations are claimed and settled. */
export interface EvaluationStore {
  /** Leases due rules of any tenants, at most `limit`; what other workers hold is passed over. */
  claimDueAcrossTenants(nowMs: number, leaseUntilMs: number, limit: number): Promise<readonly Claim[]>;
  /** The claimed rule; null when the claim is no longer good. */
  load(claim: Claim): Promise<Rule | null>;
  /** Keeps the evaluation, raises or resolves what follows from it, tells of it, and gives the lease back: all of it or nothing. */
  settle(claim: Claim, settling: Settling): Promise<Settlement>;
  /** Keeps why the evaluation failed and gives the lease back. */
  fail(claim: Claim, failure: string, nextEvaluationAtMs: number): Promise<void>;
}

/** An evaluation to settle: what it found, the rule's next turn, an id in case an anomaly is raised, and what decides that. */
export interface Settling {
  readonly evaluation: Evaluation;
  readonly nextEvaluationAtMs: number;
  readonly anomalyId: AnomalyId;
  /** Decides on the rule and its open anomaly as they are held by the transaction. */
  conclude(rule: Rule, open: Anomaly | null): Conclusion;
}

const nothing = (): null => null;
const at = (ms: number): Date => new Date(ms);

const claimRow = z
  .object({ tenant_id: idColumn(parseTenantId), id: idColumn(parseRuleId), lease_token: z.string() })
  .transform((row): Claim => ({ tenantId: row.tenant_id, ruleId: row.id, leaseToken: row.lease_token }));

const claimStatement = (nowMs: number, leaseUntilMs: number, limit: number): SqlStatement => ({
  name: "anomaly-claim-due-across-tenants",
  text: "SELECT tenant_id, id, lease_token FROM claim_due_anomaly_rules_across_tenants($1, $2, $3)",
  params: [at(nowMs), at(leaseUntilMs), limit],
});

const claimedStatement = (claim: Claim, hold: "" | "FOR UPDATE"): SqlStatement => ({
  name: `anomaly-claimed${hold === "" ? "" : "-hold"}`,
  text: `SELECT ${RULE_COLUMNS} FROM anomaly_rule WHERE tenant_id = $1 AND id = $2 AND lease_token = $3 ${hold}`,
  params: [claim.tenantId, claim.ruleId, claim.leaseToken],
});

const openAnomalyStatement = (claim: Claim): SqlStatement => ({
  name: "anomaly-open-of-rule",
  text: `SELECT ${ANOMALY_COLUMNS} FROM anomaly WHERE tenant_id = $1 AND rule_id = $2 AND state <> 'RESOLVED' FOR UPDATE`,
  params: [claim.tenantId, claim.ruleId],
});

const raiseStatement = (claim: Claim, id: AnomalyId, evidence: Evidence): SqlStatement => ({
  name: "anomaly-raise",
  text: `INSERT INTO anomaly (tenant_id, id, rule_id, state, evidence, raised_at, last_seen_at, last_value)
    VALUES ($1, $2, $3, 'OPEN', $4::jsonb, $5, $5, $6)`,
  params: [claim.tenantId, id, claim.ruleId, evidenceJson(evidence), at(evidence.window.toMs), evidence.value],
});

const seenAgainStatement = (anomaly: Anomaly, value: number, seenAtMs: number): SqlStatement => ({
  name: "anomaly-seen-again",
  text: `UPDATE anomaly SET last_seen_at = $3, last_value = $4, times_seen = times_seen + 1 WHERE tenant_id = $1 AND id = $2`,
  params: [anomaly.tenantId, anomaly.id, at(seenAtMs), value],
});

const keepStatement = (rule: Rule, settling: Settling, breachedSinceMs: number | null): SqlStatement => ({
  name: "anomaly-keep-evaluation",
  text: `UPDATE anomaly_rule SET last_evaluation = $3::jsonb, last_failure = NULL, breached_since = $4, next_evaluation_at = $5,
      lease_token = NULL, leased_until = NULL WHERE tenant_id = $1 AND id = $2`,
  params: [
    rule.tenantId,
    rule.id,
    evaluationJson(settling.evaluation),
    breachedSinceMs === null ? null : at(breachedSinceMs),
    at(settling.nextEvaluationAtMs),
  ],
});

const failStatement = (claim: Claim, failure: string, nextEvaluationAtMs: number): SqlStatement => ({
  name: "anomaly-fail-evaluation",
  text: `UPDATE anomaly_rule SET last_failure = $4, next_evaluation_at = $5, lease_token = NULL, leased_until = NULL
    WHERE tenant_id = $1 AND id = $2 AND lease_token = $3`,
  params: [claim.tenantId, claim.ruleId, claim.leaseToken, failure, at(nextEvaluationAtMs)],
});

/** What a settlement works with: its transaction, the log that is written with it, and how rules are read. */
interface Within {
  readonly transaction: SqlTransaction;
  readonly eventLog: EventLog;
  readonly parseRule: (row: unknown) => Rule;
}

const raise = async (within: Within, claim: Claim, anomalyId: AnomalyId, evidence: Evidence): Promise<void> => {
  const { tenantId, ruleId } = claim;
  await within.transaction.run(raiseStatement(claim, anomalyId, evidence), nothing);
  const payload: AnomalyRaised = { tenantId, anomalyId, ruleId, raisedAtMs: evidence.window.toMs };
  const entry = { tenantId, topic: ANOMALY_RAISED, dedupeKey: anomalyId, payload };
  await within.eventLog.appendWith(within.transaction, entry);
};

const settle = async (within: Within, claim: Claim, settling: Settling): Promise<Settlement> => {
  const { transaction } = within;
  const [rule] = await transaction.run(claimedStatement(claim, "FOR UPDATE"), within.parseRule);
  if (rule === undefined) return "LEASE_LOST";
  const [open = null] = await transaction.run(openAnomalyStatement(claim), parseAnomalyRow);
  const { consequence, breachedSinceMs } = settling.conclude(rule, open);
  if (consequence.kind === "RAISE") await raise(within, claim, settling.anomalyId, consequence.evidence);
  if (consequence.kind === "SEEN_AGAIN" && open !== null)
    await transaction.run(seenAgainStatement(open, consequence.value, settling.evaluation.window.toMs), nothing);
  if (consequence.kind === "RESOLVE" && open !== null)
    await transaction.run(saveStandingStatement(claim.tenantId, open.id, consequence.standing), nothing);
  await transaction.run(keepStatement(rule, settling, breachedSinceMs), nothing);
  return consequence.kind;
};

/** Builds {@link EvaluationStore}; the event log's entry commits together with the anomaly it tells of. */
export const createEvaluationStore = (deps: {
  sql: TenantSql;
  eventLog: EventLog;
  codec: MetricCodec;
}): EvaluationStore => {
  const { sql, eventLog } = deps;
  const parseRule = ruleRowParser(deps.codec);
  return {
    claimDueAcrossTenants: (nowMs, leaseUntilMs, limit) =>
      sql.runAcrossTenants(claimStatement(nowMs, leaseUntilMs, limit), (row) => claimRow.parse(row)),
    load: async (claim) => (await sql.run(claim.tenantId, claimedStatement(claim, ""), parseRule))[0] ?? null,
    settle: (claim, settling) =>
      sql.transaction(claim.tenantId, (transaction) => settle({ transaction, eventLog, parseRule }, claim, settling)),
    fail: async (claim, failure, nextEvaluationAtMs) => {
      await sql.run(claim.tenantId, failStatement(claim, failure, nextEvaluationAtMs), nothing);
    },
  };
};
