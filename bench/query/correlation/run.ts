// The matcher of correlation rules by itself, and a backtest over one tenant's events beside a self-join by hand over the same table in the same run:
// `node --import tsx bench/query/correlation/run.ts [events]`. Prints the tables of README.md.
import { createHash } from "node:crypto";
import type { StoreStatement } from "@tessera/platform/store/event-store";
import { replay } from "../../../subgraphs/analytics/src/domain/correlation/backtest.ts";
import { compilePattern } from "../../../subgraphs/analytics/src/domain/correlation/conditions.ts";
import { parsePattern } from "../../../subgraphs/analytics/src/domain/correlation/parse-pattern.ts";
import {
  STATE_LIMITS,
  type CorrelationPatternInput,
} from "../../../subgraphs/analytics/src/domain/correlation/rule.ts";
import type { Seen } from "../../../subgraphs/analytics/src/domain/correlation/sighting.ts";
import { backtestCorrelationRule } from "../../../subgraphs/analytics/src/operations/correlation/backtest-rule.ts";
import { uuidOf } from "@tessera/platform/integrity/digest";
import { createSeenStore } from "../../../subgraphs/analytics/src/store/correlation/seen-store.ts";
import { machine, middleOf, openOneTenant } from "../one-tenant.ts";

const EVENTS = Math.min(Number(process.argv[2] ?? 1_000_000), 1_000_000);
const MATCHED = 100_000;
const RUNS = 3;
/** Events the matcher is given at a time. */
const PIECE = 20_000;

const part = (name: string, absent = false) => ({ name, events: [name], key: ["person"], absent });
const base = { window: "PT10M", lateness: "PT24H" } as const;
const PATTERNS: Readonly<Record<string, CorrelationPatternInput>> = {
  "SEQUENCE of two": { ...base, kind: "SEQUENCE", parts: [part("search"), part("purchase")] },
  "SEQUENCE of two, each beginning": {
    ...{ ...base, kind: "SEQUENCE", parts: [part("search"), part("purchase")], skip: "TO_NEXT_EVENT" },
  },
  "SEQUENCE of three, one absent between": {
    ...{ ...base, kind: "SEQUENCE", parts: [part("search"), part("error", true), part("purchase")] },
  },
  ABSENCE: { ...base, kind: "ABSENCE", parts: [part("search"), part("purchase", true)] },
  "COUNT of ten": { ...base, kind: "COUNT", parts: [part("search")], atLeast: 10 },
  "ALL of three": { ...base, kind: "ALL", parts: [part("search"), part("error"), part("purchase")] },
};

/** Those that are tried on stored events. */
const BACKTESTED: ReadonlySet<string> = new Set(["SEQUENCE of two, each beginning", "ABSENCE"]);

const patternOf = (input: CorrelationPatternInput) => parsePattern(input, "pattern", { personalData: true });
console.log(`${machine()}
`);

/** Events of 5,000 keys, a hundred a second, each of some part. */
const madeEvents = (parts: number, fromMs: number): readonly Seen[] => {
  const keys = Array.from({ length: 5_000 }, (_, index) => createHash("md5").update(String(index)).digest("hex"));
  let state = 1;
  const next = (below: number): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
  return Array.from({ length: MATCHED }, (_, index) => {
    const [key = "", of] = [keys[next(keys.length)], next(parts)];
    const timeMs = fromMs + index * 10;
    return {
      ...{ id: `e${index}`, timeMs, sequence: index, receivedAtMs: timeMs, values: [] },
      keys: Array.from({ length: parts }, (_part, place) => (place === of ? key : null)),
    };
  });
};

