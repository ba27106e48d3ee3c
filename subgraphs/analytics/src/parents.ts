import type { IngestOutcome } from "@tessera/contracts/ingest";
import type { Column } from "./domain/columns.ts";
import type { Job } from "./domain/job.ts";
import type { StoredEvent } from "./domain/event.ts";
import type { RealtimeMetrics } from "./domain/realtime-answer.ts";
import type { LiveWindow } from "./domain/windows.ts";
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
