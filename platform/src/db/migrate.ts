import { createHash, randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { errorMessage } from "../errors/error-message.ts";

/** Prisma's own advisory lock number, so that this runner and `prisma migrate deploy` exclude each other. */
const PRISMA_LOCK = 72_707_369;

const TABLE = `CREATE TABLE IF NOT EXISTS _prisma_migrations (id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL,
  finished_at TIMESTAMPTZ, migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(), applied_steps_count INTEGER NOT NULL DEFAULT 0)`;

interface Applied {
  readonly migration_name: string;
  readonly checksum: string;
  readonly finished_at: Date | null;
}

const migrationNames = async (directory: string): Promise<readonly string[]> =>
  (await readdir(directory)).filter((name) => existsSync(join(directory, name, "migration.sql"))).toSorted();

const applied = async (client: pg.Client): Promise<ReadonlyMap<string, string>> => {
  const { rows } = await client.query<Applied>(
    "SELECT migration_name, checksum, finished_at FROM _prisma_migrations WHERE rolled_back_at IS NULL",
  );
  const unfinished = rows.find((row) => row.finished_at === null);
  if (unfinished !== undefined)
    throw new Error(
      `Migration ${unfinished.migration_name} began and did not finish. Resolve it with \`prisma migrate resolve\`.`,
    );
  return new Map(rows.map((row) => [row.migration_name, row.checksum]));
};

const apply = async (client: pg.Client, name: string, sql: string, checksum: string): Promise<void> => {
  const id = randomUUID();
  await client.query("INSERT INTO _prisma_migrations(id, checksum, migration_name) VALUES ($1, $2, $3)", [
    id,
    checksum,
    name,
  ]);
  try {
    await client.query(sql);
  } catch (error) {
    await client.query("UPDATE _prisma_migrations SET logs = $2 WHERE id = $1", [id, errorMessage(error)]);
    throw new Error(`Migration ${name} failed: ${errorMessage(error)}`, { cause: error });
  }
  await client.query("UPDATE _prisma_migrations SET finished_at = now(), applied_steps_count = 1 WHERE id = $1", [id]);
};

/**
 * Applies `<directory>/<name>/migration.sql` in order of name, once each; compatible with `prisma migrate deploy` (same table, checksum
 * and lock). Answers the names applied now. A database that knows migrations we don't is from a newer version and is left alone.
 */
export const applyPostgresMigrations = async (ownerUrl: string, directory: string): Promise<readonly string[]> => {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    await client.query("SELECT pg_advisory_lock($1)", [PRISMA_LOCK]);
    await client.query(TABLE);
    const [known, names] = [await applied(client), await migrationNames(directory)];
    const newer = [...known.keys()].filter((name) => !names.includes(name));
    if (newer.length > 0)
      throw new Error(
        `The database is from a newer version of Tessera (it knows migration ${newer.join(", ")}). Start that version instead; nothing was changed.`,
      );
    const done: string[] = [];
    for (const name of names) {
      const sql = await readFile(join(directory, name, "migration.sql"), "utf8");
      const checksum = createHash("sha256").update(sql).digest("hex");
      const before = known.get(name);
      if (before !== undefined && before !== checksum)
        throw new Error(`Migration ${name} was edited after it had been applied. Restore it and add a new one.`);
      if (before === undefined) {
        await apply(client, name, sql, checksum);
        done.push(name);
      }
    }
    return done;
  } finally {
    await client.end();
  }
};
