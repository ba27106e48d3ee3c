import { stateOf } from "../domain/rollups/rollup.ts";
import { keptVersions } from "../domain/semantic/kept-meanings.ts";
import { isoTime } from "../domain/zone.ts";
import type {
  ArchiveRollupResultResolvers,
  DefineRollupResultResolvers,
  RollupConnectionResolvers,
  RollupMeasureResolvers,
  RollupResolvers,
  RollupVersionResolvers,
} from "../generated/resolvers.ts";
import type { RollupMeasureParent, RollupParent, RollupVersionParent } from "../parents.ts";

const content = {
  dimensions: ({ content: { dimensions } }: Pick<RollupVersionParent, "content">) => dimensions,
  measures: ({ content: { measures } }: Pick<RollupVersionParent, "content">): readonly RollupMeasureParent[] =>
    measures,
  filter: ({ content: { filter } }: Pick<RollupVersionParent, "content">) => filter,
  grain: ({ content: { grain } }: Pick<RollupVersionParent, "content">) => grain,
  definitions: ({ content: kept }: Pick<RollupVersionParent, "content">) => keptVersions(kept),
  definedAt: ({ definedAtMs }: { readonly definedAtMs: number }) => isoTime(definedAtMs),
};

const failureOf = (rollup: RollupParent) => (stateOf(rollup) === "FAILED" ? (rollup.build?.failure ?? null) : null);

/** Resolvers of `Rollup`. */
export const Rollup: RollupResolvers = {
  ...content,
  description: ({ content: { description } }) => description,
  state: (rollup) => stateOf(rollup),
  answeringVersion: ({ answering }) => answering,
  progress: ({ build }) => build,
  failureCode: (rollup) => failureOf(rollup)?.code ?? null,
  failure: (rollup) => failureOf(rollup)?.detail ?? null,
  readyAt: ({ build }) => (build === null || build.readyAtMs === null ? null : isoTime(build.readyAtMs)),
  createdAt: ({ createdAtMs }) => isoTime(createdAtMs),
  versions: (rollup, _args, { caller, operations }) => operations.rollupVersions(caller, rollup),
};

/** Resolvers of `RollupVersion`. */
export const RollupVersion: RollupVersionResolvers = content;

/** Resolvers of `RollupMeasure`. */
export const RollupMeasure: RollupMeasureResolvers = { currency: ({ currency }) => currency ?? null };

/** Resolvers of `RollupConnection`. */
export const RollupConnection: RollupConnectionResolvers = {
  pageInfo: ({ edges, hasNextPage, hasPreviousPage }) => ({
    ...{ hasNextPage, hasPreviousPage },
    ...{ startCursor: edges[0]?.cursor ?? null, endCursor: edges.at(-1)?.cursor ?? null },
  }),
};

/** Resolvers of `DefineRollupResult`. */
export const DefineRollupResult: DefineRollupResultResolvers = {
  __resolveType: ({ kind }) => (kind === "DEFINED" ? "RollupDefined" : "TooManyRollups"),
};
/** Resolvers of `ArchiveRollupResult`. */
export const ArchiveRollupResult: ArchiveRollupResultResolvers = {
  __resolveType: ({ kind }) => (kind === "ARCHIVED" ? "RollupArchived" : "RollupNotFound"),
};
