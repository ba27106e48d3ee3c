import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import { createLongQueryStore, type LongQueryStore } from "@tessera/platform/store/long-query-store";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { testEngines } from "@tessera/platform/testing/engines";
import { everyFeature } from "@tessera/platform/testing/every-feature";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { uuidOf } from "@tessera/platform/integrity/digest";
import fc from "fast-check";
import { anyCorrelated, anyPattern } from "../../testing/correlation-arbitraries.ts";
import { BEGINNING, openCorrelationRoom } from "../../testing/correlation-room.ts";
import type { PlacedEvent } from "../../testing/reference-correlation.ts";
import { storeEvents } from "../../testing/test-events.ts";
import { jobRecord } from "../domain/job-record.ts";
import type { Job } from "../domain/job.ts";
import { backtestCorrelationRule } from "../operations/correlation/backtest-rule.ts";
import { startBacktest, type StartBacktestInput } from "../operations/correlation/start-backtest.ts";
import { readJobResult } from "../operations/read-job-result.ts";
import { seenInRangeStatement } from "../store/correlation/seen-sql.ts";
import { seenRow } from "../store/correlation/seen-store.ts";
import { createJobResults, type JobResults } from "../store/job-results.ts";
import { createJobStore } from "../store/job-store.ts";
import type { JobStore } from "../store/job-store-types.ts";
import { keyOfQueueId, queueIdOf } from "./job-dispatch.ts";
import { planAnyJob } from "./plan-backtest.ts";
import { createLongQueryHandler } from "./run-long-query.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(240_000);
const LIMITS = { maxRunningPerTenant: 2, maxSeconds: 60, leaseSeconds: 1 };
const RANGE = { from: new Date(BEGINNING).toISOString(), to: new Date(BEGINNING + 120_000).toISOString() };

let world: TestResources;
let room: ReturnType<typeof openCorrelationRoom>;
let longQueries: LongQueryStore;
let jobs: JobStore;
let results: JobResults;
beforeAll(() => {
  world = openTestResources();
  room = openCorrelationRoom(world);
  const { url, passwords } = testEngines().clickhouse;
  longQueries = createLongQueryStore({ url, username: "tessera_jobs", password: passwords.tessera_jobs });
  jobs = createJobStore({ ...world.resources, recordOf: jobRecord });
  results = createJobResults({ eventStore: world.resources.eventStore, longQueries });
});
afterAll(async () => {
  await longQueries.close();
  await world.close();
});

/** Wakes those whose processes were taken for dead: what they still say counts for nothing. */
const ghosts: (() => void)[] = [];
const haunted: Promise<unknown>[] = [];

const deps = () => ({
  ...{ jobs, features: everyFeature, newId: randomUUID, logger: world.resources.logger, nowMs: Date.now },
  ...{ correlationRules: room.rules, definitions: room.definitions, seen: room.seen, idOf: uuidOf },
  // The queue is no part of this: each run is begun by hand.
  dispatch: () => Promise.resolve(),
});

const caller = (): Caller =>
  callerWith(freshTenantId(), ["analytics:read", "analytics:personal-data", "jobs:read", "jobs:run"]);

const started = async (by: Caller, input: StartBacktestInput): Promise<Job> => {
  const outcome = await startBacktest(deps())(by, input);
  if (outcome.kind !== "STARTED") throw new Error(`The backtest was not started: ${outcome.kind}.`);
  return outcome.job;
};

/** Runs a job as a worker does, with so many events at once; `dieAfter` pieces of events its process ends. */
const work = async (job: Job, eventsAtOnce: number, dieAfter = Infinity): Promise<Job> => {
  let pieces = 0;
  let die = (): void => undefined;
  const dead = new Promise<void>((resolve) => {
    die = resolve;
  });
  const dying: Pick<LongQueryStore, "stream"> = {
    stream: async function* (reader, statement, parse, options) {
      for await (const rows of longQueries.stream(reader, statement, parse, options))
        for (const row of rows) {
          pieces += 1;
          // Whose process has ended says nothing more, neither of progress nor of an end.
          if (pieces > dieAfter) {
            die();
            await new Promise((_resolve, reject) => {
              ghosts.push(() => reject(new Error("The process had ended.")));
            });
          }
          yield [row];
        }
    },
  };
  const seen = { seenRow, seenStatement: seenInRangeStatement, idOf: uuidOf, eventsAtOnce };
  const handler = createLongQueryHandler(
    {
      ...{ jobs, results, longQueries, limits: LIMITS, logger: world.resources.logger },
      // The lease of a dead run is not renewed.
      ...(dieAfter === Infinity ? {} : { jobs: { ...jobs, progress: () => Promise.resolve(true) } }),
      planOf: planAnyJob({ longQueries: dying, ...seen }, () => {
        throw new Error("This is no question.");
      }),
      cancellations: { watch: () => () => undefined },
      mayRead: () => Promise.resolve(true),
    },
    keyOfQueueId,
  );
  const running = handler(
    { id: queueIdOf({ tenantId: job.tenantId, jobId: job.id }), attempt: 1, lastAttempt: true },
    new AbortController().signal,
  );
  await Promise.race([running, dead]);
  haunted.push(running);
  const now = await jobs.find(job.tenantId, job.id);
  if (now === null) throw new Error("The job is gone.");
  return now;
};

