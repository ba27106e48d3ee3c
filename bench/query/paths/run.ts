// Paths and sessions of one tenant's events, beside the same by hand in the engine's SQL over the same tables in the same run:
// `node --import tsx bench/query/paths/run.ts [events]`. Prints the table of README.md.
import { cpus, loadavg } from "node:os";
import type { StoreStatement } from "@tessera/platform/store/event-store";
import type { PathsInput } from "../../../subgraphs/analytics/src/domain/paths/paths-input.ts";
import type { SessionMetricsInput } from "../../../subgraphs/analytics/src/domain/sessions/sessions-input.ts";
import { openCounting } from "../../../subgraphs/analytics/src/open-counting.ts";
import { queryPaths } from "../../../subgraphs/analytics/src/operations/query-paths.ts";
import { querySessionMetrics, querySessions } from "../../../subgraphs/analytics/src/operations/query-sessions.ts";
import { createPathsStore } from "../../../subgraphs/analytics/src/store/paths-store.ts";
import { createSessionsStore } from "../../../subgraphs/analytics/src/store/sessions-store.ts";
import { openOneTenant } from "../one-tenant.ts";

const EVENTS = Math.min(Number(process.argv[2] ?? 300_000), 4_000_000);
const RUNS = 3;
const WARM_UP = 1;
/** Milliseconds one question may take in all. */
const BUDGET_MS = 3_000;

const { tenantId, eventStore, endMs, caller, close } = await openOneTenant(EVENTS);
const fromMs = endMs - 31 * 86_400_000;
const range = { from: new Date(fromMs).toISOString(), to: new Date(endMs + 1_000).toISOString() };
const nowMs = (): number => Date.now();
const counting = openCounting();
const paths = queryPaths({ paths: createPathsStore(eventStore), counting, nowMs });
const sessionStore = { sessions: createSessionsStore(eventStore), nowMs };
const metrics = querySessionMetrics(sessionStore);
const list = querySessions(sessionStore);

/** Rows of each person's first five different names in a row, and how many have them; where a path begins is an expression. */
const followed = (label: string, table: string, from: string): string =>
  `SELECT arraySlice(arrayCompact(arraySlice(names, ${from})), 1, 5) AS path FROM (
    SELECT arrayMap(x -> x.3, arraySort(groupArray((time, sequence, ${label})))) AS names FROM ${table}
    WHERE tenant_id = {tenant: String} AND time >= fromUnixTimestamp64Milli({from: Int64}, 'UTC') AND person != 0 GROUP BY person)`;

const links = (source: string): string =>
  `SELECT toFloat64(sum(paths)) AS told FROM (SELECT place, path[place] AS a, path[place + 1] AS b, count() AS paths
    FROM (${source}) ARRAY JOIN arrayEnumerate(arrayPopBack(path)) AS place GROUP BY place, a, b)`;

/** Sessions by gaps of half an hour: how many, how long, how many events; counted by arrays. */
const sessionsByHand = `SELECT toFloat64(count()) AS told, avg(last - first), quantilesExactInclusive(0.5, 0.9)(last - first), sum(events) FROM (
    SELECT s[1] AS first, s[-1] AS last, length(s) AS events FROM (
      SELECT arraySort(groupArray(toUnixTimestamp64Milli(time))) AS times FROM events_by_person
      WHERE tenant_id = {tenant: String} AND time >= fromUnixTimestamp64Milli({from: Int64}, 'UTC') AND person != 0 GROUP BY person)
    ARRAY JOIN arraySplit((at, wait) -> wait > 1800000, times, arrayDifference(times)) AS s)`;

