import DataLoader from "dataloader";
import type { Caller } from "@tessera/contracts/caller";
import type { SubgraphCall } from "@tessera/platform/graphql/subgraph";
import type { Cohort } from "./domain/cohort.ts";
import type { Dashboard } from "./domain/dashboards/dashboard.ts";
import type { Definition } from "./domain/semantic/definition.ts";
import type { Job } from "./domain/job.ts";
import type { Person } from "./operations/people/find-people.ts";
import type { StoredEvent } from "./domain/event.ts";
import type { Operations } from "./operations/operations.ts";

/** What resolvers are given for one call. */
export interface Context {
  readonly caller: Caller;
  readonly signal: AbortSignal | undefined;
  readonly operations: Operations;
  /** Events by id, asked for together. */
  readonly eventLoader: DataLoader<string, StoredEvent | null>;
  /** Jobs by id, asked for together. */
  readonly jobLoader: DataLoader<string, Job | null>;
  /** Cohorts by id, asked for together. */
  readonly cohortLoader: DataLoader<string, Cohort | null>;
  /** Metrics, segments and saved queries by id, as they are now, asked for together. */
  readonly definitionLoader: DataLoader<string, Definition | null>;
  /** People by the number of any of their ids, asked for together. */
  readonly personLoader: DataLoader<string, Person | null>;
  /** Dashboards by id, as they are now, asked for together. */
  readonly dashboardLoader: DataLoader<string, Dashboard | null>;
  /** What a caller may be told of an error that ended a stream. */
  readonly meaning: (error: unknown) => unknown;
}

/** Event ids looked up in one statement. */
const MAX_LOADER_BATCH = 1_000;
/** People looked up in one statement: each may go by hundreds of ids. */
const MAX_PEOPLE_BATCH = 100;

/** Dashboards looked up in one statement: each may be near a megabyte. */
const MAX_DASHBOARD_BATCH = 20;

/** Makes a fresh context for a call; its loader lives as long as the call. */
export const contextFor =
  (operations: Operations, meaning: Context["meaning"]) =>
  ({ caller, signal }: SubgraphCall): Context => ({
    caller,
    signal,
    operations,
    eventLoader: new DataLoader((ids) => operations.findEvents(caller, ids, signal), {
      maxBatchSize: MAX_LOADER_BATCH,
    }),
    jobLoader: new DataLoader((ids) => operations.findJobs(caller, ids), { maxBatchSize: MAX_LOADER_BATCH }),
    // Answers to share links lead to none of the tenant's things.
    cohortLoader: new DataLoader(
      async (ids) => (caller.subject.kind === "LINK" ? ids.map(() => null) : operations.findCohorts(caller, ids)),
      { maxBatchSize: MAX_LOADER_BATCH },
    ),
    definitionLoader: new DataLoader((ids) => operations.findDefinitions(caller, ids), {
      maxBatchSize: MAX_LOADER_BATCH,
    }),
    personLoader: new DataLoader((ids) => operations.findPeople(caller, ids, signal), {
      maxBatchSize: MAX_PEOPLE_BATCH,
    }),
    dashboardLoader: new DataLoader((ids) => operations.findDashboards(caller, ids), {
      maxBatchSize: MAX_DASHBOARD_BATCH,
    }),
    meaning,
  });
