import { resolve } from "node:path";
import { startEmbeddedEngines } from "@tessera/platform/engines/embedded-engines";
import { tenantTablesOf } from "@tessera/platform/store/migrate";
import { createLogger } from "@tessera/platform/telemetry/logger";
import type { DemoTenant } from "@tessera/subgraph-tenant/seed";
import type { EmbeddedConfig } from "./config.ts";
import type { Demo } from "./demo.ts";
import { places } from "./places.ts";
import type { Progress } from "./progress.ts";

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

/** Starts everything in this process on embedded engines: engines, migrations, graph, write path, workers, demo tenant. */
export const startEmbedded = async (config: EmbeddedConfig, progress: Progress): Promise<EmbeddedInstance> => {
  const home = resolve(config.TESSERA_HOME);
  const logger = createLogger("embedded", config.LOG_LEVEL);
  const tenantTables = await tenantTablesOf(places.clickhouseMigrations);
  // Most of the code is read while the engines, processes of their own, come up.
  const graph = import("./serve-embedded.ts");
  graph.catch(() => undefined);
  const engines = await progress.step("Starting PostgreSQL and ClickHouse", () =>
    startEmbeddedEngines({
      home,
      tenantTables,
      onProgress: progress.note,
      onRestart: (sentence) => logger.warn({ engine: sentence }, "An engine ended."),
    }),
  );
  try {
    const { migrate, serve } = await progress.step("Loading the graph", () => graph);
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
