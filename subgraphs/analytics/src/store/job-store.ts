import type { ExecutionRecorded } from "@tessera/contracts/events/execution-recorded";
import { JOB_CHANGED, type JobChanged } from "@tessera/contracts/events/job-changed";
import { parseJobId, parseTenantId, type TenantId } from "@tessera/contracts/ids";
import type { SqlStatement, SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import type { EventLog } from "@tessera/platform/events/event-log";
import { executionEntry } from "@tessera/platform/executions/execution-record";
import { z } from "zod";
import type { Job } from "../domain/job.ts";
import { parseJobRow } from "./job-rows.ts";
import * as statements from "./job-statements.ts";
import type { Begin, JobKey, JobStore } from "./job-store-types.ts";

const countRow = (row: unknown): number => z.object({ count: z.coerce.number() }).parse(row).count;
const keyRow = (row: unknown): JobKey | null => {
  const { tenant_id, id } = z.object({ tenant_id: z.string(), id: z.string() }).parse(row);
  const [tenantId, jobId] = [parseTenantId(tenant_id), parseJobId(id)];
  return tenantId === null || jobId === null ? null : { tenantId, jobId };
};

const nothing = (): null => null;

/** The record of a job's execution; null while it has not ended. */
export type RecordOf = (job: Job) => ExecutionRecorded | null;

type Tell = (transaction: SqlTransaction, job: Job) => Promise<Job>;

/** Tells of a change in the transaction that makes it; the end of a job is an execution to be recorded as well. */
const createTell =
  (eventLog: EventLog, recordOf: RecordOf): Tell =>
  async (transaction, job) => {
    const { tenantId, id: jobId, revision } = job;
    const payload: JobChanged = { tenantId, jobId, revision, state: job.state.kind };
    await eventLog.appendWith(transaction, {
      tenantId,
      topic: JOB_CHANGED,
      dedupeKey: `${jobId}:${revision}`,
      payload,
    });
    const record = recordOf(job);
    if (record !== null) await eventLog.appendWith(transaction, executionEntry(record));
    return job;
  };

type Reads = Pick<
  JobStore,
  "find" | "findMany" | "list" | "noteDispatch" | "undispatchedAcrossTenants" | "pruneAcrossTenants"
>;

const createReads = (sql: TenantSql): Reads => {
  const findMany: JobStore["findMany"] = (tenantId, ids) =>
    sql.run(tenantId, statements.findStatement(tenantId, ids), parseJobRow);
  return {
    findMany,
    find: async (tenantId, id) => (await findMany(tenantId, [id]))[0] ?? null,
    list: (tenantId, page) => sql.run(tenantId, statements.listStatement(tenantId, page), parseJobRow),
    noteDispatch: async (tenantId, id) =>
      void (await sql.run(tenantId, statements.noteDispatchStatement(tenantId, id), nothing)),
    undispatchedAcrossTenants: async (silentSeconds, limit) =>
      (await sql.runAcrossTenants(statements.undispatchedStatement(silentSeconds, limit), keyRow)).filter(
        (key) => key !== null,
      ),
    pruneAcrossTenants: async (limit) =>
      (await sql.runAcrossTenants(statements.pruneStatement(limit), countRow))[0] ?? 0,
  };
};

const createJob =
  (sql: TenantSql, tell: Tell): JobStore["create"] =>
  (tenantId, job, maxUnfinished) =>
    sql.transaction(tenantId, async (transaction) => {
      await transaction.run(statements.lockTenantStatement(tenantId), nothing);
      const { idempotencyKey } = job;
      const [known] =
        idempotencyKey === null
          ? []
          : await transaction.run(statements.findByKeyStatement(tenantId, idempotencyKey), parseJobRow);
      if (known !== undefined) return known;
      const [unfinished = 0] = await transaction.run(statements.countUnfinishedStatement(tenantId), countRow);
      if (unfinished >= maxUnfinished) return "TOO_MANY";
      const [created] = await transaction.run(statements.insertStatement(tenantId, job), parseJobRow);
      if (created === undefined) throw new Error("The job was not stored.");
      return tell(transaction, created);
    });

const beginJob =
  (sql: TenantSql, tell: Tell): JobStore["begin"] =>
  (tenantId, id, limits) =>
    sql.transaction(tenantId, async (transaction): Promise<Begin> => {
      await transaction.run(statements.lockTenantStatement(tenantId), nothing);
      const [running = 0] = await transaction.run(statements.countRunningStatement(tenantId, id), countRow);
      if (running >= limits.maxRunning) return { kind: "WAIT" };
      const [job] = await transaction.run(statements.beginStatement(tenantId, id, limits.leaseSeconds), parseJobRow);
      if (job !== undefined) return { kind: "BEGUN", job: await tell(transaction, job) };
      const held = await transaction.run(statements.findRunningStatement(tenantId, id), parseJobRow);
      return held.length > 0 ? { kind: "WAIT" } : { kind: "NOTHING" };
    });

/** Builds {@link JobStore}. */
export const createJobStore = ({
  sql,
  eventLog,
  recordOf,
}: {
  readonly sql: TenantSql;
  readonly eventLog: EventLog;
  readonly recordOf: RecordOf;
}): JobStore => {
  const tell = createTell(eventLog, recordOf);
  const change = (tenantId: TenantId, one: SqlStatement): Promise<Job | null> =>
    sql.transaction(tenantId, async (transaction) => {
      const [job] = await transaction.run(one, parseJobRow);
      return job === undefined ? null : tell(transaction, job);
    });
  const changed = async (tenantId: TenantId, one: SqlStatement): Promise<boolean> =>
    (await change(tenantId, one)) !== null;
  return {
    ...createReads(sql),
    create: createJob(sql, tell),
    begin: beginJob(sql, tell),
    progress: (tenantId, id, attempt, made, leaseSeconds) =>
      changed(tenantId, statements.progressStatement(id, attempt, made, leaseSeconds)),
    end: (tenantId, id, attempt, end) => changed(tenantId, statements.endStatement(id, attempt, end)),
    cancel: (tenantId, id) => change(tenantId, statements.cancelStatement(tenantId, id)),
  };
};
