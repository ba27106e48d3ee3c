// What three tenants feel of a fourth that asks ten times what its quota lets it run: `node --import tsx bench/noisy-neighbour/run.ts [seconds]`.
// Prints the table of README.md.
import { randomUUID } from "node:crypto";
import { cpus, loadavg } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { parseTenantId, type TenantId } from "@tessera/contracts/ids";
import { Refusal } from "@tessera/platform/errors/refusal";
import { wholeTenant } from "@tessera/platform/store/data-policy";
import { createEventStore, type EventStore, type StoreStatement } from "@tessera/platform/store/event-store";
import { createFairEventStore } from "@tessera/platform/store/fair-event-store";
import { publishTestEngines, readTestEngines } from "@tessera/platform/testing/config";
import { startEnginesHost, stopEnginesHost } from "@tessera/platform/testing/engines-host-process";
import { generateEvents } from "../analytics/generated-events.ts";

/** Seconds of each phase; there are six. */
const SECONDS = Math.min(Number(process.argv[2] ?? 6), 10);
const ROWS = 400_000;
/** Queries the noisy tenant may run at a time, and as many clients at its quota. */
const NOISY_SLOTS = 2;
const TIMES = 10;
/** Milliseconds a quiet client thinks between two questions. */
const THINK_MS = 10;

const tenants = Array.from({ length: 4 }, (): TenantId => {
  const tenantId = parseTenantId(randomUUID());
  if (tenantId === null) throw new Error("A random UUID is a tenant id.");
  return tenantId;
});
const [noisy, ...quiet] = tenants;
if (noisy === undefined) throw new Error("There are tenants.");

const statementOf = (name: string, text: string): StoreStatement => ({ name, text, params: {} });
const heavy = statementOf("noisy", "SELECT url, uniq(user_id), quantiles(0.5, 0.99)(revenue) FROM events GROUP BY url");
const light = statementOf("quiet", "SELECT name, count() FROM events GROUP BY name");

interface Phase {
  readonly quietMs: number[];
  answered: number;
  refused: number;
}

const newPhase = (): Phase => ({ quietMs: [], answered: 0, refused: 0 });

/** Some clients ask without end until told to stop. */
const ask = async (
  store: EventStore,
  tenantId: TenantId,
  statement: StoreStatement,
  isOver: () => boolean,
  phase: Phase,
  thinkMs: number,
) => {
  while (!isOver()) {
    const startedMs = performance.now();
    try {
      await store.query(wholeTenant(tenantId), statement, (row) => row);
      if (thinkMs > 0) phase.quietMs.push(performance.now() - startedMs);
      else phase.answered += 1;
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== "OVERLOADED") throw error;
      phase.refused += 1;
      await wait(100);
    }
    if (thinkMs > 0) await wait(thinkMs);
  }
};

const run = async (store: EventStore, noisyClients: number, phase: Phase): Promise<void> => {
  const endMs = performance.now() + SECONDS * 1_000;
  const isOver = (): boolean => performance.now() > endMs;
  const loud = Array.from({ length: noisyClients }, () => ask(store, noisy, heavy, isOver, phase, 0));
  const calm = quiet.map((tenantId) => ask(store, tenantId, light, isOver, phase, THINK_MS));
  await Promise.all([...loud, ...calm]);
};

const quantile = (values: readonly number[], level: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * level))] ?? Number.NaN;

publishTestEngines(await startEnginesHost());
const { url, passwords } = readTestEngines().clickhouse;
const writer = { url, username: "tessera_writer", password: passwords.tessera_writer };
const raw = createEventStore({ url, username: "tessera_reader", password: passwords.tessera_reader });
const fair = createFairEventStore(raw);
fair.holdTo(() => ({ slots: NOISY_SLOTS, weight: 1, memoryBytes: 512 * 1_048_576 }));
await generateEvents(writer, tenants, ROWS, Math.floor(Date.now() / 1_000) * 1_000);

const phases = [
  { name: "at its quota, fair", store: fair, clients: NOISY_SLOTS },
  { name: `${TIMES}x its quota, fair`, store: fair, clients: NOISY_SLOTS * TIMES },
  { name: `${TIMES}x its quota, unfair`, store: raw, clients: NOISY_SLOTS * TIMES },
].map((phase) => ({ ...phase, seen: newPhase() }));
for (const { store, clients } of phases.slice(0, 2)) await run(store, clients, newPhase());
// In turns, so that what else the machine does falls on all of them.
for (let round = 0; round < 2; round += 1)
  for (const { store, clients, seen } of phases) await run(store, clients, seen);

const [base] = phases;
const baseline = quantile(base?.seen.quietMs ?? [], 0.99);
console.log(
  `${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}, ${ROWS} events, ${quiet.length} quiet tenants\n`,
);
console.log("| Noisy tenant | others' p50 | others' p99 | to its quota | answered to it per s | refused |");
console.log("| --- | --- | --- | --- | --- | --- |");
for (const { name, seen } of phases) {
  const [p50, p99] = [quantile(seen.quietMs, 0.5), quantile(seen.quietMs, 0.99)];
  const perSecond = (seen.answered / (2 * SECONDS)).toFixed(1);
  console.log(
    `| ${name} | ${p50.toFixed(1)} ms | ${p99.toFixed(1)} ms | ${(p99 / baseline).toFixed(2)}x | ${perSecond} | ${seen.refused} |`,
  );
}
await fair.close();
await stopEnginesHost();
