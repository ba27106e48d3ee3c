import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import type { DataPolicy } from "@tessera/contracts/data-policy";
import { Refusal } from "@tessera/platform/errors/refusal";
import { createLongQueryStore, type LongQueryStore } from "@tessera/platform/store/long-query-store";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { testEngines } from "@tessera/platform/testing/engines";
import { everyFeature } from "@tessera/platform/testing/every-feature";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import fc from "fast-check";
import { countHere } from "../../testing/count-here.ts";
import { anyFunnel, FUNNEL_RANGE } from "../../testing/funnel-arbitraries.ts";
import { manyUnits } from "../../testing/funnel-world.ts";
import { storeEvents, type TestEvent } from "../../testing/test-events.ts";
import { COHORT_KEPT } from "../domain/cohort.ts";
import type { AttributionInput } from "../domain/attribution/question.ts";
import type { FunnelInput } from "../domain/funnel/funnel-input.ts";
import { jobRecord } from "../domain/job-record.ts";
import { percentOf, type Job } from "../domain/job.ts";
import { answerBehaviour } from "../operations/behaviour-jobs/answer-behaviour.ts";
import { readJobAnswer } from "../operations/behaviour-jobs/read-job-answer.ts";
import { startAnyQuery, type StartAnyInput } from "../operations/behaviour-jobs/start-any-query.ts";
import { queryAttribution } from "../operations/query-attribution.ts";
import { queryFunnel } from "../operations/query-funnel.ts";
import { queryPaths } from "../operations/query-paths.ts";
import { querySessionMetrics } from "../operations/query-sessions.ts";
import { readJobResult } from "../operations/read-job-result.ts";
import { behaviourStatements } from "../store/behaviour-statements.ts";
import { createAttributionStore } from "../store/attribution-store.ts";
import { createCohortStore } from "../store/cohort-store.ts";
import { createFunnelStore } from "../store/funnel-store.ts";
import { createJobResults, type JobResults } from "../store/job-results.ts";
import { createJobStore } from "../store/job-store.ts";
import type { JobStore } from "../store/job-store-types.ts";
import { createPathsStore } from "../store/paths-store.ts";
import { createSessionsStore } from "../store/sessions-store.ts";
import type { SessionMetricsInput } from "../domain/sessions/sessions-input.ts";
import { createDefinitionStore } from "../store/semantic/definition-store.ts";
import { keyOfQueueId, queueIdOf } from "./job-dispatch.ts";
import { planBehaviour, type AnswerQuestion } from "./plan-behaviour.ts";
import { createLongQueryHandler } from "./run-long-query.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(240_000);
const LIMITS = { maxRunningPerTenant: 2, maxSeconds: 60, leaseSeconds: 1 };
const NOW = Date.parse("2026-04-01T00:00:00Z");

let world: TestResources;
let longQueries: LongQueryStore;
let jobs: JobStore;
let results: JobResults;
beforeAll(() => {
  world = openTestResources();
  const { url, passwords } = testEngines().clickhouse;
  longQueries = createLongQueryStore({ url, username: "tessera_jobs", password: passwords.tessera_jobs });
  jobs = createJobStore({ ...world.resources, recordOf: jobRecord });
  results = createJobResults({ eventStore: world.resources.eventStore, longQueries });
});
afterAll(async () => {
  await longQueries.close();
  await world.close();
});

const deps = () => {
  const { resources } = world;
  const { eventStore, logger } = resources;
  return {
    ...{ jobs, results, features: everyFeature, newId: randomUUID, logger, nowMs: () => NOW, counting: countHere },
    ...{ funnels: createFunnelStore(eventStore), paths: createPathsStore(eventStore), sliceEvents: 3 },
    sessions: createSessionsStore(eventStore),
    // The store's index tells of whole granules; of so few events that would be thousands of slices.
    attribution: { ...createAttributionStore(eventStore), estimate: () => Promise.resolve(6) },
    ...{ definitions: createDefinitionStore(resources), statements: behaviourStatements },
    cohorts: createCohortStore({ ...resources, kept: COHORT_KEPT }),
    // The queue is no part of this: each run is begun by hand.
    dispatch: () => Promise.resolve(),
  };
};

const PERMISSIONS = ["analytics:read", "jobs:read", "jobs:run"] as const;
const anyone = (): Caller => callerWith(freshTenantId(), PERMISSIONS);

const started = async (by: Caller, input: Omit<StartAnyInput, "maxRows">): Promise<Job> => {
  const outcome = await startAnyQuery(deps())(by, { ...input, maxRows: 100 });
  if (outcome.kind !== "STARTED") throw new Error(`The job was not started: ${outcome.kind}.`);
  return outcome.job;
};

