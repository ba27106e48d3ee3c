// Weekly retention of one tenant's persons, beside the same matrix written by hand over the same table in the same run:
// `node --import tsx bench/query/retention/run.ts [events]`. Prints the tables of README.md.
import { createTenantSql } from "@tessera/platform/db/sql";
import { TenantPool } from "@tessera/platform/db/tenant-pool";
import { createPostgresEventLog } from "@tessera/platform/events/postgres-event-log";
import { createLogger } from "@tessera/platform/telemetry/logger";
import type { StoreStatement } from "@tessera/platform/store/event-store";
import { readTestEngines } from "@tessera/platform/testing/config";
import { createCohortStore } from "../../../subgraphs/analytics/src/store/cohort-store.ts";
import { COHORT_KEPT } from "../../../subgraphs/analytics/src/domain/cohort.ts";
import type { RetentionInput } from "../../../subgraphs/analytics/src/domain/retention.ts";
import { queryRetention } from "../../../subgraphs/analytics/src/operations/query-retention.ts";
import { behaviourStatements } from "../../../subgraphs/analytics/src/store/behaviour-statements.ts";
import { machine, openOneTenant, printBesideHand } from "../one-tenant.ts";

const EVENTS = Math.min(Number(process.argv[2] ?? 1_000_000), 4_000_000);
const RUNS = 3;
const WARM_UP = 1;

const { tenantId, eventStore, endMs, caller, close } = await openOneTenant(EVENTS);
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

console.log(`${EVENTS.toLocaleString("en-US")} events of one tenant; who signed in and purchased in the weeks after.`);
console.log(`${machine()}
`);
console.log(
  "| question | p50 ms | slowest ms | by hand meanwhile, p50 ms | times as long | came back in weeks 0 to 3 |",
);
console.log("| --- | --- | --- | --- | --- | --- |");
await printBesideHand(questions, hand, { runs: RUNS, warmUp: WARM_UP });

await pool.end();
await close();
