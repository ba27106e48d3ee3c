import { join } from "node:path";
import { applyPostgresMigrations } from "@tessera/platform/db/migrate";
import type { EmbeddedEngines } from "@tessera/platform/engines/embedded-engines";
import { applyClickHouseMigrations } from "@tessera/platform/store/migrate";
import { createLogger } from "@tessera/platform/telemetry/logger";
import { createMetrics } from "@tessera/platform/telemetry/metrics";
import { seedDemoTenant, type DemoTenant } from "@tessera/subgraph-tenant/seed";
import { loadGateway, mailRelayOf, outsideOf, type EmbeddedConfig } from "./config.ts";
import { readDemo, writeDemo, type Demo } from "./demo.ts";
import { openResources, type OpenResources } from "./open-resources.ts";
import { places } from "./places.ts";
import type { Progress } from "./progress.ts";
import { embeddedRole } from "./roles/embedded-role.ts";
import { readOrMakeSecrets, type EmbeddedSecrets } from "./secrets.ts";
import { createShell, runRole } from "./shell.ts";
import { embeddedStoreSettings } from "./store-settings.ts";

/** Milliseconds a part may fail to start while both engines are up; then the start is given up with its error. */
const GIVE_UP_AFTER_MS = 20_000;

/** Brings both engines to this version. */
export const migrate = async ({ connections: { postgres, clickhouse } }: EmbeddedEngines): Promise<void> => {
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

/** Serves everything over running, migrated engines. */
export const serve = async (config: EmbeddedConfig, engines: EmbeddedEngines, progress: Progress) => {
  const telemetry = { logger: createLogger("embedded", config.LOG_LEVEL), metrics: createMetrics() };
  const settings = embeddedStoreSettings(engines.connections);
  const secrets = await readOrMakeSecrets(engines.home);
  const opened = openResources(settings, telemetry);
  const journalDirectory = join(engines.home, "ingest-journal");
  const executionJournalDirectory = join(engines.home, "execution-journal");
  const deps = {
    opened,
    settings,
    secrets,
    journalDirectory,
    executionJournalDirectory,
    gatewayOptions: loadGateway(),
    mailRelay: mailRelayOf(config),
    publicUrl: config.PUBLIC_URL === undefined ? null : new URL(config.PUBLIC_URL).origin,
  };
  try {
    const address = { host: config.HOST, port: config.PORT, giveUpAfterMs: GIVE_UP_AFTER_MS };
    const running = await progress.step("Composing the graph and opening the port", () =>
      runRole(createShell(telemetry, outsideOf(config), secrets.identitySecret), address, embeddedRole(deps)),
    );
    const stopFirst = async (error: unknown): Promise<never> => {
      await running.stop().catch(() => undefined);
      throw error;
    };
    const url = `http://${config.HOST === "0.0.0.0" ? "127.0.0.1" : config.HOST}:${running.port}`;
    await progress.step("Starting ingest, gateway and workers", () => running.ready).catch(stopFirst);
    const demo = config.SEED_DEMO
      ? await progress.step("Seeding the demo tenant", () => seed(opened, secrets, engines.home, url)).catch(stopFirst)
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
