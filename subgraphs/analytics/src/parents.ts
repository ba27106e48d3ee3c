import type { CataloguedName, CataloguedProperty } from "./domain/semantic/catalogue.ts";
import type { CatalogueListed } from "./operations/semantic/list-catalogue.ts";
import type { Dimensions } from "./operations/semantic/list-dimensions.ts";
import type { ChangeExplanation, ExplainedSlice } from "./operations/change/explain-change.ts";
import type { BehindInput } from "./operations/behind/behind-question.ts";
import type { BehindJourney, BehindPerson, BehindTouchpoint } from "./operations/behind/behind-answer.ts";
import type { IngestOutcome } from "@tessera/contracts/ingest";
import type { Cohort, CohortComputation, CohortSize, CohortVersion } from "./domain/cohort.ts";
import type { MatchedEvent } from "./domain/correlation/match.ts";
import type { CorrelationRule } from "./domain/correlation/rule.ts";
import type { Rollup, RollupBuild, RollupMeasureInput, RollupVersion } from "./domain/rollups/rollup.ts";
import type { ArchiveRollupOutcome, DefinedRollup } from "./operations/rollups/change-rollups.ts";
import type { RollupPage } from "./operations/rollups/find-rollups.ts";
import type { RollupProposal } from "./operations/rollups/propose.ts";
import type { DefinedRule } from "./operations/correlation/change-rules.ts";
import type { MatchPage } from "./operations/correlation/find-matches.ts";
import type { CorrelationRulePage, CorrelationStanding } from "./operations/correlation/find-rules.ts";
import type { MatchView } from "./operations/correlation/match-view.ts";
import type { ChangeRuleOutcome } from "./store/correlation/rule-store-types.ts";
import type { Column } from "./domain/columns.ts";
import type { Report, ReportRun } from "./domain/reports/report.ts";
import type { ReportFilePart, ReportPage } from "./operations/reports/find-reports.ts";
import type { ReportUpdate } from "./operations/reports/watch-report.ts";
import type { AskRunOutcome, DefineReportOutcome } from "./store/reports/report-store-types.ts";
import type { Dashboard, DashboardVersion } from "./domain/dashboards/dashboard.ts";
import type { Present } from "./domain/dashboards/presence.ts";
import type { PresenceMessage } from "./operations/dashboards/presence.ts";
import type { DashboardLink } from "./domain/dashboards/link.ts";
import type { CreateLinkOutcome, RevokeLinkOutcome } from "./operations/dashboards/dashboard-links.ts";
import type { SharedDashboard } from "./operations/dashboards/shared-dashboard.ts";
import type { Comment } from "./domain/dashboards/comment.ts";
import type { Box, Widget } from "./domain/dashboards/document.ts";
import type { Change } from "./domain/dashboards/operation.ts";
import type { CommentChangeOutcome, CommentOutcome } from "./operations/dashboards/comments.ts";
import type { CommentsPage } from "./operations/dashboards/list-comments.ts";
import type { CommentMessage } from "./operations/dashboards/watch-comments.ts";
import type { DashboardData, WidgetData } from "./operations/dashboards/dashboard-data.ts";
import type { RemoveOutcome, ShareOutcome } from "./operations/dashboards/edit-dashboard.ts";
import type { DashboardPage } from "./operations/dashboards/find-dashboards.ts";
import type { LiveMessage } from "./operations/dashboards/watch-live.ts";
import type { DashboardUpdate } from "./operations/dashboards/watch-dashboard.ts";
import type { CreateOutcome, EditOutcome } from "./store/dashboards/dashboard-store-types.ts";
import type { Job } from "./domain/job.ts";
import type { TimeRangeInput } from "./domain/asked-range.ts";
import type { CohortDefinitionInput, CohortPart } from "./domain/cohort-input.ts";
import type { CohortWindowInput } from "./domain/cohort-window.ts";
import type { EventMatcherInput } from "./domain/event-matcher.ts";
import type { FilterInput, FilterPart, InCohortInput } from "./domain/filter-input.ts";
import type { BuiltInDimension } from "./domain/semantic/built-in-dimensions.ts";
import type {
  CasesExpression,
  DimensionExpression,
  RangesExpression,
  TextExpression,
} from "./domain/semantic/dimension-expression.ts";
import type { BuiltInMetric } from "./domain/semantic/built-in-metrics.ts";
import type { StoredEvent } from "./domain/event.ts";
import type { PathFunnel } from "./domain/paths/funnel-of-path.ts";
import type { Session } from "./domain/sessions/session-answer.ts";
import type { RealtimeMetrics } from "./domain/realtime-answer.ts";
import type { LiveWindow } from "./domain/windows.ts";
import type { ComputeOutcome, DeleteOutcome, ListOutcome } from "./operations/change-cohorts.ts";
import type { CohortMembership } from "./operations/cohort-members.ts";
import type { CohortPage } from "./operations/find-cohorts.ts";
import type { FunnelGroup } from "./domain/funnel/funnel-answer.ts";
import type { RetentionGroup } from "./domain/retention-answer.ts";
import type { SaveOutcome } from "./store/cohort-store.ts";
import type { SavedQueryAnswer } from "./operations/semantic/run-saved-query.ts";
import type { DefinitionPage } from "./operations/semantic/find-definitions.ts";
import type { RestoreOutcome } from "./operations/semantic/define.ts";
import type {
  Definition,
  DefinitionUse,
  Metric,
  MetricContent,
  Dimension,
  OwnHierarchy,
  SavedQuery,
  Segment,
} from "./domain/semantic/definition.ts";
import type { ArchivedDefinition } from "./operations/semantic/archive-definition.ts";
import type { DefineOutcome, DefinitionVersion } from "./store/semantic/definition-store-types.ts";
import type { TellsRange } from "./operations/at-range.ts";
import type { OlapPage } from "./operations/delivery/query-olap-page.ts";
import type { PeopleOutcome, PersonRef } from "./operations/people/change-people.ts";
import type { Erasure } from "./domain/people/erasure.ts";
import type { Person } from "./operations/people/find-people.ts";
import type { Group, GroupActivity, GroupPage } from "./operations/people/groups.ts";
import type { PeoplePage } from "./operations/people/list-people.ts";
import type { PeopleChange, PeopleState } from "./store/people/people-store-types.ts";
import type { TraitTestInput } from "./domain/people/trait-tests.ts";
import type { Trait } from "./domain/people/traits.ts";
import type { OlapAnswer } from "./operations/query-olap.ts";
import type { TimeSeriesAnswer } from "./operations/query-time-series.ts";
import type { CancelOutcome } from "./operations/cancel-job.ts";
import type { JobPage } from "./operations/list-jobs.ts";
import type { StartOutcome } from "./operations/start-query.ts";

