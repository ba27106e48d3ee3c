import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { spawn, type ChildProcess } from "node:child_process";
import { chownSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { z } from "zod";
import { connectionsSchema } from "../testing/config.ts";
import { basicAuthorization } from "./clickhouse-config.ts";
import { startEmbeddedEngines, type EmbeddedEngines, type EngineConnections } from "./embedded-engines.ts";
import { isProcessAlive, waitForProcessEnd } from "./process-identity.ts";
import { unprivilegedRunUser } from "./run-user.ts";
import { StartProblem } from "./start-problem.ts";

const SLOW_MS = 120_000;
const module = new URL("./embedded-engines.ts", import.meta.url).href;
const repository = fileURLToPath(new URL("../../../", import.meta.url));

const enginesSchema = z.object({
  pids: z.object({ postgres: z.number(), clickhouse: z.number() }),
  connections: connectionsSchema,
});

let home = "";
const running: EmbeddedEngines[] = [];
const children: ChildProcess[] = [];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "tessera-engines-"));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGTERM");
  for (const engines of running.splice(0)) await engines.stop();
  rmSync(home, { recursive: true, force: true });
});

const start = async (
  onProgress?: (sentence: string) => void,
  onRestart?: (sentence: string) => void,
): Promise<EmbeddedEngines> => {
  const engines = await startEmbeddedEngines({ home, tenantTables: ["events"], onProgress, onRestart });
  running.push(engines);
  return engines;
};

const postgres = async (url: string, text: string): Promise<readonly unknown[]> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
};

const clickhouse = async ({ clickhouse: { url, passwords } }: EngineConnections, body: string): Promise<string> => {
  const headers = { Authorization: basicAuthorization("tessera_owner", passwords.tessera_owner), Connection: "close" };
  const response = await fetch(url, { method: "POST", body, headers });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text.trim();
};

