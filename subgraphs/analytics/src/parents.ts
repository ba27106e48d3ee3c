import type { IngestOutcome } from "@tessera/contracts/ingest";
import type { Column } from "./domain/columns.ts";
import type { StoredEvent } from "./domain/event.ts";
import type { RealtimeMetrics } from "./domain/realtime-answer.ts";
import type { LiveWindow } from "./domain/windows.ts";

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
