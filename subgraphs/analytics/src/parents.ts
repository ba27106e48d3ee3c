import type { IngestOutcome } from "@tessera/contracts/ingest";
import type { Cohort, CohortComputation, CohortSize, CohortVersion } from "./domain/cohort.ts";
import type { Column } from "./domain/columns.ts";
import type { Job } from "./domain/job.ts";
import type { StoredEvent } from "./domain/event.ts";
import type { RealtimeMetrics } from "./domain/realtime-answer.ts";
import type { LiveWindow } from "./domain/windows.ts";
import type { ComputeOutcome, DeleteOutcome, ListOutcome } from "./operations/change-cohorts.ts";
import type { CohortMembership } from "./operations/cohort-members.ts";
import type { CohortPage } from "./operations/find-cohorts.ts";
import type { RetentionGroup } from "./domain/retention-answer.ts";
import type { SaveOutcome } from "./store/cohort-store.ts";
import type { CancelOutcome } from "./operations/cancel-job.ts";
import type { JobPage } from "./operations/list-jobs.ts";
import type { StartOutcome } from "./operations/start-query.ts";

/** What a resolver of `Column` receives. */
export type ColumnParent = Column;
/** What a resolver of `Event` receives. */
export type EventParent = StoredEvent;
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
