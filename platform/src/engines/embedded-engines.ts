import { openDataDirectory, type DataDirectory } from "./data-directory.ts";
import { startEmbeddedClickHouse, type EmbeddedClickHouse } from "./embedded-clickhouse.ts";
import { POSTGRES_SUPERUSER, startEmbeddedPostgres, type EmbeddedPostgres } from "./embedded-postgres.ts";
import { superviseEngine, type OnRestart } from "./supervised-engine.ts";
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
  /** The processes that run now. */
  readonly pids: () => { readonly postgres: number; readonly clickhouse: number };
  /** Resolves with a sentence when an engine is given up: it ended unasked too often, or could not be started again; never when stopped. */
  readonly gaveUp: Promise<string>;
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
  /** Told when an engine ended unasked and is started again. */
  readonly onRestart?: OnRestart | undefined;
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

const stopped = (engine: { readonly stop: () => Promise<void> } | undefined): Promise<void> =>
  engine === undefined ? Promise.resolve() : engine.stop();

/** Starts both engines beside each other; when one fails the other is stopped, and its StartProblem is thrown. */
const startBoth = async (directory: DataDirectory, options: EmbeddedEnginesOptions) => {
  const clickHouse = (port: number | undefined): Promise<EmbeddedClickHouse> =>
    startEmbeddedClickHouse({
      dataDir: directory.clickHouseDirectory,
      port,
      tenantTables: options.tenantTables,
      onProgress: options.onProgress,
    });
  const [postgres, clickhouse] = await Promise.allSettled([
    startPostgres(directory, options),
    clickHouse(options.clickHousePort),
  ]);
  if (postgres.status === "rejected" || clickhouse.status === "rejected") {
    if (clickhouse.status === "fulfilled") await stopped(clickhouse.value);
    if (postgres.status === "fulfilled") await stopped(postgres.value);
    throw postgres.status === "rejected"
      ? postgres.reason
      : clickhouse.status === "rejected"
        ? clickhouse.reason
        : undefined;
  }
  const { onRestart = () => undefined } = options;
  const [firstPostgres, firstClickHouse] = [postgres.value, clickhouse.value];
  return {
    postgres: superviseEngine({
      first: firstPostgres,
      restart: () => startPostgres(directory, { ...options, postgresPort: firstPostgres.port }),
      onRestart,
    }),
    clickhouse: superviseEngine({ first: firstClickHouse, restart: () => clickHouse(firstClickHouse.port), onRestart }),
  };
};

/**
 * Prepares the data directory and starts both engines; rejects with a StartProblem. An engine that ends unasked is started again at its
 * address.
 */
export const startEmbeddedEngines = async (options: EmbeddedEnginesOptions): Promise<EmbeddedEngines> => {
  const directory = openDataDirectory({ home: options.home, onProgress: options.onProgress });
  try {
    const { postgres, clickhouse } = await startBoth(directory, options);
    return {
      home: directory.home,
      connections: connectionsOf(postgres.current(), clickhouse.current()),
      pids: () => ({ postgres: postgres.current().pid, clickhouse: clickhouse.current().pid }),
      gaveUp: Promise.race([postgres.gaveUp, clickhouse.gaveUp]),
      stop: async () => {
        await clickhouse.stop();
        await postgres.stop();
        directory.release();
      },
    };
  } catch (error) {
    directory.release();
    throw error;
  }
};
