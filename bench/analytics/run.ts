// Latency of the main questions, each on the table its plan picks and on single events, in the same run:
// `node --import tsx bench/analytics/run.ts [rows]`. Prints the tables of README.md.
import { wholeTenant } from "@tessera/platform/store/data-policy";
import { randomUUID } from "node:crypto";
import { cpus, loadavg } from "node:os";
import { parseEventId, parseTenantId, type TenantId } from "@tessera/contracts/ids";
import { createEventStore } from "@tessera/platform/store/event-store";
import { startEnginesHost, stopEnginesHost } from "@tessera/platform/testing/engines-host-process";
import { publishTestEngines, readTestEngines } from "@tessera/platform/testing/config";
import { parseEventPage } from "../../subgraphs/analytics/src/domain/event-page.ts";
import { plan, planOn, type Plan } from "../../subgraphs/analytics/src/domain/planner.ts";
import { parseOlap, type OlapInput } from "../../subgraphs/analytics/src/domain/query.ts";
import { realtimeQuery } from "../../subgraphs/analytics/src/domain/realtime.ts";
import { createAnalyticsStore } from "../../subgraphs/analytics/src/store/analytics-store.ts";
import { DAYS, generateEvents } from "./generated-events.ts";

const ROWS = Math.min(Number(process.argv[2] ?? 1_000_000), 20_000_000);
const TENANTS = 20;
/** Runs of each question; the first few warm the caches and are not counted. */
const RUNS = 25;
const WARM_UP = 3;
/** Seconds one side of a question may take in all. */
const BUDGET_MS = 2_500;

const tenantIds: readonly TenantId[] = Array.from({ length: TENANTS }, () => {
  const tenantId = parseTenantId(randomUUID());
  if (tenantId === null) throw new Error("A random UUID is a tenant id.");
  return tenantId;
});
const [largest] = tenantIds;
if (largest === undefined) throw new Error("There are tenants.");

publishTestEngines(await startEnginesHost());
const { clickhouse } = readTestEngines();
const { url, passwords } = clickhouse;
const writer = { url, username: "tessera_writer", password: passwords.tessera_writer };
const eventStore = createEventStore({ url, username: "tessera_reader", password: passwords.tessera_reader });
const store = createAnalyticsStore(eventStore);

const endMs = Math.floor(Date.now() / 1_000) * 1_000;
const fillStarted = performance.now();
await generateEvents(writer, tenantIds, ROWS, endMs);
const fillSeconds = (performance.now() - fillStarted) / 1_000;

const at = (ms: number): string => new Date(ms).toISOString();
const month = { from: at(endMs - DAYS * 86_400_000), to: at(endMs) };
const COUNT = { function: "COUNT" } as const;
const PEOPLE = { function: "UNIQUES", of: "persons" } as const;
const EUR = { function: "SUM", of: "revenue", currency: "EUR" } as const;

/** The questions, with a live end of range: now, in the middle of an hour. */
const questions: Readonly<Record<string, Partial<OlapInput>>> = {
  "events and people per day": { measures: [COUNT, PEOPLE], granularity: "DAY" },
  "events and people per hour, Berlin": { measures: [COUNT, PEOPLE], granularity: "HOUR", timeZone: "Europe/Berlin" },
  "top names with people and sessions": {
    measures: [COUNT, PEOPLE, { function: "UNIQUES", of: "sessions" }],
    dimensions: ["name"],
  },
  "revenue per day": { measures: [EUR], granularity: "DAY" },
  "countries and devices": { measures: [COUNT, PEOPLE, EUR], dimensions: ["country", "device"] },
  "purchases per week and country": {
    measures: [COUNT, EUR],
    dimensions: ["country"],
    granularity: "WEEK",
    filter: { field: "name", eq: "purchase" },
  },
  "top 10 pages": { measures: [COUNT, PEOPLE], dimensions: ["url"], limit: 10 },
  "plans (a property)": { measures: [COUNT, PEOPLE], dimensions: ["properties.plan"] },
  "quantiles of revenue": {
    measures: [{ function: "QUANTILES", of: "revenue", currency: "EUR", levels: [0.5, 0.9, 0.99] }],
  },
  "people, exactly": { measures: [{ ...PEOPLE, exact: true }] },
};

