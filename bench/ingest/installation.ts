import { randomUUID } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createIngest, type Ingest } from "@tessera/ingest/ingest";
import { applyPostgresMigrations } from "@tessera/platform/db/migrate";
import { createTenantSql } from "@tessera/platform/db/sql";
import { TenantPool } from "@tessera/platform/db/tenant-pool";
import { startEmbeddedEngines } from "@tessera/platform/engines/embedded-engines";
import { createPostgresEventLog } from "@tessera/platform/events/postgres-event-log";
import { applyClickHouseMigrations, tenantTablesOf, type ClickHouseAccess } from "@tessera/platform/store/migrate";
import { createLogger } from "@tessera/platform/telemetry/logger";
import { createMetrics } from "@tessera/platform/telemetry/metrics";
import { systemNowMs } from "@tessera/platform/time/clock";

const root = join(import.meta.dirname, "../..");

/** Fresh engines and a write path over them, for one run. */
export interface Installation {
  readonly ingest: Ingest;
  readonly writer: ClickHouseAccess;
  /** Milliseconds of processor time the event store has used so far (Linux; NaN elsewhere). */
  storeCpuMs(): number;
  stop(): Promise<void>;
}

const TICK_MS = 10;

const cpuMsOf = (pid: number): number => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    return Number.NaN;
  }
};

const untilReady = async (ingest: Ingest): Promise<void> => {
  for (;;) {
    try {
      for (const probe of ingest.probes) await probe.check();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
};

/** Starts {@link Installation} in a directory of its own, which `stop` removes. */
export const startInstallation = async (): Promise<Installation> => {
  const home = mkdtempSync(join(tmpdir(), "tessera-bench-"));
  chmodSync(home, 0o755);
  const migrations = join(root, "clickhouse/migrations");
  const engines = await startEmbeddedEngines({
    home: join(home, "data"),
    tenantTables: await tenantTablesOf(migrations),
  });
  const { postgres, clickhouse } = engines.connections;
  const access = (username: "tessera_owner" | "tessera_writer"): ClickHouseAccess => ({
    url: clickhouse.url,
    username,
    password: clickhouse.passwords[username],
  });
  await applyPostgresMigrations(postgres.ownerUrl, join(root, "prisma/migrations"));
  await applyClickHouseMigrations(access("tessera_owner"), migrations);
  const pool = new TenantPool(postgres.appUrl);
  const logger = createLogger("bench", "warn");
  const eventLog = createPostgresEventLog({ sql: createTenantSql(pool), connectionString: postgres.appUrl, logger });
  const ingest = createIngest({
    pool,
    eventLog,
    logger,
    metrics: createMetrics(),
    nowMs: systemNowMs,
    newId: randomUUID,
    clickhouse: access("tessera_writer"),
    journalDirectory: join(home, "journal"),
  });
  await ingest.start();
  await untilReady(ingest);
  return {
    ingest,
    writer: access("tessera_writer"),
    storeCpuMs: () => cpuMsOf(engines.pids().clickhouse),
    stop: async () => {
      await ingest.stop();
      await pool.end();
      await engines.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
};
