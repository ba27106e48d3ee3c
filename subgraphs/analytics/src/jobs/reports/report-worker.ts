import { errorMessage } from "@tessera/platform/errors/error-message";
import type { Background } from "@tessera/platform/graphql/subgraph";
import type { Queues } from "@tessera/platform/queue/queues";
import type { ReportRun } from "../../domain/reports/report.ts";
import { keyOfQueuedRun, REPORT_RUNS } from "./report-dispatch.ts";
import { createReportHandler, type RunReportDeps } from "./run-report.ts";

/** Runs that one worker process makes at a time: drawing takes its processor, questions the engine's. */
const WORKER_CONCURRENCY = 2;
/** Seconds after which a try that says nothing is taken for dead: a picture, the longest silence, takes about one. */
export const RUN_LEASE_SECONDS = 30;
/** Milliseconds between looks for runs the queue has forgotten. */
const SWEEP_MS = 5_000;
/** Leases a run may be silent for before the queue is asked again. */
const SILENT_LEASES = 2;
/** Runs handed in again by one sweep. */
const SWEEP_BATCH = 100;

/** What the worker of runs needs. */
export interface ReportWorkerDeps extends Omit<RunReportDeps, "leaseSeconds"> {
  readonly queues: Queues;
  readonly dispatchRun: (run: Pick<ReportRun, "tenantId" | "id" | "fairTag">) => Promise<void>;
  readonly leaseSeconds?: number;
}

/** The worker of reports' runs: takes them from the queue, and hands in again what the queue forgot. */
export const createReportWorker = (given: ReportWorkerDeps): Background => {
  const deps = { leaseSeconds: RUN_LEASE_SECONDS, ...given };
  const worker = deps.queues.worker(REPORT_RUNS, createReportHandler(deps, keyOfQueuedRun), {
    concurrency: WORKER_CONCURRENCY,
    lockMs: deps.leaseSeconds * 1_000,
  });
  const sweep = async (): Promise<void> => {
    const silent = SILENT_LEASES * deps.leaseSeconds;
    for (const { tenantId, runId, fairTag } of await deps.reports.undispatchedAcrossTenants(silent, SWEEP_BATCH))
      await deps.dispatchRun({ tenantId, id: runId, fairTag });
  };
  let timer: NodeJS.Timeout | undefined;
  let sweeping: Promise<void> = Promise.resolve();
  const round = (): void => {
    sweeping = sweeping
      .then(sweep)
      .catch((error: unknown) =>
        deps.logger.warn({ error: errorMessage(error) }, "Runs of reports could not be swept."),
      );
  };
  return {
    name: "reports",
    start: async () => {
      await worker.start();
      timer = setInterval(round, SWEEP_MS);
    },
    stop: async () => {
      clearInterval(timer);
      await sweeping;
      await worker.stop();
    },
  };
};
