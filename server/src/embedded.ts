import { join, resolve } from "node:path";
import { applyPostgresMigrations } from "@tessera/platform/db/migrate";
import { startEmbeddedEngines, type EmbeddedEngines } from "@tessera/platform/engines/embedded-engines";
import { applyClickHouseMigrations, tenantTablesOf } from "@tessera/platform/store/migrate";
import { createLogger } from "@tessera/platform/telemetry/logger";
import { createMetrics } from "@tessera/platform/telemetry/metrics";
import { seedDemoTenant, type DemoTenant } from "@tessera/subgraph-tenant/seed";
import { loadGateway, type EmbeddedConfig } from "./config.ts";
import { readDemo, writeDemo, type Demo } from "./demo.ts";
import { openResources, type OpenResources } from "./open-resources.ts";
import { places } from "./places.ts";
import type { Progress } from "./progress.ts";
import { embeddedRole } from "./roles/embedded-role.ts";
import { readOrMakeSecrets, type EmbeddedSecrets } from "./secrets.ts";
import { createShell, runRole } from "./shell.ts";
import { embeddedStoreSettings } from "./store-settings.ts";

/** An embedded instance that serves. */
export interface EmbeddedInstance {
  readonly url: string;
  readonly home: string;
  /** Credentials of the demo tenant; null when it is not seeded. */
  readonly demo: Demo | null;
  /** Makes another tenant beside the demo one, with a key that has every permission; `slug` is unique in the installation. */
  addTenant(tenantId: string, slug: string): Promise<DemoTenant>;
  /** Resolves with a sentence when an engine ends unasked. */
  readonly engineEnded: Promise<string>;
  stop(): Promise<void>;
}

/** Milliseconds a part may fail to start while both engines are up; then the start is given up with its error. */
const GIVE_UP_AFTER_MS = 20_000;

const migrate = async ({ connections: { postgres, clickhouse } }: EmbeddedEngines): Promise<void> => {
  const owner = { url: clickhouse.url, username: "tessera_owner", password: clickhouse.passwords.tessera_owner };
  await Promise.all([
    applyPostgresMigrations(postgres.ownerUrl, places.postgresMigrations),
    applyClickHouseMigrations(owner, places.clickhouseMigrations),
  ]);
};

const seed = async (opened: OpenResources, secrets: EmbeddedSecrets, home: string, url: string): Promise<Demo> => {
  const before = await readDemo(home);
  const { tenantId, apiKey } = await seedDemoTenant(opened.resources, {
    apiKeyPepper: secrets.apiKeyPepper,
    presentApiKey: before?.apiKey ?? null,
  });
  const demo = { url, tenantId, apiKey };
  await writeDemo(home, demo);
  return demo;
};

const serve = async (config: EmbeddedConfig, engines: EmbeddedEngines, progress: Progress) => {
  const telemetry = { logger: createLogger("embedded", config.LOG_LEVEL), metrics: createMetrics() };
  const settings = embeddedStoreSettings(engines.connections);
  const secrets = await readOrMakeSecrets(engines.home);
  const opened = openResources(settings, telemetry);
  const journalDirectory = join(engines.home, "ingest-journal");
  const deps = { opened, settings, secrets, journalDirectory, gatewayOptions: loadGateway() };
  try {
    const address = { host: config.HOST, port: config.PORT, giveUpAfterMs: GIVE_UP_AFTER_MS };
    const running = await progress.step("Composing the graph and opening the port", () =>
      runRole(createShell(telemetry), address, embeddedRole(deps)),
    );
    const url = `http://${config.HOST === "0.0.0.0" ? "127.0.0.1" : config.HOST}:${running.port}`;
    await progress.step("Starting ingest, gateway and workers", () => running.ready);
    const demo = config.SEED_DEMO
      ? await progress.step("Seeding the demo tenant", () => seed(opened, secrets, engines.home, url))
      : null;
    const { resources } = opened;
    const addTenant = (tenantId: string, slug: string): Promise<DemoTenant> =>
      seedDemoTenant(resources, { apiKeyPepper: secrets.apiKeyPepper, tenantId, slug });
    return { url, demo, addTenant, stop: running.stop };
  } catch (error) {
    await opened.close().catch(() => undefined);
    throw error;
  }
};

/** Starts everything in this process on embedded engines: engines, migrations, graph, write path, workers, demo tenant. */
export const startEmbedded = async (config: EmbeddedConfig, progress: Progress): Promise<EmbeddedInstance> => {
  const home = resolve(config.TESSERA_HOME);
  const logger = createLogger("embedded", config.LOG_LEVEL);
  const tenantTables = await tenantTablesOf(places.clickhouseMigrations);
  const engines = await progress.step("Starting PostgreSQL and ClickHouse", () =>
    startEmbeddedEngines({
      home,
      tenantTables,
      onProgress: progress.note,
      onRestart: (sentence) => logger.warn({ engine: sentence }, "An engine ended."),
    }),
  );
  try {
    await progress.step("Migrating both stores", () => migrate(engines));
    const { url, demo, addTenant, stop } = await serve(config, engines, progress);
    return {
      url,
      home: engines.home,
      demo,
      addTenant,
      engineEnded: engines.gaveUp,
      stop: async () => {
        await stop();
        await engines.stop();
      },
    };
  } catch (error) {
    await engines.stop();
    throw error;
  }
};