const byHand = (text: string) => async (): Promise<number> => {
  const statement: StoreStatement = { name: "by-hand", text, params: { tenant: tenantId, from: fromMs } };
  const { rows } = await eventStore.query(caller, statement, (row) =>
    typeof row === "object" && row !== null ? Number(Reflect.get(row, "told")) : Number.NaN,
  );
  return rows[0] ?? Number.NaN;
};
/** Paths that take any link, as the statements by hand count them. */
const ofPaths = (input: Partial<PathsInput>) => async (): Promise<number> => {
  const answer = await paths(caller, { range, maxNodes: 50, topPaths: 0, ...input });
  return answer.links.reduce((sum, link) => sum + link.paths, 0);
};
const ofSessions = (input: Partial<SessionMetricsInput>) => async (): Promise<number> =>
  (await metrics(caller, { range, ...input })).total.sessions;
const listed = async (): Promise<number> => (await list(caller, { input: { range }, first: 50 })).edges.length;

const purchase = { event: { events: ["purchase"] } };
const start = "indexOf(names, 'purchase')";
const QUESTIONS: readonly (readonly [string, () => Promise<number>, boolean])[] = [
  ["links of first five names, by hand", byHand(links(followed("name", "events_by_person", "1"))), true],
  ["paths: first five names", ofPaths({}), false],
  ["with the ten most frequent whole paths", ofPaths({ topPaths: 10 }), false],
  ["with a goal", ofPaths({ goal: purchase }), false],
  ["every visit (gap of half an hour)", ofPaths({ occurrence: "ANY", gap: "PT30M" }), false],
  [
    "links from the first purchase, by hand",
    byHand(links(`SELECT * FROM (${followed("name", "events_by_person", start)}) WHERE notEmpty(path)`)),
    true,
  ],
  ["paths: from the first purchase", ofPaths({ start: purchase }), false],
  ["links of first five pages, by hand", byHand(links(followed("url", "events", "1"))), true],
  ["paths: first five pages", ofPaths({ label: ["url"] }), false],
  [
    "first five pages by three rules",
    ofPaths({
      label: ["url"],
      groups: [
        { pattern: "^/page/1[0-9]+$", label: "one" },
        { pattern: "^/page/([2-5])[0-9]*$", label: "many $1" },
        { wildcard: "/page/*", label: "page" },
      ],
    }),
    false,
  ],
  ["sessions by hand: count, durations, events", byHand(sessionsByHand), true],
  ["sessionMetrics", ofSessions({}), false],
  ["by day and source", ofSessions({ granularity: "DAY", breakdown: ["source"] }), false],
  [
    "with every cut, from events",
    ofSessions({
      definition: { cutAtMidnight: true, cutAtCampaign: true, maxLength: "PT12H", bySource: true },
      currency: "EUR",
    }),
    false,
  ],
  ["fifty sessions of a list", listed, false],
];

const time = async (ask: () => Promise<number>) => {
  const taken: number[] = [];
  let told = Number.NaN;
  const deadline = performance.now() + BUDGET_MS;
  for (let run = 0; run < WARM_UP + RUNS && (run < WARM_UP + 1 || performance.now() < deadline); run += 1) {
    const started = performance.now();
    told = await ask();
    if (run >= WARM_UP) taken.push(performance.now() - started);
  }
  const sorted = taken.toSorted((a, b) => a - b);
  return { p50: sorted[Math.floor(sorted.length / 2)] ?? Number.NaN, slowest: sorted.at(-1) ?? Number.NaN, told };
};

const load = (): string =>
  loadavg()
    .map((one) => one.toFixed(1))
    .join(" ");
console.log(
  `${EVENTS.toLocaleString("en-US")} events of one tenant, 25,000 persons per million; ${cpus().length} cores, load ${load()}; node ${process.version}.\n`,
);
console.log("| question | p50 ms | slowest ms | beside by hand | counted |");
console.log("| --- | --- | --- | --- | --- |");
let base = Number.NaN;
for (const [title, ask, hand] of QUESTIONS) {
  const { p50, slowest, told } = await time(ask);
  if (hand) base = p50;
  console.log(
    `| ${title} | ${p50.toFixed(0)} | ${slowest.toFixed(0)} | ${hand ? "1" : (p50 / base).toFixed(1)} | ${told} |`,
  );
}
console.log(`\nLoad at the end ${load()}.`);
await close();
