// How long after an event was accepted the alert it leads to reaches a subscriber, beside how long the event itself takes to reach one in the same run.
// node --import tsx bench/anomaly-live/run.ts [crossings]
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { connectLive } from "../../tests/testing/live-client.ts";
import { createTesseraClient } from "../../tests/testing/tessera-client.ts";
import { machine, middleOf } from "../query/one-tenant.ts";
import { startServing } from "../query/serving.ts";

const CROSSINGS = Number(process.argv[2] ?? 100);
/** Crossings that are not measured: what is made at the first of anything is made by then. */
const WARM_UP = 10;
/** Milliseconds between crossings, drawn anew each time. */
const [LEAST_PAUSE_MS, MOST_PAUSE_MS] = [200, 900];
/** Milliseconds one crossing may take; one that takes longer is counted as lost. */
const PATIENCE_MS = 20_000;
/** Events of a crossing; the bound is one fewer. */
const EVENTS = 3;

const instance = await startServing();
const [tenant] = instance.tenants;
if (tenant === undefined) throw new Error("There is a tenant.");
const client = createTesseraClient(instance.url, tenant.apiKey);

const olap = {
  ...{ range: { sliding: "PT1H" }, measures: [{ function: "COUNT" }], dimensions: ["source"] },
  filter: { field: "name", eq: "pulse" },
};
const rule = {
  ...{ name: "pulses by source", live: true, question: { question: { olap }, granularity: "HOUR" } },
  ...{ detector: { static: { side: "ABOVE", high: EVENTS - 1 } }, evaluationIntervalSeconds: 60 },
};
const made = await client.ask(
  z.object({ createRule: z.object({ rule: z.object({ id: z.string() }) }) }),
  "mutation ($input: CreateRuleInput!) { createRule(input: $input) { ... on RuleSaved { rule { id } } } }",
  { input: rule },
);
const judged = async (): Promise<boolean> =>
  (
    await client.ask(
      z.object({ rule: z.object({ judgedUntil: z.string().nullable() }) }),
      "query ($id: ID!) { rule(id: $id) { judgedUntil } }",
      { id: made.createRule.rule.id },
    )
  ).rule.judgedUntil !== null;
while (!(await judged())) await pause(200);

/** When each source was first told of, on the clock of this process. */
const [toldMs, eventMs] = [new Map<string, number>(), new Map<string, number>()];
const live = await connectLive(instance.url, tenant.apiKey);
const alerts = live.follow(
  "subscription ($filter: AlertFilterInput) { alerts(filter: $filter) { series { state group { value } } } }",
  { filter: { rules: [made.createRule.rule.id] } },
);
const events = live.follow('subscription { events(filter: { field: "name", eq: "pulse" }) { event { source } } }');
const alertShape = z.object({
  alerts: z.object({
    series: z.object({ state: z.string(), group: z.array(z.object({ value: z.string().nullable() })) }),
  }),
});
const eventShape = z.object({ events: z.object({ event: z.object({ source: z.string().nullable() }) }) });
let [readAlerts, readEvents] = [0, 0];
/** Takes down what has come since it was last asked. */
const look = (): void => {
  const now = performance.now();
  for (; readAlerts < alerts.messages.length; readAlerts += 1) {
    const { state, group } = alertShape.parse(alerts.messages[readAlerts]).alerts.series;
    const source = group[0]?.value ?? "";
    if (state === "FIRING" && !toldMs.has(source)) toldMs.set(source, now);
  }
  for (; readEvents < events.messages.length; readEvents += 1) {
    const source = eventShape.parse(events.messages[readEvents]).events.event.source ?? "";
    if (!eventMs.has(source)) eventMs.set(source, now);
  }
};
const watching = setInterval(look, 2);

const share = (sorted: readonly number[], of: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * of))] ?? Number.NaN;
const sent: { readonly source: string; readonly sentMs: number; readonly acceptedMs: number }[] = [];
const cpuBefore = await instance.cpuMs();
for (let crossing = 0; crossing < WARM_UP + CROSSINGS; crossing += 1) {
  const source = `s-${randomUUID()}`;
  const sentMs = performance.now();
  await client.send(Array.from({ length: EVENTS }, () => ({ name: "pulse", source })));
  const acceptedMs = performance.now();
  if (crossing >= WARM_UP) sent.push({ source, sentMs, acceptedMs });
  await pause(LEAST_PAUSE_MS + Math.random() * (MOST_PAUSE_MS - LEAST_PAUSE_MS));
}
const deadline = performance.now() + PATIENCE_MS;
while (performance.now() < deadline && sent.some(({ source }) => !toldMs.has(source))) await pause(20);
clearInterval(watching);
const cpuMs = (await instance.cpuMs()) - cpuBefore;

const delays = (of: ReadonlyMap<string, number>): readonly number[] =>
  sent
    .flatMap(({ source, acceptedMs }) => {
      const ms = of.get(source);
      return ms === undefined ? [] : [Math.max(0, ms - acceptedMs)];
    })
    .toSorted((a, b) => a - b);
const [firing, raw] = [delays(toldMs), delays(eventMs)];
const accepted = middleOf(sent.map(({ sentMs, acceptedMs }) => acceptedMs - sentMs));
console.log(
  `${machine()} ${CROSSINGS} crossings, each of a series of its own of one live rule; accepting took ${accepted.toFixed(0)} ms by the median.`,
);
console.log("| what reaches a subscriber after its event was accepted | p50 ms | p90 ms | p99 ms | lost |");
console.log("| --- | --- | --- | --- | --- |");
for (const [what, ms] of [
  ["the event itself", raw],
  ["FIRING", firing],
] as const)
  console.log(
    `| ${what} | ${[0.5, 0.9, 0.99].map((of) => share(ms, of).toFixed(0)).join(" | ")} | ${sent.length - ms.length} |`,
  );
console.log(
  `FIRING takes ${(share(firing, 0.5) / share(raw, 0.5)).toFixed(1)} times as long as the event by the median, ${(share(firing, 0.99) / share(raw, 0.99)).toFixed(1)} times at p99; ${(cpuMs / (WARM_UP + CROSSINGS)).toFixed(0)} ms of the instance's processor time a crossing, without its engines.`,
);
await live.close();
await instance.stop();
