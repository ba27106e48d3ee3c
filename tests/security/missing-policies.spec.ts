import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { createClient } from "@clickhouse/client";
import { z } from "zod";
import { parseTenantId, type TenantId } from "@tessera/contracts/ids";
import { TenantPool } from "@tessera/platform/db/tenant-pool";
import { basicAuthorization, clickHouseConfigXml } from "@tessera/platform/engines/clickhouse-config";
import { clickHouseLibraryPath } from "@tessera/platform/engines/clickhouse-library";
import { spawnClickHouse, stopClickHouse, waitUntilReady } from "@tessera/platform/engines/clickhouse-process";
import { clickHouseUsersXml, type ClickHousePasswords } from "@tessera/platform/engines/clickhouse-users";
import type { EmbeddedEngines } from "@tessera/platform/engines/embedded-engines";
import { writePrivateFile } from "@tessera/platform/engines/private-file";
import { wholeTenant } from "@tessera/platform/store/data-policy";
import { createEventStore, type EventStore } from "@tessera/platform/store/event-store";
import { applyClickHouseMigrations, tenantTablesOf } from "@tessera/platform/store/migrate";
import { requireRowPolicies, unheldTables } from "@tessera/platform/store/row-policies";
import { createLogger } from "@tessera/platform/telemetry/logger";
import { createMetrics } from "@tessera/platform/telemetry/metrics";
import { createLifecycle } from "../../server/src/lifecycle.ts";
import { openResources } from "../../server/src/open-resources.ts";
import { places } from "../../server/src/places.ts";
import { embeddedStoreSettings } from "../../server/src/store-settings.ts";
import { freePort } from "../testing/free-port.ts";
import { runMigrate, startEngines } from "../testing/running-engines.ts";
import { makeTemporaryDirectory, type TemporaryDirectory } from "../testing/temporary-home.ts";

/** Milliseconds any one guarantee may take on a busy machine. */
jest.setTimeout(240_000);

const PASSWORDS: ClickHousePasswords = {
  ...{ tessera_owner: "owner".repeat(5), tessera_writer: "writer".repeat(5) },
  ...{ tessera_reader: "reader".repeat(5), tessera_jobs: "jobs".repeat(7) },
};
const MEMORY_BYTES = 1024 ** 3;

const newTenant = (): TenantId => {
  const tenantId = parseTenantId(randomUUID());
  if (tenantId === null) throw new Error("A random UUID is a tenant id.");
  return tenantId;
};
const [alpha, beta] = [newTenant(), newTenant()];

let directory: TemporaryDirectory;
let tables: readonly string[];

beforeAll(async () => {
  directory = await makeTemporaryDirectory();
  tables = await tenantTablesOf(places.clickhouseMigrations);
});
afterAll(() => directory.remove(), 60_000);

/** The row policy of one user for a table in the users file, as the product writes it; a profile may have the user's name too, and has none. */
const policyOf = (user: string, table: string): RegExp =>
  new RegExp(`(<users>[\\s\\S]*?<${user}>[\\s\\S]*?)<${table}><filter>([^<]*)</filter></${table}>`);
const USERS = ["tessera_owner", "tessera_writer", "tessera_reader", "tessera_jobs"] as const;

const without = (table: string, users: readonly string[]) => (xml: string) =>
  users.reduce((text, user) => {
    expect(text).toMatch(policyOf(user, table));
    return text.replace(policyOf(user, table), "$1");
  }, xml);
const openTo = (table: string) => (xml: string) =>
  xml.replace(policyOf("tessera_reader", table), `$1<${table}><filter>1</filter></${table}>`);

/** Works with the genuine server over one data directory of its own, whose users file is altered before it starts. */
const withServer = async <T>(
  alter: (xml: string) => string,
  work: (reader: EventStore, url: string) => Promise<T>,
): Promise<T> => {
  const at = directory.home("clickhouse");
  for (const name of ["config", "data", "log"]) mkdirSync(join(at, name), { recursive: true });
  const config = { directory: at, memoryCapBytes: MEMORY_BYTES, passwords: PASSWORDS };
  writePrivateFile(join(at, "config", "users.xml"), alter(clickHouseUsersXml(PASSWORDS, tables)));
  writePrivateFile(join(at, "config", "config.xml"), clickHouseConfigXml(config));
  const port = await freePort();
  const server = spawnClickHouse(at, clickHouseLibraryPath(), port);
  const url = `http://127.0.0.1:${port}`;
  const reader = createEventStore({ url, username: "tessera_reader", password: PASSWORDS.tessera_reader });
  try {
    const ready = await waitUntilReady(server, port, basicAuthorization("tessera_owner", PASSWORDS.tessera_owner));
    expect(ready).toMatchObject({ kind: "READY" });
    return await work(reader, url);
  } finally {
    await reader.close();
    await stopClickHouse(server);
  }
};

const count = z.object({ own: z.coerce.number(), others: z.coerce.number() });

/** What beta sees of a table, asking for everything, as the product's own reader. */
const seen = async (reader: EventStore, table: string): Promise<z.infer<typeof count>> => {
  const text = `SELECT countIf(tenant_id = {own: String}) AS own, countIf(tenant_id != {own: String}) AS others FROM tessera.${table}`;
  const statement = { name: "seen", text, params: { own: beta } };
  const { rows } = await reader.query(wholeTenant(beta), statement, (row) => count.parse(row));
  return rows[0] ?? { own: 0, others: 0 };
};

