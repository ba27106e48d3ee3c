import type { AskExecutions } from "@tessera/contracts/execution-numbers";
import type { AskAnalytics } from "@tessera/contracts/watched-series";
import { v7 as newUuid } from "uuid";
import { createTenantSql } from "@tessera/platform/db/sql";
import { TenantPool } from "@tessera/platform/db/tenant-pool";
import { createPostgresEventLog } from "@tessera/platform/events/postgres-event-log";
import { createQueues, type Queues } from "@tessera/platform/queue/queues";
import { openFeatures, type Features } from "@tessera/platform/features/features";
import type { Probe } from "@tessera/platform/http/health";
import type { AccessOfSubject } from "@tessera/platform/auth/access-of-subject";
import { refuse } from "@tessera/platform/errors/refusal";
import type { Quotas } from "@tessera/platform/limits/quotas";
import type { Resources } from "@tessera/platform/runtime/resources";
import { createEventStore } from "@tessera/platform/store/event-store";
import { createFairEventStore, queryBoundsFrom } from "@tessera/platform/store/fair-event-store";
import { createLongQueryStore, type LongQueryStore } from "@tessera/platform/store/long-query-store";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { Metrics } from "@tessera/platform/telemetry/metrics";
import { systemNowMs } from "@tessera/platform/time/clock";
import type { Part } from "./lifecycle.ts";
import type { ShareLinks } from "./share-links.ts";
import { holdPolicies } from "./store-policies.ts";
import type { StoreSettings } from "./store-settings.ts";
import { createLateReportMails, type LateReportMails } from "./late-reports.ts";

/** Resources with what the composition root needs beside: parts to start in order, probes, and the end. */
export interface OpenResources {
  readonly resources: Resources;
  readonly queues: Queues;
  readonly longQueries: LongQueryStore;
  /** What tiers include; nothing is until `holdTo` was called. */
  readonly features: Features;
  /** What is known of a tenant's limits; nothing until `holdTo` was called. */
  readonly quotas: Quotas;
  /** What may be done on somebody's behalf; nobody can tell until `knowAccess` was called. */
  readonly accessOfSubject: AccessOfSubject;
  /** Asks who may what of whoever is given, from now on. */
  knowAccess(accessOfSubject: AccessOfSubject): void;
  /** What events say, for rooms that watch it; nothing can be asked until `knowAnalytics` was called. */
  readonly askAnalytics: AskAnalytics;
  /** Asks what events say of whoever is given, from now on. */
  knowAnalytics(known: AskAnalytics): void;
  /** How executions of tenants went, for rooms that watch it; nothing can be asked until `knowExecutions` was called. */
  readonly askExecutions: AskExecutions;
  /** Asks how executions went of whoever is given, from now on. */
  knowExecutions(known: AskExecutions): void;
  /** What rooms ask of one another so that reports are mailed. */
  readonly reportMails: LateReportMails;
  /** Credentials of share links; none are made until `shareBy` was called. */
  readonly shareLinks: ShareLinks;
  /** Has share links made by these from now on. */
  shareBy(links: ShareLinks): void;
  /** Holds the event store's queries to the limits of their tenants, and what rooms do to the features of tiers, from now on. */
  holdTo(quotas: Quotas): void;
  readonly parts: readonly Part[];
  readonly probes: readonly Probe[];
  close(): Promise<void>;
}

/** Who asks what a tier includes on behalf of a room. */
const FEATURES_ASKER = { kind: "SERVICE", id: "features" } as const;
/** Milliseconds that what a tier includes is waited for where nothing is known of it: without, what is asked for would be refused, and a busy machine takes its time. */
const FEATURES_PATIENCE_MS = 5_000;

/** Quotas that are told later, when whoever knows them has been built. */
const createLateQuotas = (): { readonly quotas: Quotas; readonly tell: (quotas: Quotas) => void } => {
  let known: Quotas = { of: () => ({ quotas: [], limits: null }) };
  return {
    quotas: { of: (caller, patienceMs) => known.of(caller, patienceMs) },
    tell: (quotas) => {
      known = quotas;
    },
  };
};

const nobodyTells: AccessOfSubject = () =>
  Promise.reject(refuse("DEPENDENCY_UNAVAILABLE", "Who may what can't be asked yet.", { retryAfterSeconds: 2 }));

