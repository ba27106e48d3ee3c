import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, TenantSql } from "@tessera/platform/db/sql";
import { z } from "zod";
import type { ExecutionCount, ExecutionNumbersQuestion } from "../domain/execution-numbers.ts";
import { places } from "./audit-columns.ts";

/** Executions by what the audit log recorded of them, added up. */
export interface ExecutionStore {
  /** Records of a question, counted up to one more than a limit. */
  size(tenantId: TenantId, question: ExecutionNumbersQuestion, limit: number): Promise<number>;
  /** What was counted of the groups with most executions; each has a row for each bucket in which it has any. */
  count(
    tenantId: TenantId,
    question: ExecutionNumbersQuestion,
    serverCodes: readonly string[],
  ): Promise<readonly (ExecutionCount & { readonly groups: number })[]>;
  /** When the first execution began that the consumer of a topic has not recorded yet; null when it has all. */
  waitingSince(
    tenantId: TenantId,
    source: { readonly consumer: string; readonly topic: string },
  ): Promise<number | null>;
}

const GROUPS = {
  NONE: "NULL::text",
  OPERATION: "entry->>'operationName'",
  KIND: "entry->>'kind'",
  CODE: "entry->>'code'",
  CALLER: "entry->'subject'->>'id'",
  TRANSPORT: "entry->>'transport'",
} as const;

const FROM = `FROM audit_record WHERE tenant_id = $1 AND started_at_ms >= $2 AND started_at_ms < $3 AND entry->>'kind' = ANY($4)
  AND (cardinality($5::text[]) = 0 OR entry->>'operationName' = ANY($5))`;

/** Conditions of a question, with their values at the places from the given one on: the same text for the same fields. */
const heldSql = ({ where }: ExecutionNumbersQuestion, from: number): string =>
  where
    .map(
      ({ by }, at) =>
        ` AND (${GROUPS[by]} = ANY($${from + 2 * at}::text[]) OR ($${from + 2 * at + 1}::boolean AND ${GROUPS[by]} IS NULL))`,
    )
    .join("");
const heldParams = ({ where }: ExecutionNumbersQuestion): readonly unknown[] =>
  where.flatMap(({ values }) => [values.filter((value) => value !== null), values.includes(null)]);
/** What a statement's name tells of its conditions. */
const heldName = ({ where }: ExecutionNumbersQuestion): string =>
  where.map(({ by }) => `-${by.toLowerCase()}`).join("");

const paramsOf = (tenantId: TenantId, { edgesMs, kinds, operations }: ExecutionNumbersQuestion): readonly unknown[] => [
  ...[tenantId, edgesMs[0] ?? 0, edgesMs.at(-1) ?? 0, kinds, operations],
];

const sizeStatement = (tenantId: TenantId, question: ExecutionNumbersQuestion, limit: number): SqlStatement => ({
  name: `executions-size${heldName(question)}`,
  text: `SELECT count(*)::int AS records FROM (SELECT 1 ${FROM}${heldSql(question, 7)} LIMIT $6) counted`,
  params: [...paramsOf(tenantId, question), limit + 1, ...heldParams(question)],
});

/** Executions that took longer than the ninth parameter, of which there are none where it is null. */
const SLOWER = "t.decision <> 'REFUSED' AND t.elapsed > $9::float8";

