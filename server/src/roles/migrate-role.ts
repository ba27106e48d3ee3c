import { applyPostgresMigrations } from "@tessera/platform/db/migrate";
import { applyClickHouseMigrations } from "@tessera/platform/store/migrate";
import type { loadMigrateConfig } from "../config.ts";
import { places } from "../places.ts";

/** `tessera migrate`: brings both stores to this version; repeating it changes nothing. Answers the names applied now. */
export const migrate = async (config: ReturnType<typeof loadMigrateConfig>): Promise<readonly string[]> => [
  ...(await applyPostgresMigrations(config.DATABASE_OWNER_URL, places.postgresMigrations)),
  ...(await applyClickHouseMigrations(
    { url: config.CLICKHOUSE_URL, username: "tessera_owner", password: config.CLICKHOUSE_OWNER_PASSWORD },
    places.clickhouseMigrations,
  )),
];
