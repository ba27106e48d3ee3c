import { randomUUID } from "node:crypto";
import { cpus, loadavg } from "node:os";
import { PLAIN_ACCESS, type Caller } from "@tessera/contracts/caller";
import { parseTenantId } from "@tessera/contracts/ids";
import { createEventStore } from "@tessera/platform/store/event-store";
import { publishTestEngines, readTestEngines } from "@tessera/platform/testing/config";
import { startEnginesHost, stopEnginesHost } from "@tessera/platform/testing/engines-host-process";
import { generateEvents } from "../analytics/generated-events.ts";

/** Engines with a month of events of one tenant, and somebody who may ask about them. */
export const openOneTenant = async (events: number) => {
  const tenantId = parseTenantId(randomUUID());
  if (tenantId === null) throw new Error("A random UUID is a tenant id.");
  publishTestEngines(await startEnginesHost());
  const { url, passwords } = readTestEngines().clickhouse;
  const eventStore = createEventStore({ url, username: "tessera_reader", password: passwords.tessera_reader });
  const endMs = Math.floor(Date.now() / 1_000) * 1_000;
  const writer = { url, username: "tessera_writer", password: passwords.tessera_writer };
  await generateEvents(writer, [tenantId], events, endMs);
  const caller: Caller = {
    tenantId,
    subject: { kind: "API_KEY", id: "bench" },
    permissions: new Set(["analytics:read"]),
    expiresAtMs: null,
    ...PLAIN_ACCESS,
  };
  const close = async (): Promise<void> => {
    await eventStore.close();
    await stopEnginesHost();
  };
  return { tenantId, eventStore, endMs, caller, close };
};

/** The middle of some values, the upper one of two; NaN of none. */
export const middleOf = (taken: readonly number[]): number =>
  taken.toSorted((a, b) => a - b)[Math.floor(taken.length / 2)] ?? Number.NaN;

/** What the figures were taken on, in one line. */
export const machine = (): string => {
  const load = loadavg().map((one) => one.toFixed(1));
  return `${cpus().length} cores, load ${load.join(" ")}; node ${process.version}.`;
};

/** How often each question is asked. */
export interface Repeats {
  readonly runs: number;
  readonly warmUp: number;
}

/** Asks each question in turn with the same by hand, and prints a line of a table for each; what a question answers is its last cell. */
export const printBesideHand = async (
  questions: Readonly<Record<string, () => Promise<string>>>,
  hand: () => Promise<unknown>,
  { runs, warmUp }: Repeats,
): Promise<void> => {
  for (const [title, ask] of Object.entries(questions)) {
    const [taken, beside]: [number[], number[]] = [[], []];
    let told = "";
    for (let run = 0; run < warmUp + runs; run += 1) {
      const started = performance.now();
      await hand();
      const between = performance.now();
      told = await ask();
      if (run < warmUp) continue;
      beside.push(between - started);
      taken.push(performance.now() - between);
    }
    const [p50, byHandMs] = [middleOf(taken), middleOf(beside)];
    const times = [p50, Math.max(...taken), byHandMs].map((ms) => ms.toFixed(0));
    console.log(`| ${title} | ${[...times, (p50 / byHandMs).toFixed(1), told].join(" | ")} |`);
  }
};
