// Attribution over one tenant's events, beside a last touch written by hand over the same table in the same run:
// `node --import tsx bench/query/attribution/run.ts [events]`. Prints the tables of README.md.
import type { StoreStatement } from "@tessera/platform/store/event-store";
import type { AttributionInput } from "../../../subgraphs/analytics/src/domain/attribution/question.ts";
import { queryAttribution } from "../../../subgraphs/analytics/src/operations/query-attribution.ts";
import { createAttributionStore } from "../../../subgraphs/analytics/src/store/attribution-store.ts";
import { machine, openOneTenant, printBesideHand } from "../one-tenant.ts";

const EVENTS = Math.min(Number(process.argv[2] ?? 1_000_000), 4_000_000);
const RUNS = 5;
const WARM_UP = 1;

const { tenantId, eventStore, endMs, caller, close } = await openOneTenant(EVENTS);
const DAY_MS = 86_400_000;
/** Conversions of the last week, so that every lookback lies within the events. */
const fromMs = endMs - 7 * DAY_MS;
const LOOKBACK_DAYS = 14;
const range = { from: new Date(fromMs).toISOString(), to: new Date(endMs + 1_000).toISOString() };
const attribution = queryAttribution({ attribution: createAttributionStore(eventStore), nowMs: () => Date.now() });

/** The same question by hand: each conversion's latest touchpoint, by its source. */
const byHand: StoreStatement = {
  name: "last-touch",
  text: `SELECT t.source AS label, toFloat64(count()) AS conversions FROM (
      SELECT person, time FROM events_by_person WHERE tenant_id = {tenant: String} AND name = 'purchase' AND person != 0
        AND time >= fromUnixTimestamp64Milli({from: Int64}, 'UTC')) AS c
    ASOF INNER JOIN (
      SELECT person, time, source FROM events_by_person WHERE tenant_id = {tenant: String} AND name IN ('page_view', 'click') AND person != 0
        AND time >= fromUnixTimestamp64Milli({since: Int64}, 'UTC')) AS t ON c.person = t.person AND c.time >= t.time
    WHERE c.time - INTERVAL ${LOOKBACK_DAYS} DAY <= t.time GROUP BY label ORDER BY label`,
  params: { tenant: tenantId, from: fromMs, since: fromMs - LOOKBACK_DAYS * DAY_MS },
};

interface Told {
  readonly label: string;
  readonly conversions: number;
}

const written = (credits: readonly Told[]): string =>
  credits
    .toSorted((a, b) => (a.label < b.label ? -1 : 1))
    .map(({ label, conversions }) => `${label} ${Math.round(conversions)}`)
    .join(", ");

const hand = async (): Promise<string> => {
  const { rows } = await eventStore.query(caller, byHand, (row): Told => {
    const told = (name: string): unknown => (typeof row === "object" && row !== null ? Reflect.get(row, name) : null);
    return { label: String(told("label")), conversions: Number(told("conversions")) };
  });
  return written(rows);
};

const LEAST: AttributionInput = {
  ...{ range, conversion: { events: ["purchase"] }, touchpoints: [{ events: ["page_view", "click"] }] },
  ...{ lookback: `P${LOOKBACK_DAYS}D`, reset: "NEVER", identity: "PERSON", nonConverting: false },
  ...{ dimensions: ["source"], models: [{ kind: "LAST" }] },
};
const ours = (input: Partial<AttributionInput>) => async (): Promise<string> => {
  const { breakdowns } = await attribution(caller, { ...LEAST, ...input });
  return written(breakdowns[0]?.models[0]?.credits ?? []);
};

const RULES = ["FIRST", "LAST", "LAST_NON_DIRECT", "LINEAR", "POSITION", "TIME_DECAY"] as const;
const questions: Readonly<Record<string, () => Promise<string>>> = {
  "last touch by hand": hand,
  "last touch, one touchpoint of a path": ours({ maxPathLength: 1 }),
  "six models by rule, paths of at most 5": ours({ maxPathLength: 5, models: RULES.map((kind) => ({ kind })) }),
  "the same with reset and open journeys": ours({
    ...{ maxPathLength: 5, reset: "AFTER_CONVERSION", nonConverting: true },
    models: RULES.map((kind) => ({ kind })),
  }),
  "Markov and Shapley over the same": ours({
    ...{ maxPathLength: 5, reset: "AFTER_CONVERSION", nonConverting: true },
    models: [{ kind: "LAST" }, { kind: "MARKOV" }, { kind: "SHAPLEY" }],
  }),
};

console.log(
  `${EVENTS.toLocaleString("en-US")} events of one tenant; conversions of a week, lookback ${LOOKBACK_DAYS} days.`,
);
console.log(`${machine()}
`);
console.log(
  "| question | p50 ms | slowest ms | by hand meanwhile, p50 ms | times as long | credits of the first model |",
);
console.log("| --- | --- | --- | --- | --- | --- |");
await printBesideHand(questions, hand, { runs: RUNS, warmUp: WARM_UP });

await close();
