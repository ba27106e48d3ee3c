import { wholeTenant } from "@tessera/platform/store/data-policy";
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { parseJobId, type JobId, type TenantId } from "@tessera/contracts/ids";
import { createQueues, type JobQueue, type Queues, type QueueSettings } from "@tessera/platform/queue/queues";
import { createLongQueryStore, type LongQueryStore } from "@tessera/platform/store/long-query-store";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { testEngines } from "@tessera/platform/testing/engines";
import { hasRedis, startTestRedis, type TestRedis } from "@tessera/platform/testing/redis";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { jobRecord } from "../domain/job-record.ts";
import type { Job } from "../domain/job.ts";
import { createJobResults, type JobResults } from "../store/job-results.ts";
import { createJobStore } from "../store/job-store.ts";
import type { JobStore } from "../store/job-store-types.ts";
import { storeEvents } from "../../testing/test-events.ts";
import { dispatchJob, LONG_QUERIES, LONG_QUERY_POLICY } from "./job-dispatch.ts";
import { createLongQueryWorker } from "./long-query-worker.ts";
import type { JobPlan, LongQueryLimits } from "./run-long-query.ts";

const SLOW_MS = 90_000;
const LIMITS: LongQueryLimits = { maxRunningPerTenant: 2, maxSeconds: 60, leaseSeconds: 3 };
const HAS_REDIS = hasRedis();

/** A query that keeps the engine busy for minutes: some billions of combinations of its tenant's events. */
const endlessPlan = (job: Job): JobPlan => ({
  reader: wholeTenant(job.tenantId),
  statement: {
    name: "endless",
    text: `SELECT 0 AS total, '' AS d0, toUInt32(max(sipHash64(a.n, b.n, c.n, d.n)) % 7) AS m0
FROM (SELECT name AS n FROM events WHERE tenant_id = {tenant: String}) AS a
CROSS JOIN (SELECT name AS n FROM events WHERE tenant_id = {tenant: String}) AS b
CROSS JOIN (SELECT name AS n FROM events WHERE tenant_id = {tenant: String}) AS c
CROSS JOIN (SELECT name AS n FROM events WHERE tenant_id = {tenant: String}) AS d
SETTINGS max_threads = 1`,
    params: { tenant: job.tenantId },
  },
  persons: "STORED" as const,
  totalsFirst: false,
  maxRows: 10,
});

/** A query that takes about `ms` per event of its tenant, three seconds at most. */
const slowPlan =
  (ms: number) =>
  (job: Job): JobPlan => ({
    reader: wholeTenant(job.tenantId),
    statement: {
      name: "slow",
      text: "SELECT 0 AS total, name AS d0, toUInt32(sleepEachRow({seconds: Float64})) AS m0 FROM events WHERE tenant_id = {tenant: String} SETTINGS max_threads = 1",
      params: { seconds: ms / 1_000, tenant: job.tenantId },
    },
    persons: "STORED" as const,
    totalsFirst: false,
    maxRows: 1_000,
  });

