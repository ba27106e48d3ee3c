import { join } from "node:path";
import { startEmbeddedClickHouse, type EmbeddedClickHouse } from "@tessera/platform/engines/embedded-clickhouse";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "@tessera/platform/engines/embedded-postgres";
import { tenantTablesOf, type ClickHouseAccess } from "@tessera/platform/store/migrate";
import { createLogger } from "@tessera/platform/telemetry/logger";
import { createMetrics } from "@tessera/platform/telemetry/metrics";
import { PORT_ATTEMPTS } from "@tessera/platform/engines/loopback-port";
import { systemErrorCode } from "@tessera/platform/engines/start-problem";
import {
  startEmbeddedEngines,
  type EmbeddedEngines,
  type EngineConnections,
} from "@tessera/platform/engines/embedded-engines";
import { seedDemoTenant } from "@tessera/subgraph-tenant/seed";
import { openResources } from "../../server/src/open-resources.ts";
import { places } from "../../server/src/places.ts";
import { embeddedStoreSettings } from "../../server/src/store-settings.ts";
import { freePort } from "./free-port.ts";
import { startRole } from "./tessera-process.ts";

/** Secrets that all roles of one installation share. */
export const SECRETS = {
  IDENTITY_SECRET: "a secret of the roles of this test alone",
  API_KEY_PEPPER: "a pepper of the roles of this test alone!",
  KEY_RING: `test:${Buffer.alloc(32, "k").toString("base64url")}`,
} as const;

/** Starts PostgreSQL and ClickHouse as an operator would, outside of any process of the product. */
export const startEngines = async (home: string, attempt = 1): Promise<EmbeddedEngines> => {
  try {
    return await startEmbeddedEngines({
      home,
      tenantTables: await tenantTablesOf(places.clickhouseMigrations),
      // They come back at the same address however long they were away.
      postgresPort: await freePort(),
      clickHousePort: await freePort(),
    });
  } catch (error) {
    // A test beside this one may have picked the same port in the same moment.
    if (attempt < PORT_ATTEMPTS && systemErrorCode(error) === "PORT_TAKEN") return startEngines(home, attempt + 1);
    throw error;
  }
};

/** The engines of a home that {@link startEngines} has used, each to be started by itself; `port` is the one in the connections. */
export const startPostgresAlone = (home: string, { postgres }: EngineConnections): Promise<EmbeddedPostgres> =>
  startEmbeddedPostgres({ dataDir: join(home, "postgres"), port: Number(new URL(postgres.appUrl).port) });

/** See {@link startPostgresAlone}. */
export const startClickHouseAlone = async (
  home: string,
  { clickhouse }: EngineConnections,
): Promise<EmbeddedClickHouse> =>
  startEmbeddedClickHouse({
    dataDir: join(home, "clickhouse"),
    port: Number(new URL(clickhouse.url).port),
    tenantTables: await tenantTablesOf(places.clickhouseMigrations),
  });

/** How the owner of the event store reaches it. */
export const ownerAccess = ({ clickhouse: { url, passwords } }: EngineConnections): ClickHouseAccess => ({
  url,
  username: "tessera_owner",
  password: passwords.tessera_owner,
});

/** Settings by which roles reach the stores, as docs/configuration.md names them. */
export const storeEnvironment = ({ postgres, clickhouse }: EngineConnections): Readonly<Record<string, string>> => ({
  ...SECRETS,
  HOST: "127.0.0.1",
  LOG_LEVEL: "warn",
  DATABASE_URL: postgres.appUrl,
  QUEUE_DATABASE_URL: postgres.queueUrl,
  CLICKHOUSE_URL: clickhouse.url,
  CLICKHOUSE_READER_PASSWORD: clickhouse.passwords.tessera_reader,
  CLICKHOUSE_WRITER_PASSWORD: clickhouse.passwords.tessera_writer,
  CLICKHOUSE_JOBS_PASSWORD: clickhouse.passwords.tessera_jobs,
});

/** Runs `tessera migrate`; answers what it printed. */
export const runMigrate = async ({ postgres, clickhouse }: EngineConnections): Promise<string> => {
  const migrate = startRole(["migrate"], {
    environment: {
      DATABASE_OWNER_URL: postgres.ownerUrl,
      CLICKHOUSE_URL: clickhouse.url,
      CLICKHOUSE_OWNER_PASSWORD: clickhouse.passwords.tessera_owner,
    },
  });
  const { code } = await migrate.ended;
  if (code !== 0) throw new Error(`tessera migrate failed:\n${migrate.output()}`);
  return migrate.output();
};

/** Makes a tenant with an API key that may do everything. */
export const seedTenant = async (connections: EngineConnections) => {
  const telemetry = { logger: createLogger("seed", "silent"), metrics: createMetrics() };
  const opened = openResources(embeddedStoreSettings(connections), telemetry);
  try {
    return await seedDemoTenant(opened.resources, { apiKeyPepper: SECRETS.API_KEY_PEPPER });
  } finally {
    await opened.close();
  }
};
