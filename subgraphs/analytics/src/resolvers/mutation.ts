import type { MutationResolvers } from "../generated/resolvers.ts";

import { DEFAULT_JOB_ROWS } from "../domain/job-query.ts";

/** Resolvers of `Mutation`. */
export const Mutation: MutationResolvers = {
  ingestEvents: (_root, { input }, { caller, operations }) => operations.ingestEvents(caller, input),
  startQuery: (_root, { input }, { caller, operations }) =>
    operations.startQuery(caller, { ...input, maxRows: input.maxRows ?? DEFAULT_JOB_ROWS }),
  startBacktest: (_root, { input }, { caller, operations }) => operations.startBacktest(caller, input),
  joinSharedIndicators: (_root, { input }, { caller, operations }) => operations.joinSharedIndicators(caller, input),
  leaveSharedIndicators: (_root, _args, { caller, operations }) => operations.leaveSharedIndicators(caller),
  reportSharedIndicators: (_root, { input }, { caller, operations }) =>
    operations.reportSharedIndicators(caller, input),
  withdrawSharedIndicators: (_root, { input }, { caller, operations }) =>
    operations.withdrawSharedIndicators(caller, input),
  createCohort: (_root, { input }, { caller, operations }) => operations.createCohort(caller, input),
  updateCohort: (_root, { id, input }, { caller, operations }) => operations.updateCohort(caller, id, input),
  deleteCohort: (_root, { id }, { caller, operations }) => operations.deleteCohort(caller, id),
  computeCohort: (_root, { id }, { caller, operations }) => operations.computeCohort(caller, id),
  changeCohortList: (_root, { id, input }, { caller, operations }) => operations.changeCohortList(caller, id, input),
  defineMetric: (_root, { input }, { caller, operations }) => operations.defineMetric(caller, input),
  defineDimension: (_root, { input }, { caller, operations }) => operations.defineDimension(caller, input),
  defineHierarchy: (_root, { input }, { caller, operations }) => operations.defineHierarchy(caller, input),
  defineSegment: (_root, { input }, { caller, operations }) => operations.defineSegment(caller, input),
  saveQuery: (_root, { input }, { caller, operations }) => operations.saveQuery(caller, input),
  archiveDefinition: (_root, { id }, { caller, operations }) => operations.archiveDefinition(caller, id),
  restoreDefinition: (_root, { id, version }, { caller, operations }) =>
    operations.restoreDefinition(caller, id, version),
  identify: (_root, { input }, { caller, operations }) => operations.identify(caller, input),
  mergePeople: (_root, { input }, { caller, operations }) => operations.mergePeople(caller, input),
  unmergePeople: (_root, { input }, { caller, operations }) => operations.unmergePeople(caller, input),
  erasePerson: (_root, { input }, { caller, operations }) => operations.erasePerson(caller, input),
  setTraits: (_root, { input }, { caller, operations }) => operations.setTraits(caller, input),
  setGroupTraits: (_root, { input }, { caller, operations }) => operations.setGroupTraits(caller, input),
  setIdentityRules: (_root, { input }, { caller, operations }) => operations.setIdentityRules(caller, input),
  defineCorrelationRule: (_root, { input }, { caller, operations }) => operations.defineCorrelationRule(caller, input),
  retireCorrelationRule: (_root, { id }, { caller, operations }) => operations.retireCorrelationRule(caller, id),
  pinCorrelationRule: (_root, { id, version }, { caller, operations }) =>
    operations.pinCorrelationRule(caller, id, version),
  defineRollup: (_root, { input }, { caller, operations }) => operations.defineRollup(caller, input),
  archiveRollup: (_root, { id }, { caller, operations }) => operations.archiveRollup(caller, id),
  saveExpectation: (_root, { input }, { caller, operations }) => operations.saveExpectation(caller, input),
  deleteExpectation: (_root, { id }, { caller, operations }) => operations.deleteExpectation(caller, id),
  createDashboard: (_root, { input }, { caller, operations }) => operations.createDashboard(caller, input),
  editDashboard: (_root, input, { caller, operations }) => operations.editDashboard(caller, input),
  restoreDashboard: (_root, { id, version }, { caller, operations }) =>
    operations.restoreDashboard(caller, id, version),
  shareDashboard: (_root, { id, input }, { caller, operations }) => operations.shareDashboard(caller, id, input),
  defineReport: (_root, { input }, { caller, operations }) => operations.defineReport(caller, input),
  runReportNow: (_root, { id, idempotencyKey = null }, { caller, operations }) =>
    operations.runReportNow(caller, id, idempotencyKey),
  pauseReport: async (_root, { id, paused }, { caller, operations }) => {
    const report = await operations.pauseReport(caller, id, paused);
    return report === null ? { id } : { report };
  },
  removeReport: async (_root, { id }, { caller, operations }) => ({
    kind: (await operations.removeReport(caller, id)) ? "REMOVED" : "NOT_FOUND",
    id,
  }),
  turnOnDashboard: (_root, { id, view, state, widgetId }, { caller, operations }) =>
    operations.turnOnDashboard(caller, id, view, { state, widgetId }),
  createDashboardLink: (_root, { id, input }, { caller, operations }) =>
    operations.createDashboardLink(caller, id, input),
  revokeDashboardLink: (_root, { id }, { caller, operations }) => operations.revokeDashboardLink(caller, id),
  commentOnDashboard: (_root, { input }, { caller, operations }) => operations.commentOnDashboard(caller, input),
  editDashboardComment: (_root, { id, text, mentions }, { caller, operations }) =>
    operations.editDashboardComment(caller, id, text, mentions),
  resolveDashboardComment: (_root, { id, resolved }, { caller, operations }) =>
    operations.resolveDashboardComment(caller, id, resolved),
  removeDashboardComment: (_root, { id }, { caller, operations }) => operations.removeDashboardComment(caller, id),
  removeDashboard: (_root, { id }, { caller, operations }) => operations.removeDashboard(caller, id),
  cancelJob: (_root, { id }, { caller, operations }) => operations.cancelJob(caller, id),
};
