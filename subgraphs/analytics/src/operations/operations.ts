import type { IngestPort } from "@tessera/contracts/ingest";
import type { EventLog } from "@tessera/platform/events/event-log";
import type { NowMs } from "@tessera/platform/time/clock";
import type { JobResults } from "../store/job-results.ts";
import type { BehaviourStatements } from "../store/behaviour-statements.ts";
import type { CohortStore } from "../store/cohort-store.ts";
import type { SlicesStore } from "../store/change/slices-store.ts";
import type { AnalyticsStore } from "../store/analytics-store.ts";
import { createCohortOperations, type CohortDeps } from "./cohort-operations.ts";
import { createCorrelationOperations, type CorrelationDeps } from "./correlation/correlation-operations.ts";
import { namesOfFilter } from "../domain/quality/event-names-read.ts";
import { withNames, withNamesWithin } from "./in-cohort.ts";
import { tellingUses } from "./telling-uses.ts";
import type { Answers } from "./delivery/answers.ts";
import { queryOlapPage, type OlapPageDeps } from "./delivery/query-olap-page.ts";
import { freshEnough } from "./delivery/fresh-enough.ts";
import { fieldVersions, namedVersions, savedQueryVersions } from "./delivery/named-versions.ts";
import { createDashboardOperations, type DashboardDeps } from "./dashboards/dashboard-operations.ts";
import { questionAskers } from "./dashboards/question-askers.ts";
import { askPinned, createQuestions, type QuestionDeps, type RetentionAsked } from "./questions.ts";
import { createReportOperations, type ReportDeps } from "./reports/report-operations.ts";
import { createSemanticOperations, type SemanticDeps } from "./semantic/semantic-operations.ts";
import { createExpectationOperations } from "./quality/expectation-operations.ts";
import type { KeepExpectationsDeps } from "./quality/keep-expectations.ts";
import { createRollupOperations, type RollupDeps } from "./rollups/rollup-operations.ts";
import { drillDown, rollUp } from "./semantic/drill.ts";
import { explainNamed, rowsBehindNamed } from "./semantic/named-questions.ts";
import { behindCounts, behindEvents, behindPeople } from "./behind/read-behind.ts";
import { behindJourneys } from "./behind/read-journeys.ts";
import { answerBehaviour } from "./behaviour-jobs/answer-behaviour.ts";
import { readJobAnswer } from "./behaviour-jobs/read-job-answer.ts";
import { startAnyQuery } from "./behaviour-jobs/start-any-query.ts";
import { cancelJob } from "./cancel-job.ts";
import { checkedOperations } from "./known-names/checked-operations.ts";
import { checkedWatch } from "./known-names/checked-watch.ts";
import type { CheckNamesDeps } from "./known-names/check-names.ts";
import { createPeopleOperations, type PeopleDeps } from "./people/people-operations.ts";
import { findEvents } from "./find-events.ts";
import { findJobs } from "./find-jobs.ts";
import { followJob } from "./follow-job.ts";
import { ingestEvents } from "./ingest-events.ts";
import { listJobs } from "./list-jobs.ts";
import { querySessions } from "./query-sessions.ts";
import { funnelOfPath } from "./funnel-of-path.ts";
import { queryEvents } from "./query-events.ts";
import { queryLiveWindows } from "./query-live-windows.ts";
import { queryRealtimeMetrics } from "./query-realtime-metrics.ts";
import { readJobResult } from "./read-job-result.ts";
import type { IndicatorOperations } from "./shared-indicators/indicator-operations.ts";
import { type StartQueryDeps } from "./start-query.ts";
import { createChangeOperations } from "./change/explain-asked-change.ts";
import { watchedSeries } from "./watched/watched-series.ts";
import { watchNamedEvents } from "./watch-events.ts";
import { watchLiveWindows } from "./watch-live-windows.ts";
import { watchRealtimeMetrics } from "./watch-realtime-metrics.ts";

/** What the operations of this room need. */
export interface OperationDeps
  extends
    StartQueryDeps,
    CohortDeps,
    Omit<QuestionDeps, "features">,
    Omit<SemanticDeps, "askPinned">,
    PeopleDeps,
    Omit<CorrelationDeps, "definitions">,
    Omit<RollupDeps, "definitions"> {
  readonly store: AnalyticsStore;
  readonly cohorts: CohortStore;
  readonly statements: BehaviourStatements;
  readonly sharing: IndicatorOperations;
  readonly expectations: KeepExpectationsDeps["expectations"];
  readonly verdicts: KeepExpectationsDeps["verdicts"];
  readonly slices: SlicesStore;
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
  readonly maxCopiedMembers: OlapPageDeps["maxCopiedMembers"];
  readonly reports: ReportDeps["reports"];
  readonly dispatchRun: ReportDeps["dispatchRun"];
  readonly mailChannels: ReportDeps["mailChannels"];
}

const plainOperations = (deps: OperationDeps) => ({
  ...createQuestions(deps),
  realtimeMetrics: queryRealtimeMetrics(deps),
  funnelOfPath: tellingUses(deps, (of) => withNamesWithin(of, funnelOfPath(of))),
  sessions: tellingUses(deps, (of) => withNamesWithin(of, querySessions(of))),
  events: tellingUses(deps, (of) => withNames(of, queryEvents(of))),
  olapPage: tellingUses(deps, queryOlapPage),
  rowsBehind: tellingUses(deps, rowsBehindNamed),
  behindCounts: tellingUses(deps, behindCounts),
  behindEvents: tellingUses(deps, behindEvents),
  behindPeople: tellingUses(deps, behindPeople),
  behindJourneys: tellingUses(deps, behindJourneys),
  explain: explainNamed(deps),
  drillDown: tellingUses(deps, drillDown, (_caller, { input }) => namesOfFilter(input.filter)),
  rollUp: tellingUses(deps, rollUp, (_caller, { input }) => namesOfFilter(input.filter)),
  liveWindows: tellingUses(deps, queryLiveWindows),
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
  watchEvents: watchNamedEvents(deps),
  watchLiveWindows: watchLiveWindows(deps),
  ...createCohortOperations(deps),
  ...createSemanticOperations({ ...deps, askPinned: askPinned(deps) }),
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
  const changes = createChangeOperations(deps);
  const asked = checkedOperations(deps, { ...plain, ...sharedOperations(deps, plain), ...changes });
  const dashboards = createDashboardOperations(deps, asked);
  return {
    ...{ ...asked, ...dashboards, ...createReportOperations(deps, { ...asked, ...dashboards }) },
    watchedSeries: checkedWatch(
      deps,
      tellingUses(deps, (of) => watchedSeries({ ...of, ask: questionAskers(asked), askPinned: askPinned(deps) })),
    ),
  };
};

/** The operations, bound. */
export type Operations = ReturnType<typeof createOperations>;
