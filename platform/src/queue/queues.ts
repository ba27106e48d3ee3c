import {
  createPostgresBackend,
  DelayedError,
  Queue,
  Worker,
  type Job,
  type JobsOptions,
  type Processor,
  type WorkerOptions,
} from "bullmq";
import { Redis } from "ioredis";
import pg from "pg";
import { errorMessage } from "../errors/error-message.ts";
import { refuse } from "../errors/refusal.ts";
import type { Logger } from "../telemetry/logger.ts";

/** Where the queues live: PostgreSQL (embedded, or the control plane's own server) or Redis. */
export interface QueueSettings {
  readonly backend: "postgres" | "redis";
  readonly url: string;
}

/** What a handler does with a job it can't run now: put it back for `delayMs`, without using up an attempt. */
export interface Postpone {
  readonly postponeMs: number;
}

/** One job as its handler sees it. */
export interface QueuedJob {
  readonly id: string;
  /** 1 for the first run, one more for each retry. */
  readonly attempt: number;
  /** True when a failure of this run will not be followed by another. */
  readonly lastAttempt: boolean;
}

/** Runs one job; a throw is a failure that is tried again while attempts are left. `stopping` aborts when the worker is told to stop. */
export type JobHandler = (job: QueuedJob, stopping: AbortSignal) => Promise<Postpone | void>;

/** How jobs of a queue are tried. */
export interface QueuePolicy {
  readonly attempts: number;
  /** Milliseconds before the second try; doubles with each further one. */
  readonly backoffMs: number;
}

/** A queue jobs are put into by id; the id is the idempotency key, so the same job is never queued twice. */
export interface JobQueue {
  /** `priority` 1 runs first; jobs of one priority run in order. */
  enqueue(jobId: string, priority: number): Promise<void>;
}

/** A worker on a queue: starts taking jobs; on `stop` it tells the handlers and waits for them. */
export interface QueueWorker {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** BullMQ on either backend. */
export interface Queues {
  queue(name: string, policy: QueuePolicy): JobQueue;
  worker(
    name: string,
    handler: JobHandler,
    options: { readonly concurrency: number; readonly lockMs: number },
  ): QueueWorker;
  /** Throws when the backend does not answer. */
  ping(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Milliseconds a worker or a queue has to close. One whose backend is gone would wait for it for ever; what it held is given to another
 * worker once its lock runs out, as after a crash.
 */
const CLOSE_MS = 5_000;
/** Schema BullMQ keeps its tables in on PostgreSQL. */
const SCHEMA = "bullmq";
/** Key prefix on Redis; the braces keep a queue's keys on one cluster slot. */
const PREFIX = "{tessera}";
/** A job whose worker died is given back this often; then it is taken for the cause of the deaths. */
const MAX_STALLED = 2;
/** Priorities BullMQ knows: 1 to 2^21 - 1. */
const MAX_PRIORITY = 2_097_151;

const postgresConnection = (settings: QueueSettings) => ({
  connectionString: settings.url,
  schema: SCHEMA,
  migrate: true,
});

/** The parts of BullMQ's classes used here, the same on both backends. */
interface BullQueue {
  add(name: string, data: object, options: JobsOptions): Promise<unknown>;
  on(event: "error", listener: (error: Error) => void): unknown;
  close(): Promise<void>;
}
interface BullWorker {
  on(event: "error", listener: (error: Error) => void): unknown;
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
}

const makeQueue = (name: string, settings: QueueSettings): BullQueue =>
  settings.backend === "redis"
    ? new Queue(name, { connection: { url: settings.url }, prefix: PREFIX })
    : new Queue(name, { connection: postgresConnection(settings) }, createPostgresBackend);

type RunOptions = Pick<
  WorkerOptions,
  | "concurrency"
  | "lockDuration"
  | "stalledInterval"
  | "maxStalledCount"
  | "removeOnComplete"
  | "removeOnFail"
  | "autorun"
>;

const makeWorker = (name: string, settings: QueueSettings, run: Processor, options: RunOptions): BullWorker =>
  settings.backend === "redis"
    ? new Worker(name, run, {
        ...options,
        connection: { url: settings.url, maxRetriesPerRequest: null },
        prefix: PREFIX,
      })
    : new Worker(name, run, { ...options, connection: postgresConnection(settings) }, createPostgresBackend);

const ping = async (settings: QueueSettings): Promise<void> => {
  if (settings.backend === "redis") {
    const redis = new Redis(settings.url, { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null });
    redis.on("error", () => undefined);
    try {
      await redis.connect();
      await redis.ping();
    } finally {
      redis.disconnect();
    }
    return;
  }
  const client = new pg.Client({ connectionString: settings.url, connectionTimeoutMillis: 2_000 });
  client.on("error", () => undefined);
  await client.connect();
  try {
    await client.query("SELECT 1");
  } finally {
    await client.end();
  }
};

const processorOf =
  (handler: JobHandler, stopping: AbortSignal): Processor =>
  async (job: Job, token?: string) => {
    const attempt = job.attemptsMade + 1;
    const outcome = await handler(
      { id: job.id ?? "", attempt, lastAttempt: attempt >= (job.opts.attempts ?? 1) },
      stopping,
    );
    if (outcome === undefined) return;
    await job.moveToDelayed(Date.now() + Math.max(1, outcome.postponeMs), token);
    throw new DelayedError();
  };

const asDependencyTrouble = (error: unknown): Error =>
  refuse("DEPENDENCY_UNAVAILABLE", "The job queue is not reachable.", { retryAfterSeconds: 2 }, error);

const closed = async (closing: Promise<unknown> | undefined): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const given = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, CLOSE_MS);
  });
  await Promise.race([closing, given]).finally(() => clearTimeout(timer));
};

