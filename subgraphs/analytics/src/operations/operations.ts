import type { IngestPort } from "@tessera/contracts/ingest";
import type { EventLog } from "@tessera/platform/events/event-log";
import type { NowMs } from "@tessera/platform/time/clock";
import type { JobResults } from "../store/job-results.ts";
import type { AttributionStore } from "../store/attribution-store.ts";
import type { BehaviourStatements } from "../store/behaviour-statements.ts";
import type { CohortStore } from "../store/cohort-store.ts";
import type { FunnelStore } from "../store/funnel-store.ts";
import type { PathsStore } from "../store/paths-store.ts";
import type { FraudStore } from "../store/fraud/fraud-store.ts";
import type { SlicesStore } from "../store/change/slices-store.ts";
import type { QualityStore } from "../store/quality/quality-store.ts";
import type { SessionsStore } from "../store/sessions-store.ts";
import type { AnalyticsStore } from "../store/analytics-store.ts";
import { createCohortOperations, type CohortDeps } from "./cohort-operations.ts";
import { createCorrelationOperations, type CorrelationDeps } from "./correlation/correlation-operations.ts";
import type { Cohort } from "../domain/cohort.ts";
import type { RetentionInput } from "../domain/retention.ts";
import type { AskedOlap, AskedTimeSeries } from "../domain/semantic/asked-question.ts";
import { namesOfFilter, namesOfFunnel, namesOfMatchers } from "../domain/quality/event-names-read.ts";
import { withRange, type Asked } from "./at-range.ts";
import { withNames, withNamesWithin } from "./in-cohort.ts";
import { tellingUses } from "./telling-uses.ts";
import type { Answers } from "./delivery/answers.ts";
import { queryOlapPage, type OlapPageDeps } from "./delivery/query-olap-page.ts";
import { freshEnough } from "./delivery/fresh-enough.ts";
import { fieldVersions, namedVersions, savedQueryVersions } from "./delivery/named-versions.ts";
import { createDashboardOperations, questionAskers, type DashboardDeps } from "./dashboards/dashboard-operations.ts";
import { createReportOperations, type ReportDeps } from "./reports/report-operations.ts";
import { createSemanticOperations, type SemanticDeps } from "./semantic/semantic-operations.ts";
import { createExpectationOperations } from "./quality/expectation-operations.ts";
import type { KeepExpectationsDeps } from "./quality/keep-expectations.ts";
import { createRollupOperations, type RollupDeps } from "./rollups/rollup-operations.ts";
import { withDefinitions } from "./semantic/resolve-question.ts";
import { drillDown, rollUp } from "./semantic/drill.ts";
import { explainNamed, rowsBehindNamed } from "./semantic/named-questions.ts";
import { behindCounts, behindEvents, behindPeople } from "./behind/read-behind.ts";
import { behindJourneys } from "./behind/read-journeys.ts";
import { answerBehaviour } from "./behaviour-jobs/answer-behaviour.ts";
import { readJobAnswer } from "./behaviour-jobs/read-job-answer.ts";
import { startAnyQuery } from "./behaviour-jobs/start-any-query.ts";
import { cancelJob } from "./cancel-job.ts";
import { checkedOperations } from "./known-names/checked-operations.ts";
import type { CheckNamesDeps } from "./known-names/check-names.ts";
import { createPeopleOperations, type PeopleDeps } from "./people/people-operations.ts";
import { findEvents } from "./find-events.ts";
import { findJobs } from "./find-jobs.ts";
import { followJob } from "./follow-job.ts";
import { ingestEvents } from "./ingest-events.ts";
import { listJobs } from "./list-jobs.ts";
import { queryAttribution } from "./query-attribution.ts";
import { withMembers } from "./funnel-members.ts";
import type { Counting } from "./counting.ts";
import { queryFunnel } from "./query-funnel.ts";
import { queryPaths } from "./query-paths.ts";
import { querySessionMetrics, querySessions } from "./query-sessions.ts";
import { funnelOfPath } from "./funnel-of-path.ts";
import { queryEvents } from "./query-events.ts";
import { queryLiveWindows } from "./query-live-windows.ts";
import { queryOlap, type OlapAnswer } from "./query-olap.ts";
import { queryRings, queryVelocity, type FraudDeps } from "./fraud/query-fraud.ts";
import { queryApiExecutions, type ApiExecutionsDeps } from "./query-api-executions.ts";
import { queryCohortSizes } from "./query-cohort-sizes.ts";
import { queryDrift, queryEventQuality } from "./quality/query-quality.ts";
import { queryRealtimeMetrics } from "./query-realtime-metrics.ts";
import { queryTimeSeries, type TimeSeriesAnswer } from "./query-time-series.ts";
import { readJobResult } from "./read-job-result.ts";
import type { IndicatorOperations } from "./shared-indicators/indicator-operations.ts";
import { type StartQueryDeps } from "./start-query.ts";
import { createChangeOperations } from "./change/explain-asked-change.ts";
import { watchedSeries } from "./watched/watched-series.ts";
import { watchEvents } from "./watch-events.ts";
import { watchLiveWindows } from "./watch-live-windows.ts";
import { watchRealtimeMetrics } from "./watch-realtime-metrics.ts";

