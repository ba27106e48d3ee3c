import { readFileSync } from "node:fs";
import type { AskExecutions } from "@tessera/contracts/execution-numbers";
import type { IngestPort } from "@tessera/contracts/ingest";
import type { MailChannels } from "@tessera/contracts/report-mails";
import type { KeyRing } from "@tessera/platform/auth/key-ring";
import { meaningfulGraphQLError } from "@tessera/platform/graphql/error-meaning";
import { buildSubgraph, type Background, type Subgraph } from "@tessera/platform/graphql/subgraph";
import type { Resources } from "@tessera/platform/runtime/resources";
import type { Features } from "@tessera/platform/features/features";
import type { Quotas } from "@tessera/platform/limits/quotas";
import type { Queues } from "@tessera/platform/queue/queues";
import type { LongQueryStore } from "@tessera/platform/store/long-query-store";
import { createFairSlots } from "@tessera/platform/store/fair-slots";
import type { AccessOfSubject } from "@tessera/platform/auth/access-of-subject";
import { contextFor } from "./context.ts";
import { createCohortComputer } from "./jobs/compute-cohorts.ts";
import { createPersonEraser } from "./jobs/erase-people.ts";
import { closedDefinition } from "./operations/cohort-people.ts";
import { createPropertyPathStore } from "./store/semantic/property-paths.ts";
import { createCommentStore } from "./store/dashboards/comment-store.ts";
import { freeColour, PRESENCE } from "./domain/dashboards/presence.ts";
import { createPresenceStore } from "./store/dashboards/presence-store.ts";
import { createLinkStore } from "./store/dashboards/link-store.ts";
import { createDashboardStore } from "./store/dashboards/dashboard-store.ts";
import { createDefinitionUserStore } from "./store/semantic/definition-users.ts";
import { createDefinitionStore } from "./store/semantic/definition-store.ts";
import { behaviourStatements } from "./store/behaviour-statements.ts";
import { createCohortStore } from "./store/cohort-store.ts";
import { createRollupBuilder } from "./jobs/build-rollups.ts";
import { createQuestionWriter } from "./jobs/write-questions.ts";
import { dispatchJob, LONG_QUERIES, LONG_QUERY_POLICY } from "./jobs/job-dispatch.ts";
import { createLongQueryWorker } from "./jobs/long-query-worker.ts";
import { planAnyJob } from "./jobs/plan-backtest.ts";
import { planBehaviour, type AnswerQuestion } from "./jobs/plan-behaviour.ts";
import { planJob, type FindPeople } from "./jobs/plan-job.ts";
import { mayReadNow } from "./jobs/may-read-now.ts";
import { createAnswers, type Answers } from "./operations/delivery/answers.ts";
import { resolveCohorts, type InCohortDeps } from "./operations/in-cohort.ts";
import type { LinkIssuer } from "./operations/dashboards/dashboard-links.ts";
import { createQuestionTypes } from "./operations/dashboards/question-types.ts";
import { createOperations } from "./operations/operations.ts";
import { permissions, wholeTenantFields } from "./permissions.ts";
import { createCorrelationConsumer } from "./reactions/correlation/correlate-batches.ts";
import { createCorrelationClock } from "./reactions/correlation/correlate-by-clock.ts";
import { openCorrelation } from "./store/correlation/open-correlation.ts";
import { seenInRangeStatement } from "./store/correlation/seen-sql.ts";
import { seenRow } from "./store/correlation/seen-store.ts";
import { beginningOf } from "./domain/correlation/settle.ts";
import { STATE_LIMITS } from "./domain/correlation/rule.ts";
import { createPeopleLearner } from "./reactions/learn-people.ts";
import { createErasureWishes } from "./reactions/erase-wished.ts";
import { createForgetting } from "./reactions/forget-answers.ts";
import { createRollupConsumer, ROLLUP_CONSUMER } from "./reactions/rollups/count-batches.ts";
import { resolvers } from "./resolvers/resolvers.ts";
import { MAX_SNAPSHOT_BATCHES } from "./domain/delivery/answer-mark.ts";
import { MAX_ANSWER_ROWS } from "./domain/delivery/answer-page.ts";
import { MAX_COPIED_MEMBERS } from "./domain/delivery/pinned-members.ts";
import { createAnewRowsStore } from "./store/delivery/anew-rows-store.ts";
import { createAnswerRowsStore } from "./store/delivery/answer-rows-store.ts";
import { createAttributionStore } from "./store/attribution-store.ts";
import { openCatalogue } from "./open-catalogue.ts";
import { openCounting } from "./open-counting.ts";
import { openQuality } from "./open-quality.ts";
import { openIndicators } from "./open-indicators.ts";
import { createFunnelStore } from "./store/funnel-store.ts";
import { createKeptEstimates } from "./store/kept-estimates.ts";
import { createPathsStore } from "./store/paths-store.ts";
import { rowsEstimateBy } from "./store/rows-estimate.ts";
import { createSlicesStore } from "./store/change/slices-store.ts";
import { createSessionsStore } from "./store/sessions-store.ts";
import { createJobResults } from "./store/job-results.ts";
import { COHORT_KEPT } from "./domain/cohort.ts";
import { asksPeople } from "./domain/filter.ts";
import { DEFAULT_RULES } from "./domain/people/identity.ts";
import { MAX_OPEN_ERASURES } from "./domain/people/erasure.ts";
import { MAX_IDENTITIES, MAX_LINKS, unlinked } from "./domain/people/links.ts";
import { planOn } from "./domain/planner.ts";
import { shapeOf } from "./domain/rollups/asked-shape.ts";
import { chooseByMeasure, choosePlan, rejectedOwn } from "./domain/rollups/choose-plan.ts";
import { compileRollup } from "./domain/rollups/compile-rollup.ts";
import { planOwn } from "./domain/rollups/own-plan.ts";
import { openRollups, type Rollups } from "./store/rollups/open-rollups.ts";
import { learnFromBatch } from "./operations/people/learn-from-batch.ts";
import { numbered } from "./operations/people/number-people.ts";
import { copyPeople } from "./operations/people/copy-people.ts";
import { reportRecord } from "./domain/reports/report-record.ts";
import { REPORT_LIMITS } from "./domain/reports/report.ts";
import { createReportScheduler } from "./jobs/reports/fire-due-reports.ts";
import { dispatchRun, REPORT_RUN_POLICY, REPORT_RUNS } from "./jobs/reports/report-dispatch.ts";
import { createReportWorker, type ReportWorkerDeps } from "./jobs/reports/report-worker.ts";
import { createReportStore } from "./store/reports/report-store.ts";
import { createPeopleCopier } from "./jobs/copy-people.ts";
import { openPeople, type People } from "./store/people/open-people.ts";
import { erasureStatements } from "./store/people/erasure-sql.ts";
import { createErasureStore, type ErasureStore } from "./store/people/erasure-store.ts";
import { peopleStatements } from "./store/people/people-statements-of-events.ts";
import { jobRecord } from "./domain/job-record.ts";
import { createJobStore } from "./store/job-store.ts";
import { olapStatement } from "./store/olap-sql.ts";