type Quiet = (what: string) => (error: Error) => void;

const startWorker = async (make: () => BullWorker, onError: (error: Error) => void): Promise<BullWorker> => {
  const worker = make();
  worker.on("error", onError);
  // A worker whose backend refuses it is never ready and never says so but here.
  const refused = new Promise<never>((_resolve, reject) => {
    worker.on("error", reject);
  });
  try {
    await Promise.race([worker.waitUntilReady(), refused]);
    return worker;
  } catch (error) {
    void worker.close().catch(() => undefined);
    throw asDependencyTrouble(error);
  }
};

const createWorker = (
  settings: QueueSettings,
  quiet: Quiet,
  name: string,
  handler: JobHandler,
  { concurrency, lockMs }: { readonly concurrency: number; readonly lockMs: number },
): QueueWorker => {
  let running: BullWorker | null = null;
  let stopping = new AbortController();
  const options: RunOptions = {
    concurrency,
    lockDuration: lockMs,
    stalledInterval: lockMs,
    maxStalledCount: MAX_STALLED,
    // Finished jobs leave at once: their record is elsewhere, and their id may be queued again.
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
  };
  return {
    start: async () => {
      await ping(settings);
      stopping = new AbortController();
      const run = processorOf(handler, stopping.signal);
      running = await startWorker(() => makeWorker(name, settings, run, options), quiet(`worker ${name}`));
    },
    stop: async () => {
      stopping.abort();
      await closed(running?.close());
      running = null;
    },
  };
};

/** Queues by name, opened on first use and opened anew after a use that failed, so that a backend that was down is found again. */
const createOpenQueues = (settings: QueueSettings, quiet: Quiet) => {
  const open = new Map<string, BullQueue>();
  const opened = (name: string): BullQueue => {
    const known = open.get(name);
    if (known !== undefined) return known;
    const queue = makeQueue(name, settings);
    queue.on("error", quiet(`queue ${name}`));
    open.set(name, queue);
    return queue;
  };
  return {
    using: async <T>(name: string, use: (queue: BullQueue) => Promise<T>): Promise<T> => {
      const queue = opened(name);
      try {
        return await use(queue);
      } catch (error) {
        open.delete(name);
        void queue.close().catch(() => undefined);
        throw asDependencyTrouble(error);
      }
    },
    close: () => Promise.all([...open.values()].map((queue) => closed(queue.close()))),
  };
};

const jobOptions = (jobId: string, priority: number, policy: QueuePolicy): JobsOptions => ({
  jobId,
  priority: Math.min(Math.max(1, priority), MAX_PRIORITY),
  attempts: policy.attempts,
  backoff: { type: "exponential", delay: policy.backoffMs },
});

/** Builds queues on a backend; nothing is connected before the first use. */
export const createQueues = (deps: { readonly settings: QueueSettings; readonly logger: Logger }): Queues => {
  const { settings, logger } = deps;
  const quiet: Quiet = (what) => (error) =>
    logger.warn({ what, error: errorMessage(error) }, "The job queue's connection has trouble.");
  const { using, close } = createOpenQueues(settings, quiet);
  const workers: QueueWorker[] = [];
  return {
    queue: (name, policy) => ({
      enqueue: (jobId, priority) =>
        using(name, async (queue) => void (await queue.add(name, {}, jobOptions(jobId, priority, policy)))),
    }),
    worker: (name, handler, options) => {
      const worker = createWorker(settings, quiet, name, handler, options);
      workers.push(worker);
      return worker;
    },
    ping: () => ping(settings),
    stop: async () => {
      await Promise.all(workers.map((worker) => worker.stop()));
      await close();
    },
  };
};
