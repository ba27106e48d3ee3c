// Throughput of the write path beside a plain insert of the same rows in the same run: `node --import tsx bench/ingest/run.ts [seconds]`.
import { randomUUID } from "node:crypto";
import { cpus, loadavg } from "node:os";
import { parseTenantId } from "@tessera/contracts/ids";
import { PLAIN_ACCESS, type Caller } from "@tessera/contracts/caller";
import { prepareEvent } from "@tessera/ingest/domain/validate-event";
import { asJsonRows, insertRaw } from "./baseline.ts";
import { startInstallation, type Installation } from "./installation.ts";
import { sampleEvents, seeded } from "./sample-events.ts";

const SECONDS = Math.min(Number(process.argv[2] ?? 15), 30);
const BATCH = 1_000;
/** So many that requests wait while two inserts are under way, yet within one tenant's share of what may be in flight. */
const SENDERS = 70;
const POOL = 60;

const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((one, other) => one - other)[Math.min(values.length - 1, Math.floor(values.length * share))] ??
  Number.NaN;

const caller = (): Caller => {
  const tenantId = parseTenantId(randomUUID());
  if (tenantId === null) throw new Error("randomUUID made no UUID");
  return {
    tenantId,
    subject: { kind: "SERVICE", id: "bench" },
    permissions: new Set(["analytics:ingest"]),
    expiresAtMs: null,
    ...PLAIN_ACCESS,
  };
};

const bodies: readonly string[] = (() => {
  const random = seeded(7);
  return Array.from({ length: POOL }, () => JSON.stringify(sampleEvents(BATCH, random, Date.now())));
})();

type Sample = Record<string, unknown>;
const isSamples = (value: unknown): value is Sample[] => Array.isArray(value);
/** Parsed anew each time and given fresh ids, as requests are. */
const freshBatch = (turn: number): readonly Sample[] => {
  const events: unknown = JSON.parse(bodies[turn % POOL] ?? "[]");
  if (!isSamples(events)) throw new Error("the sample is no array");
  for (const event of events) event["id"] = randomUUID();
  return events;
};

/** Milliseconds of processor time that validating a batch takes, which other processes on the machine do not change. */
const validation = (): readonly number[] => {
  const context = { nowMs: Date.now(), newId: randomUUID };
  return Array.from({ length: 600 }, (_, turn) => {
    const events = freshBatch(turn);
    const before = process.cpuUsage();
    for (const event of events) prepareEvent(event, context);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  }).slice(100);
};

interface Measured {
  readonly events: number;
  readonly seconds: number;
  readonly nodeCpuUs: number;
  readonly storeCpuUs: number;
}

const measured = async (installation: Installation, work: () => Promise<number>): Promise<Measured> => {
  const [startedMs, node, store] = [performance.now(), process.cpuUsage(), installation.storeCpuMs()];
  const events = await work();
  const { user, system } = process.cpuUsage(node);
  return {
    events,
    seconds: (performance.now() - startedMs) / 1_000,
    nodeCpuUs: (user + system) / events,
    storeCpuUs: ((installation.storeCpuMs() - store) * 1_000) / events,
  };
};

const pipeline = async (
  installation: Installation,
  seconds: number,
  latencies: number[],
  memory: number[],
): Promise<number> => {
  const until = performance.now() + seconds * 1_000;
  const from = caller();
  let accepted = 0;
  const sampler = setInterval(() => memory.push(process.memoryUsage().rss / 1_048_576), 500);
  const send = async (_: unknown, sender: number): Promise<void> => {
    for (let turn = sender; performance.now() < until; turn += SENDERS) {
      const events = freshBatch(turn);
      const sentMs = performance.now();
      const receipt = await installation.ingest.ingest(from, events);
      accepted += receipt.accepted;
      latencies.push(performance.now() - sentMs);
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, send));
  clearInterval(sampler);
  return accepted;
};

const row = (name: string, { events, seconds, nodeCpuUs, storeCpuUs }: Measured): string =>
  [
    name.padEnd(34),
    String(Math.round(events / seconds)).padStart(10),
    nodeCpuUs.toFixed(1).padStart(12),
    storeCpuUs.toFixed(1).padStart(12),
    String(Math.round(2e6 / (nodeCpuUs + storeCpuUs))).padStart(16),
  ].join("");

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const installation = await startInstallation();
try {
  say(
    `${cpus().length} cores, load average before ${(loadavg()[0] ?? 0).toFixed(1)}, ${Math.round((bodies[0]?.length ?? 0) / BATCH)} bytes of JSON per event`,
  );
  const times = validation();
  say(
    `validation of 1,000 events, CPU ms: p50 ${quantile(times, 0.5).toFixed(2)}  p99 ${quantile(times, 0.99).toFixed(2)}`,
  );
  await pipeline(installation, 3, [], []);
  const [latencies, memory]: [number[], number[]] = [[], []];
  const whole = await measured(installation, () => pipeline(installation, SECONDS, latencies, memory));
  const senderOnly = await measured(installation, async () => {
    for (let turn = 0; turn < 100; turn += 1) freshBatch(turn);
    return 100 * BATCH;
  });
  const { tenantId } = caller();
  const rows = bodies.slice(0, 40).flatMap((_, turn) => asJsonRows(tenantId, freshBatch(turn)).split("\n"));
  const raw = await measured(installation, () => insertRaw(installation.writer, rows, SECONDS / 2));
  say(
    `\n${"".padEnd(34)}${"events/s".padStart(10)}${"node us/ev".padStart(12)}${"store us/ev".padStart(12)}${"2 idle cores".padStart(16)}`,
  );
  say(row("write path, in process", whole));
  say(row("  of it the bench's own sender", senderOnly));
  say(row("plain JSONEachRow, no checks", raw));
  say(
    `\nratio to the plain insert: ${(whole.events / whole.seconds / (raw.events / raw.seconds)).toFixed(2)} in this run`,
  );
  say(
    `answer after ms: p50 ${quantile(latencies, 0.5).toFixed(0)}  p99 ${quantile(latencies, 0.99).toFixed(0)} with ${SENDERS} senders of ${BATCH} events`,
  );
  say(
    `resident MB: first ${memory[0]?.toFixed(0)}  highest ${Math.max(...memory).toFixed(0)}  last ${memory.at(-1)?.toFixed(0)}`,
  );
} finally {
  await installation.stop();
}
