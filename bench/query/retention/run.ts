// Weekly retention of one tenant's persons, beside the same matrix written by hand over the same table in the same run:
// `node --import tsx bench/query/retention/run.ts [events]`. Prints the tables of README.md.
import { randomUUID } from "node:crypto";
import { cpus, loadavg } from "node:os";
import { PLAIN_ACCESS, type Caller } from "@tessera/contracts/caller";
import { parseTenantId } from "@tessera/contracts/ids";
import { createTenantSql } from "@tessera/platform/db/sql";
import { TenantPool } from "@tessera/platform/db/tenant-pool";
import { createPostgresEventLog } from "@tessera/platform/events/postgres-event-log";
import { createLogger } from "@tessera/platform/telemetry/logger";
import { createEventStore, type StoreStatement } from "@tessera/platform/store/event-store";
import { startEnginesHost, stopEnginesHost } from "@tessera/platform/testing/engines-host-process";
import { publishTestEngines, readTestEngines } from "@tessera/platform/testing/config";
import { createCohortStore } from "../../../subgraphs/analytics/src/store/cohort-store.ts";
import { COHORT_KEPT } from "../../../subgraphs/analytics/src/domain/cohort.ts";
import type { RetentionInput } from "../../../subgraphs/analytics/src/domain/retention.ts";
import { queryRetention } from "../../../subgraphs/analytics/src/operations/query-retention.ts";
import { behaviourStatements } from "../../../subgraphs/analytics/src/store/behaviour-statements.ts";
import { generateEvents } from "../../analytics/generated-events.ts";

const EVENTS = Math.min(Number(process.argv[2] ?? 1_000_000), 4_000_000);
const RUNS = 3;
const WARM_UP = 1;

const tenantId = parseTenantId(randomUUID());
if (tenantId === null) throw new Error("A random UUID is a tenant id.");
publishTestEngines(await startEnginesHost());
const { clickhouse } = readTestEngines();
const { url, passwords } = clickhouse;
const eventStore = createEventStore({ url, username: "tessera_reader", password: passwords.tessera_reader });
const endMs = Math.floor(Date.now() / 1_000) * 1_000;
await generateEvents(
  { url, username: "tessera_writer", password: passwords.tessera_writer },
  [tenantId],
  EVENTS,
  endMs,
);

const caller: Caller = {
  tenantId,
  subject: { kind: "API_KEY", id: "bench" },
  permissions: new Set(["analytics:read"]),
  expiresAtMs: null,
  ...PLAIN_ACCESS,
};
const DAY_MS = 86_400_000;
const PERIODS = 4;
const range = { from: new Date(endMs - 31 * DAY_MS).toISOString(), to: new Date(endMs + 1_000).toISOString() };
const { postgres } = readTestEngines();
const pool = new TenantPool(postgres.appUrl);
const nowMs = (): number => Date.now();
const eventLog = createPostgresEventLog({
  sql: createTenantSql(pool),
  connectionString: postgres.appUrl,
  logger: createLogger("bench", "silent"),
});
const cohorts = createCohortStore({
  sql: createTenantSql(pool),
  eventLog,
  nowMs,
  kept: COHORT_KEPT,
});
const retention = queryRetention({ eventStore, cohorts, statements: behaviourStatements, nowMs });

/** The same matrix by hand, added up over its rows: who began, and who was there so many weeks after the week they began in. */
const byHand: StoreStatement = {
  name: "weekly-retention",
  text: `SELECT uniqExactIf(e.person, weeks = 0) AS w0, uniqExactIf(e.person, weeks = 1) AS w1,
      uniqExactIf(e.person, weeks = 2) AS w2, uniqExactIf(e.person, weeks = 3) AS w3 FROM (
      SELECT b.person AS person, dateDiff('week', toMonday(b.began), toMonday(r.time)) AS weeks FROM (
        SELECT person, min(time) AS began FROM events_by_person WHERE tenant_id = {tenant: String} AND name = 'sign_in' AND person != 0
          AND time >= fromUnixTimestamp64Milli({from: Int64}, 'UTC') GROUP BY person) AS b
      INNER JOIN (
        SELECT person, time FROM events_by_person WHERE tenant_id = {tenant: String} AND name = 'purchase' AND person != 0
          AND time >= fromUnixTimestamp64Milli({from: Int64}, 'UTC')) AS r ON b.person = r.person
      WHERE r.time >= b.began) AS e`,
  params: { tenant: tenantId, from: endMs - 31 * DAY_MS },
};

const hand = async (): Promise<string> => {
  const { rows } = await eventStore.query(caller, byHand, (row) =>
    typeof row === "object" && row !== null ? Object.values(row).map(String).join(", ") : "",
  );
  return rows[0] ?? "";
};

const LEAST: RetentionInput = {
  ...{ range, start: { events: ["sign_in"] }, returning: { events: ["purchase"] } },
  ...{ period: "WEEK", periods: PERIODS },
};
const ours = (input: Partial<RetentionInput>) => async (): Promise<string> => {
  const { total } = await retention(caller, { ...LEAST, ...input });
  return total.returnedSoFar.slice(0, PERIODS).join(", ");
};

const questions: Readonly<Record<string, () => Promise<string>>> = {
  "weekly matrix by hand, added up": hand,
  "weekly retention with intervals": ours({}),
  "unbounded, at least twice": ours({ kind: "ON_OR_AFTER", minimum: 2 }),
  "by source": ours({ splitBy: ["source"] }),
  "with revenue in EUR": ours({ value: { of: "revenue", currency: "EUR" } }),
};

const middleOf = (taken: readonly number[]): number =>
  taken.toSorted((a, b) => a - b)[Math.floor(taken.length / 2)] ?? Number.NaN;

console.log(`${EVENTS.toLocaleString("en-US")} events of one tenant; who signed in and purchased in the weeks after.`);
console.log(
  `${cpus().length} cores, load ${loadavg()
    .map((one) => one.toFixed(1))
    .join(" ")}; node ${process.version}.\n`,
);
console.log(
  "| question | p50 ms | slowest ms | by hand meanwhile, p50 ms | times as long | came back in weeks 0 to 3 |",
);
console.log("| --- | --- | --- | --- | --- | --- |");
for (const [title, ask] of Object.entries(questions)) {
  const [taken, beside]: [number[], number[]] = [[], []];
  let told = "";
  for (let run = 0; run < WARM_UP + RUNS; run += 1) {
    const started = performance.now();
    await hand();
    const between = performance.now();
    told = await ask();
    if (run < WARM_UP) continue;
    beside.push(between - started);
    taken.push(performance.now() - between);
  }
  const [p50, byHandMs] = [middleOf(taken), middleOf(beside)];
  const cells = [p50.toFixed(0), Math.max(...taken).toFixed(0), byHandMs.toFixed(0), (p50 / byHandMs).toFixed(1), told];
  console.log(`| ${title} | ${cells.join(" | ")} |`);
}

await eventStore.close();
await pool.end();
await stopEnginesHost();
