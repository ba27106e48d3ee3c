import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { EngineConnections } from "@tessera/platform/engines/embedded-engines";
import {
  runMigrate,
  seedTenant,
  startClickHouseAlone,
  startEngines,
  startPostgresAlone,
  storeEnvironment,
} from "../testing/running-engines.ts";
import { eventually } from "../testing/eventually.ts";
import { planRoles, type RoleName, type RunningRoles } from "../testing/running-roles.ts";
import { askReadiness, createTesseraClient } from "../testing/tessera-client.ts";
import { makeTemporaryDirectory, type TemporaryDirectory } from "../testing/temporary-home.ts";

/** A role is ready within 10 seconds of the return of what it needs; the rest of the bound is for a busy machine. */
const READY_AGAIN_MS = 10_000;
const BUSY_MS = 10_000;
const ROLES = ["tenant", "analytics", "ingest", "worker"] as const satisfies readonly RoleName[];

let directory: TemporaryDirectory;
let home: string;
let connections: EngineConnections;
let roles: RunningRoles;
let apiKey: string;
const stops = new Map<"postgres" | "clickhouse", () => Promise<void>>();

const startPostgres = async (): Promise<void> => {
  stops.set("postgres", (await startPostgresAlone(home, connections)).stop);
};
const startClickHouse = async (): Promise<void> => {
  stops.set("clickhouse", (await startClickHouseAlone(home, connections)).stop);
};
const stop = async (engine: "postgres" | "clickhouse"): Promise<void> => {
  await stops.get(engine)?.();
  stops.delete(engine);
};
const alive = async (name: RoleName): Promise<number> => (await fetch(`${roles.url(name)}/livez`)).status;
/** Every role lives, is not ready, and names what is missing and nothing that is there. */
const expectAllMissing = (missing: readonly string[], present: readonly string[] = []) =>
  eventually(async () => {
    for (const name of ROLES) {
      expect(await alive(name)).toBe(200);
      const readiness = await askReadiness(roles.url(name));
      expect(readiness.status).toBe(503);
      expect(readiness.missing).toEqual(expect.arrayContaining([...missing]));
      for (const there of present) expect(readiness.missing).not.toContain(there);
    }
  });
const expectAllReady = () =>
  Promise.all(
    ROLES.map((name) =>
      eventually(
        async () => expect(await askReadiness(roles.url(name))).toEqual({ status: 200, missing: [] }),
        READY_AGAIN_MS + BUSY_MS,
      ),
    ),
  );
const expectIngestWorks = async (): Promise<void> => {
  const client = createTesseraClient(roles.url("ingest"), apiKey);
  expect(await eventually(() => client.send([{ name: "after" }]))).toMatchObject({ accepted: 1 });
};

beforeAll(async () => {
  directory = await makeTemporaryDirectory();
  home = directory.home("engines");
  const engines = await startEngines(home);
  ({ connections } = engines);
  await runMigrate(connections);
  ({ apiKey } = await seedTenant(connections));
  await engines.stop();
  roles = await planRoles(storeEnvironment(connections), directory.path);
  roles.start(ROLES);
  for (const name of ROLES) await roles.process(name).said(/listens on/);
}, 300_000);

afterAll(async () => {
  await roles?.stop();
  for (const stopEngine of stops.values()) await stopEngine();
  await directory?.remove();
}, 120_000);

describe("roles that are started while their stores are down", () => {
  it("live and say that they wait for both", async () => {
    await expectAllMissing(["startup", "postgres", "clickhouse"]);
  }, 90_000);

  it("name only the one that is still missing once the other is back", async () => {
    await startClickHouse();
    await expectAllMissing(["postgres"], ["clickhouse"]);
  }, 90_000);

  it("are ready within 10 seconds of the return of the last one, and work", async () => {
    await startPostgres();
    await expectAllReady();
    await expectIngestWorks();
  }, 120_000);
});

describe("running roles", () => {
  it("name ClickHouse while it is down, and are ready within 10 seconds of its return", async () => {
    await stop("clickhouse");
    await expectAllMissing(["clickhouse"], ["postgres", "startup"]);
    await startClickHouse();
    await expectAllReady();
    await expectIngestWorks();
  }, 120_000);

  it("name PostgreSQL while it is down, and are ready within 10 seconds of its return", async () => {
    await stop("postgres");
    await expectAllMissing(["postgres"], ["clickhouse", "startup"]);
    await startPostgres();
    await expectAllReady();
    await expectIngestWorks();
  }, 120_000);

  it("stop with exit code 0 while both are down", async () => {
    await stop("clickhouse");
    await stop("postgres");
    await expectAllMissing(["postgres", "clickhouse"]);
    expect(Object.fromEntries(await roles.stop())).toEqual(Object.fromEntries(ROLES.map((name) => [name, 0])));
  }, 120_000);
});
