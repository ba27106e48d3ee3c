import { parseRuleId, parseTenantId, type TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, TenantSql } from "@tessera/platform/db/sql";
import type { EventLog } from "@tessera/platform/events/event-log";
import { z } from "zod";
import type { Rule } from "../domain/rule.ts";
import type { SettledEarly } from "../domain/rules/open-bucket.ts";
import type { RuleCodec } from "../domain/rules/rule-codec.ts";
import type { SeriesBefore, SettledSeries } from "../domain/rules/settle-series.ts";
import { claimedStatement, type Claim, type Claimed, type Settlement } from "./evaluation-store.ts";
import { idColumn, ruleRowParser } from "./rule-row.ts";
import { parseSeriesRow, parseStandingRow } from "./series-row.ts";
import {
  holdSeriesStatement,
  keepAlertsStatement,
  keepSeriesStatement,
  learntOfRuleStatement,
} from "./series-statements.ts";
import { beginSettling, writeSettled, type Settling } from "./write-settled.ts";

/** What may be looked at now. */
export interface LiveClaims {
  readonly claims: readonly Claim[];
  /** Tenants with live rules that somebody holds, or that rest until soon. */
  readonly waiting: readonly TenantId[];
}

/** When a claim of looks is made, what is soon then, when the next one may follow, and how long it is good. */
export interface LiveTimes {
  readonly nowMs: number;
  readonly soonMs: number;
  readonly nextLookAtMs: number;
  readonly leaseUntilMs: number;
}

/** What a look at the bucket that has not ended gives. */
export interface LookEnd {
  readonly settled: readonly SettledEarly[];
  readonly nowMs: number;
  /** Before this moment no look follows. */
  readonly nextLookAtMs: number;
  /** Decides what follows for a series, as it stands while the transaction holds it. */
  settle(rule: Rule, series: SeriesBefore, early: SettledEarly): SettledSeries;
}

/** Where looks at live rules are claimed and settled. */
export interface LiveStore {
  /** Leases live rules of some tenants, at most `limit`; those that rest until after `soonMs` are not told of. */
  claimAcrossTenants(tenantIds: readonly TenantId[], times: LiveTimes, limit: number): Promise<LiveClaims>;
  /** The claimed rule with its series, without their judged buckets; null when the claim is no longer good. */
  load(claim: Claim): Promise<Claimed | null>;
  /** Keeps what follows of alerts, tells of it, and gives the lease back: all of it or nothing. */
  settle(claim: Claim, end: LookEnd): Promise<Settlement>;
}

const nothing = (): null => null;
const at = (ms: number): Date => new Date(ms);

const claimRow = z.object({
  tenant_id: idColumn(parseTenantId),
  id: idColumn(parseRuleId),
  lease_token: z.string().nullable(),
});

const claimStatement = (
  tenantIds: readonly TenantId[],
  { nowMs, soonMs, nextLookAtMs, leaseUntilMs }: LiveTimes,
  limit: number,
): SqlStatement => ({
  name: "anomaly-claim-live-across-tenants",
  text: "SELECT tenant_id, id, lease_token FROM claim_live_anomaly_rules_across_tenants($1, $2, $3, $4, $5, $6)",
  params: [tenantIds, at(nowMs), at(soonMs), at(nextLookAtMs), at(leaseUntilMs), limit],
});

const releaseStatement = (claim: Claim, nextLookAtMs: number): SqlStatement => ({
  name: "anomaly-end-look",
  text: `UPDATE anomaly_rule SET next_look_at = $4, lease_token = NULL, leased_until = NULL
    WHERE tenant_id = $1 AND id = $2 AND lease_token = $3`,
  params: [claim.tenantId, claim.ruleId, claim.leaseToken, at(nextLookAtMs)],
});

const settle = async (
  settling: Settling,
  parseRule: (row: unknown) => Rule,
  claim: Claim,
  { settled: early, nowMs, nextLookAtMs, ...end }: LookEnd,
): Promise<Settlement> => {
  const { transaction } = settling;
  const { tenantId, ruleId } = claim;
  await beginSettling(transaction);
  const [rule] = await transaction.run(claimedStatement(claim, "FOR UPDATE"), parseRule);
  if (rule === undefined) return { kind: "LEASE_LOST" };
  const fingerprints = early.map(({ fingerprint }) => fingerprint);
  const held = await transaction.run(holdSeriesStatement(tenantId, ruleId, fingerprints), parseStandingRow);
  const before = new Map(held.map((series) => [series.fingerprint, series]));
  const settled = early.map((one) => {
    const { fingerprint, group } = one;
    return end.settle(rule, before.get(fingerprint) ?? { fingerprint, group, alert: null, anomalyId: null }, one);
  });
  await writeSettled(settling, rule, settled);
  const [known, fresh] = [true, false].map((is) => settled.filter(({ fingerprint }) => before.has(fingerprint) === is));
  if (known !== undefined && known.length > 0)
    await transaction.run(keepAlertsStatement(tenantId, ruleId, known), nothing);
  if (fresh !== undefined && fresh.length > 0) {
    // Nothing is learnt of a bucket before it has ended: a series that begins in it is there with its alert alone.
    const series = fresh.map((one) => ({
      judged: { ...one, detector: null, recent: [], seenAtMs: nowMs, outcomes: [] },
      settled: one,
    }));
    await transaction.run(keepSeriesStatement(tenantId, ruleId, series), nothing);
  }
  await transaction.run(releaseStatement(claim, nextLookAtMs), nothing);
  return { kind: "SETTLED", transitions: settled.reduce((sum, { steps }) => sum + steps.length, 0) };
};

/** Builds {@link LiveStore}; the event log's entries commit together with what they tell of. */
export const createLiveStore = (deps: { sql: TenantSql; eventLog: EventLog; codec: RuleCodec }): LiveStore => {
  const { sql, eventLog } = deps;
  const parseRule = ruleRowParser(deps.codec);
  return {
    claimAcrossTenants: async (tenantIds, times, limit) => {
      const rows = await sql.runAcrossTenants(claimStatement(tenantIds, times, limit), (row) => claimRow.parse(row));
      return {
        claims: rows.flatMap(({ tenant_id: tenantId, id: ruleId, lease_token: leaseToken }) =>
          leaseToken === null ? [] : [{ tenantId, ruleId, leaseToken }],
        ),
        waiting: rows.flatMap((row) => (row.lease_token === null ? [row.tenant_id] : [])),
      };
    },
    load: async (claim) => {
      const { tenantId, ruleId } = claim;
      const [rule] = await sql.run(tenantId, claimedStatement(claim, ""), parseRule);
      if (rule === undefined) return null;
      const series = await sql.run(tenantId, learntOfRuleStatement(tenantId, ruleId), parseSeriesRow);
      return { rule, series };
    },
    settle: async (claim, end) => {
      if (end.settled.length > 0)
        return sql.transaction(claim.tenantId, (transaction) =>
          settle({ transaction, eventLog }, parseRule, claim, end),
        );
      await sql.run(claim.tenantId, releaseStatement(claim, end.nextLookAtMs), nothing);
      return { kind: "SETTLED", transitions: 0 };
    },
  };
};
