import {
  commentOnDashboard,
  editDashboardComment,
  removeDashboardComment,
  resolveDashboardComment,
  type CommentDeps,
} from "./comments.ts";
import { dashboardData, type DataDeps } from "./dashboard-data.ts";
import { createDashboardLink, listDashboardLinks, revokeDashboardLink, type LinkDeps } from "./dashboard-links.ts";
import { createDashboard, editDashboard, removeDashboard, restoreDashboard, shareDashboard } from "./edit-dashboard.ts";
import type { EditDeps } from "./edit-dashboard.ts";
import { findDashboard, findDashboards, listDashboards, listDashboardVersions } from "./find-dashboards.ts";
import { listComments, type ListCommentDeps } from "./list-comments.ts";
import { questionAskers, savedAsker, type Asked } from "./question-askers.ts";
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

/** Everything that can be asked of dashboards, bound to its dependencies. */
export const createDashboardOperations = (deps: DashboardDeps, asked: Asked) => {
  const data: DataDeps = { ...deps, ask: questionAskers(asked), askSaved: savedAsker(asked) };
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