const until = async <T>(look: () => Promise<T | null | undefined | false>): Promise<T> => {
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

const backends: readonly QueueSettings["backend"][] = HAS_REDIS ? ["postgres", "redis"] : ["postgres"];
if (!HAS_REDIS) process.stderr.write("redis-server is not installed: long queries are tested on PostgreSQL alone.\n");

describe.each(backends)("long queries on %s", (backend) => {
  let world: TestResources;
  let queues: Queues;
  let queue: JobQueue;
  let longQueries: LongQueryStore;
  let jobs: JobStore;
  let results: JobResults;
  let settings: QueueSettings;
  let redis: TestRedis | null = null;
  const workers: ReturnType<typeof createLongQueryWorker>[] = [];

  const startWorker = async (planOf: (job: Job) => JobPlan, limits = LIMITS, mayRead = () => Promise.resolve(true)) => {
    const { eventLog, logger } = world.resources;
    const worker = createLongQueryWorker({
      jobs,
      results,
      longQueries,
      planOf,
      eventLog,
      queues,
      queue,
      logger,
      limits,
      mayRead,
    });
    workers.push(worker);
    await worker.start();
    return worker;
  };
  const stopWorkers = async (): Promise<void> => {
    for (const worker of workers.splice(0)) await worker.stop();
  };
  const newJobId = (): JobId => {
    const id = parseJobId(randomUUID());
    if (id === null) throw new Error("A random UUID is a job id.");
    return id;
  };
  const newJob = async (tenantId: TenantId): Promise<Job> => {
    const job = await jobs.create(
      tenantId,
      { id: newJobId(), kind: "OLAP", input: {}, createdBy: "test", idempotencyKey: null },
      100,
    );
    if (job === "TOO_MANY") throw new Error("The tenant has too many jobs.");
    return job;
  };
  const start = async (tenantId: TenantId): Promise<Job> => {
    const job = await newJob(tenantId);
    await dispatchJob({ jobs, queue }, job);
    return job;
  };
  const inState = (tenantId: TenantId, id: JobId, ...kinds: Job["state"]["kind"][]): Promise<Job> =>
    until(async () => {
      const job = await jobs.find(tenantId, id);
      return job !== null && kinds.includes(job.state.kind) && job;
    });
  const tenantWithEvents = async (count: number): Promise<TenantId> => {
    const tenantId = freshTenantId();
    const timeMs = Date.now() - 60_000;
    await storeEvents(
      world.writer,
      tenantId,
      Array.from({ length: count }, (_, n) => ({ id: randomUUID(), name: `event ${n}`, timeMs: timeMs + n })),
    );
    return tenantId;
  };
  const runningInEngine = async (tenantId: TenantId): Promise<number> => {
    const { clickhouse } = testEngines();
    const query = `SELECT count() FROM system.processes WHERE startsWith(query_id, '${tenantId}:')`;
    const response = await fetch(`${clickhouse.url}/?query=${encodeURIComponent(query)}`, {
      headers: {
        authorization: `Basic ${Buffer.from(`tessera_owner:${clickhouse.passwords.tessera_owner}`).toString("base64")}`,
      },
    });
    return Number(await response.text());
  };

  beforeAll(async () => {
    world = openTestResources();
    await world.resources.eventLog.start();
    const { postgres, clickhouse } = testEngines();
    settings = { backend, url: postgres.queueUrl };
    if (backend === "redis") {
      redis = await startTestRedis();
      settings = { backend, url: redis.url };
    }
    queues = createQueues({ settings, logger: world.resources.logger });
    await until(() =>
      queues.ping().then(
        () => true,
        () => false,
      ),
    );
    queue = queues.queue(LONG_QUERIES, LONG_QUERY_POLICY);
    longQueries = createLongQueryStore({
      url: clickhouse.url,
      username: "tessera_jobs",
      password: clickhouse.passwords.tessera_jobs,
    });
    jobs = createJobStore({ ...world.resources, recordOf: jobRecord });
    results = createJobResults({ eventStore: world.resources.eventStore, longQueries });
  }, SLOW_MS);
  afterAll(async () => {
    await stopWorkers();
    await queues.stop();
    await longQueries.close();
    await world.resources.eventLog.stop();
    await world.close();
    await redis?.stop();
  }, SLOW_MS);

  test(
    "run to their end once, with every row in the result and progress told on the way",
    async () => {
      const tenantId = await tenantWithEvents(40);
      await startWorker(slowPlan(30));
      const job = await start(tenantId);
      const running = await until(async () => {
        const now = await jobs.find(tenantId, job.id);
        return now !== null && now.progress.rowsRead > 0 && now;
      });
      expect(running.revision).toBeGreaterThan(job.revision);
      const done = await inState(tenantId, job.id, "SUCCEEDED", "FAILED");
      expect(done.state).toMatchObject({ kind: "SUCCEEDED", resultRows: 40, truncated: false });
      expect(done.attempt).toBe(1);
      const rows = await results.page({ tenantId, jobId: job.id, attempt: done.attempt }, 0, 1_000);
      expect(new Set(rows.map(({ row }) => row["d0"]))).toEqual(
        new Set(Array.from({ length: 40 }, (_, n) => `event ${n}`)),
      );
      expect(rows).toHaveLength(40);
      await stopWorkers();
    },
    SLOW_MS,
  );

  test(
    "end the engine's own work when they are cancelled, and stay cancelled",
    async () => {
      const tenantId = await tenantWithEvents(200);
      await startWorker(endlessPlan);
      const job = await start(tenantId);
      await until(async () => (await runningInEngine(tenantId)) > 0);
      await jobs.cancel(tenantId, job.id);
      await until(async () => (await runningInEngine(tenantId)) === 0);
      await stopWorkers();
      expect((await jobs.find(tenantId, job.id))?.state.kind).toBe("CANCELLED");
    },
    SLOW_MS,
  );

  test(
    "take turns between tenants: one job of a quiet tenant does not wait for the hundred of a busy one",
    async () => {
      const [busy, quiet] = [await tenantWithEvents(3), await tenantWithEvents(3)];
      const many: Job[] = [];
      for (let n = 0; n < 30; n += 1) many.push(await start(busy));
      const one = await start(quiet);
      await startWorker(slowPlan(100));
      await inState(quiet, one.id, "SUCCEEDED");
      const states = await Promise.all(many.map(({ id }) => jobs.find(busy, id)));
      const finished = states.filter((job) => job?.state.kind === "SUCCEEDED").length;
      expect(finished).toBeLessThan(15);
      for (const { id } of many) await jobs.cancel(busy, id);
      await stopWorkers();
    },
    SLOW_MS,
  );

  test(
    "survive a worker that stops in the middle: another one begins them anew and the result has no row twice",
    async () => {
      const tenantId = await tenantWithEvents(200);
      const first = await startWorker(endlessPlan);
      const job = await start(tenantId);
      await inState(tenantId, job.id, "RUNNING");
      workers.splice(workers.indexOf(first), 1);
      await first.stop();
      expect((await jobs.find(tenantId, job.id))?.state.kind).toBe("QUEUED");
      await startWorker(slowPlan(5));
      const done = await inState(tenantId, job.id, "SUCCEEDED", "FAILED");
      expect(done.state).toMatchObject({ kind: "SUCCEEDED", resultRows: 200 });
      expect(done.attempt).toBeGreaterThan(1);
      const rows = await results.page({ tenantId, jobId: job.id, attempt: done.attempt }, 0, 1_000);
      expect(new Set(rows.map(({ row }) => row["d0"])).size).toBe(200);
      await stopWorkers();
    },
    SLOW_MS,
  );

  test(
    "are found again when the queue has forgotten them",
    async () => {
      const tenantId = await tenantWithEvents(2);
      const job = await newJob(tenantId);
      await startWorker(slowPlan(1), { ...LIMITS, leaseSeconds: 1 });
      await inState(tenantId, job.id, "SUCCEEDED");
      await stopWorkers();
    },
    SLOW_MS,
  );

  test(
    "fail with a code and words when the engine refuses them, without another try",
    async () => {
      const tenantId = await tenantWithEvents(200);
      await startWorker(endlessPlan, { ...LIMITS, maxSeconds: 1 });
      const job = await start(tenantId);
      const done = await inState(tenantId, job.id, "FAILED", "SUCCEEDED");
      expect(done.state).toMatchObject({ kind: "FAILED", code: "QUERY_TIMEOUT" });
      expect(done.attempt).toBe(1);
      await stopWorkers();
    },
    SLOW_MS,
  );
});