/** What this room needs of others. */
export interface AnalyticsPorts {
  readonly ingest: IngestPort;
  readonly queues: Queues;
  /** The event store as the user that runs long queries. */
  readonly longQueries: LongQueryStore;
  /** What tenants' tiers include. */
  readonly features: Pick<Features, "isEnabled" | "require">;
  /** Makes and ends the credentials of share links. */
  readonly shareLinks: LinkIssuer;
  /** What tenants are held to. */
  readonly quotas: Quotas;
  /** What the owners of reports may when these run. */
  readonly accessOfSubject: AccessOfSubject;
  /** How executions of tenants went. */
  readonly askExecutions: AskExecutions;
  /** Which channels take mails; left out: none do. */
  readonly mailChannels?: MailChannels;
  /** Seals the keys that shared indicators are hashed under; null: none are shared. */
  readonly keyRing: KeyRing | null;
}

/** How ids are linked, and how a question is answered whose rollup would count linked people apart. */
const PEOPLE = {
  rules: { defaults: DEFAULT_RULES, unlinked, bounds: { links: MAX_LINKS, identities: MAX_IDENTITIES } },
  ...{ fromEvents: planOn.bind(null, null), asksPeople },
} as const;

/** Answers that a process computes and keeps for their pages at a time: each sorts and writes up to millions of rows. */
const ANSWERS_KEPT_AT_A_TIME = 4;

const sdl = readFileSync(new URL("../schema.graphql", import.meta.url), "utf8");
/** What the SDL says of the questions that dashboards keep. */
const questionTypes = createQuestionTypes(sdl);

