import {
  commentOnDashboard,
  editDashboardComment,
  removeDashboardComment,
  resolveDashboardComment,
  type CommentDeps,
} from "./comments.ts";
import { dashboardData, type AskQuestion, type DataDeps } from "./dashboard-data.ts";
import { createDashboardLink, listDashboardLinks, revokeDashboardLink, type LinkDeps } from "./dashboard-links.ts";
import { createDashboard, editDashboard, removeDashboard, restoreDashboard, shareDashboard } from "./edit-dashboard.ts";
import type { EditDeps } from "./edit-dashboard.ts";
import { findDashboard, findDashboards, listDashboards, listDashboardVersions } from "./find-dashboards.ts";
import { listComments, type ListCommentDeps } from "./list-comments.ts";
import { sharedDashboard, sharedDashboardData } from "./shared-dashboard.ts";
import { turnOnDashboard, watchPresence, type PresenceDeps } from "./presence.ts";
import { valueNow } from "./value-now.ts";
import { watchComments } from "./watch-comments.ts";
import { watchLiveDashboard, type LiveDeps } from "./watch-live.ts";
import { watchDashboard, type WatchDeps } from "./watch-dashboard.ts";

/** What dashboards need besides the questions of this room. */
export type DashboardDeps = EditDeps &
  WatchDeps &
  CommentDeps &
  ListCommentDeps &
  LinkDeps &
  PresenceDeps &
  Pick<LiveDeps, "logger" | "nowMs">;

type Ask = (
  caller: Parameters<AskQuestion>[0],
  input: never,
  signal?: AbortSignal,
  maxStaleness?: string,
) => Promise<object>;

/** The questions of this room, as its graph asks them. */
export interface Asked {
  readonly olap: Ask;
  readonly timeSeries: Ask;
  readonly funnel: Ask;
  readonly retention: Ask;
  readonly stickiness: Ask;
  readonly lifecycle: Ask;
  readonly activeUsers: Ask;
  readonly attribution: Ask;
  readonly paths: Ask;
  readonly sessionMetrics: Ask;
  readonly velocity: Ask;
  readonly rings: Ask;
  readonly eventQuality: Ask;
  readonly drift: Ask;
  readonly cohortSizes: Ask;
  readonly apiExecutions: Ask;
  readonly runSavedQuery: Ask;
}

// boundary: an input was coerced to the type of the SDL that the question is asked by.
const taken =
  (ask: Ask): AskQuestion =>
  (caller, input, signal, maxStaleness) =>
    ask(caller, input as never, signal, maxStaleness);

/** Every question but saved ones by its kind, as the graph's own fields ask them. */
export const questionAskers = (asked: Asked): DataDeps["ask"] => ({
  OLAP: taken(asked.olap),
  TIME_SERIES: taken(asked.timeSeries),
  FUNNEL: taken(asked.funnel),
  RETENTION: (caller, input, signal, maxStaleness) =>
    taken(asked.retention)(caller, { input, of: null }, signal, maxStaleness),
  STICKINESS: taken(asked.stickiness),
  LIFECYCLE: taken(asked.lifecycle),
  ACTIVE_USERS: taken(asked.activeUsers),
  ATTRIBUTION: taken(asked.attribution),
  PATHS: taken(asked.paths),
  SESSION_METRICS: taken(asked.sessionMetrics),
  VELOCITY: taken((caller, input, signal) => asked.velocity(caller, input, signal)),
  RINGS: taken((caller, input, signal) => asked.rings(caller, input, signal)),
  EVENT_QUALITY: taken((caller, input, signal) => asked.eventQuality(caller, input, signal)),
  DRIFT: taken((caller, input, signal) => asked.drift(caller, input, signal)),
  COHORT_SIZES: taken((caller, input, signal) => asked.cohortSizes(caller, input, signal)),
  API_EXECUTIONS: taken((caller, input, signal) => asked.apiExecutions(caller, input, signal)),
});

/** Everything that can be asked of dashboards, bound to its dependencies. */
export const createDashboardOperations = (deps: DashboardDeps, asked: Asked) => {
  const data: DataDeps = { ...deps, ask: questionAskers(asked), askSaved: taken(asked.runSavedQuery) };
  return {
    findDashboard: findDashboard(deps),
    findDashboards: findDashboards(deps),
    listDashboards: listDashboards(deps),
    listDashboardVersions: listDashboardVersions(deps),
    dashboardData: dashboardData(data),
    createDashboard: createDashboard(deps),
    editDashboard: editDashboard(deps),
    restoreDashboard: restoreDashboard(deps),
    shareDashboard: shareDashboard(deps),
    removeDashboard: removeDashboard(deps),
    watchDashboard: watchDashboard(deps),
    watchLiveDashboard: watchLiveDashboard({ ...data, nowMs: deps.nowMs }),
    listDashboardComments: listComments(deps),
    commentOnDashboard: commentOnDashboard(deps),
    editDashboardComment: editDashboardComment(deps),
    resolveDashboardComment: resolveDashboardComment(deps),
    removeDashboardComment: removeDashboardComment(deps),
    watchDashboardComments: watchComments(deps),
    commentedValueNow: valueNow(data),
    watchDashboardPresence: watchPresence(deps),
    turnOnDashboard: turnOnDashboard(deps),
    createDashboardLink: createDashboardLink(deps),
    listDashboardLinks: listDashboardLinks(deps),
    revokeDashboardLink: revokeDashboardLink(deps),
    sharedDashboard: sharedDashboard({ ...data, links: deps.links }),
    sharedDashboardData: sharedDashboardData({ ...data, links: deps.links }),
  };
};
