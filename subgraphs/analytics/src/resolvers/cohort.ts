import type { Context } from "../context.ts";
import { formatDuration } from "../domain/duration.ts";
import type { Definition } from "../domain/semantic/definition.ts";
import { keptVersions } from "../domain/semantic/kept-meanings.ts";
import { isoTime } from "../domain/zone.ts";
import type {
  ChangeCohortListResultResolvers,
  CohortComputationResolvers,
  CohortConnectionResolvers,
  CohortInUseResolvers,
  CohortMembershipResolvers,
  CohortResolvers,
  CohortSizeResolvers,
  CohortVersionResolvers,
  ComputeCohortResultResolvers,
  DeleteCohortResultResolvers,
  FunnelGroupResolvers,
  RetentionGroupResolvers,
  SaveCohortResultResolvers,
} from "../generated/resolvers.ts";

const moment = (ms: number | null): string | null => (ms === null ? null : isoTime(ms));

/** Definitions by their ids; all of them are there as long as they are known to name something. */
const definitionsOf = async (
  ids: readonly string[],
  loader: Context["definitionLoader"],
): Promise<readonly Definition[]> =>
  (await Promise.all(ids.map((id) => loader.load(id)))).flatMap((one) => (one === null ? [] : [one]));

/** Resolvers of `Cohort`. */
export const Cohort: CohortResolvers = {
  __resolveReference: (reference, { cohortLoader }) => cohortLoader.load(reference.id),
  tenant: ({ tenantId }) => ({ id: tenantId }),
  recomputeEvery: ({ recomputeEverySeconds }) =>
    recomputeEverySeconds === null ? null : formatDuration(recomputeEverySeconds * 1_000),
  createdAt: ({ createdAtMs }) => isoTime(createdAtMs),
  updatedAt: ({ updatedAtMs }) => isoTime(updatedAtMs),
  definitions: ({ definition }) => keptVersions(definition),
  versions: (cohort, _args, { caller, operations }) => operations.cohortVersions(caller, cohort),
  usedBy: (cohort, _args, { caller, operations }) => operations.cohortUsedBy(caller, cohort),
  namedBy: async (cohort, _args, { caller, operations, definitionLoader }) =>
    definitionsOf(await operations.cohortNamedBy(caller, cohort), definitionLoader),
  size: (cohort, _args, { caller, operations, signal }) => operations.cohortSize(caller, cohort, signal),
  history: (cohort, { first }, { caller, operations }) => operations.cohortHistory(caller, cohort, first),
  membership: (cohort, { input }, { caller, operations }) => operations.cohortMembership(caller, cohort, input),
  members: (cohort, page, { caller, operations, signal }) => operations.cohortMembers(caller, cohort, page, signal),
  retention: (of, { input, maxStaleness }, { caller, operations, signal }) =>
    operations.retention(caller, { input, of }, signal, maxStaleness),
};

/** Resolvers of `CohortComputation`. */
export const CohortComputation: CohortComputationResolvers = {
  asOf: ({ asOfMs }) => moment(asOfMs),
  dueAt: ({ dueAtMs }) => moment(dueAtMs),
};

/** Resolvers of `CohortVersion`. */
export const CohortVersion: CohortVersionResolvers = {
  createdAt: ({ createdAtMs }) => isoTime(createdAtMs),
  definitions: ({ definition }) => keptVersions(definition),
};

/** Resolvers of `CohortSize`. */
export const CohortSize: CohortSizeResolvers = { asOf: ({ asOfMs }) => isoTime(asOfMs) };

/** Resolvers of `CohortMembership`. */
export const CohortMembership: CohortMembershipResolvers = {
  asOf: ({ asOfMs }) => moment(asOfMs),
  since: ({ sinceMs }) => moment(sinceMs),
};

/** Resolvers of `CohortConnection`. */
export const CohortConnection: CohortConnectionResolvers = {
  pageInfo: ({ edges, hasNextPage, hasPreviousPage }) => ({
    hasNextPage,
    hasPreviousPage,
    startCursor: edges[0]?.cursor ?? null,
    endCursor: edges.at(-1)?.cursor ?? null,
  }),
};

/** Resolvers of `CohortInUse`. */
export const CohortInUse: CohortInUseResolvers = {
  namedBy: ({ definitionIds }, _args, { definitionLoader }) => definitionsOf(definitionIds, definitionLoader),
};

/** Resolvers of `FunnelGroup`. */
export const FunnelGroup: FunnelGroupResolvers = {
  cohort: ({ cohortId }, _args, { cohortLoader }) => (cohortId === null ? null : cohortLoader.load(cohortId)),
};

/** Resolvers of `RetentionGroup`. */
export const RetentionGroup: RetentionGroupResolvers = {
  cohort: ({ cohortId }, _args, { cohortLoader }) => (cohortId === null ? null : cohortLoader.load(cohortId)),
};

const SAVED = {
  SAVED: "CohortSaved",
  NAME_TAKEN: "CohortNameTaken",
  TOO_MANY: "TooManyCohorts",
  NOT_FOUND: "CohortNotFound",
} as const;
const DELETED = { DELETED: "CohortDeleted", IN_USE: "CohortInUse", NOT_FOUND: "CohortNotFound" } as const;
const COMPUTED = { QUEUED: "CohortQueued", NOT_FOUND: "CohortNotFound" } as const;
const LISTED = { CHANGED: "CohortListChanged", FULL: "CohortListFull", NOT_FOUND: "CohortNotFound" } as const;

/** Resolvers of `SaveCohortResult`. */
export const SaveCohortResult: SaveCohortResultResolvers = { __resolveType: ({ kind }) => SAVED[kind] };
/** Resolvers of `DeleteCohortResult`. */
export const DeleteCohortResult: DeleteCohortResultResolvers = { __resolveType: ({ kind }) => DELETED[kind] };
/** Resolvers of `ComputeCohortResult`. */
export const ComputeCohortResult: ComputeCohortResultResolvers = { __resolveType: ({ kind }) => COMPUTED[kind] };
/** Resolvers of `ChangeCohortListResult`. */
export const ChangeCohortListResult: ChangeCohortListResultResolvers = { __resolveType: ({ kind }) => LISTED[kind] };
