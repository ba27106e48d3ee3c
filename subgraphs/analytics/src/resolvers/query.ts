import type { QueryResolvers } from "../generated/resolvers.ts";

/** Resolvers of `Query`. */
export const Query: QueryResolvers = {
  realtimeMetrics: (_root, { timeframe }, { caller, operations, signal }) =>
    operations.realtimeMetrics(caller, timeframe, signal),
  timeSeries: (_root, { input, maxStaleness }, { caller, operations, signal }) =>
    operations.timeSeries(caller, input, signal, maxStaleness),
  olap: (_root, { input, maxStaleness }, { caller, operations, signal }) =>
    operations.olap(caller, input, signal, maxStaleness),
  olapPage: (_root, input, { caller, operations, signal }) => operations.olapPage(caller, input, signal),
  attribution: (_root, { input, maxStaleness }, { caller, operations, signal }) =>
    operations.attribution(caller, input, signal, maxStaleness),
  funnel: (_root, { input, maxStaleness }, { caller, operations, signal }) =>
    operations.funnel(caller, input, signal, maxStaleness),
  paths: (_root, { input, maxStaleness }, { caller, operations, signal }) =>
    operations.paths(caller, input, signal, maxStaleness),
  sessions: (_root, page, { caller, operations, signal }) => operations.sessions(caller, page, signal),
  sessionMetrics: (_root, { input, maxStaleness }, { caller, operations, signal }) =>
    operations.sessionMetrics(caller, input, signal, maxStaleness),
  funnelOfPath: (_root, input, { caller, operations }) => operations.funnelOfPath(caller, input),
  velocity: (_root, { input }, { caller, operations, signal }) => operations.velocity(caller, input, signal),
  sharedIndicatorMembership: (_root, _args, { caller, operations }) => operations.sharedIndicatorMembership(caller),
  rings: (_root, { input }, { caller, operations, signal }) => operations.rings(caller, input, signal),
  eventQuality: (_root, { input }, { caller, operations, signal }) => operations.eventQuality(caller, input, signal),
  drift: (_root, { input }, { caller, operations, signal }) => operations.drift(caller, input, signal),
  cohortSizes: (_root, { input }, { caller, operations, signal }) => operations.cohortSizes(caller, input, signal),
  apiExecutions: (_root, { input }, { caller, operations, signal }) => operations.apiExecutions(caller, input, signal),
  event: (_root, { id }, { eventLoader }) => eventLoader.load(id),
  events: (_root, input, { caller, operations, signal }) => operations.events(caller, input, signal),
  explain: (_root, { input, run }, { caller, operations, signal }) => operations.explain(caller, input, run, signal),
  rowsBehind: (_root, input, { caller, operations, signal }) => operations.rowsBehind(caller, input, signal),
  behind: (_root, { of }) => ({ of }),
  cohort: (_root, { id }, { cohortLoader }) => cohortLoader.load(id),
  cohorts: (_root, page, { caller, operations }) => operations.listCohorts(caller, page),
  previewCohort: (_root, { input }, { caller, operations, signal }) => operations.previewCohort(caller, input, signal),
  retention: (_root, { input, maxStaleness }, { caller, operations, signal }) =>
    operations.retention(caller, { input, of: null }, signal, maxStaleness),
  stickiness: (_root, { input, maxStaleness }, { caller, operations, signal }) =>
    operations.stickiness(caller, input, signal, maxStaleness),
  lifecycle: (_root, { input, maxStaleness }, { caller, operations, signal }) =>
    operations.lifecycle(caller, input, signal, maxStaleness),
  activeUsers: (_root, { input, maxStaleness }, { caller, operations, signal }) =>
    operations.activeUsers(caller, input, signal, maxStaleness),
  metric: (_root, { name, version }, { caller, operations }) => operations.findMetric(caller, name, version),
  metrics: (_root, page, { caller, operations }) => operations.listMetrics(caller, page),
  segment: (_root, { name, version }, { caller, operations }) => operations.findSegment(caller, name, version),
  hierarchy: (_root, { name, version }, { caller, operations }) => operations.findHierarchy(caller, name, version),
  dimension: (_root, { name, version }, { caller, operations }) => operations.findDimension(caller, name, version),
  ownDimensions: (_root, page, { caller, operations }) => operations.listOwnDimensions(caller, page),
  hierarchies: (_root, page, { caller, operations }) => operations.listHierarchies(caller, page),
  drillDown: (_root, asked, { caller, operations, signal }) => operations.drillDown(caller, asked, signal),
  rollUp: (_root, asked, { caller, operations, signal }) => operations.rollUp(caller, asked, signal),
  segments: (_root, page, { caller, operations }) => operations.listSegments(caller, page),
  savedQuery: (_root, { id, version }, { caller, operations }) => operations.findSavedQuery(caller, id, version),
  savedQueries: (_root, page, { caller, operations }) => operations.listSavedQueries(caller, page),
  runSavedQuery: (_root, { maxStaleness, ...input }, { caller, operations, signal }) =>
    operations.runSavedQuery(caller, input, signal, maxStaleness),
  dimensions: (_root, _args, { caller, operations, signal }) => operations.dimensions(caller, signal),
  person: (_root, { id }, { personLoader }) => personLoader.load(id),
  personOf: (_root, { input }, { caller, operations, signal }) => operations.personOf(caller, input, signal),
  people: (_root, asked, { caller, operations, signal }) => operations.people(caller, asked, signal),
  group: (_root, asked, { caller, operations }) => operations.group(caller, asked),
  groups: (_root, asked, { caller, operations, signal }) => operations.groups(caller, asked, signal),
  identityRules: (_root, _args, { caller, operations }) => operations.identityRules(caller),
  personErasure: (_root, { id }, { caller, operations }) => operations.personErasure(caller, id),
  personErasures: (_root, page, { caller, operations }) => operations.personErasures(caller, page),
  correlationRule: (_root, { id, version }, { caller, operations }) =>
    operations.findCorrelationRule(caller, id, version),
  correlationRules: (_root, page, { caller, operations }) => operations.listCorrelationRules(caller, page),
  correlationMatches: (_root, page, { caller, operations }) => operations.listCorrelationMatches(caller, page),
  backtestCorrelationRule: (_root, { input }, { caller, operations, signal }) =>
    operations.backtestCorrelationRule(caller, input, signal),
  rollup: (_root, { id }, { caller, operations }) => operations.findRollup(caller, id),
  rollupProposals: (_root, asked, { caller, operations, signal }) => operations.rollupProposals(caller, asked, signal),
  expectations: (_root, { event = null }, { caller, operations }) => operations.listExpectations(caller, event),
  rollups: (_root, page, { caller, operations }) => operations.listRollups(caller, page),
  dashboard: (_root, { id, version }, { caller, operations }) => operations.findDashboard(caller, id, version),
  dashboards: (_root, page, { caller, operations }) => operations.listDashboards(caller, page),
  report: (_root, { id }, { caller, operations }) => operations.findReport(caller, id),
  reports: (_root, page, { caller, operations }) => operations.listReports(caller, page),
  reportRuns: (_root, { report, ...page }, { caller, operations }) => operations.listReportRuns(caller, report, page),
  reportFile: (_root, asked, { caller, operations }) => operations.readReportFile(caller, asked),
  dashboardLinks: (_root, { id }, { caller, operations }) => operations.listDashboardLinks(caller, id),
  sharedDashboard: (_root, _arguments, { caller, operations }) => operations.sharedDashboard(caller),
  dashboardComments: (_root, input, { caller, operations }) => operations.listDashboardComments(caller, input),
  dashboardData: (_root, input, { caller, operations, signal }) => operations.dashboardData(caller, input, signal),
  watchedSeries: (_root, { input }, { caller, operations, signal }) => operations.watchedSeries(caller, input, signal),
  explainChange: (_root, { input }, { caller, operations, signal }) => operations.explainChange(caller, input, signal),
  job: (_root, { id }, { jobLoader }) => jobLoader.load(id),
  jobs: (_root, page, { caller, operations }) => operations.listJobs(caller, page),
  liveWindows: (_root, { input }, { caller, operations, signal }) => operations.liveWindows(caller, input, signal),
};
