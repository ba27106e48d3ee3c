import { isoTime } from "../domain/zone.ts";
import type {
  ChangeDashboardCommentResultResolvers,
  CommentOnDashboardResultResolvers,
  DashboardCommentConnectionResolvers,
  DashboardCommentResolvers,
  DashboardViewerResolvers,
} from "../generated/resolvers.ts";

const timeOf = (ms: number | null): string | null => (ms === null ? null : isoTime(ms));

/** Resolvers of `DashboardComment`. */
export const DashboardComment: DashboardCommentResolvers = {
  dashboard: ({ dashboardId }, _arguments, { dashboardLoader }) => dashboardLoader.load(dashboardId),
  version: ({ anchor }) => anchor?.version ?? null,
  asOf: ({ anchor }) => timeOf(anchor?.asOfMs ?? null),
  point: ({ anchor }) => anchor?.point ?? null,
  variables: ({ anchor }) =>
    (anchor?.variables ?? []).map(({ name, text = null, texts = null, number = null, boolean = null }) => ({
      ...{ name, text, texts, number, boolean },
    })),
  range: ({ anchor }) => anchor?.range ?? null,
  filter: ({ anchor }) => anchor?.filter ?? null,
  valueNow: (comment, _arguments, { caller, operations, signal }) =>
    operations.commentedValueNow(caller, comment, signal),
  mentions: ({ mentions }) => mentions.map((id) => ({ id })),
  at: ({ atMs }) => isoTime(atMs),
  editedAt: ({ editedAtMs }) => timeOf(editedAtMs),
  removedAt: ({ removedAtMs }) => timeOf(removedAtMs),
  resolvedAt: ({ resolvedAtMs }) => timeOf(resolvedAtMs),
};

/** Resolvers of `DashboardCommentConnection`. */
export const DashboardCommentConnection: DashboardCommentConnectionResolvers = {
  pageInfo: ({ edges, hasNextPage, hasPreviousPage }) => ({
    ...{ hasNextPage, hasPreviousPage },
    ...{ startCursor: edges[0]?.cursor ?? null, endCursor: edges.at(-1)?.cursor ?? null },
  }),
};

const COMMENTED = {
  COMMENTED: "DashboardCommentMade",
  TOO_MANY: "TooManyDashboardComments",
  NOT_FOUND: "DashboardNotFound",
} as const;

/** Resolvers of `CommentOnDashboardResult`. */
export const CommentOnDashboardResult: CommentOnDashboardResultResolvers = {
  __resolveType: ({ kind }) => COMMENTED[kind],
};
/** Resolvers of `ChangeDashboardCommentResult`. */
export const ChangeDashboardCommentResult: ChangeDashboardCommentResultResolvers = {
  __resolveType: ({ kind }) => (kind === "CHANGED" ? "DashboardCommentChanged" : "DashboardCommentNotFound"),
};

const PERSON = /^USER:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** Resolvers of `DashboardViewer`. */
export const DashboardViewer: DashboardViewerResolvers = {
  user: ({ subject }) => {
    const [, id] = PERSON.exec(subject) ?? [];
    return id === undefined ? null : { id };
  },
  since: ({ joinedAtMs }) => isoTime(joinedAtMs),
};