const writeRows = async (connections: EngineConnections): Promise<void> => {
  await postgres(connections.postgres.ownerUrl, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (1), (2)");
  await clickhouse(connections, "CREATE DATABASE tessera");
  await clickhouse(
    connections,
    "CREATE TABLE tessera.events (tenant_id String, n UInt8) ENGINE = MergeTree ORDER BY n",
  );
  await clickhouse(connections, "INSERT INTO tessera.events VALUES ('a', 1), ('a', 2), ('b', 3)");
};

const expectRows = async (connections: EngineConnections): Promise<void> => {
  expect(await postgres(connections.postgres.appUrl, "SELECT count(*)::int AS n FROM kept")).toEqual([{ n: 2 }]);
  expect(await clickhouse(connections, "SELECT count() FROM tessera.events")).toBe("3");
};

/** Starts the engines in a process of their own and resolves to what they told. */
const startApart = async (user: {
  uid?: number;
  gid?: number;
}): Promise<{
  child: ChildProcess;
  engines: { connections: EngineConnections; pids: ReturnType<EmbeddedEngines["pids"]> };
}> => {
  const script = `const { startEmbeddedEngines } = await import(${JSON.stringify(module)});
    const engines = await startEmbeddedEngines({ home: ${JSON.stringify(home)}, tenantTables: ["events"] });
    console.log(JSON.stringify({ ...engines, pids: engines.pids() }));
    process.on("SIGTERM", () => engines.stop().then(() => process.exit(0)));
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
    ...user,
    cwd: repository,
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once("line", resolve);
    child.once("exit", (code) => reject(new Error(`ended with ${code} before the engines were up`)));
  });
  return { child, engines: enginesSchema.parse(JSON.parse(line)) };
};

describe("the embedded engines", () => {
  test(
    "keep their data, passwords and ports over a stop and a start",
    async () => {
      const first = await start();
      await writeRows(first.connections);
      const pids = first.pids();
      await first.stop();
      expect(isProcessAlive(pids.postgres)).toBe(false);
      expect(isProcessAlive(pids.clickhouse)).toBe(false);
      const second = await start();
      expect(second.connections).toEqual(first.connections);
      await expectRows(second.connections);
    },
    SLOW_MS,
  );

  test(
    "lose nothing when their parent is killed: PostgreSQL is adopted, ClickHouse ends by itself and is started anew",
    async () => {
      const { child, engines } = await startApart({});
      await writeRows(engines.connections);
      const killed = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await killed;
      const told: string[] = [];
      const next = await start((sentence) => told.push(sentence));
      expect(next.pids().postgres).toBe(engines.pids.postgres);
      expect(told.join(" ")).toContain("Adopting the PostgreSQL");
      expect(await waitForProcessEnd(engines.pids.clickhouse, 10_000)).toBe(true);
      await expectRows(next.connections);
      await next.stop();
      expect(isProcessAlive(engines.pids.postgres)).toBe(false);
    },
    SLOW_MS,
  );

  test(
    "lose nothing when they are killed themselves, and are started again at the same addresses",
    async () => {
      const told: string[] = [];
      const engines = await start(undefined, (sentence) => told.push(sentence));
      await writeRows(engines.connections);
      const killed = engines.pids();
      process.kill(killed.postgres, "SIGKILL");
      process.kill(killed.clickhouse, "SIGKILL");
      while (engines.pids().postgres === killed.postgres || engines.pids().clickhouse === killed.clickhouse)
        await new Promise((resolve) => setTimeout(resolve, 50));
      await expectRows(engines.connections);
      expect(told.join(" ")).toContain("ended (SIGKILL)");
      await engines.stop();
    },
    SLOW_MS,
  );

  test(
    "run for a normal user too",
    async () => {
      const user = unprivilegedRunUser();
      if (user !== null) chownSync(home, user.uid, user.gid);
      const { engines, child } = await startApart(user ?? {});
      await writeRows(engines.connections);
      await expectRows(engines.connections);
      expect(statSync(home).mode & 0o777).toBe(0o700);
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      expect(await ended).toBe(0);
      expect(isProcessAlive(engines.pids.postgres)).toBe(false);
    },
    SLOW_MS,
  );

  test(
    "refuse a requested port that is taken, with its number, and leave nothing running or locked",
    async () => {
      const blocker = createServer();
      await new Promise<void>((resolve) => blocker.listen(0, "127.0.0.1", resolve));
      const address = blocker.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      try {
        const refused = startEmbeddedEngines({ home, tenantTables: [], postgresPort: port });
        await expect(refused).rejects.toThrow(StartProblem);
        await expect(refused).rejects.toThrow(String(port));
      } finally {
        blocker.close();
      }
      await start();
    },
    SLOW_MS,
  );

  test(
    "give the application role no way around row-level security and keep passwords in files of mode 0600",
    async () => {
      const { connections, home: opened } = await start();
      const { appUrl, queueUrl, ownerUrl } = connections.postgres;
      const flags =
        "SELECT current_user AS name, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user";
      for (const [url, name] of [
        [appUrl, "tessera_app"],
        [queueUrl, "tessera_queue"],
        [ownerUrl, "tessera_owner"],
      ] as const)
        expect(await postgres(url, flags)).toEqual([
          { name, rolsuper: false, rolbypassrls: false, rolcreaterole: false, rolcreatedb: false },
        ]);
      await postgres(ownerUrl, "CREATE TABLE things (n int)");
      await postgres(appUrl, "INSERT INTO things VALUES (1)");
      await expect(postgres(appUrl, "CREATE TABLE mine (n int)")).rejects.toThrow("permission denied");
      await expect(postgres(appUrl, "ALTER TABLE things DISABLE ROW LEVEL SECURITY")).rejects.toThrow("must be owner");
      await expect(postgres(queueUrl, "SELECT * FROM public.things")).rejects.toThrow("permission denied");
      await postgres(queueUrl, "CREATE TABLE bullmq.work (n int)");
      await expect(postgres(appUrl.replace(/:[^:@]+@/, ":wrong@"), "SELECT 1")).rejects.toThrow(
        "password authentication failed",
      );
      for (const path of ["postgres/credentials.json", "clickhouse/credentials.json"])
        expect(statSync(join(opened, path)).mode & 0o777).toBe(0o600);
    },
    SLOW_MS,
  );
});
