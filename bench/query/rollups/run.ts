// A rollup of one tenant's own, built over a month, beside the same questions from single events in the same run:
// `node --import tsx bench/query/rollups/run.ts [events]`. Prints the tables of README.md.
import { randomUUID } from "node:crypto";
import { createTenantSql } from "@tessera/platform/db/sql";
import { TenantPool } from "@tessera/platform/db/tenant-pool";
import { createLongQueryStore } from "@tessera/platform/store/long-query-store";
import { createLogger } from "@tessera/platform/telemetry/logger";
import { readTestEngines } from "@tessera/platform/testing/config";
import { everyFeature } from "@tessera/platform/testing/every-feature";
import type { OlapInput } from "../../../subgraphs/analytics/src/domain/query.ts";
import { shapeOf } from "../../../subgraphs/analytics/src/domain/rollups/asked-shape.ts";
import {
  chooseByMeasure,
  choosePlan,
  rejectedOwn,
} from "../../../subgraphs/analytics/src/domain/rollups/choose-plan.ts";
import { compileRollup } from "../../../subgraphs/analytics/src/domain/rollups/compile-rollup.ts";
import { planOwn } from "../../../subgraphs/analytics/src/domain/rollups/own-plan.ts";
import type { RollupContent } from "../../../subgraphs/analytics/src/domain/rollups/rollup.ts";
import { makeBuilds } from "../../../subgraphs/analytics/src/jobs/build-rollups.ts";
import { queryOlap } from "../../../subgraphs/analytics/src/operations/query-olap.ts";
import { createAnalyticsStore, type AnalyticsStore } from "../../../subgraphs/analytics/src/store/analytics-store.ts";
import { openRollups } from "../../../subgraphs/analytics/src/store/rollups/open-rollups.ts";
import { machine, middleOf, openOneTenant, printBesideHand } from "../one-tenant.ts";

const EVENTS = Math.min(Number(process.argv[2] ?? 300_000), 4_000_000);
const [RUNS, WARM_UP, BATCHES] = [5, 1, 5];
const DAY_MS = 86_400_000;

const { tenantId, eventStore, endMs, caller, close } = await openOneTenant(EVENTS);
const { postgres, clickhouse } = readTestEngines();
const pool = new TenantPool(postgres.appUrl);
const access = { url: clickhouse.url, username: "tessera_jobs", password: clickhouse.passwords.tessera_jobs };
const longQueries = createLongQueryStore(access);
const below = createAnalyticsStore(eventStore);
// Generated events were received just now, and no log tells of them: what is history is drawn an hour later.
const nowMs = (): number => Date.now() + 3_600_000;
const opened = openRollups({
  ...{ sql: createTenantSql(pool), nowMs, eventStore, longQueries, below, consumer: "bench" },
  rules: { compile: compileRollup, planOwn, choose: choosePlan, chooseByMeasure, rejected: rejectedOwn, shapeOf },
});

const content: RollupContent = {
  ...{ description: "", dimensions: ["name", "country", "browser"], filter: null, grain: "DAY" },
  measures: [
    { function: "UNIQUES", of: "persons" },
    { function: "SUM", of: "revenue", currency: "EUR" },
  ],
};
const draft = { id: randomUUID(), buildId: randomUUID(), name: "pages", content, by: "SERVICE:bench" };
const started = performance.now();
await opened.rollups.define(tenantId, { ...draft, expectedVersion: null }, { rollups: 20, names: 200 });
await makeBuilds({ ...opened, nowMs, logger: createLogger("bench", "silent") })();
const builtMs = performance.now() - started;
const built = await opened.rollups.find(tenantId, draft.id);

/** Milliseconds in which one stored batch is counted, in a build of its own. */
const counted: number[] = [];
const found = await eventStore.query(
  caller,
  {
    name: "some-batches",
    text: `SELECT toString(batch_id) AS id, toUnixTimestamp64Milli(min(time)) AS first, toUnixTimestamp64Milli(max(time)) AS last, count() AS events
      FROM events WHERE tenant_id = {tenant: String} GROUP BY batch_id LIMIT ${BATCHES}`,
    params: { tenant: tenantId },
  },
  (row) => (typeof row === "object" && row !== null ? Object.values(row).map(String) : []),
);
for (const [batchId = "", first, last] of found.rows) {
  const from = performance.now();
  const batch = { batchId, minTimeMs: Number(first), maxTimeMs: Number(last) };
  await opened.data.countBatch({ tenantId, buildId: randomUUID(), rollup: compileRollup(content) }, batch);
  counted.push(performance.now() - from);
}

const range = { from: new Date(endMs - 28 * DAY_MS).toISOString(), to: new Date(endMs).toISOString() };
const asked = (store: AnalyticsStore, part: Partial<OlapInput>) => async (): Promise<string> => {
  const input = { range, measures: [{ function: "COUNT", name: "events" } as const], ...part };
  const { totals, provenance } = await queryOlap({ store, features: everyFeature, nowMs })(caller, input);
  const tables = [...new Set(provenance.tables.map(({ table }) => table))].join(" + ");
  return `${JSON.stringify(totals[0]).match(/\[(\d+)\]/)?.[1]} told by ${provenance.rowsRead} rows of ${tables}`;
};
const QUESTIONS: Readonly<Record<string, Partial<OlapInput>>> = {
  "events by browser": { dimensions: ["browser"] },
  "one country's browsers by day": {
    ...{ dimensions: ["browser"], granularity: "DAY", filter: { field: "country", eq: "DE" } },
  },
  "persons by browser and name": {
    ...{ dimensions: ["browser", "name"], measures: [{ function: "UNIQUES", of: "persons", name: "people" }] },
  },
};

console.log(`${EVENTS.toLocaleString("en-US")} events of one tenant; ${machine()}\n`);
console.log(
  `Built in ${builtMs.toFixed(0)} ms: ${built?.build?.state}, ${built?.build?.rows} rows of ${built?.build?.eventsDone} events. A batch of ${found.rows[0]?.[3]} events is counted in ${middleOf(counted).toFixed(0)} ms.\n`,
);
console.log(
  "| question | p50 ms | slowest ms | single events meanwhile, p50 ms | times as long | read |\n| --- | --- | --- | --- | --- | --- |",
);
for (const [title, part] of Object.entries(QUESTIONS))
  await printBesideHand({ [title]: asked(opened.store, part) }, asked(below, part), { runs: RUNS, warmUp: WARM_UP });

await longQueries.close();
await pool.end();
await close();
