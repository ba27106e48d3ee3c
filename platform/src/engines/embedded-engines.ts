import { openDataDirectory, type DataDirectory } from "./data-directory.ts";
import { startEmbeddedClickHouse, type EmbeddedClickHouse } from "./embedded-clickhouse.ts";
import { POSTGRES_SUPERUSER, startEmbeddedPostgres, type EmbeddedPostgres } from "./embedded-postgres.ts";
import type { ClickHousePasswords } from "./clickhouse-users.ts";
import {
  APP_ROLE,
  CONTROL_DATABASE,
  OWNER_ROLE,
  QUEUE_ROLE,
  QUEUE_SCHEMA,
  ensurePostgresRoles,
} from "./postgres-roles.ts";

/** Everything a process needs to reach both engines; plain data, so that it can be handed to other processes as JSON. */
export type EngineConnections = {
  readonly postgres: {
    /** Runs migrations; owns every table. */
    readonly ownerUrl: string;
    /** Serves requests under row-level security. */
    readonly appUrl: string;
    /** Serves the queue; owns `queueSchema`. */
    readonly queueUrl: string;
    readonly queueSchema: string;
  };
  readonly clickhouse: {
    /** `http://127.0.0.1:<port>`, without credentials. */
    readonly url: string;
    readonly database: string;
    /** Password by user name. */
    readonly passwords: ClickHousePasswords;
  };
};

/** Both engines, running. */
export type EmbeddedEngines = {
  /** Absolute path of the data directory. */
  readonly home: string;
  readonly connections: EngineConnections;
  readonly pids: { readonly postgres: number; readonly clickhouse: number };
  /** Resolves with a sentence when one of the engines ends, asked or not. */
  readonly exited: Promise<string>;
  /** Ends ClickHouse, then PostgreSQL, then gives the data directory back. Can be called twice. */
  readonly stop: () => Promise<void>;
};

/** What `startEmbeddedEngines` needs. */
export type EmbeddedEnginesOptions = {
  /** The data directory (TESSERA_HOME); created when missing. */
  readonly home: string;
  /** Every table of the event store with a `tenant_id`; see `startEmbeddedClickHouse`. */
  readonly tenantTables: readonly string[];
  readonly postgresPort?: number | undefined;
  readonly clickHousePort?: number | undefined;
  readonly onProgress?: ((sentence: string) => void) | undefined;
};

const startPostgres = async (
  directory: DataDirectory,
  { postgresPort, onProgress }: EmbeddedEnginesOptions,
): Promise<EmbeddedPostgres> => {
  const postgres = await startEmbeddedPostgres({
    dataDir: directory.postgresDirectory,
    serverDir: directory.postgresServerDirectory,
    port: postgresPort,
    onProgress,
  });
  try {
    await ensurePostgresRoles({
      superuserUrl: (database) => postgres.url(database, POSTGRES_SUPERUSER),
      passwordOf: postgres.passwordOf,
    });
    return postgres;
  } catch (error) {
    await postgres.stop();
    throw error;
  }
};

const connectionsOf = (postgres: EmbeddedPostgres, clickhouse: EmbeddedClickHouse): EngineConnections => ({
  postgres: {
    ownerUrl: postgres.url(CONTROL_DATABASE, OWNER_ROLE),
    appUrl: postgres.url(CONTROL_DATABASE, APP_ROLE),
    queueUrl: postgres.url(CONTROL_DATABASE, QUEUE_ROLE),
    queueSchema: QUEUE_SCHEMA,
  },
  clickhouse: { url: clickhouse.url, database: clickhouse.database, passwords: clickhouse.credentials },
});

/** Prepares the data directory and starts both engines beside each other; when one fails the other is stopped. Rejects with a StartProblem. */
export const startEmbeddedEngines = async (options: EmbeddedEnginesOptions): Promise<EmbeddedEngines> => {
  const { tenantTables, clickHousePort, onProgress } = options;
  const directory = openDataDirectory({ home: options.home, onProgress });
  const [postgres, clickhouse] = await Promise.allSettled([
    startPostgres(directory, options),
    startEmbeddedClickHouse({ dataDir: directory.clickHouseDirectory, port: clickHousePort, tenantTables, onProgress }),
  ]);
  if (postgres.status === "rejected" || clickhouse.status === "rejected") {
    if (clickhouse.status === "fulfilled") await clickhouse.value.stop();
    if (postgres.status === "fulfilled") await postgres.value.stop();
    directory.release();
    throw postgres.status === "rejected"
      ? postgres.reason
      : clickhouse.status === "rejected"
        ? clickhouse.reason
        : undefined;
  }
  return {
    home: directory.home,
    connections: connectionsOf(postgres.value, clickhouse.value),
    pids: { postgres: postgres.value.pid, clickhouse: clickhouse.value.pid },
    exited: Promise.race([postgres.value.exited, clickhouse.value.exited]),
    stop: async () => {
      await clickhouse.value.stop();
      await postgres.value.stop();
      directory.release();
    },
  };
};
