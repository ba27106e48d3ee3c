// What a turn of the evaluator costs once its rules have learnt: processor time of its process and of PostgreSQL, for 1,000 and 10,000 series of one bucket each, and for how long nothing else of the process had a turn.
// node --import tsx bench/anomaly/turn.ts [kind ...]
import { monitorEventLoopDelay } from "node:perf_hooks";
import { readdirSync, readFileSync } from "node:fs";
import { parseTenantId, type TenantId } from "@tessera/contracts/ids";
import { PLAIN_ACCESS, type Caller } from "@tessera/contracts/caller";
import type { WatchedAnswer, WatchedQuestion } from "@tessera/contracts/watched-series";
import { askSubgraph, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { publishTestEngines } from "@tessera/platform/testing/config";
import { startEnginesHost, stopEnginesHost } from "@tessera/platform/testing/engines-host-process";
import { openAnomalyRoom } from "../../subgraphs/anomaly/src/testing/anomaly-room.ts";
import { machine, middleOf } from "../query/one-tenant.ts";

const HOUR_MS = 3_600_000;
const SERIES = 1_000;
/** Turns that are measured; the middle one is told. */
const TURNS = 3;
const DETECTORS: Readonly<Record<string, object>> = {
  STATIC: { static: { side: "ABOVE", high: 1_000 } },
  ROBUST_Z: { robustZ: {} },
  AUTOMATIC: { automatic: {} },
  PEERS: { peers: {} },
  MULTIVARIATE: { multivariate: {} },
  MSTL: { seasonalBand: { method: "MSTL" } },
};
/** Kinds of which a rule has fewer series. */
const FEWER: Readonly<Record<string, number>> = { MSTL: 200 };
/** Kinds of which ten rules are measured too. */
const OF_TEN = new Set(["STATIC", "ROBUST_Z"]);
// What AUTOMATIC learns of first takes ten minutes of ten thousand series: a thousand are shown it.
const kinds = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(DETECTORS);

/** A number that looks like traffic: by the hour of the day, with some noise that is the same each time it is asked for. */
const valueOf = (series: number, hour: number): number => {
  const noise = Math.abs(Math.sin(series * 12.9898 + hour * 78.233) * 43_758.5453) % 1;
  return Math.round(50 + 30 * Math.sin(((hour % 24) / 24) * 2 * Math.PI) + 20 * noise);
};
const answered = ({ from, to, maxSeries }: WatchedQuestion): WatchedAnswer => {
  const first = Math.ceil(Date.parse(from) / HOUR_MS);
  const hours = Array.from(
    { length: Math.max(0, Math.floor(Date.parse(to) / HOUR_MS) - first) },
    (_, at) => first + at,
  );
  const series = Array.from({ length: Math.min(SERIES, maxSeries) }, (_, place) => {
    const values = hours.map((hour) => valueOf(place, hour));
    return { group: [{ name: "page", value: `/page/${place}` }], values, samples: values };
  });
  return {
    bucketsMs: hours.map((hour) => hour * HOUR_MS),
    endsMs: hours.map((hour) => (hour + 1) * HOUR_MS),
    complete: hours.map(() => true),
    ...{ rising: true, emptyValue: 0, series, others: null, seriesCount: series.length },
  };
};

/** Milliseconds of processor time that processes of PostgreSQL have used, those that have ended not counted. */
const postgresMs = (): number =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .reduce((sum, pid) => {
      try {
        const [, name = "", rest = ""] = /^\d+ \((.*)\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
        const fields = rest.split(" ");
        return name === "postgres" && postmasters.has(Number(fields[1]))
          ? sum + (Number(fields[11]) + Number(fields[12])) * 10
          : sum;
      } catch {
        return sum;
      }
    }, 0);

publishTestEngines(await startEnginesHost());
const tenantOf = (): TenantId => parseTenantId(freshTenantId()) ?? freshTenantId();
const callerOf = (tenantId: TenantId): Caller => ({
  ...PLAIN_ACCESS,
  ...{ tenantId, permissions: new Set(["analytics:read", "anomaly:manage", "anomaly:read"]), expiresAtMs: null },
  subject: { kind: "USER", id: "0198c0de-0000-4000-8000-000000000009" },
});
const room = openAnomalyRoom({
  askAnalytics: {
    watchedSeries: (_caller, question) => Promise.resolve(answered(question)),
    impactOf: () => Promise.reject(new Error("Nothing is asked for an impact here.")),
  },
  accessOfSubject: (tenantId) => Promise.resolve(callerOf(tenantId)),
});
const { rows } = await room.engines.owner.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
const parentOf = (pid: number): number =>
  Number((/^\d+ \(.*\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [])[1]);
const postmasters = new Set(rows.map(({ pid }) => parentOf(pid)));
const evaluate = room.worker();

const spent = async (work: () => Promise<unknown>) => {
  const delays = monitorEventLoopDelay({ resolution: 5 });
  delays.enable();
  const [before, stored] = [process.cpuUsage(), postgresMs()];
  await work();
  const { user, system } = process.cpuUsage(before);
  delays.disable();
  return { cpuMs: (user + system) / 1_000, storeMs: postgresMs() - stored, heldMs: delays.max / 1e6 };
};

console.log(`${machine()} Rules of ${SERIES} series each, hours as buckets.`);
console.log(
  "| detector | series of a turn | process, ms of processor time | PostgreSQL, ms | held up, ms | series a minute and core, both together |",
);
console.log("| --- | --- | --- | --- | --- | --- |");
for (const kind of kinds)
  for (const count of OF_TEN.has(kind) ? [1, 10] : [1]) {
    room.clock.ms = Date.parse("2021-06-07T00:10:00Z");
    const tenantId = tenantOf();
    for (let rule = 0; rule < count; rule += 1) {
      const input = {
        ...{ name: `rule ${rule}`, evaluationIntervalSeconds: 3_600, detector: DETECTORS[kind] },
        question: {
          question: { olap: { range: { sliding: "P1D" }, measures: [{ function: "COUNT" }], dimensions: ["page"] } },
          ...{ granularity: "HOUR", maxSeries: FEWER[kind] ?? SERIES },
        },
      };
      const made = await askSubgraph(
        room.subgraph,
        callerOf(tenantId),
        "mutation ($input: CreateRuleInput!) { createRule(input: $input) { __typename } }",
        { input },
      );
      if (made.errors !== undefined) throw new Error(JSON.stringify(made.errors));
    }
    while ((await evaluate()) > 0);
    const turns = [];
    for (let turn = 0; turn < TURNS; turn += 1) {
      room.clock.ms += HOUR_MS;
      turns.push(await spent(evaluate));
    }
    const series = count * (FEWER[kind] ?? SERIES);
    const heldMs = Math.max(...turns.map((one) => one.heldMs));
    const [cpuMs, storeMs] = [middleOf(turns.map((one) => one.cpuMs)), middleOf(turns.map((one) => one.storeMs))];
    const perMinute = (60_000 * series) / (cpuMs + storeMs);
    console.log(
      `| ${kind} | ${series} | ${cpuMs.toFixed(0)} | ${storeMs.toFixed(0)} | ${heldMs.toFixed(0)} | ${Math.round(perMinute / 100) * 100} |`,
    );
    await room.engines.owner.query("UPDATE anomaly_rule SET enabled = false WHERE tenant_id = $1", [tenantId]);
  }
await room.close();
await stopEnginesHost();
