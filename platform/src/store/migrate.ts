import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createClient } from "@clickhouse/client";
import { z } from "zod";
import { errorMessage } from "../errors/error-message.ts";

/** How to reach ClickHouse as one of its users. */
export interface ClickHouseAccess {
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

/** Milliseconds one statement may take: a migration that fills a new table from a large one reads all of it. */
const MAX_STATEMENT_MS = 3_600_000;
/** Milliseconds after which the engine tells that it still works on a statement, so that nothing between takes the connection for dead. */
const STILL_WORKING_MS = 20_000;

const appliedRow = z.object({ name: z.string(), checksum: z.string() });

/** Splits a migration file into statements: they end with a semicolon at the end of a line; comment lines are dropped. */
export const statementsOf = (sql: string): readonly string[] =>
  sql
    .split("\n")
    .filter((line) => !line.trimStart().startsWith("--"))
    .join("\n")
    .split(/;\s*(?:\n|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");

/**
 * Applies `<directory>/*.sql` in order of name, once each, recorded in `tessera.migrations`. ClickHouse has no transactional DDL, so every
 * statement must be repeatable (`IF NOT EXISTS`): a file that was cut short is simply run again. Answers the names applied now.
 */
export const applyClickHouseMigrations = async (
  owner: ClickHouseAccess,
  directory: string,
): Promise<readonly string[]> => {
  const client = createClient({
    ...{ ...owner, request_timeout: MAX_STATEMENT_MS },
    clickhouse_settings: {
      ...{ send_progress_in_http_headers: 1, http_headers_progress_interval_ms: String(STILL_WORKING_MS) },
      max_execution_time: MAX_STATEMENT_MS / 1_000,
    },
  });
  try {
    await client.command({ query: "CREATE DATABASE IF NOT EXISTS tessera" });
    await client.command({
      query:
        "CREATE TABLE IF NOT EXISTS tessera.migrations (name String, checksum String, applied_at DateTime64(3,'UTC') DEFAULT now64(3)) ENGINE = MergeTree ORDER BY name",
    });
    const result = await client.query({
      query: "SELECT name, checksum FROM tessera.migrations",
      format: "JSONEachRow",
    });
    const known = new Map(
      z
        .array(appliedRow)
        .parse(await result.json())
        .map((row) => [row.name, row.checksum]),
    );
    const names = (await readdir(directory)).filter((name) => name.endsWith(".sql")).toSorted();
    const newer = [...known.keys()].filter((name) => !names.includes(name));
    if (newer.length > 0)
      throw new Error(
        `The event store is from a newer version of Tessera (it knows migration ${newer.join(", ")}). Start that version instead; nothing was changed.`,
      );
    const done: string[] = [];
    for (const name of names) {
      const sql = await readFile(join(directory, name), "utf8");
      const checksum = createHash("sha256").update(sql).digest("hex");
      const before = known.get(name);
      if (before !== undefined && before !== checksum)
        throw new Error(
          `Event store migration ${name} was edited after it had been applied. Restore it and add a new one.`,
        );
      if (before !== undefined) continue;
      for (const query of statementsOf(sql)) await client.command({ query });
      await client.insert({ table: "tessera.migrations", values: [{ name, checksum }], format: "JSONEachRow" });
      done.push(name);
    }
    return done;
  } catch (error) {
    throw new Error(`The event store could not be migrated: ${errorMessage(error)}`, { cause: error });
  } finally {
    await client.close();
  }
};

const TENANT_TABLE = /CREATE TABLE IF NOT EXISTS tessera\.(\w+) \(\s*tenant_id/g;

/** Names of the tables in the migration files whose first column is `tenant_id`: each of them gets a row policy for every reading user. */
export const tenantTablesOf = async (directory: string): Promise<readonly string[]> => {
  const names = (await readdir(directory)).filter((name) => name.endsWith(".sql")).toSorted();
  const files = await Promise.all(names.map((name) => readFile(join(directory, name), "utf8")));
  return [...new Set(files.flatMap((sql) => [...sql.matchAll(TENANT_TABLE)].flatMap((match) => match[1] ?? [])))];
};