/** What the operations of this room need. */
export interface OperationDeps
  extends StartQueryDeps, CohortDeps, SemanticDeps, PeopleDeps, CorrelationDeps, RollupDeps {
  readonly store: AnalyticsStore;
  readonly cohorts: CohortStore;
  readonly statements: BehaviourStatements;
  readonly funnels: FunnelStore;
  readonly counting: Counting;
  readonly attribution: AttributionStore;
  readonly paths: PathsStore;
  readonly sessions: SessionsStore;
  readonly fraud: FraudStore;
  readonly readBands: FraudDeps["readBands"];
  readonly sharing: IndicatorOperations;
  readonly quality: QualityStore;
  readonly expectations: KeepExpectationsDeps["expectations"];
  readonly verdicts: KeepExpectationsDeps["verdicts"];
  readonly slices: SlicesStore;
  readonly askExecutions: ApiExecutionsDeps["askExecutions"];
  readonly eventLog: EventLog;
  readonly ingest: IngestPort;
  readonly knownNames: CheckNamesDeps["knownNames"];
  readonly nowMs: NowMs;
  readonly results: JobResults;
  readonly answers: Answers;
  readonly dashboards: DashboardDeps["dashboards"];
  readonly comments: DashboardDeps["comments"];
  readonly links: DashboardDeps["links"];
  readonly presence: DashboardDeps["presence"];
  readonly issuer: DashboardDeps["issuer"];
  readonly questionTypes: DashboardDeps["questionTypes"];
  readonly logger: DashboardDeps["logger"];
  readonly answerRows: OlapPageDeps["answerRows"];
  readonly anewRows: OlapPageDeps["anewRows"];
  readonly keepSlots: OlapPageDeps["keepSlots"];
  readonly maxKeptRows: OlapPageDeps["maxKeptRows"];
  readonly reports: ReportDeps["reports"];
  readonly dispatchRun: ReportDeps["dispatchRun"];
  readonly mailChannels: ReportDeps["mailChannels"];
}

/** A question about retention, of everybody or of a cohort. */
interface RetentionAsked {
  readonly input: Asked<RetentionInput>;
  readonly of: Cohort | null;
}

/** Questions that say which events they are about: their answers tell of the quality of those alone. */
const questionsOfNames = (deps: OperationDeps) => ({
  timeSeries: tellingUses(
    deps,
    (of) => withRange(of, withDefinitions<AskedTimeSeries, TimeSeriesAnswer>(of, queryTimeSeries(of))),
    (_caller, { filter }) => namesOfFilter(filter),
  ),
  olap: tellingUses(
    deps,
    (of) => withRange(of, withDefinitions<AskedOlap, OlapAnswer>(of, queryOlap(of))),
    (_caller, { filter }) => namesOfFilter(filter),
  ),
  funnel: tellingUses(
    deps,
    (of) => withRange(of, withNames(of, withMembers(of, queryFunnel(of)))),
    (_caller, funnel) => namesOfFunnel(funnel),
  ),
  attribution: tellingUses(
    deps,
    (of) => withRange(of, withNames(of, queryAttribution(of))),
    (_caller, { conversion, touchpoints }) => namesOfMatchers([conversion, ...touchpoints]),
  ),
  eventQuality: tellingUses(
    deps,
    (of) => withRange(of, withNames(of, queryEventQuality(of))),
    (_caller, { event }) => namesOfMatchers([event ?? {}]),
  ),
  drift: tellingUses(
    deps,
    (of) => withRange(of, withNames(of, queryDrift(of))),
    (_caller, { event }) => namesOfMatchers([event ?? {}]),
  ),
  drillDown: tellingUses(deps, drillDown, (_caller, { input }) => namesOfFilter(input.filter)),
  rollUp: tellingUses(deps, rollUp, (_caller, { input }) => namesOfFilter(input.filter)),
});