/** A room that others ask, told later, when it has been built or can be reached; until then whatever is asked of it is refused. */
const createLate = <Asked extends object>(
  what: string,
  askBy: (known: () => Asked) => Asked,
): { readonly asked: Asked; readonly know: (told: Asked) => void } => {
  let known: Asked | null = null;
  const now = (): Asked => {
    if (known === null) throw refuse("DEPENDENCY_UNAVAILABLE", `${what} can't be asked yet.`, { retryAfterSeconds: 2 });
    return known;
  };
  return {
    asked: askBy(now),
    know: (told) => {
      known = told;
    },
  };
};

/** Rooms that others ask about what they watch. */
const createLateRooms = (): Pick<
  OpenResources,
  "askAnalytics" | "knowAnalytics" | "askExecutions" | "knowExecutions"
> => {
  const analytics = createLate<AskAnalytics>("Analytics", (known) => ({
    watchedSeries: async (...asked) => known().watchedSeries(...asked),
    impactOf: async (...asked) => known().impactOf(...asked),
  }));
  const executions = createLate<AskExecutions>("Executions", (known) => ({
    executionNumbers: async (...asked) => known().executionNumbers(...asked),
  }));
  return {
    ...{ askAnalytics: analytics.asked, knowAnalytics: analytics.know },
    ...{ askExecutions: executions.asked, knowExecutions: executions.know },
  };
};

/** Credentials of share links, told later, when whoever makes them has been built. */
const createLateShareLinks = (): { readonly shareLinks: ShareLinks; readonly shareBy: (links: ShareLinks) => void } => {
  let known: ShareLinks | null = null;
  const links = (): ShareLinks => {
    if (known === null) throw refuse("DEPENDENCY_UNAVAILABLE", "Links can't be made or ended by this process.");
    return known;
  };
  return {
    shareLinks: {
      issue: async (tenantId, link) => links().issue(tenantId, link),
      end: async (tenantId, id) => links().end(tenantId, id),
    },
    shareBy: (told) => {
      known = told;
    },
  };
};

/** Opens clients to the stores. Nothing is connected yet, so this works while a store is down. */
export const openResources = (
  settings: StoreSettings,
  telemetry: { readonly logger: Logger; readonly metrics: Metrics },
): OpenResources => {
  const pool = new TenantPool(settings.appUrl);
  const sql = createTenantSql(pool);
  const store = createEventStore(settings.reader, settings.jobs);
  const [eventStore, jobsStore] = [createFairEventStore(store), createEventStore(settings.jobs)];
  const policies = holdPolicies({ sql, stores: [store, jobsStore] });
  const eventLog = createPostgresEventLog({ sql, connectionString: settings.appUrl, logger: telemetry.logger });
  const queues = createQueues({ settings: settings.queue, logger: telemetry.logger });
  const longQueries = createLongQueryStore(settings.jobs);
  const resources: Resources = {
    sql,
    pool,
    eventStore,
    eventLog,
    logger: telemetry.logger,
    metrics: telemetry.metrics,
    nowMs: systemNowMs,
    newId: () => newUuid(),
  };
  const { quotas, tell } = createLateQuotas();
  const sharing = createLateShareLinks();
  const features = openFeatures(
    async (tenantId) => (await quotas.of({ tenantId, subject: FEATURES_ASKER }, FEATURES_PATIENCE_MS)).limits,
    `rooms-${newUuid()}`,
  );
  let accessOfSubject = nobodyTells;
  return {
    resources,
    accessOfSubject: (tenantId, subject) => accessOfSubject(tenantId, subject),
    knowAccess: (known) => {
      accessOfSubject = known;
    },
    features,
    quotas,
    ...sharing,
    ...createLateRooms(),
    reportMails: createLateReportMails(),
    queues,
    longQueries,
    holdTo: (told) => {
      tell(told);
      eventStore.holdTo(queryBoundsFrom(told));
    },
    parts: [policies.part, { name: "event log", start: () => eventLog.start(), stop: () => eventLog.stop() }],
    probes: policies.probes,
    close: async () => {
      await queues.stop();
      await longQueries.close();
      await jobsStore.close();
      await eventStore.close();
      await pool.end();
    },
  };
};
