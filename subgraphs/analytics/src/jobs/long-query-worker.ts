import type { EventLog } from "@tessera/platform/events/event-log";
import { errorMessage } from "@tessera/platform/errors/error-message";
import type { Background } from "@tessera/platform/graphql/subgraph";
import type { JobQueue, Queues } from "@tessera/platform/queue/queues";
import { createCancellations } from "./cancellations.ts";
import { dispatchJob, keyOfQueueId, LONG_QUERIES } from "./job-dispatch.ts";
import {
  createLongQueryHandler,
  LONG_QUERY_LIMITS,
  type LongQueryDeps,
  type LongQueryLimits,
} from "./run-long-query.ts";

/** Long queries one worker process runs at the same time: the engine's processors are shared with the requests. */
export const WORKER_CONCURRENCY = 4;
/** Milliseconds between looks for jobs the queue has forgotten. */
const SWEEP_MS = 5_000;
/** Leases a job may be silent for before the queue is asked again. */
const SILENT_LEASES = 2;
/** Jobs handed in again, and pruned, by one sweep. */
const SWEEP_BATCH = 200;

type Deps = Omit<LongQueryDeps, "cancellations"> & {
  readonly eventLog: EventLog;
  readonly queues: Queues;
  readonly queue: JobQueue;
};

/** Hands in again what the queue forgot, and drops what is past its time. */
const sweep = async ({ jobs, queue, limits }: Deps): Promise<void> => {
  for (const { tenantId, jobId } of await jobs.undispatchedAcrossTenants(
    SILENT_LEASES * limits.leaseSeconds,
    SWEEP_BATCH,
  )) {
    const job = await jobs.find(tenantId, jobId);
    if (job !== null) await dispatchJob({ jobs, queue }, job);
  }
  await jobs.pruneAcrossTenants(SWEEP_BATCH);
};

/** The worker of long queries: takes jobs from the queue, watches for cancellations, sweeps. */
export const createLongQueryWorker = (
  given: Omit<Deps, "limits"> & { readonly limits?: LongQueryLimits },
): Background => {
  const deps: Deps = { limits: LONG_QUERY_LIMITS, ...given };
  const cancellations = createCancellations(deps);
  const handler = createLongQueryHandler({ ...deps, cancellations }, keyOfQueueId);
  const worker = deps.queues.worker(LONG_QUERIES, handler, {
    concurrency: WORKER_CONCURRENCY,
    lockMs: deps.limits.leaseSeconds * 1_000,
  });
  let timer: NodeJS.Timeout | undefined;
  let sweeping: Promise<void> = Promise.resolve();
  const round = (): void => {
    sweeping = sweeping
      .then(() => sweep(deps))
      .catch((error: unknown) => deps.logger.warn({ error: errorMessage(error) }, "Jobs could not be swept."));
  };
  return {
    name: "long queries",
    start: async () => {
      await worker.start();
      await cancellations.start();
      timer = setInterval(round, SWEEP_MS);
    },
    stop: async () => {
      clearInterval(timer);
      await sweeping;
      await worker.stop();
      await cancellations.stop();
    },
  };
};
