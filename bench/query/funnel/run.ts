// A funnel of four steps over one tenant's events, beside windowFunnel by hand over the same table in the same run:
// `node --import tsx bench/query/funnel/run.ts [events]`. Prints the tables of README.md.
import type { StoreStatement } from "@tessera/platform/store/event-store";
import type { FunnelInput } from "../../../subgraphs/analytics/src/domain/funnel/funnel-input.ts";
import { openCounting } from "../../../subgraphs/analytics/src/open-counting.ts";
import { queryFunnel } from "../../../subgraphs/analytics/src/operations/query-funnel.ts";
import { createFunnelStore } from "../../../subgraphs/analytics/src/store/funnel-store.ts";
import { machine, middleOf, openOneTenant } from "../one-tenant.ts";

const EVENTS = Math.min(Number(process.argv[2] ?? 1_000_000), 4_000_000);
const RUNS = 9;
const WARM_UP = 2;
/** Milliseconds one question may take in all. */
const BUDGET_MS = 8_000;

const { tenantId, eventStore, endMs, caller, close } = await openOneTenant(EVENTS);
const fromMs = endMs - 31 * 86_400_000;
const range = { from: new Date(fromMs).toISOString(), to: new Date(endMs + 1_000).toISOString() };
const NAMES = ["sign_in", "search", "add_to_cart", "purchase"] as const;
const steps = NAMES.map((name) => ({ anyOf: [{ events: [name] }] }));
const counting = openCounting();
const funnel = queryFunnel({ funnels: createFunnelStore(eventStore), counting, nowMs: () => Date.now() });

/** The same question by hand: levels per person, then how many reached each. */
const byHand: StoreStatement = {
  name: "window-funnel",
  text: `SELECT [countIf(level >= 1), countIf(level >= 2), countIf(level >= 3), countIf(level >= 4)] AS reached FROM (
    SELECT windowFunnel(604800000)(toUInt64(toUnixTimestamp64Milli(time)), ${NAMES.map((name) => `name = '${name}'`).join(", ")}) AS level
    FROM events_by_person WHERE tenant_id = {tenant: String} AND time >= fromUnixTimestamp64Milli({from: Int64}, 'UTC')
      AND name IN (${NAMES.map((name) => `'${name}'`).join(", ")}) AND person != 0 GROUP BY person)`,
  params: { tenant: tenantId, from: fromMs },
};

interface Timing {
  readonly p50: number;
  readonly slowest: number;
  /** The same of the question by hand, asked before each run: a machine that is shared is as slow for both. */
  readonly byHand: number;
  readonly reached: string;
}

const time = async (ask: () => Promise<readonly unknown[]>): Promise<Timing> => {
  const [taken, beside]: [number[], number[]] = [[], []];
  let reached: readonly unknown[] = [];
  const deadline = performance.now() + BUDGET_MS;
  for (let run = 0; run < WARM_UP + RUNS && (run < WARM_UP + 3 || performance.now() < deadline); run += 1) {
    const started = performance.now();
    await hand();
    const between = performance.now();
    reached = await ask();
    if (run < WARM_UP) continue;
    beside.push(between - started);
    taken.push(performance.now() - between);
  }
  return {
    p50: middleOf(taken),
    slowest: Math.max(...taken),
    byHand: middleOf(beside),
    reached: reached.map(String).join(", "),
  };
};

const ours = (input: Partial<FunnelInput>) => async (): Promise<readonly unknown[]> => {
  const { result } = await funnel(caller, { range, steps, window: "P7D", ...input });
  return result.steps.map(({ reached }) => reached);
};
const hand = async (): Promise<readonly unknown[]> => {
  const { rows } = await eventStore.query(caller, byHand, (row) => {
    const reached: unknown = typeof row === "object" && row !== null ? Reflect.get(row, "reached") : null;
    return Array.isArray(reached) ? reached.map(String) : [];
  });
  return rows[0] ?? [];
};

const questions: Readonly<Record<string, () => Promise<readonly unknown[]>>> = {
  "windowFunnel by hand, counts alone": hand,
  "funnel: counts, intervals, times of every step": ours({}),
  "with a window per step and an exclusion": ours({
    steps: steps.map((step, index) => (index === 0 ? step : { ...step, within: "P3D" })),
    exclusions: [{ event: { events: ["error"] } }],
  }),
  "with a breakdown by source and a trend by day": ours({
    breakdown: { field: "source" },
    trend: { granularity: "DAY" },
  }),
  "with drop-offs": ours({ dropOffs: {} }),
  "with a correlation of 20 events": ours({ correlation: {} }),
  STRICT: ours({ order: "STRICT" }),
  UNORDERED: ours({ order: "UNORDERED" }),
  "a sample of 10 % of the persons": ours({ sample: 0.1 }),
};

console.log(
  `${EVENTS.toLocaleString("en-US")} events of one tenant, 25,000 persons per million events; four steps, window of seven days.`,
);
console.log(`${machine()}
`);
console.log("| question | p50 ms | slowest ms | by hand meanwhile, p50 ms | times as long | reached |");
console.log("| --- | --- | --- | --- | --- | --- |");
for (const [title, ask] of Object.entries(questions)) {
  const { p50, slowest, byHand: beside, reached } = await time(ask);
  const cells = [p50.toFixed(0), slowest.toFixed(0), beside.toFixed(0), (p50 / beside).toFixed(1), reached];
  console.log(`| ${title} | ${cells.join(" | ")} |`);
}

await close();
