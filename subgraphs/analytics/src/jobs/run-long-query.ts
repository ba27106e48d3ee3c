import type { JobId } from "@tessera/contracts/ids";
import { Refusal } from "@tessera/platform/errors/refusal";
import { errorMessage } from "@tessera/platform/errors/error-message";
import type { JobHandler, Postpone, QueuedJob } from "@tessera/platform/queue/queues";
import type { DataReader } from "@tessera/platform/store/data-policy";
import type { StoreStatement } from "@tessera/platform/store/event-store";
import type { Persons } from "@tessera/platform/store/databases";
import type { LongQueryOptions, LongQueryStore } from "@tessera/platform/store/long-query-store";
import type { Logger } from "@tessera/platform/telemetry/logger";
import { afterFailure, type Job, type JobProgress } from "../domain/job.ts";
import type { JobResults, ResultRow } from "../store/job-results.ts";
import type { JobKey, JobStore } from "../store/job-store-types.ts";

/** Bounds on long queries. */
export interface LongQueryLimits {
  /** Jobs of one tenant that run at the same time; a tenant with a thousand jobs leaves room for the others. */
  readonly maxRunningPerTenant: number;
  /** Seconds a job may run. */
  readonly maxSeconds: number;
  /** Seconds after which a run that has not said anything is taken for dead. */
  readonly leaseSeconds: number;
}

/** Bounds that hold unless a test sets others. */
export const LONG_QUERY_LIMITS: LongQueryLimits = { maxRunningPerTenant: 2, maxSeconds: 600, leaseSeconds: 15 };

/** Milliseconds between two reports of progress: they are rows and messages to clients. */
const REPORT_MS = 500;
/** Milliseconds a job is put back for while its tenant runs as many as it may, or its dead worker's lease goes on. */
const WAIT_MS = 500;
/** Milliseconds a job is put back for while its tenant has used up its rows: they come back by the day. */
const NO_BUDGET_WAIT_MS = 15_000;
/** Rows stored by one insert. */
const STORE_ROWS = 5_000;

/** How a job is answered that one statement answers. */
export interface StatementPlan {
  /** Who the answer is computed for. */
  readonly reader: DataReader;
  readonly statement: StoreStatement;
  /** Which persons the statement counts, where the tenant's people are linked. */
  readonly persons: Persons;
  /** True when the first row of the answer holds the totals. */
  readonly totalsFirst: boolean;
  readonly maxRows: number;
}

/** How a job is answered whose rows are computed here from what the store streams. */
export interface ComputedPlan {
  readonly rows: (options: LongQueryOptions) => AsyncIterable<readonly ResultRow[]>;
  /** The totals once all rows were given. */
  readonly totals: () => ResultRow | null;
  readonly maxRows: number;
}

/** How a job is answered. */
export type JobPlan = StatementPlan | ComputedPlan;

/** What running long queries needs. */
export interface LongQueryDeps {
  readonly jobs: JobStore;
  readonly results: JobResults;
  readonly longQueries: LongQueryStore;
  /** How a job is answered; refuses what can't be asked. */
  readonly planOf: (job: Job) => JobPlan | Promise<JobPlan>;
  readonly cancellations: Cancellations;
  /** Whether a tenant may read at all now; its jobs wait while it may not. */
  readonly mayRead: (tenantId: JobKey["tenantId"]) => Promise<boolean>;
  readonly limits: LongQueryLimits;
  readonly logger: Logger;
}

/** Tells a running job that its tenant has cancelled it. */
export interface Cancellations {
  /** Calls back when the job changes in the event log; answers how to stop watching. */
  watch(job: JobKey, onChange: () => void): () => void;
}

interface Run {
  readonly job: Job;
  readonly controller: AbortController;
  latest: JobProgress;
  /** Place of the next row: 0 for totals, rows from 1. */
  place: number;
}

/** Keeps the lease and reports progress until stopped; aborts the run when it is not the one that counts any more. */
const startReports = ({ jobs, limits, logger }: LongQueryDeps, run: Run): (() => Promise<void>) => {
  let last: Promise<void> = Promise.resolve();
  let reported: JobProgress | null = null;
  let quietSince = performance.now();
  const report = async (): Promise<void> => {
    const now = performance.now();
    if (run.latest === reported && now - quietSince < (limits.leaseSeconds * 1_000) / 3) return;
    quietSince = now;
    reported = run.latest;
    const counts = await jobs.progress(run.job.tenantId, run.job.id, run.job.attempt, run.latest, limits.leaseSeconds);
    if (!counts) run.controller.abort();
  };
  const timer = setInterval(() => {
    last = last
      .then(report)
      .catch((error: unknown) =>
        logger.warn({ job: run.job.id, error: errorMessage(error) }, "Progress could not be told."),
      );
  }, REPORT_MS);
  return async () => {
    clearInterval(timer);
    await last;
  };
};

const storeRows = async (deps: LongQueryDeps, run: Run, rows: readonly ResultRow[]): Promise<void> => {
  const { tenantId, id, attempt } = run.job;
  for (let from = 0; from < rows.length; from += STORE_ROWS) {
    const part = rows.slice(from, from + STORE_ROWS);
    await deps.results.append({ tenantId, jobId: id, attempt }, run.place, part);
    run.place += part.length;
  }
};