/** What a resolver of `Column` receives. */
export type ColumnParent = Column;
/** What a resolver of `Event` receives. */
export type EventParent = StoredEvent;
/** What a resolver of `Behind` receives. */
export type BehindParent = Readonly<Record<"of", BehindInput>>;
/** What a resolver of `BehindPerson` receives. */
export type BehindPersonParent = BehindPerson;
/** What a resolver of `BehindJourney` receives. */
export type BehindJourneyParent = BehindJourney;
/** What a resolver of `BehindTouchpoint` receives. */
export type BehindTouchpointParent = BehindTouchpoint;
/** What a resolver of `RealtimeMetrics` receives. */
export type RealtimeMetricsParent = RealtimeMetrics;
/** What a resolver of `LiveWindow` receives. */
export type LiveWindowParent = LiveWindow;
/** What a resolver of `IngestOutcome` receives. */
export type IngestOutcomeParent = IngestOutcome;
/** What a resolver of `EventAccepted` receives. */
export type EventAcceptedParent = Extract<IngestOutcome, { kind: "ACCEPTED" }>;
/** What a resolver of `EventDuplicate` receives. */
export type EventDuplicateParent = Extract<IngestOutcome, { kind: "DUPLICATE" }>;
/** What a resolver of `Job` receives. */
export type JobParent = Job;
/** What a resolver of `JobConnection` receives. */
export type JobConnectionParent = JobPage;
/** What a resolver of `StartQueryResult` receives. */
export type StartQueryResultParent = StartOutcome;
/** What a resolver of `CancelJobResult` receives. */
export type CancelJobResultParent = CancelOutcome;
/** What a resolver of `QueryStarted` receives. */
export type QueryStartedParent = Extract<StartOutcome, { kind: "STARTED" }>;
/** What a resolver of `TooManyJobs` receives. */
export type TooManyJobsParent = Extract<StartOutcome, { kind: "TOO_MANY" }>;
/** What a resolver of `JobCancelled` receives. */
export type JobCancelledParent = Extract<CancelOutcome, { job: Job }>;
/** What a resolver of `JobAlreadyFinished` receives. */
export type JobAlreadyFinishedParent = Extract<CancelOutcome, { job: Job }>;
/** What a resolver of `JobNotFound` receives. */
export type JobNotFoundParent = Extract<CancelOutcome, { kind: "NOT_FOUND" }>;
/** What a resolver of `Cohort` receives. */
export type CohortParent = Cohort;
/** What a resolver of `CohortDefinition` receives. */
export type CohortDefinitionParent = CohortDefinitionInput;
/** What a resolver of `CohortDefinitionPart` receives. */
export type CohortDefinitionPartParent = CohortPart;
/** What a resolver of `CohortDid` receives. */
export type CohortDidParent = NonNullable<CohortPart["did"]>;
/** What a resolver of `CohortFirst` receives. */
export type CohortFirstParent = NonNullable<CohortPart["first"]>;
/** What a resolver of `CohortSequence` receives. */
export type CohortSequenceParent = NonNullable<CohortPart["sequence"]>;
/** What a resolver of `CohortWindow` receives. */
export type CohortWindowParent = CohortWindowInput;
/** What a resolver of `EventMatcher` receives. */
export type EventMatcherParent = EventMatcherInput;
/** What a resolver of `EventFilter` receives. */
export type EventFilterParent = FilterInput;
/** What a resolver of `EventFilterPart` receives. */
export type EventFilterPartParent = FilterPart;
/** What a resolver of `InCohort` receives. */
export type InCohortParent = InCohortInput;
/** What a resolver of `BuiltInMetric` receives. */
export type BuiltInMetricParent = BuiltInMetric;
/** What a resolver of `MetricMeasure` receives. */
export type MetricMeasureParent = NonNullable<MetricContent["measure"]>;
/** What a resolver of `AskedRange` receives. */
export type AskedRangeParent = TimeRangeInput;
/** What a resolver of `AskedCalendarRange` receives. */
export type AskedCalendarRangeParent = NonNullable<TimeRangeInput["calendar"]>;
/** What a resolver of `CohortComputation` receives. */
export type CohortComputationParent = CohortComputation;
/** What a resolver of `CohortVersion` receives. */
export type CohortVersionParent = CohortVersion;
/** What a resolver of `CohortSize` receives. */
export type CohortSizeParent = CohortSize;
/** What a resolver of `CohortMembership` receives. */
export type CohortMembershipParent = CohortMembership;
/** What a resolver of `CohortConnection` receives. */
export type CohortConnectionParent = CohortPage;
/** What a resolver of `FunnelGroup` receives. */
export type FunnelGroupParent = FunnelGroup;
/** What a resolver of `RetentionGroup` receives. */
export type RetentionGroupParent = RetentionGroup;
/** What a resolver of `SaveCohortResult` receives. */
export type SaveCohortResultParent = SaveOutcome;
/** What a resolver of `CohortSaved` receives. */
export type CohortSavedParent = Extract<SaveOutcome, { kind: "SAVED" }>;
/** What a resolver of `CohortNameTaken` receives. */
export type CohortNameTakenParent = Extract<SaveOutcome, { kind: "NAME_TAKEN" }>;
/** What a resolver of `TooManyCohorts` receives. */
export type TooManyCohortsParent = Extract<SaveOutcome, { kind: "TOO_MANY" }>;
/** What a resolver of `CohortNotFound` receives. */
export type CohortNotFoundParent = Extract<SaveOutcome, { kind: "NOT_FOUND" }>;
/** What a resolver of `DeleteCohortResult` receives. */
export type DeleteCohortResultParent = DeleteOutcome;
/** What a resolver of `CohortDeleted` receives. */
export type CohortDeletedParent = Extract<DeleteOutcome, { kind: "DELETED" }>;
/** What a resolver of `CohortInUse` receives. */
export type CohortInUseParent = Extract<DeleteOutcome, { kind: "IN_USE" }>;
/** What a resolver of `ComputeCohortResult` receives. */
export type ComputeCohortResultParent = ComputeOutcome;
/** What a resolver of `CohortQueued` receives. */
export type CohortQueuedParent = Extract<ComputeOutcome, { kind: "QUEUED" }>;
/** What a resolver of `ChangeCohortListResult` receives. */
export type ChangeCohortListResultParent = ListOutcome;
/** What a resolver of `CohortListChanged` receives. */
export type CohortListChangedParent = Extract<ListOutcome, { kind: "CHANGED" }>;
/** What a resolver of `CohortListFull` receives. */
export type CohortListFullParent = Extract<ListOutcome, { kind: "FULL" }>;
type WithDefinitions = { readonly definitions: readonly DefinitionUse[] };
/** What a resolver of `OlapResult` receives. */
export type OlapResultParent = OlapAnswer & WithDefinitions & TellsRange;
/** What a resolver of `OlapPage` receives. */
export type OlapPageParent = OlapPage;
/** What a resolver of `TimeSeries` receives. */
export type TimeSeriesParent = TimeSeriesAnswer & WithDefinitions & TellsRange;
/** What a resolver of `SavedQueryAnswer` receives. */
export type SavedQueryAnswerParent = SavedQueryAnswer;
/** What a resolver of `Metric` receives. */
export type MetricParent = Metric;
/** What a resolver of `Segment` receives. */
export type SegmentParent = Segment;
/** What a resolver of `SavedQuery` receives. */
export type SavedQueryParent = SavedQuery;
/** What a resolver of `Hierarchy` receives. */
export type HierarchyParent = OwnHierarchy;
/** What a resolver of `Dimension` receives. */
export type DimensionParent = Dimension;
/** What a resolver of `BuiltInDimension` receives. */
export type BuiltInDimensionParent = BuiltInDimension;
/** What a resolver of `DimensionExpression` receives. */
export type DimensionExpressionParent = DimensionExpression;
/** What a resolver of `DimensionText` receives. */
export type DimensionTextParent = TextExpression;
/** What a resolver of `DimensionRanges` receives. */
export type DimensionRangesParent = RangesExpression;
/** What a resolver of `DimensionCases` receives. */
export type DimensionCasesParent = CasesExpression;
/** What a resolver of `Dimensions` receives. */
export type DimensionsParent = Dimensions;
/** What a resolver of `CataloguedPropertyConnection` receives. */
export type CataloguedPropertyConnectionParent = CatalogueListed<CataloguedProperty>;
/** What a resolver of `CataloguedProperty` receives. */
export type CataloguedPropertyParent = CataloguedProperty;
/** What a resolver of `CataloguedEventNameConnection` receives. */
export type CataloguedEventNameConnectionParent = CatalogueListed<CataloguedName>;
/** What a resolver of `CataloguedEventName` receives. */
export type CataloguedEventNameParent = CataloguedName;
/** What a resolver of `DimensionConnection` receives. */
export type DimensionConnectionParent = DefinitionPage<"DIMENSION">;
/** What a resolver of `DefineDimensionResult` receives. */
export type DefineDimensionResultParent = DefineOutcome;
/** What a resolver of `DimensionDefined` receives. */
export type DimensionDefinedParent = Extract<DefineOutcome, { kind: "DEFINED" }>;
/** What a resolver of `HierarchyConnection` receives. */
export type HierarchyConnectionParent = DefinitionPage<"HIERARCHY">;
/** What a resolver of `DefineHierarchyResult` receives. */
export type DefineHierarchyResultParent = DefineOutcome;
/** What a resolver of `HierarchyDefined` receives. */
export type HierarchyDefinedParent = Extract<DefineOutcome, { kind: "DEFINED" }>;
/** What a resolver of `Definition` receives. */
export type DefinitionParent = Definition;
/** What a resolver of `DefinitionVersion` receives. */
export type DefinitionVersionParent = DefinitionVersion;
/** What a resolver of `MetricConnection` receives. */
export type MetricConnectionParent = DefinitionPage<"METRIC">;
/** What a resolver of `SegmentConnection` receives. */
export type SegmentConnectionParent = DefinitionPage<"SEGMENT">;
/** What a resolver of `SavedQueryConnection` receives. */
export type SavedQueryConnectionParent = DefinitionPage<"SAVED_QUERY">;
/** What a resolver of `DefineMetricResult` receives. */
export type DefineMetricResultParent = DefineOutcome;
/** What a resolver of `DefineSegmentResult` receives. */
export type DefineSegmentResultParent = DefineOutcome;
/** What a resolver of `SaveQueryResult` receives. */
export type SaveQueryResultParent = DefineOutcome;
/** What a resolver of `ArchiveDefinitionResult` receives. */
export type ArchiveDefinitionResultParent = ArchivedDefinition;
/** What a resolver of `RestoreDefinitionResult` receives. */
export type RestoreDefinitionResultParent = RestoreOutcome;
/** What a resolver of `MetricDefined` receives. */
export type MetricDefinedParent = Extract<DefineOutcome, { kind: "DEFINED" }>;
/** What a resolver of `SegmentDefined` receives. */
export type SegmentDefinedParent = Extract<DefineOutcome, { kind: "DEFINED" }>;
/** What a resolver of `QuerySaved` receives. */
export type QuerySavedParent = Extract<DefineOutcome, { kind: "DEFINED" }>;
/** What a resolver of `DefinitionRestored` receives. */
export type DefinitionRestoredParent = Extract<DefineOutcome, { kind: "DEFINED" }>;
/** What a resolver of `TooManyDefinitions` receives. */
export type TooManyDefinitionsParent = Extract<DefineOutcome, { kind: "TOO_MANY" }>;
/** What a resolver of `DefinitionArchived` receives. */
export type DefinitionArchivedParent = Extract<ArchivedDefinition, { kind: "ARCHIVED" }>;
/** What a resolver of `DefinitionInUse` receives. */
export type DefinitionInUseParent = Extract<ArchivedDefinition, { kind: "IN_USE" }>;
/** What a resolver of `DefinitionNotFound` receives. */
export type DefinitionNotFoundParent = Extract<ArchivedDefinition, { kind: "NOT_FOUND" }>;
/** What a resolver of `PathFunnel` receives. */
export type PathFunnelParent = PathFunnel;
/** What a resolver of `Session` receives. */
export type SessionParent = Session;
/** What a resolver of `Person` receives. */
export type PersonParent = Person;
/** What a resolver of `PersonErasure` receives. */
export type PersonErasureParent = Erasure;
/** What a resolver of `PeoplePage` receives. */
export type PeoplePageParent = PeoplePage;
/** What a resolver of `TraitTest` receives. */
export type TraitTestParent = TraitTestInput;
/** What a resolver of `Trait` receives. */
export type TraitParent = Trait;
/** What a resolver of `IdentityChange` receives. */
export type IdentityChangeParent = PeopleChange;
/** What a resolver of `IdentityRules` receives. */
export type IdentityRulesParent = PeopleState;
/** What a resolver of `ChangePeopleResult` receives. */
export type ChangePeopleResultParent = PeopleOutcome;
/** What a resolver of `PeopleChanged` receives. */
export type PeopleChangedParent = Extract<PeopleOutcome, { kind: "CHANGED" }>;
/** What a resolver of `PeopleUnchanged` receives. */
export type PeopleUnchangedParent = Extract<PeopleOutcome, { kind: "UNCHANGED" }>;
/** What a resolver of `TraitsSet` receives. */
export type TraitsSetParent = { readonly facts: number; readonly person: PersonRef };
/** What a resolver of `CorrelationRule` receives. */
export type CorrelationRuleParent = CorrelationRule;
/** What a resolver of `CorrelationRunStanding` receives. */
export type CorrelationRunStandingParent = CorrelationStanding;
/** What a resolver of `CorrelationRuleConnection` receives. */
export type CorrelationRuleConnectionParent = CorrelationRulePage;
/** What a resolver of `CorrelationMatch` receives. */
export type CorrelationMatchParent = MatchView;
/** What a resolver of `CorrelatedEvent` receives. */
export type CorrelatedEventParent = MatchedEvent;
/** What a resolver of `CorrelationMatchConnection` receives. */
export type CorrelationMatchConnectionParent = MatchPage;
/** What a resolver of `DefineCorrelationRuleResult` receives. */
export type DefineCorrelationRuleResultParent = DefinedRule;
/** What a resolver of `CorrelationRuleDefined` receives. */
export type CorrelationRuleDefinedParent = Extract<DefinedRule, { kind: "DEFINED" }>;
/** What a resolver of `TooManyCorrelationRules` receives. */
export type TooManyCorrelationRulesParent = Extract<DefinedRule, { kind: "TOO_MANY" }>;
/** What a resolver of `ChangeCorrelationRuleResult` receives. */
export type ChangeCorrelationRuleResultParent = ChangeRuleOutcome;
/** What a resolver of `CorrelationRuleChanged` receives. */
export type CorrelationRuleChangedParent = Extract<ChangeRuleOutcome, { kind: "CHANGED" }>;
/** What a resolver of `CorrelationRuleNotFound` receives. */
export type CorrelationRuleNotFoundParent = Extract<ChangeRuleOutcome, { kind: "NOT_FOUND" }>;
/** What a resolver of `Dashboard` receives. */
export type DashboardParent = Dashboard;
/** What a resolver of `DashboardWidget` receives: a widget, and where it comes to lie. */
export type DashboardWidgetParent = Widget & { readonly placed: Box };
/** What a resolver of `DashboardOperation` receives. */
export type DashboardOperationParent = Change;
/** What a resolver of `DashboardVersion` receives. */
export type DashboardVersionParent = DashboardVersion;
/** What a resolver of `DashboardConnection` receives. */
export type DashboardConnectionParent = DashboardPage<Dashboard>;
/** What a resolver of `DashboardVersionConnection` receives. */
export type DashboardVersionConnectionParent = DashboardPage<DashboardVersion>;
/** What a resolver of `DashboardUpdate` receives. */
export type DashboardUpdateParent = DashboardUpdate;
/** What a resolver of `DashboardLiveUpdate` receives. */
export type DashboardLiveUpdateParent = LiveMessage;
/** What a resolver of `DashboardData` receives. */
export type DashboardDataParent = DashboardData;
/** What a resolver of `DashboardWidgetData` receives: what a widget shows, and where it comes to lie. */
export type DashboardWidgetDataParent = WidgetData & { readonly placed: Box };
/** What a resolver of `DashboardAnswer` receives. */
export type DashboardAnswerParent = NonNullable<WidgetData["answer"]>;
/** What a resolver of `DashboardPresence` receives. */
export type DashboardPresenceParent = PresenceMessage;
/** What a resolver of `DashboardViewer` receives. */
export type DashboardViewerParent = Present;
/** What a resolver of `DashboardLink` receives. */
export type DashboardLinkParent = DashboardLink;
/** What a resolver of `CreateDashboardLinkResult` receives. */
export type CreateDashboardLinkResultParent = CreateLinkOutcome;
/** What a resolver of `DashboardLinkCreated` receives. */
export type DashboardLinkCreatedParent = Extract<CreateLinkOutcome, { kind: "CREATED" }>;
/** What a resolver of `TooManyDashboardLinks` receives. */
export type TooManyDashboardLinksParent = Extract<CreateLinkOutcome, { kind: "TOO_MANY" }>;
/** What a resolver of `RevokeDashboardLinkResult` receives. */
export type RevokeDashboardLinkResultParent = RevokeLinkOutcome;
/** What a resolver of `DashboardLinkRevoked` receives. */
export type DashboardLinkRevokedParent = Extract<RevokeLinkOutcome, { kind: "REVOKED" }>;
/** What a resolver of `DashboardLinkNotFound` receives. */
export type DashboardLinkNotFoundParent = { readonly id: string };
/** What a resolver of `SharedDashboard` receives. */
export type SharedDashboardParent = SharedDashboard;
/** What a resolver of `SharedWidget` receives: a widget, and where it comes to lie among those that are shared. */
export type SharedWidgetParent = Widget & { readonly placed: Box };
/** What a resolver of `SharedWidgetData` receives. */
export type SharedWidgetDataParent = WidgetData;
/** What a resolver of `DashboardComment` receives. */
export type DashboardCommentParent = Comment;
/** What a resolver of `DashboardCommentConnection` receives. */
export type DashboardCommentConnectionParent = CommentsPage;
/** What a resolver of `DashboardCommentEvent` receives. */
export type DashboardCommentEventParent = CommentMessage;
/** What a resolver of `CommentOnDashboardResult` receives. */
export type CommentOnDashboardResultParent = CommentOutcome;
/** What a resolver of `DashboardCommentMade` receives. */
export type DashboardCommentMadeParent = Extract<CommentOutcome, { kind: "COMMENTED" }>;
/** What a resolver of `TooManyDashboardComments` receives. */
export type TooManyDashboardCommentsParent = Extract<CommentOutcome, { kind: "TOO_MANY" }>;
/** What a resolver of `ChangeDashboardCommentResult` receives. */
export type ChangeDashboardCommentResultParent = CommentChangeOutcome;
/** What a resolver of `DashboardCommentChanged` receives. */
export type DashboardCommentChangedParent = Extract<CommentChangeOutcome, { kind: "CHANGED" }>;
/** What a resolver of `DashboardCommentNotFound` receives. */
export type DashboardCommentNotFoundParent = { readonly id: string };
/** What a resolver of `Rollup` receives. */
export type RollupParent = Rollup;
/** What a resolver of `RollupVersion` receives. */
export type RollupVersionParent = RollupVersion;
/** What a resolver of `RollupMeasure` receives. */
export type RollupMeasureParent = RollupMeasureInput;
/** What a resolver of `RollupProgress` receives. */
export type RollupProgressParent = RollupBuild;
/** What a resolver of `RollupProposal` receives. */
export type RollupProposalParent = RollupProposal;
/** What a resolver of `RollupConnection` receives. */
export type RollupConnectionParent = RollupPage;
/** What a resolver of `DefineRollupResult` receives. */
export type DefineRollupResultParent = DefinedRollup;
/** What a resolver of `RollupDefined` receives. */
export type RollupDefinedParent = Extract<DefinedRollup, { kind: "DEFINED" }>;
/** What a resolver of `TooManyRollups` receives. */
export type TooManyRollupsParent = Extract<DefinedRollup, { kind: "TOO_MANY" }>;
/** What a resolver of `ArchiveRollupResult` receives. */
export type ArchiveRollupResultParent = ArchiveRollupOutcome;
/** What a resolver of `RollupArchived` receives. */
export type RollupArchivedParent = Extract<ArchiveRollupOutcome, { kind: "ARCHIVED" }>;
/** What a resolver of `RollupNotFound` receives. */
export type RollupNotFoundParent = Extract<ArchiveRollupOutcome, { kind: "NOT_FOUND" }>;
/** What a resolver of `CreateDashboardResult` receives. */
export type CreateDashboardResultParent = CreateOutcome;
/** What a resolver of `DashboardCreated` receives. */
export type DashboardCreatedParent = Extract<CreateOutcome, { kind: "CREATED" }>;
/** What a resolver of `TooManyDashboards` receives. */
export type TooManyDashboardsParent = Extract<CreateOutcome, { kind: "TOO_MANY" }>;
/** What a resolver of `EditDashboardResult` receives. */
export type EditDashboardResultParent = EditOutcome;
/** What a resolver of `DashboardEdited` receives. */
export type DashboardEditedParent = Extract<EditOutcome, { kind: "EDITED" }>;
/** What a resolver of `DashboardNotFound` receives. */
export type DashboardNotFoundParent = { readonly id: string };
/** What a resolver of `ShareDashboardResult` receives. */
export type ShareDashboardResultParent = ShareOutcome;
/** What a resolver of `DashboardShared` receives. */
export type DashboardSharedParent = Extract<ShareOutcome, { kind: "SHARED" }>;
/** What a resolver of `RemoveDashboardResult` receives. */
export type RemoveDashboardResultParent = RemoveOutcome;
/** What a resolver of `DashboardRemoved` receives. */
export type DashboardRemovedParent = RemoveOutcome;
/** What a resolver of `Group` receives. */
export type GroupParent = Group;
/** What a resolver of `GroupActivity` receives. */
export type GroupActivityParent = GroupActivity;
/** What a resolver of `GroupPage` receives. */
export type GroupPageParent = GroupPage;
/** What a resolver of `GroupTraitsSet` receives. */
export type GroupTraitsSetParent = { readonly facts: number; readonly group: Group };
/** What a resolver of `Report` receives. */
export type ReportParent = Report;
/** What a resolver of `ReportRun` receives. */
export type ReportRunParent = ReportRun;
/** What a resolver of `ReportFilePart` receives. */
export type ReportFilePartParent = ReportFilePart;
/** What a resolver of `ReportConnection` receives. */
export type ReportConnectionParent = ReportPage<Report>;
/** What a resolver of `ReportRunConnection` receives. */
export type ReportRunConnectionParent = ReportPage<ReportRun>;
/** What a resolver of `ReportUpdate` receives. */
export type ReportUpdateParent = ReportUpdate;
/** What a resolver of `DefineReportResult` receives. */
export type DefineReportResultParent = DefineReportOutcome;
/** What a resolver of `ReportDefined` receives. */
export type ReportDefinedParent = Extract<DefineReportOutcome, { kind: "DEFINED" }>;
/** What a resolver of `TooManyReports` receives. */
export type TooManyReportsParent = { readonly limit: number };
/** What a resolver of `ReportNotFound` receives. */
export type ReportNotFoundParent = { readonly id: string };
/** What a resolver of `RunReportResult` receives. */
export type RunReportResultParent = AskRunOutcome;
/** What a resolver of `ReportRunAsked` receives. */
export type ReportRunAskedParent = Extract<AskRunOutcome, { kind: "ASKED" }>;
/** What a resolver of `PauseReportResult` receives. */
export type PauseReportResultParent = { readonly report: Report } | { readonly id: string };
/** What a resolver of `ReportPaused` receives. */
export type ReportPausedParent = { readonly report: Report };
/** What a resolver of `RemoveReportResult` receives. */
export type RemoveReportResultParent = { readonly kind: "REMOVED" | "NOT_FOUND"; readonly id: string };
/** What a resolver of `ReportRemoved` receives. */
export type ReportRemovedParent = RemoveReportResultParent;
/** What a resolver of `WatchedChange` receives: the change, as JSON. */
export interface WatchedChangeParent {
  readonly asked: string;
}
/** What a resolver of `ContributingSlice` receives. */
export type ContributingSliceParent = ExplainedSlice;
/** What a resolver of `ChangeExplanation` receives. */
export type ChangeExplanationParent = ChangeExplanation;