const fill = async (url: string): Promise<void> => {
  const owner = { url, username: "tessera_owner", password: PASSWORDS.tessera_owner };
  await applyClickHouseMigrations(owner, places.clickhouseMigrations);
  const client = createClient({ ...owner, database: "tessera" });
  try {
    const values = [alpha, beta].map((tenantId) => ({
      ...{ tenant_id: tenantId, event_id: randomUUID(), time: Date.now(), received_at: Date.now() },
      ...{ batch_id: randomUUID(), name: "view", user_id: "u", schema_version: 1, properties: {} },
    }));
    await client.insert({ table: "events", values, format: "JSONEachRow" });
  } finally {
    await client.close();
  }
};

describe("the row policies of the event store, one taken away at a time from a server of its own", () => {
  it("hold the reader to its tenant, and nothing is missed", async () => {
    await withServer(
      (xml) => xml,
      async (reader, url) => {
        await fill(url);
        expect(await seen(reader, "events")).toEqual({ own: 1, others: 0 });
        expect(await unheldTables(reader)).toEqual([]);
        await requireRowPolicies(reader);
      },
    );
  });

  it.each(["events", "event_ids", "rollup_hour_name"])(
    "%s: are what holds: without its policies the reader sees the other tenant's rows, which is noticed by name",
    async (table) => {
      await withServer(without(table, USERS), async (reader) => {
        expect(await seen(reader, table)).toEqual({ own: 1, others: 1 });
        expect(await unheldTables(reader)).toEqual([table]);
        await expect(requireRowPolicies(reader)).rejects.toThrow(table);
      });
    },
  );

  it("a policy that lets everything through is noticed like one that is missing", async () => {
    await withServer(openTo("events"), async (reader) => {
      expect(await seen(reader, "events")).toEqual({ own: 1, others: 1 });
      await expect(requireRowPolicies(reader)).rejects.toThrow("events");
    });
  });

  it.each(["tessera_reader", "tessera_jobs"] as const)(
    "the policies of %s alone are enough to leak, since the server lets through whom no policy names: that is noticed too",
    async (user) => {
      await withServer(without("events", [user]), async (reader, url) => {
        const unheld = createEventStore({ url, username: user, password: PASSWORDS[user] });
        try {
          expect(await seen(unheld, "events")).toEqual({ own: 1, others: 1 });
          await expect(requireRowPolicies(unheld)).rejects.toThrow("events");
          expect((await unheldTables(reader)).length).toBe(user === "tessera_reader" ? 1 : 0);
        } finally {
          await unheld.close();
        }
      });
    },
  );
});

describe("an installation whose control plane has lost a policy", () => {
  let engines: EmbeddedEngines;
  let owner: TenantPool;

  beforeAll(async () => {
    engines = await startEngines(directory.home("engines"));
    await runMigrate(engines.connections);
    owner = new TenantPool(engines.connections.postgres.ownerUrl);
  }, 240_000);
  afterAll(async () => {
    await owner.end();
    await engines.stop();
  }, 60_000);

  const opened = () =>
    openResources(embeddedStoreSettings(engines.connections), {
      logger: createLogger("test", "silent"),
      metrics: createMetrics(),
    });

  it.each([
    [
      "is disabled",
      "ALTER TABLE api_key DISABLE ROW LEVEL SECURITY",
      "ALTER TABLE api_key ENABLE ROW LEVEL SECURITY",
      "api_key",
    ],
    [
      "lets everything through",
      "ALTER POLICY job_of_tenant ON job USING (true)",
      "ALTER POLICY job_of_tenant ON job USING (tenant_id = current_tenant_id())",
      "job",
    ],
  ])(
    "does not start while row-level security %s, is not ready, and says what it was",
    async (_how, remove, restore, what) => {
      const { parts, probes, close } = opened();
      const postgres = probes.find(({ name }) => name === "postgres");
      try {
        await postgres?.check();
        await owner.query(remove);
        try {
          await expect(postgres?.check()).rejects.toThrow(what);
          const lifecycle = createLifecycle(parts, createLogger("test", "silent"), 0);
          await expect(lifecycle.start()).rejects.toThrow(
            `policies could not start: row-level security does not hold ${what}`,
          );
          await expect(lifecycle.probe.check()).rejects.toThrow("policies");
        } finally {
          await owner.query(restore);
        }
        await postgres?.check();
      } finally {
        await close();
      }
    },
  );

  it("starts without a store that is down, which readiness tells", async () => {
    const settings = embeddedStoreSettings(engines.connections);
    const reader = { ...settings.reader, url: `http://127.0.0.1:${await freePort()}` };
    const { parts, probes, close } = openResources(
      { ...settings, reader },
      { logger: createLogger("test", "silent"), metrics: createMetrics() },
    );
    try {
      await parts.find(({ name }) => name === "policies")?.start();
      await expect(probes.find(({ name }) => name === "clickhouse")?.check()).rejects.toThrow();
    } finally {
      await close();
    }
  });
});
