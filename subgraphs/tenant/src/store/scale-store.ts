import { SUBJECT_KINDS, type Subject } from "@tessera/contracts/caller";
import { TENANT_SCALED, type TenantScaled } from "@tessera/contracts/events/tenant-scaled";
import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import type { EventLog } from "@tessera/platform/events/event-log";
import { z } from "zod";
import type { SetLimit } from "../domain/limits.ts";
import type { ScaleRequest } from "../domain/scale-request.ts";
import type { LimitStore } from "./limit-store.ts";
import { timeColumn } from "./stored-row.ts";
import type { TenantHistory } from "./tenant-history.ts";

/** How a request ends. */
export interface ScaleDecision {
  readonly state: "APPLIED" | "REJECTED" | "WITHDRAWN";
  readonly by: Subject;
  readonly atMs: number;
  readonly note: string | null;
}

/** Requests to scale. */
export interface ScaleStore {
  /** Keeps a request, and applies it at once when it is decided already; null while another one of the tenant is pending. */
  add(tenantId: TenantId, request: ScaleRequest): Promise<ScaleRequest | null>;
  find(tenantId: TenantId, id: string): Promise<ScaleRequest | null>;
  /** Newest first. */
  list(tenantId: TenantId, first: number): Promise<readonly ScaleRequest[]>;
  /** Ends a pending request; an applied one changes the tenant's limits and is told, in the same transaction. Null when it is not pending. */
  decide(tenantId: TenantId, id: string, decision: ScaleDecision): Promise<ScaleRequest | null>;
}

const capacity = z.object({ concurrentQueries: z.number(), queryMemoryBytes: z.number(), workerWeight: z.number() });
const prediction = z.object({
  monthlyCostChange: z.number(),
  peakLoad: z.number(),
  waitShareBefore: z.number(),
  waitShareAfter: z.number(),
  jobTurns: z.number(),
});
const decided = z.object({ prediction, approval: z.enum(["NONE", "SECOND_PERSON", "OPERATOR"]) });
const requestRow = z
  .object({
    id: z.string(),
    state: z.enum(["PENDING", "APPLIED", "REJECTED", "WITHDRAWN"]),
    ...{ concurrent_queries: z.number(), query_memory_bytes: z.coerce.number(), worker_weight: z.number() },
    ...{ before: capacity, prediction: decided, reason: z.string(), requested_at: timeColumn },
    ...{ requested_by_kind: z.enum(SUBJECT_KINDS), requested_by_id: z.string(), decided_at: timeColumn.nullable() },
    ...{
      decided_by_kind: z.enum(SUBJECT_KINDS).nullable(),
      decided_by_id: z.string().nullable(),
      note: z.string().nullable(),
    },
  })
  .transform((row): ScaleRequest => ({
    ...{ id: row.id, state: row.state, before: row.before, reason: row.reason, note: row.note, ...row.prediction },
    after: {
      concurrentQueries: row.concurrent_queries,
      queryMemoryBytes: row.query_memory_bytes,
      workerWeight: row.worker_weight,
    },
    ...{ requestedAtMs: row.requested_at, decidedAtMs: row.decided_at },
    requestedBy: { kind: row.requested_by_kind, id: row.requested_by_id },
    decidedBy:
      row.decided_by_kind === null || row.decided_by_id === null
        ? null
        : { kind: row.decided_by_kind, id: row.decided_by_id },
  }));
const parseRequest = (row: unknown): ScaleRequest => requestRow.parse(row);

const statement = (name: string, text: string, params: readonly unknown[]): SqlStatement => ({ name, text, params });