interface Timing {
  readonly p50: number;
  readonly p99: number;
  readonly rowsRead: number;
}

const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;

const time = async (ask: () => Promise<{ readonly rowsRead: number }>): Promise<Timing> => {
  const taken: number[] = [];
  let rowsRead = 0;
  const deadline = performance.now() + BUDGET_MS;
  for (let run = 0; run < WARM_UP + RUNS && (run < WARM_UP + 5 || performance.now() < deadline); run += 1) {
    const started = performance.now();
    ({ rowsRead } = await ask());
    if (run >= WARM_UP) taken.push(performance.now() - started);
  }
  return { p50: quantile(taken, 0.5), p99: quantile(taken, 0.99), rowsRead };
};

const show = ({ p50, p99, rowsRead }: Timing): string =>
  `${p50.toFixed(1)} | ${p99.toFixed(1)} | ${rowsRead.toLocaleString("en-US")}`;

console.log(
  `${ROWS.toLocaleString("en-US")} events of ${TENANTS} tenants over ${DAYS} days, filled in ${fillSeconds.toFixed(1)} s; asked for the largest tenant.`,
);
console.log(
  `${cpus().length} cores, load ${loadavg()
    .map((one) => one.toFixed(1))
    .join(" ")}; node ${process.version}.\n`,
);
console.log(
  "| question | planned onto | p50 ms | p99 ms | rows read | single events p50 ms | p99 ms | rows read | ratio of p50 |",
);
console.log("|---|---|---|---|---|---|---|---|---|");
for (const [title, input] of Object.entries(questions)) {
  const { query, orderBy, limit } = parseOlap({ range: month, measures: [COUNT], ...input }, { personalData: true });
  const ask = (by: Plan) => () =>
    store
      .olap(wholeTenant(largest), { query, plan: by, orderBy, limit, having: [], lines: null })
      .then(({ cost }) => cost);
  const planned = plan(query, null);
  const chosen = await time(ask(planned));
  const raw = planned.rollup === null ? null : await time(ask(planOn(null, [], query)));
  const compared = raw === null ? "| | | " : `| ${show(raw)} | ${(raw.p50 / chosen.p50).toFixed(1)}x `;
  console.log(`| ${title} | ${planned.rollup ?? "events"} | ${show(chosen)} ${compared}|`);
}

console.log("\n| question | p50 ms | p99 ms | rows read |");
console.log("|---|---|---|---|");
for (const [title, timeframeMs] of [
  ["realtimeMetrics PT5M", 300_000],
  ["realtimeMetrics PT24H", 86_400_000],
] as const) {
  const query = realtimeQuery(timeframeMs, endMs);
  console.log(
    `| ${title} | ${show(await time(() => store.realtime(wholeTenant(largest), query, plan(query, null)).then(({ statistics }) => statistics)))} |`,
  );
}
const page = parseEventPage({ first: 50 }, { personalData: true });
const pageOf = () => store.eventPage(wholeTenant(largest), page);
console.log(`| newest 50 events | ${show(await time(() => pageOf().then(({ statistics }) => statistics)))} |`);
const ids = (await pageOf()).rows.map(({ id }) => parseEventId(id)).filter((id) => id !== null);
const byId = (count: number) => () =>
  store.eventsById(wholeTenant(largest), ids.slice(0, count)).then(() => ({ rowsRead: count }));
console.log(`| one event by id | ${show(await time(byId(1)))} |`);
console.log(`| 50 events by id | ${show(await time(byId(50)))} |`);

await eventStore.close();
await stopEnginesHost();
