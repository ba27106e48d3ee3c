import { randomUUID } from "node:crypto";
import { WebSocket } from "ws";
import { PLAIN_ACCESS, type Caller } from "@tessera/contracts/caller";
import type { ExecutionRecorded } from "@tessera/contracts/events/execution-recorded";
import { parseTenantId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import { createClientAddress } from "@tessera/platform/http/client-address";
import { createOrigins } from "@tessera/platform/http/origins";
import { createHttpServer, listenOn } from "@tessera/platform/http/server";
import { attachWebSockets } from "@tessera/platform/http/web-sockets";
import { publicKeysOf } from "@tessera/platform/integrity/signing-key";
import { createLogger } from "@tessera/platform/telemetry/logger";
import type { ReceiveProviderEvent } from "../routes/incidents/inbound-route.ts";
import { registerRestBridge } from "../bridge.ts";
import type { GraphAnswer, GraphCall, GraphPort, GraphSink } from "../graph/graph-port.ts";

/** The tenant of every test credential but `Bearer other`. */
export const TENANT = "0190aaaa-0000-7000-8000-000000000001";
/** The tenant of `Bearer other`. */
export const OTHER_TENANT = "0190aaaa-0000-7000-8000-000000000002";

const callerOf = (tenant: string, expiresAtMs: number | null): Caller => {
  const tenantId = parseTenantId(tenant);
  if (tenantId === null) throw new Error("The test tenant is no UUID.");
  return {
    tenantId,
    subject: { kind: "API_KEY", id: "test" },
    permissions: new Set(["analytics:read"]),
    expiresAtMs,
    ...PLAIN_ACCESS,
  };
};

/** Knows `Bearer key`, `Bearer other`, `Bearer operator`, who administers every tenant, and `Bearer until <ms>`, which expires at that moment. */
const authenticate = (authorization: string | undefined): Promise<Caller> => {
  if (authorization === "Bearer key") return Promise.resolve(callerOf(TENANT, null));
  if (authorization === "Bearer other") return Promise.resolve(callerOf(OTHER_TENANT, null));
  if (authorization === "Bearer operator")
    return Promise.resolve({ ...callerOf(OTHER_TENANT, null), permissions: new Set(["platform:tenants"]) });
  const until = /^Bearer until (\d+)$/.exec(authorization ?? "")?.[1];
  if (until !== undefined) return Promise.resolve(callerOf(TENANT, Number(until)));
  return Promise.reject(refuse("UNAUTHENTICATED", "The credential is not known."));
};

/** A subscription the bridge holds on the graph. */
export interface HeldSubscription {
  readonly call: Omit<GraphCall, "signal">;
  readonly sink: GraphSink;
  stopped: boolean;
  /** Callers the subscription was confirmed for. */
  readonly confirmed: Caller[];
}

/** A graph whose answers a test decides. */
export interface DecidedGraph extends GraphPort {
  readonly calls: GraphCall[];
  readonly held: HeldSubscription[];
  decide(answer: (call: GraphCall) => GraphAnswer | Promise<GraphAnswer>): void;
}

const createDecidedGraph = (): DecidedGraph => {
  const calls: GraphCall[] = [];
  const held: HeldSubscription[] = [];
  let decided: (call: GraphCall) => GraphAnswer | Promise<GraphAnswer> = () => ({ rateLimit: {} });
  return {
    calls,
    held,
    decide: (answer) => {
      decided = answer;
    },
    execute: async (call) => {
      calls.push(call);
      return decided(call);
    },
    subscribe: (call, sink) => {
      const subscription: HeldSubscription = { call, sink, stopped: false, confirmed: [] };
      held.push(subscription);
      return {
        stop: () => {
          subscription.stopped = true;
        },
        confirm: (caller) => void subscription.confirmed.push(caller),
      };
    },
  };
};

/** What is sent beside the path; the credential is the known one unless given. */
export type Ask = Omit<RequestInit, "headers"> & { readonly headers?: Record<string, string> };

/** The bridge on a port of its own, over a graph whose answers the test decides. */
export const startBridge = async (supergraphSdl: () => string = () => "type Query { a: Int }") => {
  const logger = createLogger("test", "silent");
  const server = createHttpServer({ logger });
  const webSockets = attachWebSockets(server);
  const graph = createDecidedGraph();
  const clientAddress = createClientAddress(["loopback"]);
  const records: ExecutionRecorded[] = [];
  let received: ReceiveProviderEvent = () => Promise.resolve("UNKNOWN_ENDPOINT");
  registerRestBridge(server, webSockets, {
    auditKeys: publicKeysOf(["the secret of a test, long enough for one"], "test"),
    ...{ graph, authenticate, clientAddress, logger, supergraphSdl },
    recorder: { record: async (record) => void records.push(record) },
    newId: randomUUID,
    origins: createOrigins([]),
    receiveProviderEvent: (sent) => received(sent),
    nowMs: Date.now,
  });
  const port = await listenOn(server, "127.0.0.1", 0);
  const url = `http://127.0.0.1:${port}`;
  return {
    graph,
    records,
    /** Has what providers send taken by this. */
    receiveBy: (receive: ReceiveProviderEvent) => {
      received = receive;
    },
    url,
    ask: (path: string, init: Ask = {}) =>
      fetch(`${url}${path}`, { ...init, headers: { authorization: "Bearer key", ...init.headers } }),
    connect: (path: string, headers: Record<string, string> = { authorization: "Bearer key" }) =>
      openSocket(new WebSocket(`${url.replace("http", "ws")}${path}`, { headers })),
    stop: async () => {
      await Promise.all([server.close(), webSockets.stop(100)]);
    },
  };
};

/** A client's socket that remembers what it was sent. */
export interface TestSocket {
  readonly socket: WebSocket;
  readonly messages: Record<string, unknown>[];
  /** Resolves with the message of that type that has not been taken yet. */
  next(type: string): Promise<Record<string, unknown>>;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  /** HTTP status of a refused handshake. */
  readonly refused: Promise<number>;
  send(message: unknown): void;
}

const POLL_MS = 10;
const PATIENCE_MS = 10_000;

/** Collects what a socket is sent. */
export const openSocket = (socket: WebSocket): TestSocket => {
  const messages: Record<string, unknown>[] = [];
  const taken = new Set<Record<string, unknown>>();
  // boundary: the server under test sends JSON objects.
  socket.on("message", (data: Buffer) => messages.push(JSON.parse(data.toString("utf8")) as Record<string, unknown>));
  socket.on("error", () => undefined);
  const take = (type: string) => messages.find((message) => message["type"] === type && !taken.has(message));
  return {
    socket,
    messages,
    next: async (type) => {
      const deadline = Date.now() + PATIENCE_MS;
      for (let found = take(type); ; found = take(type)) {
        if (found !== undefined) {
          taken.add(found);
          return found;
        }
        if (Date.now() > deadline)
          throw new Error(`No ${type} came; there are ${JSON.stringify(messages).slice(0, 500)}`);
        await new Promise((wake) => setTimeout(wake, POLL_MS));
      }
    },
    closed: new Promise((resolve) => {
      socket.once("close", (code: number, reason: Buffer) => resolve({ code, reason: reason.toString("utf8") }));
    }),
    refused: new Promise((resolve) => {
      socket.once("unexpected-response", (_request, response) => resolve(response.statusCode ?? 0));
    }),
    send: (message) => socket.send(typeof message === "string" ? message : JSON.stringify(message)),
  };
};