/** What is done about people beside questions: learning who is who from stored events, copying it to where questions look, and erasing. */
const peopleWork = (
  resources: Resources,
  known: People,
  erasures: ErasureStore,
  answers: Answers,
): readonly Background[] => {
  const { sql, logger, eventStore: plainEvents } = resources;
  return [
    createErasureWishes({ sql, logger, erasures }),
    createPersonEraser({
      ...resources,
      ...known,
      ...{ plainEvents, erasures, erasureStatements },
      numbered: (...of) => numbered({ ...known, peopleStatements }, ...of),
      copyLinks: copyPeople(known),
      forgetAnswers: (tenantId) => answers.kept.forget(tenantId),
    }),
    createPeopleLearner({
      ...{ sql, logger, eventStore: plainEvents },
      learn: learnFromBatch({ ...known, plainEvents, peopleStatements }),
    }),
    createPeopleCopier({ people: known.people, copy: copyPeople(known), logger }),
  ];
};

/** How tenants' own rollups are read, planned onto and chosen. */
const ROLLUP_RULES = {
  ...{ compile: compileRollup, planOwn, choose: choosePlan, chooseByMeasure, rejected: rejectedOwn, shapeOf },
} as const;

/** Tenants' own rollups, which are of persons as events were stored, and the store that answers from them where that reads less. */
const ownRollups = (resources: Resources, { longQueries }: AnalyticsPorts, { store: below }: People): Rollups =>
  openRollups({ ...resources, longQueries, below, consumer: ROLLUP_CONSUMER, rules: ROLLUP_RULES });

/** What is done about tenants' own rollups beside questions: counting what is stored, and what was. */
const rollupWork = (resources: Resources, opened: Rollups): readonly Background[] => [
  createRollupConsumer({ ...resources, ...opened }),
  createRollupBuilder({ ...resources, ...opened }),
  createQuestionWriter({ ...resources, ...opened }),
];

/** Plans jobs of each kind: questions, those about what people do, and backtests, whose persons are those of the time an event was stored. */
const planJobs =
  (
    {
      longQueries,
      answerBehaviour,
    }: Pick<AnalyticsPorts, "longQueries"> & { readonly answerBehaviour: AnswerQuestion },
    idOf: (text: string) => string,
  ) =>
  (...query: Parameters<typeof planJob>): ReturnType<typeof planAnyJob> =>
    planBehaviour(
      answerBehaviour,
      planAnyJob({ longQueries, seenRow, seenStatement: seenInRangeStatement, idOf }, planJob(...query)),
    );

const noChannels: MailChannels = () => Promise.resolve(new Set());

/** Reports as they are kept, and how their runs reach the queue. */
const openReports = (resources: Resources, { queues, mailChannels = noChannels }: AnalyticsPorts) => {
  const reports = createReportStore({ ...resources, limits: REPORT_LIMITS, recordOf: reportRecord });
  const queue = queues.queue(REPORT_RUNS, REPORT_RUN_POLICY);
  const dispatch: ReportWorkerDeps["dispatchRun"] = (run) => dispatchRun({ reports, queue }, run);
  return { reports, dispatchRun: dispatch, mailChannels };
};

/** What is done about reports beside requests: finding those that are due, and making their runs. */
const reportWork = (
  resources: Resources,
  { queues, quotas, accessOfSubject }: AnalyticsPorts,
  opened: ReturnType<typeof openReports>,
  answer: ReportWorkerDeps["answer"],
): readonly Background[] => [
  createReportScheduler({ ...resources, ...opened }),
  createReportWorker({
    ...{ ...opened, queues, accessOfSubject, answer, mayRead: mayReadNow(quotas), logger: resources.logger },
  }),
];

const findPeople =
  (deps: InCohortDeps): FindPeople =>
  (reader, input) =>
    resolveCohorts(deps, reader, input);

/** What dashboards, what is said to them, who is on them and links to them are kept in. */
const dashboardParts = (resources: Resources, { shareLinks: issuer }: AnalyticsPorts) => ({
  ...{ questionTypes, issuer, dashboards: createDashboardStore(resources), comments: createCommentStore(resources) },
  links: createLinkStore(resources),
  presence: createPresenceStore({ ...resources, rules: { ...PRESENCE, colour: freeColour } }),
});

/** Stores of questions about what people do; how much there is to read for one they tell each other. */
const behaviourParts = ({ nowMs }: Resources, { eventStore }: People) => {
  const estimateBy = rowsEstimateBy(createKeptEstimates(nowMs));
  return {
    statements: { ...behaviourStatements, rowsEstimate: estimateBy },
    funnels: createFunnelStore(eventStore, estimateBy),
    paths: createPathsStore(eventStore, estimateBy),
    attribution: createAttributionStore(eventStore, estimateBy),
    sessions: createSessionsStore(eventStore, estimateBy),
    slices: createSlicesStore(eventStore),
  };
};