/** Runs a job as a worker does, which is told of each slice. */
const work = async (job: Job, onSlice: (abort: () => void) => void = () => undefined): Promise<Job> => {
  const { logger } = world.resources;
  const answer: AnswerQuestion = (of, kept, options) =>
    answerBehaviour(deps())(of, kept, {
      ...options,
      onSlice: (read) => {
        options.onSlice(read);
        onSlice(() => stopping.abort());
      },
    });
  const stopping = new AbortController();
  const planOther = () => {
    throw new Error("This is a question about what people do.");
  };
  const handler = createLongQueryHandler(
    {
      ...{ jobs, results, longQueries, limits: LIMITS, logger, planOf: planBehaviour(answer, planOther) },
      ...{ cancellations: { watch: () => () => undefined }, mayRead: () => Promise.resolve(true) },
    },
    keyOfQueueId,
  );
  await handler(
    { id: queueIdOf({ tenantId: job.tenantId, jobId: job.id }), attempt: 1, lastAttempt: true },
    stopping.signal,
  );
  const now = await jobs.find(job.tenantId, job.id);
  if (now === null) throw new Error("The job is gone.");
  return now;
};

const withoutProvenance = <Answer extends { readonly provenance: unknown }>(answer: Answer | null) => {
  if (answer === null) throw new Error("The job has no answer.");
  const { provenance: _from, ...told } = answer;
  return told;
};

const event = (userId: string, name: string, second: number): TestEvent => ({
  ...{ id: randomUUID(), name, userId, timeMs: Date.parse("2026-03-02T10:00:00Z") + second * 1_000 },
});
const FUNNEL: FunnelInput = {
  range: FUNNEL_RANGE,
  steps: ["a", "b"].map((name) => ({ anyOf: [{ events: [name] }] })),
};

