import type { ExecutionRecorded } from "@tessera/contracts/events/execution-recorded";
import {
  REPORT_CHANGED,
  REPORT_READY,
  type ReportChanged,
  type ReportReady,
} from "@tessera/contracts/events/report-changed";
import type { SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import type { EventLog } from "@tessera/platform/events/event-log";
import { executionEntry } from "@tessera/platform/executions/execution-record";
import type { NowMs } from "@tessera/platform/time/clock";
import { z } from "zod";
import type { Report, ReportRun, REPORT_LIMITS } from "../../domain/reports/report.ts";
import { reportKeyRow, reportRow, reportRunRow } from "./report-rows.ts";
import * as runs from "./report-run-statements.ts";
import * as statements from "./report-statements.ts";
import type {
  AskRunOutcome,
  BeginRun,
  DefineReportOutcome,
  NewReportFile,
  ReportRunEnd,
  ReportStore,
  RunUsage,
} from "./report-store-types.ts";

/** What the store needs. */
export interface ReportStoreDeps {
  readonly sql: TenantSql;
  readonly eventLog: Pick<EventLog, "appendWith">;
  readonly nowMs: NowMs;
  readonly limits: Pick<typeof REPORT_LIMITS, "unfinished" | "tenantBytes" | "partBytes" | "failures">;
  /** The record of a run that has ended as an execution; null while it has not. */
  readonly recordOf: (run: ReportRun, report: Report, usage: RunUsage) => ExecutionRecorded | null;
}

/** Runs of one tenant that are made at a time: each asks several questions at once. */
const MAX_RUNNING = 1;

const nothing = (): null => null;
const countsRow = (row: unknown) => z.object({ unfinished: z.number(), running: z.number() }).parse(row);
const foundRow = (row: unknown): number => z.object({ found: z.number() }).parse(row).found;
const bytesRow = (row: unknown): number => z.object({ bytes: z.number() }).parse(row).bytes;
const partRow = (row: unknown): Uint8Array => z.object({ bytes: z.instanceof(Uint8Array) }).parse(row).bytes;

type Change = ReportChanged["change"];

const tell = (
  { eventLog }: ReportStoreDeps,
  transaction: SqlTransaction,
  of: {
    readonly report: Pick<Report, "tenantId" | "id" | "owner">;
    readonly run?: ReportRun;
    readonly change: Change;
    readonly revision: number;
  },
): Promise<void> => {
  const { tenantId, id: reportId, owner } = of.report;
  const runId = of.run?.id ?? null;
  const payload: ReportChanged = { tenantId, reportId, owner, runId, change: of.change, revision: of.revision };
  const dedupeKey = `${runId ?? reportId}:${of.revision}:${of.change}`;
  return eventLog.appendWith(transaction, { tenantId, topic: REPORT_CHANGED, dedupeKey, payload });
};

const tellReport = async (
  deps: ReportStoreDeps,
  transaction: SqlTransaction,
  report: Report,
  change: Change,
): Promise<Report> => {
  await tell(deps, transaction, { report, change, revision: report.revision });
  return report;
};

const tellRun = async (
  deps: ReportStoreDeps,
  transaction: SqlTransaction,
  report: Report,
  run: ReportRun,
): Promise<ReportRun> => {
  await tell(deps, transaction, { report, run, change: "RUN", revision: run.revision });
  return run;
};

const define =
  (deps: ReportStoreDeps): ReportStore["define"] =>
  (tenantId, one, allow) =>
    deps.sql.transaction(tenantId, async (transaction): Promise<DefineReportOutcome> => {
      await transaction.run(statements.lockReportsStatement(tenantId), nothing);
      const [known] = await transaction.run(statements.findReportStatement(tenantId, one.id), reportRow);
      if (one.known && (known === undefined || !allow(known))) return { kind: "NOT_FOUND", id: one.id };
      const [found = 0] = await transaction.run(statements.countReportsStatement(tenantId), foundRow);
      if (known === undefined && found >= one.limit) return { kind: "TOO_MANY", limit: one.limit };
      const [report] = await transaction.run(statements.saveReportStatement(tenantId, one, deps.nowMs()), reportRow);
      if (report === undefined) throw new Error("The report was not stored.");
      return { kind: "DEFINED", report: await tellReport(deps, transaction, report, "DEFINED") };
    });

const pause =
  (deps: ReportStoreDeps): ReportStore["pause"] =>
  (tenantId, id, { paused, nextMs }, allow) =>
    deps.sql.transaction(tenantId, async (transaction) => {
      await transaction.run(statements.lockReportsStatement(tenantId), nothing);
      const [known] = await transaction.run(statements.findReportStatement(tenantId, id), reportRow);
      if (known === undefined || !allow(known)) return null;
      if (known.paused === paused) return known;
      const to = { paused, nextMs: nextMs(known) };
      const [report] = await transaction.run(
        statements.pauseReportStatement(tenantId, id, to, deps.nowMs()),
        reportRow,
      );
      return report === undefined
        ? null
        : tellReport(deps, transaction, report, paused === null ? "RESUMED" : "PAUSED");
    });

const remove =
  (deps: ReportStoreDeps): ReportStore["remove"] =>
  (tenantId, id, allow) =>
    deps.sql.transaction(tenantId, async (transaction) => {
      await transaction.run(statements.lockReportsStatement(tenantId), nothing);
      const [known] = await transaction.run(statements.findReportStatement(tenantId, id), reportRow);
      if (known === undefined || !allow(known)) return false;
      await transaction.run(statements.removeReportStatement(tenantId, id), nothing);
      await tell(deps, transaction, { report: known, change: "REMOVED", revision: known.revision + 1 });
      return true;
    });

const ask =
  (deps: ReportStoreDeps): ReportStore["ask"] =>
  (tenantId, reportId, { id, key }, allow) =>
    deps.sql.transaction(tenantId, async (transaction): Promise<AskRunOutcome> => {
      await transaction.run(statements.lockReportsStatement(tenantId), nothing);
      const [report] = await transaction.run(statements.findReportStatement(tenantId, reportId), reportRow);
      if (report === undefined || !allow(report)) return { kind: "NOT_FOUND", id: reportId };
      const [before] = await transaction.run(runs.findAskedStatement(tenantId, reportId, key), reportRunRow);
      if (before !== undefined) return { kind: "ASKED", run: before };
      const [counts] = await transaction.run(runs.countRunsStatement(tenantId, id), countsRow);
      const { unfinished: limit } = deps.limits;
      if ((counts?.unfinished ?? 0) >= limit) return { kind: "TOO_MANY", limit };
      const nowMs = deps.nowMs();
      const made = runs.insertRunStatement(tenantId, { id, reportId, dueMs: nowMs, key }, nowMs);
      const [run] = await transaction.run(made, reportRunRow);
      if (run === undefined) throw new Error("The run was not stored.");
      return { kind: "ASKED", run: await tellRun(deps, transaction, report, run) };
    });

const fire =
  (deps: ReportStoreDeps): ReportStore["fire"] =>
  (tenantId, reportId, runId, moments) =>
    deps.sql.transaction(tenantId, async (transaction) => {
      const [report] = await transaction.run(statements.holdReportStatement(tenantId, reportId), reportRow);
      const nowMs = deps.nowMs();
      if (report === undefined || report.paused !== null) return null;
      const due = moments(report, nowMs);
      const [counts] = await transaction.run(runs.countRunsStatement(tenantId, runId), countsRow);
      // A tenant with too much waiting waits: when it has room again, the newest moment is made up for.
      if (due === null || (counts?.unfinished ?? 0) >= deps.limits.unfinished) return null;
      const one = { id: runId, reportId, dueMs: due.dueMs, key: null };
      const [run] = await transaction.run(runs.insertRunStatement(tenantId, one, nowMs), reportRunRow);
      await transaction.run(statements.setNextDueStatement(tenantId, reportId, due.nextMs), nothing);
      return run === undefined ? null : tellRun(deps, transaction, report, run);
    });

const begin =
  (deps: ReportStoreDeps): ReportStore["begin"] =>
  (tenantId, runId, leaseSeconds) =>
    deps.sql.transaction(tenantId, async (transaction): Promise<BeginRun> => {
      await transaction.run(statements.lockReportsStatement(tenantId), nothing);
      const [known] = await transaction.run(runs.findRunStatement(tenantId, runId), reportRunRow);
      if (known === undefined || known.state === "SUCCEEDED" || known.state === "FAILED") return { kind: "NOTHING" };
      const [counts] = await transaction.run(runs.countRunsStatement(tenantId, runId), countsRow);
      if ((counts?.running ?? 0) >= MAX_RUNNING) return { kind: "WAIT" };
      const start = runs.beginRunStatement(tenantId, runId, leaseSeconds, deps.nowMs());
      const [run] = await transaction.run(start, reportRunRow);
      const [report] = await transaction.run(statements.findReportStatement(tenantId, known.reportId), reportRow);
      if (run === undefined || report === undefined) return { kind: "WAIT" };
      return { kind: "BEGUN", report, run: await tellRun(deps, transaction, report, run) };
    });

const storeFiles = async (
  { limits }: ReportStoreDeps,
  transaction: SqlTransaction,
  run: ReportRun,
  files: readonly NewReportFile[],
): Promise<void> => {
  for (const file of files) {
    await transaction.run(runs.insertFileStatement(run, file), nothing);
    for (let place = 0; place * limits.partBytes < file.bytes.length; place += 1) {
      const part = file.bytes.subarray(place * limits.partBytes, (place + 1) * limits.partBytes);
      await transaction.run(runs.insertPartStatement(run, file.format, place, part), nothing);
    }
  }
};

/** The end as it is to be: files that the tenant has no room for are a failure. */
const withinRoom = async (
  deps: ReportStoreDeps,
  transaction: SqlTransaction,
  run: ReportRun,
  end: ReportRunEnd,
): Promise<ReportRunEnd> => {
  if (end.kind !== "SUCCEEDED") return end;
  const [stored = 0] = await transaction.run(runs.countBytesStatement(run.tenantId), bytesRow);
  const { tenantBytes } = deps.limits;
  if (stored + end.files.reduce((sum, { bytes }) => sum + bytes.length, 0) <= tenantBytes) return end;
  const detail = `The tenant's reports have ${stored} bytes of files, and ${tenantBytes} are kept: keep fewer runs, or remove reports.`;
  return { kind: "FAILED", code: "RESULT_TOO_LARGE", detail };
};

const endStatement = (run: ReportRun, end: ReportRunEnd, nowMs: number) => {
  switch (end.kind) {
    case "SUCCEEDED":
      return runs.succeedStatement(run, end.by, nowMs);
    case "FAILED":
      return runs.failStatement(run, end, nowMs);
    case "QUEUED":
      return runs.requeueStatement(run);
  }
};

const afterEnd = async (
  deps: ReportStoreDeps,
  transaction: SqlTransaction,
  ended: ReportRun,
  end: ReportRunEnd,
): Promise<Report | null> => {
  const { tenantId, reportId } = ended;
  if (end.kind === "SUCCEEDED") {
    await storeFiles(deps, transaction, ended, end.files);
    await transaction.run(statements.forgetFailuresStatement(tenantId, reportId), nothing);
    const [of] = await transaction.run(statements.findReportStatement(tenantId, reportId), reportRow);
    const sent = { owner: of?.owner ?? "", channels: of?.channels ?? [] };
    const payload: ReportReady = { tenantId, reportId, runId: ended.id, ...sent };
    await deps.eventLog.appendWith(transaction, { tenantId, topic: REPORT_READY, dedupeKey: ended.id, payload });
  }
  if (end.kind === "FAILED") {
    const [report] = await transaction.run(
      statements.countFailureStatement(tenantId, reportId, deps.limits.failures, deps.nowMs()),
      reportRow,
    );
    if (report?.paused === "FAILURES") await tellReport(deps, transaction, report, "PAUSED");
  }
  const [report] = await transaction.run(statements.findReportStatement(tenantId, reportId), reportRow);
  return report ?? null;
};

const endRun =
  (deps: ReportStoreDeps): ReportStore["end"] =>
  (run, wanted, usage) =>
    deps.sql.transaction(run.tenantId, async (transaction) => {
      const { tenantId, reportId } = run;
      await transaction.run(statements.lockReportsStatement(tenantId), nothing);
      // What is dropped for it makes room for it.
      if (wanted.kind !== "QUEUED")
        await transaction.run(runs.dropOldRunsStatement(tenantId, reportId, wanted.kind), nothing);
      const end = await withinRoom(deps, transaction, run, wanted);
      const [ended] = await transaction.run(endStatement(run, end, deps.nowMs()), reportRunRow);
      if (ended === undefined) return false;
      const report = await afterEnd(deps, transaction, ended, end);
      if (report === null) return true;
      await tellRun(deps, transaction, report, ended);
      const record = deps.recordOf(ended, report, usage);
      if (record !== null) await deps.eventLog.appendWith(transaction, executionEntry(record));
      return true;
    });

/** Builds {@link ReportStore}. */
export const createReportStore = (deps: ReportStoreDeps): ReportStore => {
  const { sql } = deps;
  return {
    find: async (tenantId, id) =>
      (await sql.run(tenantId, statements.findReportStatement(tenantId, id), reportRow))[0] ?? null,
    list: (tenantId, page) => sql.run(tenantId, statements.listReportsStatement(tenantId, page), reportRow),
    ...{ define: define(deps), pause: pause(deps), remove: remove(deps), ask: ask(deps), fire: fire(deps) },
    ...{ begin: begin(deps), end: endRun(deps) },
    findRun: async (tenantId, id) =>
      (await sql.run(tenantId, runs.findRunStatement(tenantId, id), reportRunRow))[0] ?? null,
    runs: (tenantId, reportId, page) =>
      sql.run(tenantId, runs.listRunsStatement(tenantId, reportId, page), reportRunRow),
    filePart: async (tenantId, runId, format, place) =>
      (await sql.run(tenantId, runs.filePartStatement(tenantId, runId, format, place), partRow))[0] ?? null,
    dueAcrossTenants: async (limit) =>
      (await sql.runAcrossTenants(statements.dueReportsStatement(deps.nowMs(), limit), reportKeyRow)).map(
        ({ tenant_id: tenantId, id }) => ({ tenantId, id }),
      ),
    noteDispatch: async (tenantId, runId) =>
      void (await sql.run(tenantId, runs.noteDispatchStatement(tenantId, runId), nothing)),
    progress: (run, made, leaseSeconds) =>
      sql.transaction(run.tenantId, async (transaction) => {
        const [now] = await transaction.run(runs.progressStatement(run, made, leaseSeconds), reportRunRow);
        const [report] = await transaction.run(statements.findReportStatement(run.tenantId, run.reportId), reportRow);
        if (now !== undefined && report !== undefined) await tellRun(deps, transaction, report, now);
        return now !== undefined;
      }),
    undispatchedAcrossTenants: async (silentSeconds, limit) =>
      (await sql.runAcrossTenants(runs.undispatchedRunsStatement(silentSeconds, limit), reportKeyRow)).map(
        ({ tenant_id: tenantId, id: runId, fair_tag: fairTag = 1 }) => ({ tenantId, runId, fairTag }),
      ),
  };
};
