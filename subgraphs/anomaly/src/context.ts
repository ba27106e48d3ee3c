import type { Caller } from "@tessera/contracts/caller";
import type { Loaders } from "./loaders.ts";
import type { CalendarOperations } from "./operations/calendars/calendar-operations.ts";
import type { ExplainOperations } from "./operations/explain/explain-operations.ts";
import type { IncidentLoaders } from "./operations/incidents/incident-call.ts";
import type { IncidentOperations } from "./operations/incidents/incident-operations.ts";
import type { ObjectiveLoaders } from "./operations/objectives/objective-loaders.ts";
import type { ObjectiveOperations } from "./operations/objectives/objective-operations.ts";
import type { NotifyOperations } from "./operations/notify/notify-operations.ts";
import type { OnCallOperations } from "./operations/on-call/on-call-operations.ts";
import type { EscalationOperations } from "./operations/on-call/escalation-operations.ts";
import type { FeedbackOperations } from "./operations/feedback/feedback-operations.ts";
import type { SilenceOperations } from "./operations/silences/silence-operations.ts";
import type { Operations } from "./operations.ts";
import type { WebhookCall } from "./operations/webhooks/webhook-call.ts";

/** What the resolvers of one call work with. */
export interface Context {
  readonly caller: Caller;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal?: AbortSignal;
  readonly loaders: Loaders;
  readonly incidents: IncidentLoaders;
  readonly objectives: ObjectiveLoaders;
  readonly webhooks: WebhookCall;
  readonly operations: CalendarOperations &
    ExplainOperations &
    Operations &
    IncidentOperations &
    ObjectiveOperations &
    NotifyOperations &
    SilenceOperations &
    OnCallOperations &
    EscalationOperations &
    FeedbackOperations;
}
