import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { basicAuthorization } from "./clickhouse-config.ts";
import type { ClickHouseUserName } from "./clickhouse-users.ts";
import { startEmbeddedClickHouse, type EmbeddedClickHouse } from "./embedded-clickhouse.ts";

const directory = mkdtempSync(join(tmpdir(), "tessera-clickhouse-"));
let server: EmbeddedClickHouse;

type Answer = { readonly ok: boolean; readonly text: string };

const send = async (search: string, body: string, headers: Record<string, string>): Promise<Answer> => {
  const response = await fetch(`${server.url}/?${search}`, {
    method: "POST",
    body,
    headers: { ...headers, Connection: "close" },
  });
  const text = await response.text();
  return { ok: response.ok && !text.includes("DB::Exception"), text: text.trim() };
};

let asked = 0;
const ask = (user: ClickHouseUserName, sql: string, tenant: string | null = null, settings = ""): Promise<Answer> =>
  send(`${tenant === null ? "" : `query_id=${tenant}:${asked++}&`}${settings}`, sql, {
    Authorization: basicAuthorization(user, server.credentials[user]),
  });

const must = async (user: ClickHouseUserName, sql: string): Promise<void> => {
  const { ok, text } = await ask(user, sql);
  if (!ok) throw new Error(text);
};

beforeAll(async () => {
  server = await startEmbeddedClickHouse({
    dataDir: directory,
    tenantTables: ["events"],
    memoryCapBytes: 2 * 1024 ** 3,
  });
  await must("tessera_owner", "CREATE DATABASE tessera");
  await must(
    "tessera_owner",
    "CREATE TABLE tessera.events (tenant_id LowCardinality(String), n UInt64) ENGINE = MergeTree ORDER BY (tenant_id, n)",
  );
  await must(
    "tessera_owner",
    "CREATE TABLE tessera.job_results (tenant_id LowCardinality(String), n UInt64) ENGINE = MergeTree ORDER BY tenant_id",
  );
  await must(
    "tessera_owner",
    "CREATE TABLE tessera.unlisted (tenant_id LowCardinality(String), n UInt64) ENGINE = MergeTree ORDER BY n",
  );
  await must(
    "tessera_writer",
    "INSERT INTO tessera.events SELECT if(number < 10, 'alpha', 'beta'), number FROM numbers(30)",
  );
  await must("tessera_owner", "INSERT INTO tessera.unlisted VALUES ('alpha', 1), ('beta', 2)");
});