/** All of a result, page by page: what the matches are, and what was counted. */
const resultOf = async (by: Caller, job: Job, first: number) => {
  const texts = new Map<string, (string | null)[]>();
  for (let after: string | null = null; ;) {
    const page: Awaited<ReturnType<ReturnType<typeof readJobResult>>> = await readJobResult({ results })(by, job, {
      first,
      after,
    });
    if (page === null) throw new Error("The job has no result.");
    for (const column of page.columns) {
      const cells = column.kind === "TEXT" ? column.texts : column.kind === "TIME" ? column.times : [];
      texts.set(column.name, [...(texts.get(column.name) ?? []), ...cells]);
    }
    after = page.endCursor;
    if (page.hasNextPage) continue;
    const counts = new Map<string, unknown>();
    for (const column of page.totals) if (column.kind === "INTEGER") counts.set(column.name, column.integers[0]);
    return { texts, counts: Object.fromEntries(counts) };
  }
};

const shuffledBatches = async (by: Caller, events: readonly PlacedEvent[]): Promise<void> => {
  if (events.length > 0) await storeEvents(world.writer, by.tenantId, events);
};

describe("a backtest as a job", () => {
  test("finds what the direct call finds, in its order, whatever is given to the matcher at once, also after its worker was killed on the way", async () => {
    await fc.assert(
      fc.asyncProperty(
        anyPattern,
        anyCorrelated(BEGINNING, 24_000),
        fc.constantFrom<"LEAVE_OUT" | "TAKE_IN">("LEAVE_OUT", "TAKE_IN"),
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        async (pattern, drawn, late, eventsAtOnce, killed) => {
          const by = caller();
          const events = drawn.map(({ delayMs, ...event }, sequence) => ({
            ...{ ...event, sequence },
            receivedAtMs: event.timeMs + delayMs,
          }));
          await shuffledBatches(by, events);
          const asked = { pattern, range: RANGE, late };
          const direct = await backtestCorrelationRule(deps())(by, { ...asked, first: 1_000 });
          const job = await started(by, asked);
          if (killed && direct.counts.events > 1) {
            expect((await work(job, eventsAtOnce, 1)).state.kind).toBe("RUNNING");
            await new Promise((resolve) => setTimeout(resolve, LIMITS.leaseSeconds * 1_000 + 50));
          }
          const done = await work(job, eventsAtOnce);
          expect(done.state).toMatchObject({ kind: "SUCCEEDED", resultRows: direct.total, truncated: false });
          expect(done.attempt).toBe(killed && direct.counts.events > 1 ? 2 : 1);
          for (const wake of ghosts.splice(0)) wake();
          await Promise.allSettled(haunted.splice(0));
          expect((await jobs.find(by.tenantId, job.id))?.state).toEqual(done.state);
          const { texts, counts } = await resultOf(by, done, 3);
          expect(texts.get("match") ?? []).toEqual(direct.matches.map(({ id }) => id));
          expect(texts.get("completedAt") ?? []).toEqual(
            direct.matches.map(({ completedAtMs }) => new Date(completedAtMs).toISOString()),
          );
          for (const part of pattern.parts)
            expect(texts.get(part.name) ?? []).toEqual(
              direct.matches.map(
                ({ events: own }) =>
                  own
                    .filter((event) => event.part === part.name)
                    .map(({ id }) => id)
                    .join(" ") || null,
              ),
            );
          expect(counts).toEqual(direct.counts);
        },
      ),
      { numRuns: 8, endOnFailure: true },
    );
  });

  test("is the same job for the same key, is refused what the direct call is refused, and keeps no more matches than asked", async () => {
    const by = caller();
    const events = Array.from({ length: 9 }, (_none, second): PlacedEvent => {
      const timeMs = BEGINNING + second * 1_000;
      return { ...{ id: randomUUID(), name: "a", timeMs, receivedAtMs: timeMs }, sessionId: "s", sequence: second };
    });
    await shuffledBatches(by, events);
    const pattern = {
      kind: "COUNT",
      atLeast: 2,
      parts: [{ name: "a", events: ["a"], key: ["sessionId"] }],
      window: "PT5S",
    } as const;
    const asked = { pattern, range: RANGE, maxRows: 3, idempotencyKey: "mine" };
    const [job, again] = [await started(by, asked), await started(by, asked)];
    expect(again.id).toBe(job.id);
    const done = await work(job, 2);
    expect(done.state).toMatchObject({ kind: "SUCCEEDED", resultRows: 3, truncated: true });
    expect((await resultOf(by, done, 10)).counts).toMatchObject({ events: 9, matches: 4 });
    const refused = async (input: StartBacktestInput) => startBacktest(deps())(by, input);
    await expect(refused({ range: RANGE })).rejects.toMatchObject({ code: "BAD_INPUT", extras: { field: "input" } });
    await expect(refused({ ...asked, maxRows: 0 })).rejects.toMatchObject({ extras: { field: "input.maxRows" } });
    await expect(refused({ rule: randomUUID(), range: RANGE })).rejects.toMatchObject({
      ...{ code: "NOT_FOUND", extras: { field: "input.rule" } },
    });
  });
});
