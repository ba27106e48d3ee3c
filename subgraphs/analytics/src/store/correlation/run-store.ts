import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import type { LogCursor } from "@tessera/platform/events/log-cursor";
import { z } from "zod";
import type { CorrelationMatch } from "../../domain/correlation/match.ts";
import type { CorrelationRule } from "../../domain/correlation/rule.ts";
import { correlationRuleRow, tenantIdOf } from "./rule-rows.ts";
import { lockCorrelationsStatement, RULE_COLUMNS } from "./rule-statements.ts";

/** A rule in the version that runs, and where the run stands. */
export interface RunningRule {
  readonly rule: CorrelationRule;
  /** As `decodeState` reads it. */
  readonly state: unknown;
  /** The last entry of the event log that is in the state. */
  readonly place: LogCursor;
}

/** A shard as it is kept. */
export interface KeptShard {
  readonly shard: number;
  /** As `decodeShard` reads it. */
  readonly state: unknown;
}

/** What a step of a run is kept as. */
export interface RunUpdate {
  readonly ruleId: string;
  readonly version: number;
  readonly state: object;
  readonly place: LogCursor;
  /** When there is something to do without any event, in milliseconds since the epoch; null: never. */
  readonly lookAtMs: (dueMs: number) => number;
  /** Shards that changed; those in which nothing is under way any more have no due moment. */
  readonly shards: readonly { readonly shard: number; readonly state: object; readonly dueMs: number | null }[];
  readonly matches: readonly CorrelationMatch[];
  readonly toldAtMs: number;
}

/** Runs of rules in PostgreSQL. What is read and written in a transaction that holds the tenant's runs follows every other such transaction. */
export interface CorrelationRunStore {
  /** Rules that run and have not failed; without holding them, what is answered may change at once. */
  running(tenantId: TenantId, transaction?: SqlTransaction): Promise<readonly RunningRule[]>;
  /** Holds the tenant's runs until the transaction ends. */
  hold(transaction: SqlTransaction, tenantId: TenantId): Promise<void>;
  /** The shards of the numbers, and those in which something is due before a watermark. */
  shards(
    transaction: SqlTransaction,
    rule: Pick<CorrelationRule, "tenantId" | "id">,
    numbers: readonly number[],
    watermarkMs: number,
  ): Promise<readonly KeptShard[]>;
  keep(transaction: SqlTransaction, tenantId: TenantId, update: RunUpdate): Promise<void>;
  /** Ends a run that can't go on. */
  fail(
    tenantId: TenantId,
    rule: { readonly id: string; readonly version: number },
    why: { readonly code: string; readonly detail: string },
  ): Promise<void>;
  /** Whether every entry of a topic that the tenant's log holds has been taken in by a consumer. */
  settled(transaction: SqlTransaction, tenantId: TenantId, topic: string, consumer: string): Promise<boolean>;
  /** Tenants in whose runs something is due. */
  dueAcrossTenants(nowMs: number, limit: number): Promise<readonly TenantId[]>;
  pruneMatchesAcrossTenants(beforeMs: number, limit: number): Promise<void>;
}

const nothing = (): null => null;
const statement = (name: string, text: string, params: readonly unknown[]): SqlStatement => ({ name, text, params });

const runningRow = (raw: unknown): RunningRule => {
  const row = z.looseObject({ state: z.unknown(), log_transaction: z.string(), log_sequence: z.string() }).parse(raw);
  return {
    rule: correlationRuleRow(raw),
    state: row.state,
    place: { transaction: BigInt(row.log_transaction), sequence: BigInt(row.log_sequence) },
  };
};
const shardRow = (raw: unknown): KeptShard => z.object({ shard: z.number(), state: z.unknown() }).parse(raw);

const runningStatement = (tenantId: TenantId) =>
  statement(
    "running-correlation-rules",
    `SELECT ${RULE_COLUMNS}, n.state, n.log_transaction::text, n.log_sequence::text FROM correlation_run n
     JOIN correlation_rule r ON r.id = n.rule_id
     JOIN correlation_rule_version v ON v.rule_id = n.rule_id AND v.version = n.version
     WHERE n.tenant_id = $1 AND n.failed_code IS NULL ORDER BY n.rule_id`,
    [tenantId],
  );
const shardsStatement = (tenantId: TenantId, ruleId: string, numbers: readonly number[], watermarkMs: number) =>
  statement(
    "correlation-shards",
    `SELECT shard, state FROM correlation_shard
     WHERE tenant_id = $1 AND rule_id = $2 AND (shard = ANY ($3::integer[]) OR due_ms < $4)`,
    [tenantId, ruleId, numbers, watermarkMs],
  );
const keepShardsStatement = (tenantId: TenantId, { ruleId, shards }: RunUpdate) =>
  statement(
    "keep-correlation-shards",
    `INSERT INTO correlation_shard (tenant_id, rule_id, shard, due_ms, state)
     SELECT $1, $2, s.shard, s.due_ms, s.state FROM jsonb_to_recordset($3::jsonb) AS s (shard integer, due_ms bigint, state jsonb)
     ON CONFLICT (rule_id, shard) DO UPDATE SET due_ms = excluded.due_ms, state = excluded.state`,
    [
      tenantId,
      ruleId,
      JSON.stringify(
        shards.flatMap(({ shard, state, dueMs }) => (dueMs === null ? [] : [{ shard, due_ms: dueMs, state }])),
      ),
    ],
  );