const rowsOf = (
  { longQueries, results }: LongQueryDeps,
  plan: JobPlan,
  options: LongQueryOptions,
): AsyncIterable<readonly ResultRow[]> =>
  "rows" in plan
    ? plan.rows(options)
    : longQueries.stream(plan.reader, plan.statement, results.parseRow, { ...options, persons: plan.persons });

/** Streams the answer into the result table; answers how many rows it has, and whether there were more than may be kept. */
const runQuery = async (
  deps: LongQueryDeps,
  run: Run,
): Promise<{ readonly resultRows: number; readonly truncated: boolean }> => {
  const plan = await deps.planOf(run.job);
  const { maxRows } = plan;
  const totalsFirst = "statement" in plan && plan.totalsFirst;
  run.place = totalsFirst ? 0 : 1;
  const onProgress = (progress: JobProgress): void => {
    run.latest = progress;
  };
  const options = { signal: run.controller.signal, maxSeconds: deps.limits.maxSeconds, onProgress };
  let seen = 0;
  let waiting: ResultRow[] = [];
  for await (const rows of rowsOf(deps, plan, options)) {
    const room = maxRows + (totalsFirst ? 1 : 0) - seen;
    seen += rows.length;
    waiting.push(...rows.slice(0, Math.max(0, room)));
    if (waiting.length < STORE_ROWS) continue;
    await storeRows(deps, run, waiting);
    waiting = [];
  }
  await storeRows(deps, run, waiting);
  const totals = "rows" in plan ? plan.totals() : null;
  const { tenantId, id: jobId, attempt } = run.job;
  if (totals !== null) await deps.results.append({ tenantId, jobId, attempt }, 0, [totals]);
  return { resultRows: run.place - 1, truncated: seen - (totalsFirst ? 1 : 0) > maxRows };
};

const codeOf = (error: unknown): string => (error instanceof Refusal ? error.code : "INTERNAL");

/** Records how the run failed; a throw asks the queue for another try. */
const recordFailure = async (
  { jobs, logger }: LongQueryDeps,
  run: Run,
  queued: QueuedJob,
  error: unknown,
): Promise<void> => {
  const { tenantId, id, attempt } = run.job;
  const code = codeOf(error);
  if (code === "INTERNAL") logger.error({ job: id, error: errorMessage(error) }, "A long query failed.");
  if (afterFailure(code, queued.lastAttempt) === "RETRY") {
    await jobs.end(tenantId, id, attempt, { kind: "QUEUED" });
    throw error;
  }
  const detail = error instanceof Refusal ? error.message : "Something went wrong on our side.";
  await jobs.end(tenantId, id, attempt, { kind: "FAILED", code, detail });
};

const runJob = async (
  deps: LongQueryDeps,
  job: Job,
  queued: QueuedJob,
  stopping: AbortSignal,
): Promise<Postpone | void> => {
  const { jobs, cancellations } = deps;
  const { tenantId, id, attempt } = job;
  const run: Run = { job, controller: new AbortController(), latest: job.progress, place: 0 };
  const abort = (): void => run.controller.abort();
  stopping.addEventListener("abort", abort, { once: true });
  const unwatch = cancellations.watch({ tenantId, jobId: id }, () => {
    void jobs.find(tenantId, id).then(
      (now) => {
        if (now?.state.kind !== "RUNNING" || now.attempt !== attempt) abort();
      },
      () => undefined,
    );
  });
  const stopReports = startReports(deps, run);
  try {
    const result = await runQuery(deps, run);
    await stopReports();
    await jobs.progress(tenantId, id, attempt, run.latest, deps.limits.leaseSeconds);
    await jobs.end(tenantId, id, attempt, { kind: "SUCCEEDED", ...result });
  } catch (error) {
    await stopReports();
    if (stopping.aborted) {
      await jobs.end(tenantId, id, attempt, { kind: "QUEUED" });
      return { postponeMs: 0 };
    }
    if (!run.controller.signal.aborted) await recordFailure(deps, run, queued, error);
  } finally {
    unwatch();
    stopping.removeEventListener("abort", abort);
  }
};

/** Makes the handler of long queries: begins the run if the tenant has room, streams the answer into the result table, records the end. */
export const createLongQueryHandler =
  (
    deps: LongQueryDeps,
    keyOf: (queueId: string) => { readonly tenantId: JobKey["tenantId"]; readonly jobId: JobId } | null,
  ): JobHandler =>
  async (queued, stopping): Promise<Postpone | void> => {
    const key = keyOf(queued.id);
    if (key === null) return;
    if (!(await deps.mayRead(key.tenantId))) return { postponeMs: NO_BUDGET_WAIT_MS };
    const begun = await deps.jobs.begin(key.tenantId, key.jobId, {
      maxRunning: deps.limits.maxRunningPerTenant,
      leaseSeconds: deps.limits.leaseSeconds,
    });
    switch (begun.kind) {
      case "NOTHING":
        return;
      case "WAIT":
        return { postponeMs: WAIT_MS };
      case "BEGUN":
        return runJob(deps, begun.job, queued, stopping);
    }
  };