afterAll(async () => {
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

describe("the reader", () => {
  test("sees the rows of the tenant in its query id and no others", async () => {
    expect((await ask("tessera_reader", "SELECT count(), any(tenant_id) FROM tessera.events", "alpha")).text).toBe(
      '10,"alpha"',
    );
    expect((await ask("tessera_reader", "SELECT count(), any(tenant_id) FROM tessera.events", "beta")).text).toBe(
      '20,"beta"',
    );
  });

  test("sees no row without a query id that names a tenant", async () => {
    expect((await ask("tessera_reader", "SELECT count() FROM tessera.events")).text).toBe("0");
    expect((await ask("tessera_reader", "SELECT count() FROM tessera.events", "")).text).toBe("0");
  });

  test.each([
    "SELECT count() FROM tessera.events WHERE tenant_id = 'beta'",
    "SELECT count() FROM tessera.events PREWHERE tenant_id = 'beta'",
    "SELECT count() FROM (SELECT * FROM tessera.events SETTINGS max_threads = 1) WHERE tenant_id = 'beta'",
    "SELECT count() FROM tessera.events WHERE tenant_id = 'beta' SETTINGS additional_table_filters = {'tessera.events': '1'}",
    "SELECT count() FROM tessera.events WHERE tenant_id = 'beta' SETTINGS optimize_trivial_count_query = 1, optimize_use_implicit_projections = 1",
    "SELECT count() FROM merge('tessera', 'events|unlisted') WHERE tenant_id = 'beta'",
    "SELECT count() FROM view(SELECT * FROM tessera.events) WHERE tenant_id = 'beta'",
    "SELECT countIf(tenant_id = 'beta') FROM tessera.events GROUP BY ALL WITH TOTALS LIMIT 1",
    "WITH initialQueryID() AS q SELECT count() FROM tessera.events WHERE tenant_id = 'beta' SETTINGS log_comment = 'beta:1'",
  ])("gets nothing of another tenant by %s", async (sql) => {
    const { ok, text } = await ask("tessera_reader", sql, "alpha");
    if (ok) expect(text.replaceAll(/[^1-9]/g, "")).toBe("");
    else expect(text).toMatch(/READONLY|ACCESS_DENIED|SYNTAX_ERROR|SETTING_CONSTRAINT_VIOLATION/);
  });

  test.each([
    "SELECT * FROM tessera.unlisted",
    "INSERT INTO tessera.events VALUES ('alpha', 1)",
    "ALTER TABLE tessera.events DELETE WHERE 1",
    "CREATE TABLE tessera.more (n UInt8) ENGINE = Memory",
    "CREATE TEMPORARY TABLE more (n UInt8)",
    "SELECT * FROM file('/etc/passwd', 'LineAsString')",
    "SELECT * FROM url('http://127.0.0.1:9/', 'LineAsString')",
    "SELECT * FROM remote('127.0.0.1', 'tessera', 'events')",
    "SELECT * FROM executable('id', 'LineAsString', 'line String')",
    "SELECT * FROM system.processes",
    "SELECT * FROM information_schema.tables",
    "SYSTEM STOP LISTEN HTTP",
    "SELECT 1 SETTINGS readonly = 0",
    "SELECT 1 SETTINGS max_execution_time = 0",
    "SELECT 1 SETTINGS max_memory_usage = 0",
    "EXECUTE AS tessera_owner SELECT 1",
    "SELECT 1 INTO OUTFILE 'x'",
  ])("is refused: %s", async (sql) => {
    const { ok, text } = await ask("tessera_reader", sql, "alpha");
    expect({ ok, text }).toMatchObject({
      ok: false,
      text: expect.stringMatching(
        /ACCESS_DENIED|READONLY|SETTING_CONSTRAINT_VIOLATION|SUPPORT_IS_DISABLED|INTO_OUTFILE_NOT_ALLOWED/,
      ),
    });
  });

  test("may shorten a query's time but not lengthen it", async () => {
    expect((await ask("tessera_reader", "SELECT 1", "alpha", "max_execution_time=2")).ok).toBe(true);
    expect((await ask("tessera_reader", "SELECT 1", "alpha", "max_execution_time=3000")).ok).toBe(false);
  });

  test("reads no file of this machine by SQL functions, where the system can confine the server", async () => {
    const answers = await Promise.all(
      ["/etc/passwd", join(directory, "credentials.json")].map((path) =>
        ask("tessera_reader", `SELECT file('${path}')`, "alpha"),
      ),
    );
    for (const { ok, text } of answers)
      expect({ ok, denied: /Permission denied/.test(text) }).toEqual(
        server.confined ? { ok: false, denied: true } : expect.anything(),
      );
    if (process.platform === "linux") expect(typeof server.confined).toBe("boolean");
  });
});

describe("the other users", () => {
  test("the jobs user stores results of its tenant's rows and removes them, and writes nowhere else", async () => {
    expect(
      await ask("tessera_jobs", "INSERT INTO tessera.job_results SELECT tenant_id, n FROM tessera.events", "beta"),
    ).toMatchObject({ ok: true });
    expect((await ask("tessera_jobs", "SELECT count(), uniq(tenant_id) FROM tessera.job_results", "beta")).text).toBe(
      "20,1",
    );
    expect(await ask("tessera_jobs", "DELETE FROM tessera.job_results WHERE tenant_id = 'beta'", "beta")).toMatchObject(
      { ok: true },
    );
    expect((await ask("tessera_jobs", "SELECT count() FROM tessera.job_results", "beta")).text).toBe("0");
    expect((await ask("tessera_jobs", "INSERT INTO tessera.events VALUES ('beta', 1)", "beta")).text).toContain(
      "ACCESS_DENIED",
    );
    expect((await ask("tessera_jobs", "SELECT * FROM file('/etc/passwd', 'LineAsString')", "beta")).text).toContain(
      "ACCESS_DENIED",
    );
  });

  test.each([
    "DROP TABLE tessera.events",
    "CREATE TABLE tessera.more (n UInt8) ENGINE = Memory",
    "INSERT INTO FUNCTION file('x.csv') SELECT 1",
    "SELECT * FROM system.processes",
  ])("the writer is refused: %s", async (sql) =>
    expect((await ask("tessera_writer", sql)).text).toContain("ACCESS_DENIED"),
  );

  test.each<[string, Record<string, string>]>([
    ["without credentials", {}],
    ["as default without a password", { Authorization: basicAuthorization("default", "") }],
    ["as default by header", { "X-ClickHouse-User": "default" }],
    ["as reader with a wrong password", { Authorization: basicAuthorization("tessera_reader", "wrong") }],
    [
      "as reader with a wrong password beside a user parameter",
      { Authorization: basicAuthorization("tessera_reader", "") },
    ],
  ])("no query is answered %s", async (_title, headers) => {
    for (const search of ["", "user=default"])
      expect(await send(search, "SELECT 1", headers)).toMatchObject({ ok: false });
  });
});

test("no configuration with passwords stays on disk while the server runs", () => {
  expect(existsSync(join(directory, "config"))).toBe(false);
});
