import { v7 as newUuid } from "uuid";
import { createTenantSql } from "@tessera/platform/db/sql";
import { TenantPool } from "@tessera/platform/db/tenant-pool";
import { createPostgresEventLog } from "@tessera/platform/events/postgres-event-log";
import { createQueues, type Queues } from "@tessera/platform/queue/queues";
import type { Probe } from "@tessera/platform/http/health";
import type { Quotas } from "@tessera/platform/limits/quotas";
import type { Resources } from "@tessera/platform/runtime/resources";
import { createEventStore } from "@tessera/platform/store/event-store";
import { createFairEventStore, queryBoundsFrom } from "@tessera/platform/store/fair-event-store";
import { createLongQueryStore, type LongQueryStore } from "@tessera/platform/store/long-query-store";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { Metrics } from "@tessera/platform/telemetry/metrics";
import { systemNowMs } from "@tessera/platform/time/clock";
import type { Part } from "./lifecycle.ts";
import type { StoreSettings } from "./store-settings.ts";

/** Resources with what the composition root needs beside: parts to start in order, probes, and the end. */
export interface OpenResources {
  readonly resources: Resources;
  readonly queues: Queues;
  readonly longQueries: LongQueryStore;
  /** Holds the event store's queries to the limits of their tenants from now on. */
  holdQueriesTo(quotas: Quotas): void;
  readonly parts: readonly Part[];
  readonly probes: readonly Probe[];
  close(): Promise<void>;
}

const selectOne = { name: "probe", text: "SELECT 1", params: [] };

/** Opens clients to the stores. Nothing is connected yet, so this works while a store is down. */
export const openResources = (
  settings: StoreSettings,
  telemetry: { readonly logger: Logger; readonly metrics: Metrics },
): OpenResources => {
  const pool = new TenantPool(settings.appUrl);
  const sql = createTenantSql(pool);
  const eventStore = createFairEventStore(createEventStore(settings.reader));
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
  return {
    resources,
    queues,
    longQueries,
    holdQueriesTo: (quotas) => eventStore.holdTo(queryBoundsFrom(quotas)),
    parts: [{ name: "event log", start: () => eventLog.start(), stop: () => eventLog.stop() }],
    probes: [
      { name: "postgres", check: async () => void (await sql.runAcrossTenants(selectOne, () => null)) },
      { name: "clickhouse", check: () => eventStore.ping() },
    ],
    close: async () => {
      await queues.stop();
      await longQueries.close();
      await eventStore.close();
      await pool.end();
    },
  };
};
