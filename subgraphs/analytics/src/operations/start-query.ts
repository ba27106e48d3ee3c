import type { Caller } from "@tessera/contracts/caller";
import { parseJobId } from "@tessera/contracts/ids";
import type { Features } from "@tessera/platform/features/features";
import { errorMessage } from "@tessera/platform/errors/error-message";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { Job } from "../domain/job.ts";
import { parseIdempotencyKey, parseJobQuery, type JobInput } from "../domain/job-query.ts";
import type { JobStore, NewJob } from "../store/job-store-types.ts";
import { accessOf } from "../domain/access.ts";

/** Unfinished jobs a tenant may have; beyond them a start is answered with TooManyJobs. */
export const MAX_UNFINISHED_JOBS = 100;

/** How a start ended. */
export type StartOutcome =
  { readonly kind: "STARTED"; readonly job: Job } | { readonly kind: "TOO_MANY"; readonly limit: number };

/** What starting a long query needs. */
export interface StartQueryDeps {
  readonly jobs: JobStore;
  /** Hands the job to the queue; what it can't hand in now is found and handed in by a worker later. */
  readonly dispatch: (job: Job) => Promise<void>;
  readonly newId: () => string;
  readonly logger: Logger;
  /** What tenants' tiers include: long queries are a feature. */
  readonly features: Pick<Features, "isEnabled" | "require">;
}

/** Keeps a job that was found to be in order, and hands it to the queue. */
export const keepJob = async (
  { jobs, dispatch, newId, logger, features }: StartQueryDeps,
  caller: Caller,
  asked: {
    readonly kind: NewJob["kind"];
    readonly input: object;
    readonly idempotencyKey: string | null | undefined;
  },
): Promise<StartOutcome> => {
  await features.require(caller.tenantId, "long-queries");
  const { kind, input } = asked;
  const idempotencyKey = parseIdempotencyKey(asked.idempotencyKey);
  const id = parseJobId(newId());
  if (id === null) throw new Error("A new id is a UUID.");
  const createdBy = `${caller.subject.kind}:${caller.subject.id}`;
  const job = await jobs.create(caller.tenantId, { id, kind, input, createdBy, idempotencyKey }, MAX_UNFINISHED_JOBS);
  if (job === "TOO_MANY") return { kind: "TOO_MANY", limit: MAX_UNFINISHED_JOBS };
  if (job.state.kind === "QUEUED")
    await dispatch(job).catch((error: unknown) =>
      logger.warn({ job: job.id, error: errorMessage(error) }, "A job waits for the queue to come back."),
    );
  return { kind: "STARTED", job };
};

/** Starts a long query: the job is durable before the answer, whether or not the queue is up. */
export const startQuery =
  (deps: StartQueryDeps) =>
  async (
    caller: Caller,
    input: Pick<JobInput, "olap" | "maxRows"> & { readonly idempotencyKey?: string | null | undefined },
  ): Promise<StartOutcome> => {
    const { olap, maxRows } = input;
    parseJobQuery({ olap, maxRows }, accessOf(caller));
    const kept = { olap, maxRows, dataPolicy: caller.dataPolicy };
    return keepJob(deps, caller, { kind: "OLAP", input: kept, idempotencyKey: input.idempotencyKey });
  };
