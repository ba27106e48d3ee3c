import type { ExecutionRecorded } from "@tessera/contracts/events/execution-recorded";
import { keptSubject } from "@tessera/platform/auth/standing-subject";
import { errorMessage } from "@tessera/platform/errors/error-message";
import { Refusal } from "@tessera/platform/errors/refusal";
import type { Background } from "@tessera/platform/graphql/subgraph";
import { createRepeatedLook } from "@tessera/platform/runtime/repeated-look";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { NowMs } from "@tessera/platform/time/clock";
import { backgroundRecord } from "../domain/background-record.ts";
import type { KeptExpectation } from "../domain/quality/kept-expectation.ts";
import { nextTestMs, outcomeOf, testedRange, type ExpectationVerdict } from "../domain/quality/verdict.ts";
import type { TimeRange } from "../domain/time-range.ts";
import type { TestedExpectation } from "../operations/quality/test-expectation.ts";
import type { ExpectationRun, VerdictStore } from "../store/quality/verdict-store-types.ts";

/** Seconds after which a test that has not ended is taken for dead: its two statements, which the engine ends after seconds, have surely ended by then. */
const LEASE_SECONDS = 300;
/** Tests begun by one look, each of another tenant. */
const MAX_AT_ONCE = 2;
/** Milliseconds between looks for tests that are due; well under the hour between two tests. */
const LOOK_MS = 2_000;

/** Trouble that passes, and is tried again once the lease is over. */
const PASSING_TROUBLE: readonly string[] = ["DEPENDENCY_UNAVAILABLE", "OVERLOADED", "QUERY_CANCELLED"];

/** What testing expectations needs. */
export interface TestExpectationsDeps {
  readonly verdicts: VerdictStore;
  readonly testExpectation: (expectation: KeptExpectation, range: TimeRange) => Promise<TestedExpectation>;
  readonly nowMs: NowMs;
  readonly newId: () => string;
  readonly logger: Logger;
}

const NOTHING_READ = { rowsRead: 0, bytesRead: 0 } as const;

/** The record of a test as an execution: who made the version stands behind it. */
const recordOf = (
  { newId, nowMs }: TestExpectationsDeps,
  { tenantId, id: objectId, definedBy }: KeptExpectation,
  startedAtMs: number,
  { rowsRead, bytesRead }: Pick<TestedExpectation, "rowsRead" | "bytesRead">,
  code: string | null,
): ExecutionRecorded => {
  const elapsedMs = Math.max(0, nowMs() - startedAtMs);
  return backgroundRecord({
    ...{ executionId: newId(), tenantId, subject: keptSubject(definedBy), objects: [objectId] },
    ...{ operationName: "testExpectation", fields: ["Mutation.saveExpectation"] },
    ...{ used: { rowsRead, bytesRead, storeMs: elapsedMs, elapsedMs }, code, startedAtMs },
  });
};

const runTest = async (deps: TestExpectationsDeps, run: ExpectationRun): Promise<void> => {
  const { verdicts, logger, nowMs } = deps;
  const { expectation } = run;
  const { version, content } = expectation;
  const testedAtMs = nowMs();
  const range = testedRange(testedAtMs, content.spanMs);
  const { atLeast } = content.expect;
  const of = { version, testedAtMs, range, atLeast };
  const end = (
    verdict: ExpectationVerdict,
    read: Pick<TestedExpectation, "rowsRead" | "bytesRead">,
  ): Promise<boolean> => {
    const record = recordOf(deps, expectation, testedAtMs, read, verdict.error?.code ?? null);
    return verdicts.finish(run, { verdict, dueAtMs: nextTestMs(testedAtMs) }, record);
  };
  try {
    const { tested, passed, ...read } = await deps.testExpectation(expectation, range);
    await end({ ...of, verdict: outcomeOf(tested, passed, atLeast), tested, passed, error: null }, read);
  } catch (error) {
    const refused = error instanceof Refusal ? error : null;
    if (refused !== null && PASSING_TROUBLE.includes(refused.code)) throw error;
    if (refused === null)
      logger.error({ expectation: expectation.id, error: errorMessage(error) }, "An expectation could not be tested.");
    const told = { code: refused?.code ?? "INTERNAL", detail: refused?.message ?? "Something went wrong on our side." };
    await end({ ...of, verdict: "ERROR", tested: null, passed: null, error: told }, NOTHING_READ);
  }
};

/** Tests the expectations that are due, each of another tenant, side by side; answers how many there were. */
export const testDueExpectations = (deps: TestExpectationsDeps) => async (): Promise<number> => {
  const runs = await deps.verdicts.claimDueAcrossTenants(LEASE_SECONDS, MAX_AT_ONCE);
  await Promise.all(runs.map((run) => runTest(deps, run)));
  return runs.length;
};

/** Looks for due tests again and again: at once while there are any, after a pause otherwise. Stopping waits for what runs. */
export const createExpectationTester = (deps: TestExpectationsDeps): Background => {
  const test = testDueExpectations(deps);
  return createRepeatedLook({
    name: "expectations",
    everyMs: LOOK_MS,
    look: async () => (await test()) > 0,
    trouble: "Due expectations can't be tested; trying again.",
    logger: deps.logger,
  });
};