const dropShardsStatement = (tenantId: TenantId, { ruleId, shards }: RunUpdate) =>
  statement(
    "drop-idle-correlation-shards",
    "DELETE FROM correlation_shard WHERE tenant_id = $1 AND rule_id = $2 AND shard = ANY ($3::integer[])",
    [tenantId, ruleId, shards.flatMap(({ shard, dueMs }) => (dueMs === null ? [shard] : []))],
  );
const keepMatchesStatement = (tenantId: TenantId, { ruleId, version, matches, toldAtMs }: RunUpdate) =>
  statement(
    "keep-correlation-matches",
    `INSERT INTO correlation_match (tenant_id, id, rule_id, version, from_at, completed_at, told_at, events)
     SELECT $1, m.id, $2, $3, m.from_at, m.completed_at, $4, m.events
     FROM jsonb_to_recordset($5::jsonb) AS m (id uuid, from_at timestamptz, completed_at timestamptz, events jsonb)
     ON CONFLICT DO NOTHING`,
    [
      ...[tenantId, ruleId, version, new Date(toldAtMs)],
      JSON.stringify(
        matches.map(({ id, fromMs, completedAtMs, events }) => ({
          ...{ id, events },
          from_at: new Date(fromMs).toISOString(),
          completed_at: new Date(completedAtMs).toISOString(),
        })),
      ),
    ],
  );
const earliestDueStatement = (tenantId: TenantId, ruleId: string) =>
  statement(
    "earliest-correlation-due",
    "SELECT min(due_ms)::text AS due_ms FROM correlation_shard WHERE tenant_id = $1 AND rule_id = $2",
    [tenantId, ruleId],
  );
const earliestRow = (raw: unknown): string | null => z.object({ due_ms: z.string().nullable() }).parse(raw).due_ms;
const keepRunStatement = (tenantId: TenantId, { ruleId, version, state, place }: RunUpdate, lookAtMs: number | null) =>
  statement(
    "keep-correlation-run",
    `UPDATE correlation_run SET state = $4::jsonb, log_transaction = $5::text::xid8, log_sequence = $6::bigint, look_at = $7
     WHERE tenant_id = $1 AND rule_id = $2 AND version = $3`,
    [
      ...[tenantId, ruleId, version, JSON.stringify(state), String(place.transaction), String(place.sequence)],
      lookAtMs === null ? null : new Date(lookAtMs),
    ],
  );

const keep: CorrelationRunStore["keep"] = async (transaction, tenantId, update) => {
  if (update.shards.length > 0) {
    await transaction.run(keepShardsStatement(tenantId, update), nothing);
    await transaction.run(dropShardsStatement(tenantId, update), nothing);
  }
  if (update.matches.length > 0) await transaction.run(keepMatchesStatement(tenantId, update), nothing);
  const [due = null] = await transaction.run(earliestDueStatement(tenantId, update.ruleId), earliestRow);
  const lookAtMs = due === null ? null : update.lookAtMs(Number(due));
  await transaction.run(keepRunStatement(tenantId, update, lookAtMs), nothing);
};

const settledStatement = (tenantId: TenantId, topic: string, consumer: string) =>
  statement(
    "correlation-log-settled",
    `SELECT 1 FROM event_log_place($3, $1::uuid) c WHERE NOT EXISTS (
       SELECT 1 FROM event_log e WHERE e.tenant_id = $1 AND e.topic = $2
         AND (e.transaction_id, e.sequence) > (c.transaction_id, c.sequence))`,
    [tenantId, topic, consumer],
  );

/** Builds {@link CorrelationRunStore}. */
export const createCorrelationRunStore = ({ sql }: { readonly sql: TenantSql }): CorrelationRunStore => ({
  running: (tenantId, transaction) =>
    transaction === undefined
      ? sql.run(tenantId, runningStatement(tenantId), runningRow)
      : transaction.run(runningStatement(tenantId), runningRow),
  hold: async (transaction, tenantId) => {
    await transaction.run(lockCorrelationsStatement(tenantId), nothing);
  },
  shards: (transaction, { tenantId, id }, numbers, watermarkMs) =>
    transaction.run(shardsStatement(tenantId, id, numbers, watermarkMs), shardRow),
  keep,
  fail: async (tenantId, { id, version }, { code, detail }) => {
    const failed = statement(
      "fail-correlation-run",
      `UPDATE correlation_run SET failed_code = $4, failed_detail = $5, look_at = NULL
       WHERE tenant_id = $1 AND rule_id = $2 AND version = $3`,
      [tenantId, id, version, code, detail],
    );
    await sql.run(tenantId, failed, nothing);
  },
  settled: async (transaction, tenantId, topic, consumer) =>
    (await transaction.run(settledStatement(tenantId, topic, consumer), nothing)).length > 0,
  dueAcrossTenants: (nowMs, limit) =>
    sql.runAcrossTenants(
      statement("correlation-tenants-due", "SELECT tenant_id FROM correlation_tenants_due_across_tenants($1, $2)", [
        new Date(nowMs),
        limit,
      ]),
      (row) => tenantIdOf(z.object({ tenant_id: z.string() }).parse(row).tenant_id),
    ),
  pruneMatchesAcrossTenants: async (beforeMs, limit) => {
    const prune = statement("prune-correlation-matches", "SELECT prune_correlation_matches_across_tenants($1, $2)", [
      new Date(beforeMs),
      limit,
    ]);
    await sql.runAcrossTenants(prune, nothing);
  },
});