const insertStatement = (tenantId: TenantId, request: ScaleRequest): SqlStatement =>
  statement(
    "insert-scale-request",
    `INSERT INTO scale_request (id, tenant_id, state, concurrent_queries, query_memory_bytes, worker_weight, before, prediction, reason,
  requested_at, requested_by_kind, requested_by_id, decided_at, decided_by_kind, decided_by_id)
VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8::jsonb, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT DO NOTHING RETURNING *`,
    [
      ...[request.id, tenantId, request.state],
      ...[request.after.concurrentQueries, request.after.queryMemoryBytes, request.after.workerWeight],
      ...[
        JSON.stringify(request.before),
        JSON.stringify({ prediction: request.prediction, approval: request.approval }),
      ],
      ...[request.reason, new Date(request.requestedAtMs), request.requestedBy.kind, request.requestedBy.id],
      request.decidedAtMs === null ? null : new Date(request.decidedAtMs),
      ...[request.decidedBy?.kind ?? null, request.decidedBy?.id ?? null],
    ],
  );
const decideStatement = (tenantId: TenantId, id: string, decision: ScaleDecision): SqlStatement =>
  statement(
    "decide-scale-request",
    `UPDATE scale_request SET state = $3, decided_at = $4, decided_by_kind = $5, decided_by_id = $6, note = $7
WHERE tenant_id = $1 AND id = $2 AND state = 'PENDING' RETURNING *`,
    [tenantId, id, decision.state, new Date(decision.atMs), decision.by.kind, decision.by.id, decision.note],
  );

const limitsOf = ({ after }: ScaleRequest): readonly SetLimit[] => {
  const base = { scope: "TENANT", scopeId: "", soft: null, graceSeconds: 0 } as const;
  return [
    { ...base, metric: "CONCURRENT_QUERIES", hard: after.concurrentQueries },
    { ...base, metric: "QUERY_MEMORY_BYTES", hard: after.queryMemoryBytes },
    { ...base, metric: "WORKER_WEIGHT", hard: after.workerWeight },
  ];
};

/** Makes a decided request true, and tells of it. */
const createApply =
  (deps: { readonly eventLog: EventLog; readonly limits: LimitStore; readonly history: TenantHistory }) =>
  async (transaction: SqlTransaction, tenantId: TenantId, request: ScaleRequest): Promise<ScaleRequest> => {
    const { id: requestId, before, after, decidedBy, decidedAtMs, state } = request;
    const [by, atMs] = [decidedBy ?? request.requestedBy, decidedAtMs ?? request.requestedAtMs];
    const detail = `${requestId}: ${JSON.stringify(before)} -> ${JSON.stringify(after)}`;
    await deps.history.noteWith(transaction, tenantId, { change: `SCALE_${state}`, detail, by, atMs });
    if (state !== "APPLIED") return request;
    await deps.limits.setWith(transaction, tenantId, limitsOf(request), atMs);
    const payload: TenantScaled = { tenantId, requestId, before, after, scaledAtMs: atMs };
    await deps.eventLog.appendWith(transaction, { tenantId, topic: TENANT_SCALED, dedupeKey: requestId, payload });
    return request;
  };

/** Builds {@link ScaleStore}. */
export const createScaleStore = (deps: {
  readonly sql: TenantSql;
  readonly eventLog: EventLog;
  readonly limits: LimitStore;
  readonly history: TenantHistory;
}): ScaleStore => {
  const { sql } = deps;
  const apply = createApply(deps);
  return {
    add: (tenantId, request) =>
      sql.transaction(tenantId, async (transaction) => {
        const [kept] = await transaction.run(insertStatement(tenantId, request), parseRequest);
        return kept === undefined ? null : apply(transaction, tenantId, kept);
      }),
    find: async (tenantId, id) => {
      const text = "SELECT * FROM scale_request WHERE tenant_id = $1 AND id = $2";
      return (await sql.run(tenantId, statement("find-scale-request", text, [tenantId, id]), parseRequest))[0] ?? null;
    },
    list: (tenantId, first) => {
      const text = "SELECT * FROM scale_request WHERE tenant_id = $1 ORDER BY requested_at DESC, id DESC LIMIT $2";
      return sql.run(tenantId, statement("list-scale-requests", text, [tenantId, first]), parseRequest);
    },
    decide: (tenantId, id, decision) =>
      sql.transaction(tenantId, async (transaction) => {
        const [ended] = await transaction.run(decideStatement(tenantId, id, decision), parseRequest);
        return ended === undefined ? null : apply(transaction, tenantId, ended);
      }),
  };
};
