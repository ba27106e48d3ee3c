import type { PermissionTable } from "@tessera/platform/graphql/field-permissions";

/** What each root field and each sensitive field asks for; everything not named here is denied or, below the roots, open. */
export const permissions = {
  "Query.realtimeMetrics": "analytics:read",
  "Query.timeSeries": "analytics:read",
  "Query.olap": "analytics:read",
  "Query.funnel": "analytics:read",
  "Query.event": "analytics:read",
  "Query.events": "analytics:read",
  "Query.liveWindows": "analytics:read",
  "Query.job": "jobs:read",
  "Query.jobs": "jobs:read",
  "Mutation.startQuery": "jobs:run",
  "Mutation.cancelJob": "jobs:run",
  "Subscription.job": "jobs:read",
  "QueryStarted.job": "jobs:read",
  "JobCancelled.job": "jobs:read",
  "JobAlreadyFinished.job": "jobs:read",
  "Mutation.ingestEvents": "analytics:ingest",
  "Subscription.realtimeMetrics": "analytics:read",
  "Subscription.events": "analytics:read",
  "Subscription.liveWindows": "analytics:read",
  "EventAccepted.event": "analytics:read",
  "EventDuplicate.event": "analytics:read",
  "Event.userId": "analytics:personal-data",
  "Event.anonymousId": "analytics:personal-data",
} as const satisfies PermissionTable;
