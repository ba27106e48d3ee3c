import * as asked from "./asked.ts";
import * as behind from "./behind.ts";
import * as catalogue from "./catalogue.ts";
import * as cohorts from "./cohort.ts";
import * as correlation from "./correlation.ts";
import * as dashboardComments from "./dashboard-comments.ts";
import * as dashboardLinks from "./dashboard-links.ts";
import * as dashboards from "./dashboards.ts";
import * as reports from "./reports.ts";
import * as definitions from "./definition.ts";
import * as expectations from "./expectation.ts";
import * as groups from "./group.ts";
import * as people from "./person.ts";
import * as rollups from "./rollup.ts";
import { Column } from "./column.ts";
import { Event } from "./event.ts";
import { EventAccepted, EventDuplicate, IngestOutcome } from "./ingest-outcome.ts";
import { CancelJobResult, Job, JobConnection, StartQueryResult } from "./job.ts";
import { LiveWindow } from "./live-window.ts";
import { Mutation } from "./mutation.ts";
import { PathFunnel } from "./path-funnel.ts";
import { PersonErasure } from "./person-erasure.ts";
import { Session } from "./session.ts";
import { Query } from "./query.ts";
import { RealtimeMetrics } from "./realtime-metrics.ts";
import { Subscription } from "./subscription.ts";
import { ContributingSlice, WatchedChange } from "./watched-change.ts";

/** Every resolver of this room by its type. */
export const resolvers = {
  Query,
  Mutation,
  Subscription,
  ...asked,
  ...behind,
  ...catalogue,
  ...cohorts,
  ...correlation,
  ...dashboards,
  ...dashboardComments,
  ...reports,
  ...dashboardLinks,
  ...definitions,
  ...people,
  ...rollups,
  ...expectations,
  ...groups,
  Column,
  Event,
  EventAccepted,
  EventDuplicate,
  IngestOutcome,
  Job,
  JobConnection,
  StartQueryResult,
  CancelJobResult,
  LiveWindow,
  PathFunnel,
  PersonErasure,
  Session,
  RealtimeMetrics,
  ContributingSlice,
  WatchedChange,
};