const countStatement = (
  tenantId: TenantId,
  question: ExecutionNumbersQuestion,
  serverCodes: readonly string[],
): SqlStatement => ({
  name: `executions-by-${question.by.toLowerCase()}${heldName(question)}`,
  text: `WITH told AS (
      SELECT ${GROUPS[question.by]} AS "group", width_bucket(started_at_ms, $6::bigint[]) - 1 AS bucket, entry->>'decision' AS decision,
        entry->>'code' AS code, (entry->'usage'->>'elapsedMs')::float8 AS elapsed, entry->'subject' AS caller ${FROM}${heldSql(question, 10)}
    ), ranked AS (
      SELECT "group", row_number() OVER (ORDER BY count(*) DESC, "group" COLLATE "C" NULLS LAST) AS place, count(*) OVER () AS groups FROM told GROUP BY "group"
    )
    SELECT t."group", t.bucket, r.groups::int AS groups, count(*)::int AS executions,
      count(*) FILTER (WHERE t.decision = 'REFUSED')::int AS refused, count(*) FILTER (WHERE t.decision = 'FAILED')::int AS failed,
      count(*) FILTER (WHERE t.code = ANY($7))::int AS server_errors, count(DISTINCT t.caller)::int AS callers,
      count(DISTINCT t.caller) FILTER (WHERE t.decision = 'REFUSED')::int AS refused_callers, count(DISTINCT t.caller) FILTER (WHERE t.decision = 'FAILED')::int AS failed_callers,
      count(DISTINCT t.caller) FILTER (WHERE t.code = ANY($7))::int AS server_error_callers,
      count(*) FILTER (WHERE ${SLOWER})::int AS slower, count(DISTINCT t.caller) FILTER (WHERE ${SLOWER})::int AS slower_callers,
      percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY t.elapsed) FILTER (WHERE t.decision <> 'REFUSED') AS latency
    FROM told t JOIN ranked r ON r."group" IS NOT DISTINCT FROM t."group" WHERE r.place <= $8 GROUP BY t."group", t.bucket, r.groups`,
  params: [
    ...paramsOf(tenantId, question),
    places(question.edgesMs),
    serverCodes,
    question.first,
    question.slowerThanMs,
    ...heldParams(question),
  ],
});

const waitingStatement = (
  tenantId: TenantId,
  { consumer, topic }: { readonly consumer: string; readonly topic: string },
): SqlStatement => ({
  name: "executions-waiting",
  text: `SELECT min((e.payload->>'startedAtMs')::bigint) AS since FROM event_log e LEFT JOIN event_log_place($2, $1::uuid) c ON true
    WHERE e.tenant_id = $1 AND e.topic = $3 AND (c.transaction_id IS NULL OR (e.transaction_id, e.sequence) > (c.transaction_id, c.sequence))`,
  params: [tenantId, consumer, topic],
});

const sizeRow = z.object({ records: z.number() });
const sinceRow = z.object({ since: z.coerce.number().nullable() });
const countRow = z
  .object({
    ...{ group: z.string().nullable(), bucket: z.number(), groups: z.number(), executions: z.number() },
    ...{ refused: z.number(), failed: z.number(), server_errors: z.number(), callers: z.number() },
    ...{ refused_callers: z.number(), failed_callers: z.number(), server_error_callers: z.number() },
    ...{ slower: z.number(), slower_callers: z.number() },
    latency: z.tuple([z.number(), z.number(), z.number()]).nullable(),
  })
  .transform(
    ({ server_errors, refused_callers, failed_callers, server_error_callers, slower_callers, latency, ...row }) => ({
      ...{ ...row, serverErrors: server_errors, refusedCallers: refused_callers, failedCallers: failed_callers },
      ...{ serverErrorCallers: server_error_callers, slowerCallers: slower_callers, latencyMs: latency },
    }),
  );

/** Builds {@link ExecutionStore}. */
export const createExecutionStore = (sql: Pick<TenantSql, "run">): ExecutionStore => ({
  size: async (tenantId, question, limit) =>
    (await sql.run(tenantId, sizeStatement(tenantId, question, limit), (row) => sizeRow.parse(row).records))[0] ?? 0,
  count: (tenantId, question, serverCodes) =>
    sql.run(tenantId, countStatement(tenantId, question, serverCodes), (row) => countRow.parse(row)),
  waitingSince: async (tenantId, source) =>
    (await sql.run(tenantId, waitingStatement(tenantId, source), (row) => sinceRow.parse(row).since))[0] ?? null,
});
