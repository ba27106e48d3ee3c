import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PLAIN_ACCESS, type Caller } from "@tessera/contracts/caller";
import { parseTenantId, type TenantId } from "@tessera/contracts/ids";
import { createClientAddress } from "@tessera/platform/http/client-address";
import { createHttpServer, listenOn } from "@tessera/platform/http/server";
import { testEngines } from "@tessera/platform/testing/engines";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { registerIngestRoutes } from "../http/routes.ts";
import { createIngest, type Ingest, type IngestDeps } from "../ingest.ts";

/** A tenant nobody else uses. */
export const freshTenant = (): TenantId => {
  const tenantId = parseTenantId(randomUUID());
  if (tenantId === null) throw new Error("randomUUID made no UUID");
  return tenantId;
};

/** A caller of a tenant who may write events and nothing else. */
export const writerOf = (tenantId: TenantId): Caller => ({
  tenantId,
  subject: { kind: "API_KEY", id: "test" },
  permissions: new Set(["analytics:ingest"]),
  expiresAtMs: null,
  ...PLAIN_ACCESS,
});

/** Resolves once `check` no longer throws; fails with its last error after `timeoutMs`. */
export const eventually = async (check: () => Promise<void> | void, timeoutMs = 10_000): Promise<void> => {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
};

/** Resolves once all probes of the write path are ready. */
export const ready = (ingest: Ingest): Promise<void> =>
  eventually(async () => {
    for (const probe of ingest.probes) await probe.check();
  });

/** A write path over the engines of this test run, served over HTTP; the bearer token of a request is the tenant itself. */
export interface RunningIngest {
  readonly ingest: Ingest;
  readonly url: string;
  readonly resources: TestResources;
  readonly deps: IngestDeps;
  /** Sends a body to the events route as a tenant. */
  post(tenantId: TenantId, body: string | Uint8Array, headers?: Record<string, string>): Promise<Response>;
  /** One number that a query over the event store answers for a tenant. */
  count(tenantId: TenantId, sql: string): Promise<number>;
  close(): Promise<void>;
}

/** Starts {@link RunningIngest}; it is the writer among the processes of its own name. */
export const startIngest = async (options: Partial<IngestDeps> = {}): Promise<RunningIngest> => {
  const resources = openTestResources();
  const { clickhouse } = testEngines();
  const journalDirectory = await mkdtemp(join(tmpdir(), "tessera-journal-"));
  const deps: IngestDeps = {
    ...resources.resources,
    clickhouse: { url: clickhouse.url, username: "tessera_writer", password: clickhouse.passwords.tessera_writer },
    journalDirectory,
    writerName: `test-${randomUUID()}`,
    ...options,
  };
  const ingest = createIngest(deps);
  const server = createHttpServer({ logger: deps.logger });
  registerIngestRoutes(server, {
    ingest,
    recorder: { admit: () => undefined, record: () => Promise.resolve() },
    clientAddress: createClientAddress([]),
    authenticate: async (authorization) => {
      const tenantId = parseTenantId((authorization ?? "").replace("Bearer ", ""));
      if (tenantId === null) throw new Error("the test sent no tenant");
      return writerOf(tenantId);
    },
  });
  await ingest.start();
  const port = await listenOn(server, "127.0.0.1", 0);
  await ready(ingest);
  const url = `http://127.0.0.1:${port}`;
  return {
    ingest,
    url,
    resources,
    deps,
    post: (tenantId, body, headers = {}) =>
      fetch(`${url}/api/v2/events`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${tenantId}`, ...headers },
        body,
      }),
    count: async (tenantId, sql) => {
      const result = await resources.storeOwner.query({
        query: sql,
        query_params: { tenant: tenantId },
        format: "JSONCompactEachRow",
      });
      const [row] = await result.json<readonly unknown[]>();
      return Number(Array.isArray(row) ? row[0] : Number.NaN);
    },
    close: async () => {
      await ingest.stop();
      await server.close();
      await resources.close();
      await rm(journalDirectory, { recursive: true, force: true });
    },
  };
};