const plainOperations = (deps: OperationDeps) => ({
  realtimeMetrics: queryRealtimeMetrics(deps),
  ...questionsOfNames(deps),
  paths: tellingUses(deps, (of) => withRange(of, withNames(of, queryPaths(of)))),
  funnelOfPath: tellingUses(deps, (of) => withNamesWithin(of, funnelOfPath(of))),
  sessions: tellingUses(deps, (of) => withNamesWithin(of, querySessions(of))),
  sessionMetrics: tellingUses(deps, (of) => withRange(of, withNames(of, querySessionMetrics(of)))),
  velocity: tellingUses(deps, (of) => withRange(of, withNames(of, queryVelocity(of)))),
  rings: tellingUses(deps, (of) => withRange(of, withNames(of, queryRings(of)))),
  cohortSizes: tellingUses(deps, (of) => withRange(of, queryCohortSizes(of))),
  apiExecutions: withRange(deps, queryApiExecutions(deps)),
  events: tellingUses(deps, (of) => withNames(of, queryEvents(of))),
  olapPage: tellingUses(deps, queryOlapPage),
  rowsBehind: tellingUses(deps, rowsBehindNamed),
  behindCounts: tellingUses(deps, behindCounts),
  behindEvents: tellingUses(deps, behindEvents),
  behindPeople: tellingUses(deps, behindPeople),
  behindJourneys: tellingUses(deps, behindJourneys),
  explain: explainNamed(deps),
  liveWindows: queryLiveWindows(deps),
  findEvents: findEvents(deps),
  ingestEvents: ingestEvents(deps),
  startQuery: startAnyQuery(deps),
  answerBehaviour: answerBehaviour(deps),
  readJobAnswer: readJobAnswer(deps),
  cancelJob: cancelJob(deps),
  findJobs: findJobs(deps),
  listJobs: listJobs(deps),
  readJobResult: readJobResult(deps),
  followJob: followJob(deps),
  watchRealtimeMetrics: watchRealtimeMetrics(deps),
  watchEvents: watchEvents(deps),
  watchLiveWindows: watchLiveWindows(deps),
  ...createCohortOperations(deps),
  ...createSemanticOperations(deps),
  ...createPeopleOperations(deps),
  ...createCorrelationOperations(deps),
  ...createRollupOperations(deps),
  ...createExpectationOperations(deps),
  ...deps.sharing,
});

/** Questions whose answers are shared by those who take one of some age, or ask at the same time. */
const sharedOperations = (deps: OperationDeps, plain: ReturnType<typeof plainOperations>) => {
  const share = freshEnough(deps);
  const [named, ofFields] = [namedVersions(deps), fieldVersions(deps)];
  const {
    olap,
    timeSeries,
    funnel,
    attribution,
    paths,
    sessionMetrics,
    retention,
    stickiness,
    lifecycle,
    activeUsers,
    runSavedQuery,
  } = plain;
  return {
    olap: share({ name: "olap", ask: olap, versionsOf: named }),
    timeSeries: share({ name: "timeSeries", ask: timeSeries, versionsOf: named }),
    funnel: share({
      name: "funnel",
      ask: funnel,
      versionsOf: (caller, input) =>
        named(caller, { ...input, segments: input.breakdown?.segments ?? [] }, "input.breakdown"),
    }),
    attribution: share({ name: "attribution", ask: attribution, versionsOf: ofFields }),
    paths: share({ name: "paths", ask: paths, versionsOf: ofFields }),
    sessionMetrics: share({ name: "sessionMetrics", ask: sessionMetrics, versionsOf: ofFields }),
    retention: share({
      name: "retention",
      ask: (caller, { input, of }: RetentionAsked, signal) => retention(caller, input, of, signal),
      versionsOf: ofFields,
    }),
    stickiness: share({ name: "stickiness", ask: stickiness, versionsOf: ofFields }),
    lifecycle: share({ name: "lifecycle", ask: lifecycle, versionsOf: ofFields }),
    activeUsers: share({ name: "activeUsers", ask: activeUsers, versionsOf: ofFields }),
    runSavedQuery: share({ name: "runSavedQuery", ask: runSavedQuery, versionsOf: savedQueryVersions(deps) }),
  };
};

/** Everything this room can be asked to do, bound to its dependencies. */
export const createOperations = (deps: OperationDeps) => {
  const plain = plainOperations(deps);
  const asked = checkedOperations(deps, { ...plain, ...sharedOperations(deps, plain) });
  const dashboards = createDashboardOperations(deps, asked);
  return {
    ...{ ...asked, ...dashboards, ...createReportOperations(deps, { ...asked, ...dashboards }) },
    watchedSeries: tellingUses(deps, (of) => watchedSeries({ ...of, ask: questionAskers(asked) })),
    ...createChangeOperations(deps),
  };
};

/** The operations, bound. */
export type Operations = ReturnType<typeof createOperations>;
