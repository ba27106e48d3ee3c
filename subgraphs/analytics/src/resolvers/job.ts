import { percentOf } from "../domain/job.ts";
import { isoTime } from "../domain/zone.ts";
import type {
  CancelJobResultResolvers,
  JobConnectionResolvers,
  JobResolvers,
  StartQueryResultResolvers,
} from "../generated/resolvers.ts";

/** Resolvers of `Job`. */
export const Job: JobResolvers = {
  __resolveReference: (reference, { jobLoader }) => jobLoader.load(reference.id),
  tenant: ({ tenantId }) => ({ id: tenantId }),
  state: ({ state }) => state.kind,
  percent: (job) => percentOf(job),
  rowsRead: ({ progress }) => progress.rowsRead,
  rowsToRead: ({ progress }) => progress.rowsToRead,
  bytesRead: ({ progress }) => progress.bytesRead,
  createdAt: ({ createdAtMs }) => isoTime(createdAtMs),
  finishedAt: ({ state }) => ("finishedAtMs" in state ? isoTime(state.finishedAtMs) : null),
  expiresAt: ({ expiresAtMs }) => isoTime(expiresAtMs),
  error: ({ state }) => (state.kind === "FAILED" ? state : null),
  resultRows: ({ state }) => (state.kind === "SUCCEEDED" ? state.resultRows : null),
  truncated: ({ state }) => (state.kind === "SUCCEEDED" ? state.truncated : null),
  result: (job, page, { caller, operations }) => operations.readJobResult(caller, job, page),
  funnel: (job, _args, { caller, operations }) => operations.readJobAnswer(caller, job, "funnel"),
  attribution: (job, _args, { caller, operations }) => operations.readJobAnswer(caller, job, "attribution"),
  paths: (job, _args, { caller, operations }) => operations.readJobAnswer(caller, job, "paths"),
  sessionMetrics: (job, _args, { caller, operations }) => operations.readJobAnswer(caller, job, "sessionMetrics"),
};

const STARTED = { STARTED: "QueryStarted", TOO_MANY: "TooManyJobs" } as const;
const CANCELLED = { CANCELLED: "JobCancelled", FINISHED: "JobAlreadyFinished", NOT_FOUND: "JobNotFound" } as const;

/** Resolvers of `StartQueryResult`. */
export const StartQueryResult: StartQueryResultResolvers = { __resolveType: ({ kind }) => STARTED[kind] };

/** Resolvers of `CancelJobResult`. */
export const CancelJobResult: CancelJobResultResolvers = { __resolveType: ({ kind }) => CANCELLED[kind] };

/** Resolvers of `JobConnection`. */
export const JobConnection: JobConnectionResolvers = {
  pageInfo: ({ edges, hasNextPage, hasPreviousPage }) => ({
    hasNextPage,
    hasPreviousPage,
    startCursor: edges[0]?.cursor ?? null,
    endCursor: edges.at(-1)?.cursor ?? null,
  }),
};
