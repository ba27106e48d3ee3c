// Subscribers on one machine: bytes per socket, and how long one event takes to reach everybody.
// node --import tsx bench/subscriptions/run.ts [subscribers]
import { execFileSync, fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { servingMessage, subscriberMessage, type ServingCommand, type ServingMessage } from "./messages.ts";

const SUBSCRIBERS = Number(process.argv[2] ?? 10_000);
const PROCESSES = 2;
const EVENTS = 8;
const EVERY_MS = 1_000;
/** Subscribers without sharing, for comparison. */
const ALONE = 500;
/** Files a process needs beside its sockets. */
const OTHER_FILES = 200;

const start = (file: string, args: readonly string[], execArgv: readonly string[] = []): ChildProcess =>
  fork(fileURLToPath(new URL(file, import.meta.url)), [...args], {
    execArgv: ["--import", "tsx", ...execArgv],
    serialization: "advanced",
  });

const said = <T>(child: ChildProcess, parse: (raw: unknown) => T): Promise<T> =>
  new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`a process ended with ${code}`)));
    child.once("message", (raw) => resolve(parse(raw)));
  });

const usageOf = async (
  serving: ChildProcess,
  command: ServingCommand,
): Promise<Extract<ServingMessage, { kind: "usage" }>> => {
  const answer = said(serving, (raw) => servingMessage.parse(raw));
  serving.send(command);
  const message = await answer;
  if (message.kind !== "usage") throw new Error("expected figures");
  return message;
};

const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

const round = (value: number): number => Math.round(value * 10) / 10;

const delaysOf = async (children: readonly ChildProcess[]): Promise<number[]> => {
  const all = await Promise.all(
    children.map(async (child) => {
      const answer = said(child, (raw) => subscriberMessage.parse(raw));
      child.send("report");
      const message = await answer;
      return message.kind === "delays" ? message.delaysMs : [];
    }),
  );
  return all.flat().toSorted((a, b) => a - b);
};

const measure = async (subscribers: number, processes: number, mode: "shared" | "alone"): Promise<void> => {
  const serving = start("./serving-process.ts", [], ["--expose-gc"]);
  const listening = await said(serving, (raw) => servingMessage.parse(raw));
  if (listening.kind !== "listening") throw new Error("expected an address");
  const before = await usageOf(serving, { kind: "measure" });
  const startedMs = performance.now();
  const each = String(Math.ceil(subscribers / processes));
  const children = Array.from({ length: processes }, () =>
    start("./subscriber-process.ts", [listening.wsUrl, listening.authorization, each, mode]),
  );
  await Promise.all(children.map((child) => said(child, (raw) => subscriberMessage.parse(raw))));
  const connectedMs = performance.now() - startedMs;
  const open = await usageOf(serving, { kind: "measure" });
  const after = await usageOf(serving, { kind: "publish", times: EVENTS, everyMs: EVERY_MS });
  const delays = await delaysOf(children);
  const messages = delays.length;
  console.log(
    JSON.stringify({
      mode,
      subscribers,
      upstreams: open.upstreams,
      connectSeconds: round(connectedMs / 1_000),
      rssBytesPerSocket: Math.round((open.rssBytes - before.rssBytes) / subscribers),
      heapBytesPerSocket: Math.round((open.heapBytes - before.heapBytes) / subscribers),
      messages,
      lost: subscribers * EVENTS - messages,
      fanOutMs: {
        p50: round(percentile(delays, 0.5)),
        p99: round(percentile(delays, 0.99)),
        max: round(delays.at(-1) ?? Number.NaN),
      },
      cpuMicrosPerMessage: round((after.cpuMicros - open.cpuMicros) / messages),
    }),
  );
  for (const child of [...children, serving]) child.disconnect();
};

const files = Number(execFileSync("sh", ["-c", "ulimit -n"]).toString().trim());
if (files < SUBSCRIBERS + OTHER_FILES) {
  console.error(`This shell may open ${files} files; run \`ulimit -n ${SUBSCRIBERS + OTHER_FILES}\` first.`);
  process.exit(1);
}
await measure(SUBSCRIBERS, PROCESSES, "shared");
await measure(ALONE, 1, "alone");
