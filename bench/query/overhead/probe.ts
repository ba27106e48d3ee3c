// Loaded into the process under test before anything else (`--import`): tells, when asked, what its processor time went to and what it said to its stores.
import { subscribe } from "node:diagnostics_channel";
import { Session, type Profiler } from "node:inspector/promises";
import type { Socket } from "node:net";
import { TenantPool } from "@tessera/platform/db/tenant-pool";
import { shareByPart } from "./parts.ts";

/** Microseconds between two looks at what the processor does: five hundred questions are seen thousands of times. */
const SAMPLE_EVERY_US = 500;

let statements = new Map<string, number>();
const count = (what: string): void => void statements.set(what, (statements.get(what) ?? 0) + 1);

/** The driver's clients, whoever makes them; a pool that is never asked connects to nothing. */
const Client: unknown = Reflect.get(new TenantPool(""), "Client");
if (typeof Client !== "function") throw new Error("A pool names the class of its clients.");
// boundary: the driver's `query` has a dozen overloads; its first argument alone is looked at and all are passed on as they came.
const prototype = Client.prototype as { query: (...args: readonly unknown[]) => unknown };
const { query } = prototype;
const nameOf = (statement: unknown): string => {
  if (typeof statement === "string") return statement;
  if (typeof statement !== "object" || statement === null) return "other";
  const name: unknown = Reflect.get(statement, "name");
  return typeof name === "string" ? name : String(Reflect.get(statement, "text"));
};
prototype.query = function counted(...args) {
  count(`PostgreSQL: ${nameOf(args[0]).replaceAll(/\s+/g, " ").slice(0, 60)}`);
  return query.apply(this, [...args]);
};

const sockets = new Set<Socket>();
const socketOf = (message: unknown): Socket | null => {
  const socket: unknown = typeof message === "object" && message !== null ? Reflect.get(message, "socket") : null;
  // boundary: the channel of node:net tells sockets alone.
  return typeof socket === "object" && socket !== null ? (socket as Socket) : null;
};
let closedBytes = 0;
subscribe("net.client.socket", (message) => {
  const socket = socketOf(message);
  if (socket === null) return;
  sockets.add(socket);
  socket.once("close", () => {
    closedBytes += socket.bytesRead + socket.bytesWritten;
    sockets.delete(socket);
  });
});
subscribe("undici:request:create", () => count("ClickHouse: requests"));
const bytesToStores = (): number =>
  [...sockets].reduce((sum, { bytesRead, bytesWritten }) => sum + bytesRead + bytesWritten, closedBytes);

const session = new Session();
session.connect();
const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};
let before = { cpuMs: 0, bytes: 0 };

const answers = {
  begin: async () => {
    statements = new Map();
    before = { cpuMs: cpuMs(), bytes: bytesToStores() };
    return {};
  },
  end: async () => ({
    cpuMs: cpuMs() - before.cpuMs,
    bytes: bytesToStores() - before.bytes,
    statements: Object.fromEntries(statements),
  }),
  profile: async () => {
    await session.post("Profiler.enable");
    await session.post("Profiler.setSamplingInterval", { interval: SAMPLE_EVERY_US });
    await session.post("Profiler.start");
    return {};
  },
  profiled: async () => {
    const { profile }: { profile: Profiler.Profile } = await session.post("Profiler.stop");
    return { parts: shareByPart(profile), profile };
  },
};
process.on("message", (asked) => {
  if (typeof asked !== "object" || asked === null) return;
  const probe: unknown = Reflect.get(asked, "probe");
  if (probe !== "begin" && probe !== "end" && probe !== "profile" && probe !== "profiled") return;
  void answers[probe]().then((answer) => process.send?.(answer));
});
