// A process that runs the write path alone, for tests that kill it: its settings are one JSON argument, it prints its port once it is the writer.
import { PLAIN_ACCESS } from "@tessera/contracts/caller";
import { parseTenantId } from "@tessera/contracts/ids";
import { createTenantSql } from "@tessera/platform/db/sql";
import { TenantPool } from "@tessera/platform/db/tenant-pool";
import { createPostgresEventLog } from "@tessera/platform/events/postgres-event-log";
import { createClientAddress } from "@tessera/platform/http/client-address";
import { createHttpServer, listenOn } from "@tessera/platform/http/server";
import { createLogger } from "@tessera/platform/telemetry/logger";
import { createMetrics } from "@tessera/platform/telemetry/metrics";
import { systemNowMs } from "@tessera/platform/time/clock";
import { v7 as newUuid } from "uuid";
import { z } from "zod";
import { registerIngestRoutes } from "../http/routes.ts";
import { createIngest } from "../ingest.ts";

const settings = z
  .object({
    clickhouse: z.object({ url: z.string(), username: z.string(), password: z.string() }),
    postgresUrl: z.string(),
    journalDirectory: z.string(),
    writerName: z.string(),
    port: z.number(),
  })
  .parse(JSON.parse(process.argv[2] ?? "{}"));
const pool = new TenantPool(settings.postgresUrl);
const logger = createLogger("ingest-under-test", "silent");
const ingest = createIngest({
  ...settings,
  pool,
  logger,
  eventLog: createPostgresEventLog({ sql: createTenantSql(pool), connectionString: settings.postgresUrl, logger }),
  metrics: createMetrics(),
  nowMs: systemNowMs,
  newId: () => newUuid(),
});
const server = createHttpServer({ logger });
registerIngestRoutes(server, {
  ingest,
  recorder: { admit: () => undefined, record: () => Promise.resolve() },
  clientAddress: createClientAddress([]),
  authenticate: async (authorization) => {
    const tenantId = parseTenantId((authorization ?? "").replace("Bearer ", ""));
    if (tenantId === null) throw new Error("no tenant");
    return {
      tenantId,
      subject: { kind: "API_KEY", id: "test" },
      permissions: new Set(["analytics:ingest"] as const),
      expiresAtMs: null,
      ...PLAIN_ACCESS,
    };
  },
});
await ingest.start();
const port = await listenOn(server, "127.0.0.1", settings.port);
process.stdout.write(`${port}\n`);
