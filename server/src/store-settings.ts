import type { QueueSettings } from "@tessera/platform/queue/queues";
import type { ClickHouseAccess } from "@tessera/platform/store/migrate";
import type { EngineConnections } from "@tessera/platform/engines/embedded-engines";
import type { DistributedConfig } from "./config.ts";

/** Addresses and credentials of the stores, the same for embedded and external ones. */
export interface StoreSettings {
  /** PostgreSQL as tessera_app, which owns nothing and is held by row-level security. */
  readonly appUrl: string;
  readonly queue: QueueSettings;
  readonly reader: ClickHouseAccess;
  readonly writer: ClickHouseAccess;
  readonly jobs: ClickHouseAccess;
}

const queueOf = (config: DistributedConfig): QueueSettings =>
  config.REDIS_URL === undefined
    ? { backend: "postgres", url: config.QUEUE_DATABASE_URL ?? config.DATABASE_URL }
    : { backend: "redis", url: config.REDIS_URL };

/** Store settings of a role that runs against external stores. */
export const storeSettingsOf = (config: DistributedConfig): StoreSettings => {
  const access = (username: string, password: string): ClickHouseAccess => ({
    url: config.CLICKHOUSE_URL,
    username,
    password,
  });
  return {
    appUrl: config.DATABASE_URL,
    queue: queueOf(config),
    reader: access("tessera_reader", config.CLICKHOUSE_READER_PASSWORD),
    writer: access("tessera_writer", config.CLICKHOUSE_WRITER_PASSWORD),
    jobs: access("tessera_jobs", config.CLICKHOUSE_JOBS_PASSWORD),
  };
};

/** Store settings over the engines of this process. */
export const embeddedStoreSettings = ({ postgres, clickhouse }: EngineConnections): StoreSettings => {
  const access = (username: keyof typeof clickhouse.passwords): ClickHouseAccess => ({
    url: clickhouse.url,
    username,
    password: clickhouse.passwords[username],
  });
  return {
    appUrl: postgres.appUrl,
    queue: { backend: "postgres", url: postgres.queueUrl },
    reader: access("tessera_reader"),
    writer: access("tessera_writer"),
    jobs: access("tessera_jobs"),
  };
};
