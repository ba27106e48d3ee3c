import type { ExecutionRecorded } from "@tessera/contracts/events/execution-recorded";
import { keptSubject } from "@tessera/platform/auth/standing-subject";
import { errorMessage } from "@tessera/platform/errors/error-message";
import { Refusal } from "@tessera/platform/errors/refusal";
import type { Background } from "@tessera/platform/graphql/subgraph";
import { createRepeatedLook } from "@tessera/platform/runtime/repeated-look";
import { wholeTenant } from "@tessera/platform/store/data-policy";
import type { LongQueryStore } from "@tessera/platform/store/long-query-store";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { NowMs } from "@tessera/platform/time/clock";
import { z } from "zod";
import { backgroundRecord } from "../domain/background-record.ts";
import type { Cohort, CohortRun } from "../domain/cohort.ts";
import type { ClosedNode, CohortPart } from "../domain/cohort-references.ts";
import { behaviourRules } from "../domain/behaviour-rules.ts";
import type { BehaviourStatements } from "../store/behaviour-statements.ts";
import type { CohortCount, CohortStore } from "../store/cohort-store.ts";

/** Seconds the engine may work on one statement of a run. */
export const MAX_COHORT_SECONDS = 60;
/** Seconds after which a run that has not ended is taken for dead: both its statements have surely ended by then, so that no two ever write. */
const LEASE_SECONDS = 2 * MAX_COHORT_SECONDS + 30;
/** Runs begun by one look, each of another tenant. */
const MAX_AT_ONCE = 2;
/** Milliseconds between looks for cohorts that are due; well under the shortest schedule. */
const LOOK_MS = 1_000;

/** What computing cohorts needs. */
export interface ComputeDeps {
  readonly cohorts: CohortStore;
  readonly longQueries: Pick<LongQueryStore, "fill" | "stream">;
  readonly statements: Pick<BehaviourStatements, "computeStatement" | "countStatement">;
  /** The definition of a cohort with every reference followed, and the cohorts these led to; refuses one that can't be. */
  readonly closedDefinition: (
    cohort: Cohort,
  ) => Promise<{ readonly node: ClosedNode; readonly madeOf: readonly CohortPart[] }>;
  readonly nowMs: NowMs;
  readonly newId: () => string;
  readonly logger: Logger;
}

const countRow = (row: unknown): CohortCount => {
  const read = z
    .object({ size: z.coerce.number(), entered: z.coerce.number(), departed: z.coerce.number() })
    .parse(row);
  return { size: read.size, entered: read.entered, left: read.departed };
};

interface Work {
  rowsRead: number;
  bytesRead: number;
}

/** The record of a run as an execution: who made the cohort stands behind it. */
const recordOf = (
  { newId, nowMs }: ComputeDeps,
  run: CohortRun,
  work: Work,
  code: string | null,
): ExecutionRecorded => {
  const { cohort, startedAtMs } = run;
  const elapsedMs = Math.max(0, nowMs() - startedAtMs);
  return backgroundRecord({
    ...{
      executionId: newId(),
      tenantId: cohort.tenantId,
      subject: keptSubject(cohort.createdBy),
      objects: [cohort.id],
    },
    ...{ operationName: "computeCohort", fields: ["Mutation.computeCohort"] },
    ...{ used: { ...work, storeMs: elapsedMs, elapsedMs }, code, startedAtMs },
  });
};

const count = async ({ longQueries, statements }: ComputeDeps, run: CohortRun, work: Work): Promise<CohortCount> => {
  const statement = statements.countStatement(run, run.cohort.computation.asOfMs);
  let read: Work = { rowsRead: 0, bytesRead: 0 };
  const options = {
    signal: new AbortController().signal,
    maxSeconds: MAX_COHORT_SECONDS,
    onProgress: (progress: Work): void => {
      read = progress;
    },
  };
  let found: CohortCount = { size: 0, entered: 0, left: 0 };
  for await (const rows of longQueries.stream(wholeTenant(run.cohort.tenantId), statement, countRow, options))
    found = rows.at(-1) ?? found;
  work.rowsRead += read.rowsRead;
  work.bytesRead += read.bytesRead;
  return found;
};

const runCohort = async (deps: ComputeDeps, run: CohortRun): Promise<void> => {
  const { cohorts, longQueries, logger } = deps;
  const { id, tenantId } = run.cohort;
  const work: Work = { rowsRead: 0, bytesRead: 0 };
  try {
    const { node, madeOf } = await deps.closedDefinition(run.cohort);
    const filled = await longQueries.fill(
      wholeTenant(tenantId),
      deps.statements.computeStatement(run, node, behaviourRules),
      {
        maxSeconds: MAX_COHORT_SECONDS,
      },
    );
    work.rowsRead += filled.rowsRead;
    work.bytesRead += filled.bytesRead;
    const counted = await count(deps, run, work);
    await cohorts.finish(run, { ...counted, madeOf }, recordOf(deps, run, work, null));
  } catch (error) {
    const refused = error instanceof Refusal ? error : null;
    if (refused === null) logger.error({ cohort: id, error: errorMessage(error) }, "A cohort could not be computed.");
    const told = { code: refused?.code ?? "INTERNAL", detail: refused?.message ?? "Something went wrong on our side." };
    await cohorts.fail(run, told, recordOf(deps, run, work, told.code));
  }
};

/** Computes the cohorts that are due, side by side; answers how many there were. */
export const computeDueCohorts = (deps: ComputeDeps) => async (): Promise<number> => {
  const runs = await deps.cohorts.claimDueAcrossTenants(LEASE_SECONDS, MAX_AT_ONCE);
  await Promise.all(runs.map((run) => runCohort(deps, run)));
  return runs.length;
};

/** Looks for due cohorts again and again: at once while there are any, after a pause otherwise. Stopping waits for what runs. */
export const createCohortComputer = (deps: ComputeDeps): Background => {
  const compute = computeDueCohorts(deps);
  return createRepeatedLook({
    name: "cohorts",
    everyMs: LOOK_MS,
    look: async () => (await compute()) > 0,
    trouble: "Due cohorts can't be computed; trying again.",
    logger: deps.logger,
  });
};