console.log(`The matcher alone, one core, ${MATCHED.toLocaleString("en-US")} events of the parts, 5,000 keys:\n`);
console.log("| pattern | events a second of processor time | matches |");
console.log("| --- | --- | --- |");
for (const [title, input] of Object.entries(PATTERNS)) {
  const pattern = patternOf(input);
  const events = madeEvents(pattern.parts.length, 0);
  const taken: number[] = [];
  let matches = 0;
  for (let turn = 0; turn < RUNS; turn += 1) {
    const identity = { ruleId: "bench", version: 1, idOf: uuidOf, dropLate: true };
    const limits = { ...STATE_LIMITS, matchesPerMinute: MATCHED };
    const run = replay({ ...identity, limits, compiled: compilePattern(pattern) }, 0);
    const started = process.cpuUsage();
    for (let from = 0; from < events.length; from += PIECE) {
      const piece = events.slice(from, from + PIECE);
      run.take(piece, (piece.at(-1)?.timeMs ?? 0) + 1);
    }
    const { user, system } = process.cpuUsage(started);
    taken.push((user + system) / 1_000);
    matches = run.counts().matches;
  }
  const rate = Math.round((MATCHED / middleOf(taken)) * 1_000);
  console.log(`| ${title} | ${rate.toLocaleString("en-US")} | ${matches.toLocaleString("en-US")} |`);
}

const { tenantId, eventStore, endMs, caller, close } = await openOneTenant(EVENTS);
const fromMs = endMs - 31 * 86_400_000;
const range = { from: new Date(fromMs).toISOString(), to: new Date(endMs + 1_000).toISOString() };
const backtest = backtestCorrelationRule({
  correlationRules: { byId: () => Promise.resolve(null) },
  definitions: { reader: () => ({ find: () => Promise.resolve([]), names: () => Promise.resolve([]) }) },
  seen: createSeenStore(eventStore),
  idOf: uuidOf,
  nowMs: () => Date.now(),
});

/** How many searches a purchase of the same person follows within ten minutes: what the second pattern finds, counted by a join of the table with itself. */
const byHand: StoreStatement = {
  name: "self-join",
  text: `SELECT uniqExact(s.event_id) AS found FROM events AS s INNER JOIN events AS p ON s.person = p.person
    WHERE s.tenant_id = {tenant: String} AND p.tenant_id = {tenant: String} AND s.name = 'search' AND p.name = 'purchase' AND s.person != 0
      AND s.time >= fromUnixTimestamp64Milli({from: Int64}, 'UTC') AND p.time >= fromUnixTimestamp64Milli({from: Int64}, 'UTC')
      AND (p.time, p.sequence) > (s.time, s.sequence) AND p.time <= s.time + INTERVAL 10 MINUTE`,
  params: { tenant: tenantId, from: fromMs },
};
const hand = async (): Promise<string> => {
  const { rows } = await eventStore.query(caller, byHand, (row) =>
    typeof row === "object" && row !== null ? String(Reflect.get(row, "found")) : "",
  );
  return rows[0] ?? "";
};

console.log(`\nA backtest over ${EVENTS.toLocaleString("en-US")} stored events of one tenant, 31 days:\n`);
console.log("| pattern | events of its parts | backtest, p50 ms | matches | self-join by hand, p50 ms | it counts |");
console.log("| --- | --- | --- | --- | --- | --- |");
for (const [title, pattern] of Object.entries(PATTERNS).filter(([name]) => BACKTESTED.has(name))) {
  const [ours, joined]: [number[], number[]] = [[], []];
  const joins = title === "SEQUENCE of two, each beginning";
  let told = "";
  let counted = "";
  for (let turn = 0; turn < RUNS; turn += 1) {
    const started = performance.now();
    const answer = await backtest(caller, { pattern, range, first: 1, late: "TAKE_IN" });
    ours.push(performance.now() - started);
    told = `${answer.counts.events.toLocaleString("en-US")} | ${middleOf(ours).toFixed(0)} | ${answer.total.toLocaleString("en-US")}`;
    if (!joins) continue;
    const between = performance.now();
    counted = await hand();
    joined.push(performance.now() - between);
  }
  const beside = joins ? `${middleOf(joined).toFixed(0)} | ${Number(counted).toLocaleString("en-US")}` : "|";
  console.log(`| ${title} | ${told} | ${beside} |`);
}

await close();