/** How answers are read that are too large to be kept for their pages. */
const largePages = ({ eventStore: stored }: Resources, { eventStore: resolved, versions }: People) => ({
  anewRows: createAnewRowsStore({ stored, resolved, versions, snapshotBatches: MAX_SNAPSHOT_BATCHES }),
  maxKeptRows: MAX_ANSWER_ROWS,
  maxCopiedMembers: MAX_COPIED_MEMBERS,
});

/** Builds the analytics subgraph: events, every number computed from them, and their live streams. */
export const createAnalyticsSubgraph = (resources: Resources, ports: AnalyticsPorts): Subgraph => {
  const { eventLog, nowMs, newId, logger } = resources;
  const { ingest, queues, features, quotas } = ports;
  // Whatever asks these stores of persons counts linked people once.
  const known = openPeople({ ...resources, ...PEOPLE, longQueries: ports.longQueries });
  const own = ownRollups(resources, ports, known);
  const { eventStore, longQueries } = known;
  const jobs = createJobStore({ ...resources, recordOf: jobRecord });
  const results = createJobResults({ eventStore, longQueries });
  const queue = queues.queue(LONG_QUERIES, LONG_QUERY_POLICY);
  const cohorts = createCohortStore({ ...resources, kept: COHORT_KEPT });
  const answers = createAnswers(nowMs);
  const reporting = openReports(resources, ports);
  const erasures = createErasureStore({ ...resources, most: MAX_OPEN_ERASURES });
  // Persons are those of the time an event was stored: what was found live stays found when people are linked.
  const correlation = openCorrelation({ ...resources, beginning: beginningOf });
  const correlating = { ...correlation, ...{ sql: resources.sql, eventLog, limits: STATE_LIMITS, nowMs, logger } };
  const { background: indicatorWork, ...sharing } = openIndicators({ ...resources, eventStore }, ports);
  const { background: qualityWork, ...expecting } = openQuality(resources, known);
  const { background: catalogueWork, ...sent } = openCatalogue(resources, ports);
  const operations = createOperations({
    // What is kept of an answer are rows of nobody: they are read as they were written.
    answerRows: createAnswerRowsStore({ eventStore: resources.eventStore, longQueries }),
    ...largePages(resources, known),
    keepSlots: createFairSlots({ total: ANSWERS_KEPT_AT_A_TIME }),
    ...{ answers, cohorts, eventStore, longQueries, ...behaviourParts(resources, known) },
    ...{ ...known, ...correlation, ...own, peopleStatements, erasures, plainEvents: resources.eventStore },
    ...dashboardParts(resources, ports),
    ...{ definitions: createDefinitionStore(resources), users: createDefinitionUserStore(resources), ...expecting },
    propertyPaths: createPropertyPathStore(resources.eventStore),
    ...{ ...sent, counting: openCounting(), ...reporting, ...sharing, askExecutions: ports.askExecutions },
    dispatch: (job) => dispatchJob({ jobs, queue }, job),
    ...{ sql: resources.sql, eventLog, ingest, jobs, results, features, nowMs, newId, logger },
  });
  return buildSubgraph({
    name: "analytics",
    sdl,
    resolvers,
    permissions,
    wholeTenantFields,
    contextFor: contextFor(operations, (error) => meaningfulGraphQLError(error, logger, "Subscription")),
    logger,
    background: [
      ...peopleWork(resources, known, erasures, answers),
      ...[...rollupWork(resources, own), ...indicatorWork, ...qualityWork, ...catalogueWork],
      ...[createCorrelationConsumer({ ...correlating, eventStore }), createCorrelationClock(correlating)],
      ...reportWork(resources, ports, reporting, operations.answerReport),
      createForgetting({ answers, eventLog, logger }),
      createCohortComputer({
        ...{ cohorts, longQueries, nowMs, newId, logger, statements: behaviourStatements },
        closedDefinition: (cohort) => closedDefinition(cohorts, cohort),
      }),
      createLongQueryWorker({
        ...{ jobs, results, longQueries, eventLog, queues, queue, mayRead: mayReadNow(quotas), logger },
        planOf: planJobs({ ...ports, ...operations }, correlation.idOf)(
          olapStatement,
          own.store,
          findPeople({ cohorts, statements: behaviourStatements, nowMs }),
        ),
      }),
    ],
  });
};
