import { createClient, type ClickHouseClient } from "@clickhouse/client";
import pg from "pg";
import { v7 as newUuid } from "uuid";
import { createTenantSql } from "../db/sql.ts";
import { TenantPool } from "../db/tenant-pool.ts";
import { createPostgresEventLog } from "../events/postgres-event-log.ts";
import type { Resources } from "../runtime/resources.ts";
import { createEventStore } from "../store/event-store.ts";
import { createLogger } from "../telemetry/logger.ts";
import { createMetrics } from "../telemetry/metrics.ts";
import { systemNowMs, type NowMs } from "../time/clock.ts";
import { testEngines } from "./engines.ts";

/** Resources over the engines of this test run, with what a test needs beside: the owner's connection, and a writer of events. */
export interface TestResources {
  readonly resources: Resources;
  /** PostgreSQL as the owner of all tables: row-level security does not hold it. */
  readonly owner: pg.Pool;
  /** The event store as the user that ingests. */
  readonly writer: ClickHouseClient;
  /** The event store as the owner of its tables. */
  readonly storeOwner: ClickHouseClient;
  close(): Promise<void>;
}

/** Opens {@link TestResources}; the event log is not started. */
export const openTestResources = (options: { nowMs?: NowMs } = {}): TestResources => {
  const { postgres, clickhouse } = testEngines();
  const access = (username: keyof typeof clickhouse.passwords) => ({
    url: clickhouse.url,
    username,
    password: clickhouse.passwords[username],
  });
  const pool = new TenantPool(postgres.appUrl);
  const owner = new pg.Pool({ connectionString: postgres.ownerUrl, max: 2 });
  const storeClient = (username: keyof typeof clickhouse.passwords): ClickHouseClient =>
    createClient({ ...access(username), database: clickhouse.database });
  const [writer, storeOwner] = [storeClient("tessera_writer"), storeClient("tessera_owner")];
  const [sql, logger] = [createTenantSql(pool), createLogger("test", "silent")];
  const eventStore = createEventStore(access("tessera_reader"), access("tessera_jobs"));
  const eventLog = createPostgresEventLog({ sql, connectionString: postgres.appUrl, logger });
  return {
    resources: {
      sql,
      pool,
      eventStore,
      eventLog,
      logger,
      metrics: createMetrics(),
      nowMs: options.nowMs ?? systemNowMs,
      newId: () => newUuid(),
    },
    owner,
    writer,
    storeOwner,
    close: async () => {
      await Promise.all([eventStore.close(), writer.close(), storeOwner.close(), pool.end(), owner.end()]);
    },
  };
};