describe("a question about what people do, as a job", () => {
  test("has the answer it has when it is asked, slice by slice, also after its worker was stopped on the way", async () => {
    await fc.assert(
      fc.asyncProperty(manyUnits, anyFunnel, fc.boolean(), async (events, input, stopped) => {
        const by = anyone();
        await storeEvents(world.writer, by.tenantId, events);
        const funnel: FunnelInput = {
          ...{ ...input, dropOffs: { first: 5, depth: 2 }, correlation: { events: 2, fields: ["source"] } },
          breakdown: { field: "properties.plan", first: 2 },
        };
        const paths = { range: FUNNEL_RANGE, maxDepth: 3, minLink: 1, topPaths: 5 };
        const ofFunnel = await started(by, { funnel });
        if (stopped) expect((await work(ofFunnel, (abort) => abort())).state.kind).toBe("QUEUED");
        const done = await work(ofFunnel);
        expect(done).toMatchObject({ attempt: stopped ? 2 : 1, state: { kind: "SUCCEEDED", resultRows: 1 } });
        const { entries: _entries, ...asked } = await queryFunnel(deps())(by, funnel);
        const { range: told, ...answer } = withoutProvenance(await readJobAnswer(deps())(by, done, "funnel"));
        // What is kept is what would travel.
        expect(answer).toEqual(JSON.parse(JSON.stringify(withoutProvenance(asked))));
        expect(told.from).toBe(FUNNEL_RANGE.from);
        expect(await readJobAnswer(deps())(by, done, "paths")).toBeNull();
        expect(await readJobResult(deps())(by, done, { first: 10 })).toBeNull();
        const ofPaths = await work(await started(by, { paths }));
        const { range: _range, ...flows } = withoutProvenance(await readJobAnswer(deps())(by, ofPaths, "paths"));
        expect(flows).toEqual(JSON.parse(JSON.stringify(withoutProvenance(await queryPaths(deps())(by, paths)))));
      }),
      { numRuns: 6, endOnFailure: true },
    );
  });

  test("tells how far it is by its slices, reads what it was told to have read, and ends when it is cancelled", async () => {
    const by = anyone();
    const events = Array.from({ length: 40 }, (_none, index) => event(`u${index}`, index % 2 === 0 ? "a" : "b", index));
    await storeEvents(world.writer, by.tenantId, events);
    const job = await started(by, { funnel: FUNNEL });
    const done = await work(job);
    expect(percentOf(done)).toBe(100);
    expect(done.progress.rowsRead).toBeGreaterThanOrEqual(events.length);
    expect(done.progress.rowsToRead).toBe(done.progress.rowsRead);
    const cancelled = await started(by, { funnel: FUNNEL });
    await jobs.cancel(by.tenantId, cancelled.id);
    expect((await work(cancelled)).state.kind).toBe("CANCELLED");
    expect(await readJobAnswer(deps())(by, cancelled, "funnel")).toBeNull();
  });

  test("about attribution has the conversions and credits it has when it is asked", async () => {
    const by = anyone();
    const events = ["ada", "bob", "cy"].flatMap((user, index) => [
      event(user, "a", index),
      event(user, index === 2 ? "c" : "b", index + 5),
    ]);
    await storeEvents(world.writer, by.tenantId, events);
    const attribution: AttributionInput = {
      range: FUNNEL_RANGE,
      conversion: { events: ["b"] },
      touchpoints: [{ events: ["a"] }],
      models: [{ kind: "LINEAR" }],
      dimensions: ["name"],
    };
    const done = await work(await started(by, { attribution }));
    const { range: _range, ...told } = withoutProvenance(await readJobAnswer(deps())(by, done, "attribution"));
    expect(told).toMatchObject({ conversions: 2, attributedConversions: 2, nonConvertingJourneys: 1 });
    expect(told).toEqual(
      JSON.parse(JSON.stringify(withoutProvenance(await queryAttribution(deps())(by, attribution)))),
    );
  });

  test("about sessions has the numbers, groups and pages it has when it is asked", async () => {
    const by = anyone();
    const events = ["ada", "bob", "cy"].flatMap((user, index) =>
      [0, 60, 7_200].map((second) => ({ ...event(user, "page_view", second + index), url: `https://x.org/${second}` })),
    );
    await storeEvents(world.writer, by.tenantId, events);
    const sessionMetrics: SessionMetricsInput = {
      ...{ range: FUNNEL_RANGE, breakdown: ["url"], levels: [0.5, 0.9], pages: 5, page: "url", first: 10 },
    };
    const job = await started(by, { sessionMetrics });
    const done = await work(job);
    const { range: _range, ...told } = withoutProvenance(await readJobAnswer(deps())(by, done, "sessionMetrics"));
    expect(told).toMatchObject({ total: { sessions: 6, people: 3, events: 9 }, groupCount: 2, pageCount: 3 });
    expect(told).toEqual(
      JSON.parse(JSON.stringify(withoutProvenance(await querySessionMetrics(deps())(by, sessionMetrics)))),
    );
  });

  test("takes a range relative to now at its start, and is the same job for the same key", async () => {
    const by = anyone();
    await storeEvents(world.writer, by.tenantId, [event("ada", "a", 0), event("ada", "b", 5)]);
    const asked = { funnel: { ...FUNNEL, range: { sliding: "P60D" } }, idempotencyKey: "mine" };
    const [job, again] = [await started(by, asked), await started(by, asked)];
    expect(again.id).toBe(job.id);
    const answer = await readJobAnswer(deps())(by, await work(job), "funnel");
    expect(answer?.result).toMatchObject({ entered: 1, converted: 1 });
  });

  test("is refused, where it stands, what can't be asked: several questions or none, parts of the persons, personal data of others, what is wrong in it", async () => {
    const by = anyone();
    const refusedAt = async (input: object) =>
      startAnyQuery(deps())(by, { ...input, maxRows: 1 }).then(
        () => null,
        (error: unknown) => (error instanceof Refusal ? [error.code, error.extras.field] : error),
      );
    const personal = { ...FUNNEL, breakdown: { field: "userId" } };
    expect({
      none: await refusedAt({}),
      both: await refusedAt({ funnel: FUNNEL, paths: { range: FUNNEL_RANGE } }),
      fast: await refusedAt({ funnel: { ...FUNNEL, fast: true } }),
      sample: await refusedAt({ paths: { range: FUNNEL_RANGE, sample: 0.5 } }),
      steps: await refusedAt({ funnel: { ...FUNNEL, steps: [] } }),
      cohort: await refusedAt({ funnel: { ...FUNNEL, breakdown: { cohorts: [randomUUID()] } } }),
      personal: await refusedAt({ funnel: personal }),
    }).toEqual({
      none: ["BAD_INPUT", "input"],
      both: ["BAD_INPUT", "input"],
      fast: ["BAD_INPUT", "input.funnel.fast"],
      sample: ["BAD_INPUT", "input.paths.sample"],
      steps: ["BAD_INPUT", "input.funnel.steps"],
      cohort: ["BAD_INPUT", "input.funnel.breakdown.cohorts.0"],
      personal: ["FORBIDDEN", "input.funnel.breakdown.field"],
    });
  });

  test("shows its answer to those alone who may see what it was asked about and computed from", async () => {
    const by = callerWith(freshTenantId(), [...PERMISSIONS, "analytics:personal-data"]);
    await storeEvents(world.writer, by.tenantId, [event("ada", "a", 0), event("bob", "a", 5)]);
    const done = await work(await started(by, { funnel: { ...FUNNEL, breakdown: { field: "userId" } } }));
    const read = (as: Caller) => readJobAnswer(deps())(as, done, "funnel");
    expect((await read(by))?.groups.map(({ value }) => value).toSorted()).toEqual(["ada", "bob"]);
    const other = callerWith(by.tenantId, PERMISSIONS);
    await expect(read(other)).rejects.toMatchObject({ code: "FORBIDDEN" });
    const plain = await work(await started(by, { funnel: FUNNEL }));
    await expect(readJobAnswer(deps())(other, plain, "funnel")).resolves.toMatchObject({ result: { entered: 2 } });
    const dataPolicy: DataPolicy = {
      ...{ allow: { country: ["DE"] }, deny: {}, atLeast: {}, lessThan: {}, masks: {} },
      ...{ synthetic: null, salt: "0123456789abcdef0123456789abcdef" },
    };
    await expect(readJobAnswer(deps())({ ...other, dataPolicy }, plain, "funnel")).rejects.toMatchObject({
      code: "FORBIDDEN",
    });
  });
});
