import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { createServer, type Server } from "node:net";
import { z } from "zod";
import { freshTenantId } from "../testing/ask-subgraph.ts";
import { testEngines } from "../testing/engines.ts";
import { createTenantSql } from "./sql.ts";
import { TenantPool } from "./tenant-pool.ts";

const one = { name: "one", text: "SELECT 1 AS one", params: [] };
const OVERLOADED = { code: "OVERLOADED", extras: { retryAfterSeconds: 1 } };
const NOT_REACHABLE = { code: "DEPENDENCY_UNAVAILABLE", extras: { retryAfterSeconds: 2 } };

/** Milliseconds after which a pool under test gives up. */
const IMPATIENT_MS = 100;

/** A pool so small and impatient that one held connection is a burst. */
const smallPool = (url: string) => new TenantPool(url, { max: 1, connectionTimeoutMillis: IMPATIENT_MS });

/** An address where connections are accepted and nothing is ever answered. */
const silentServer = async (): Promise<{ url: string; server: Server }> => {
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("A TCP server has a port.");
  return { url: `postgresql://nobody:nothing@127.0.0.1:${address.port}/none`, server };
};

describe("a pool all of whose connections are in use", () => {
  let pool: TenantPool;
  let release: () => void;
  beforeAll(async () => {
    pool = new TenantPool(testEngines().postgres.appUrl, { max: 1 });
    const held = await pool.connect();
    release = () => held.release();
    // Patient while the one connection is made, impatient once it is held.
    pool.options.connectionTimeoutMillis = IMPATIENT_MS;
  });
  afterAll(async () => {
    release();
    await pool.end();
  });

  it("refuses statements and transactions with OVERLOADED and when to come back", async () => {
    const sql = createTenantSql(pool);
    await expect(sql.run(freshTenantId(), one, (row) => row)).rejects.toMatchObject(OVERLOADED);
    await expect(sql.runAcrossTenants(one, (row) => row)).rejects.toMatchObject(OVERLOADED);
    await expect(
      sql.transaction(freshTenantId(), (transaction) => transaction.run(one, (row) => row)),
    ).rejects.toMatchObject(OVERLOADED);
  });

  it("serves again as soon as one is given back", async () => {
    release();
    await expect(createTenantSql(pool).run(freshTenantId(), one, (row) => row)).resolves.toEqual([{ one: 1 }]);
    const held = await pool.connect();
    release = () => held.release();
  });
});

describe("a database that is down", () => {
  it.each(["nobody listens", "nothing is answered"])("is told apart from a busy one: %s", async (how) => {
    const silent = how === "nothing is answered" ? await silentServer() : null;
    const pool = smallPool(silent?.url ?? "postgresql://nobody:nothing@127.0.0.1:1/none");
    const sql = createTenantSql(pool);
    const asked = [0, 1].map(() => sql.run(freshTenantId(), one, (row) => row));
    expect(await Promise.allSettled(asked)).toMatchObject(asked.map(() => ({ reason: NOT_REACHABLE })));
    await pool.end();
    silent?.server.close();
  });
});

it("A transaction whose process stands still is ended after a minute, whoever runs the database", async () => {
  const pool = new TenantPool(testEngines().postgres.appUrl, { max: 1 });
  const { rows } = await pool.query(
    "SELECT setting, source FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout'",
  );
  expect(rows).toEqual([{ setting: "60000", source: "client" }]);
  await pool.end();
});

describe("text that PostgreSQL can't hold", () => {
  it.each([
    ["U+0000", "SELECT $1::text AS held", "a\u0000b"],
    ["U+0000 in JSON", "SELECT $1::jsonb AS held", JSON.stringify(["a\u0000b"])],
    ["half of a surrogate pair in JSON", "SELECT $1::jsonb AS held", JSON.stringify(["a\ud800b"])],
  ])("is the caller's mistake: %s", async (_what, text, param) => {
    const pool = new TenantPool(testEngines().postgres.appUrl, { max: 1 });
    const statement = { name: `hold-${text}`, text, params: [param] };
    const answer = createTenantSql(pool).run(freshTenantId(), statement, (row) => row);
    await expect(answer).rejects.toMatchObject({ code: "BAD_INPUT" });
    await pool.end();
  });
});

describe("a connection that is lost while it is lent out", () => {
  it("costs the work that holds it and nothing else: the process lives, and the pool goes on", async () => {
    const { appUrl } = testEngines().postgres;
    const [pool, other] = [new TenantPool(appUrl, { max: 1 }), new TenantPool(appUrl, { max: 1 })];
    const sql = createTenantSql(pool);
    const pidOf = { name: "pid", text: "SELECT pg_backend_pid() AS pid", params: [] };
    const pid = (row: unknown): number => z.object({ pid: z.number() }).parse(row).pid;
    const work = sql.transactionAcrossTenants(async (transaction) => {
      const [mine] = await transaction.run(pidOf, pid);
      const end = { name: "end", text: "SELECT pg_terminate_backend($1)", params: [mine] };
      await createTenantSql(other).runAcrossTenants(end, (row) => row);
      // Nothing is asked of it while it is lost.
      await new Promise((wake) => setTimeout(wake, 200));
      return transaction.run(one, (row) => row);
    });
    await expect(work).rejects.toThrow();
    expect(await sql.runAcrossTenants(one, (row) => row)).toEqual([{ one: 1 }]);
    await Promise.all([pool.end(), other.end()]);
  });
});
