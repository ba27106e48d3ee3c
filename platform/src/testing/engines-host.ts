// The process that holds the engines of one test run: it starts and migrates them, tells their connections in one line of standard output, and
// stops them when standard input closes. Jest may therefore die in any way without leaving an engine behind.
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { applyPostgresMigrations } from "../db/migrate.ts";
import { startEmbeddedEngines, type EmbeddedEngines } from "../engines/embedded-engines.ts";
import { removeAbandonedEngines, removeTestHome, TEST_HOME_PREFIX } from "./abandoned-engines.ts";
import { applyClickHouseMigrations, tenantTablesOf } from "../store/migrate.ts";

const repository = fileURLToPath(new URL("../../../", import.meta.url));
const clickHouseMigrations = join(repository, "clickhouse", "migrations");
const postgresMigrations = join(repository, "prisma", "migrations");

const migrate = async ({ connections }: EmbeddedEngines): Promise<void> => {
  const { url, passwords } = connections.clickhouse;
  await Promise.all([
    applyPostgresMigrations(connections.postgres.ownerUrl, postgresMigrations),
    applyClickHouseMigrations(
      { url, username: "tessera_owner", password: passwords.tessera_owner },
      clickHouseMigrations,
    ),
  ]);
};

const inputEnds = new Promise<void>((resolve) => {
  process.stdin.on("end", resolve).on("error", () => resolve());
  process.stdin.resume();
  process.on("SIGTERM", () => resolve());
});
// A terminal's Ctrl-C reaches this process too; jest is told by it, and the end of standard input tells us.
process.on("SIGINT", () => undefined);

await removeAbandonedEngines(tmpdir());
const home = await mkdtemp(join(tmpdir(), TEST_HOME_PREFIX));
try {
  const engines = await startEmbeddedEngines({ home, tenantTables: await tenantTablesOf(clickHouseMigrations) });
  try {
    await migrate(engines);
    process.stdout.write(`${JSON.stringify(engines.connections)}\n`);
    await inputEnds;
  } finally {
    await engines.stop();
  }
} finally {
  await removeTestHome(home);
}
