import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Caller } from "@tessera/contracts/caller";
import type { ExecutionRecorded } from "@tessera/contracts/events/execution-recorded";
import type { Subgraph } from "@tessera/platform/graphql/subgraph";
import type { Refusal } from "@tessera/platform/errors/refusal";
import { createClientAddress } from "@tessera/platform/http/client-address";
import { createHttpServer, listenOn } from "@tessera/platform/http/server";
import { attachWebSockets } from "@tessera/platform/http/web-sockets";
import { createLogger } from "@tessera/platform/telemetry/logger";
import { createMetrics, type Metrics } from "@tessera/platform/telemetry/metrics";
import { composeSupergraph } from "./composition.ts";
import { loadGatewayOptions, type GatewayOptions } from "./config.ts";
import type { SubgraphConnection } from "./connections/connection.ts";
import { guardConnection } from "./connections/guarded.ts";
import { createInProcessConnection } from "./connections/in-process.ts";
import { createCredentials } from "./fixture-credentials.ts";
import { createLog, eventsSubgraph, ownersSubgraph, type TestLog } from "./fixture-graph.ts";
import { createGateway, type Gateway } from "./gateway.ts";
import { createExecutionRecords } from "./operations/execution-records.ts";
import type { GatewayCall } from "./operations/graphql-request.ts";

/** A gateway on a random port over two in-process subgraphs, with everything a test turns. */
export interface GatewayFixture {
  readonly gateway: Gateway;
  readonly url: string;
  readonly wsUrl: string;
  readonly log: TestLog;
  readonly metrics: Metrics;
  readonly supergraphSdl: string;
  /** Lines logged at level error. */
  readonly logged: string[];
  /** Records of operations, in the order they ended. */
  readonly recorded: ExecutionRecorded[];
  /** From now on no record can be taken. */
  readonly refuseRecords: (refusal: Refusal) => void;
  /** Makes a credential and answers its Authorization header. */
  readonly issue: (caller?: Partial<Caller>) => string;
  readonly change: (header: string, caller: Caller) => void;
  readonly revoke: (header: string) => void;
  /** While true, nobody can be authenticated, through no fault of theirs. */
  readonly breakAuthentication: (broken: boolean) => void;
  readonly callerOf: (header: string) => Caller;
  readonly stop: () => Promise<void>;
}

/** Options of a gateway in tests: the defaults, with what a test changes. */
export const optionsWith = (changes: Partial<GatewayOptions> = {}): GatewayOptions => ({
  ...loadGatewayOptions({}),
  ...changes,
});

/** Where the gateway under test records: a list, until a test lets no record be taken. */
const createRecording = () => {
  const recorded: ExecutionRecorded[] = [];
  let admit = (): void => undefined;
  const records = createExecutionRecords({
    recorder: { admit: () => admit(), record: async (record) => void recorded.push(record), open: () => undefined },
    newId: () => randomUUID(),
    nowMs: () => Date.now(),
  });
  const refuseRecords = (refusal: Refusal): void => {
    admit = () => {
      throw refusal;
    };
  };
  return { recorded, records, refuseRecords };
};

const connect = (subgraph: Subgraph, timeoutMs: number): SubgraphConnection<GatewayCall> => {
  const { name, schema } = subgraph;
  const createContext = ({ caller, traceId, signal }: GatewayCall) =>
    subgraph.contextFor({ caller, traceId, ...(signal === undefined ? {} : { signal }) });
  const inner = createInProcessConnection<GatewayCall>({ name, schema, createContext });
  const forwarding: SubgraphConnection<GatewayCall> = {
    ...inner,
    execute: (request, call) => inner.execute(request, { ...call, signal: request.signal ?? call.signal }),
  };
  return guardConnection(forwarding, { timeoutMs, consecutiveFailures: 1_000 });
};

/** Starts a gateway; `timeoutMs` is what subgraphs have. */
export const startGateway = async (
  changes: Partial<GatewayOptions> = {},
  timeoutMs = 5_000,
  beforeStart: (fixture: Pick<GatewayFixture, "url" | "issue">) => Promise<void> = () => Promise.resolve(),
): Promise<GatewayFixture> => {
  const logger = createLogger("test", "silent");
  const logged: string[] = [];
  const { records, ...recording } = createRecording();
  logger.error = (...parts: unknown[]) => void logged.push(JSON.stringify(parts));
  const store = createLog();
  const subgraphs = [eventsSubgraph(store, logger), ownersSubgraph(logger)];
  const connections = new Map(subgraphs.map((subgraph) => [subgraph.name, connect(subgraph, timeoutMs)]));
  const { supergraphSdl } = composeSupergraph(
    subgraphs.map(({ name, sdl }) => ({ name, url: `http://${name}.test/graphql`, sdl })),
  );
  const credentials = createCredentials();
  const server = createHttpServer({ logger });
  const webSockets = attachWebSockets(server);
  const metrics = createMetrics();
  const gateway = createGateway({
    supergraphSdl,
    connections,
    authenticate: credentials.authenticate,
    server,
    webSockets,
    logger,
    metrics,
    nowMs: () => Date.now(),
    records,
    clientAddress: createClientAddress([]),
    options: optionsWith(changes),
  });
  const port = await listenOn(server, "127.0.0.1", 0);
  const address = { url: `http://127.0.0.1:${port}/graphql`, wsUrl: `ws://127.0.0.1:${port}/graphql` };
  await beforeStart({ ...address, issue: credentials.issue });
  await gateway.start();
  return {
    ...address,
    ...credentials,
    ...recording,
    gateway,
    metrics,
    supergraphSdl,
    logged,
    log: store.log,
    stop: async () => {
      await gateway.stop();
      await webSockets.stop(100);
      await server.close();
    },
  };
};

const extensions = z.record(z.string(), z.unknown());
const answer = z.looseObject({
  data: z.record(z.string(), z.unknown()).nullish(),
  errors: z.array(z.looseObject({ message: z.string(), path: z.array(z.unknown()).optional(), extensions })).optional(),
  extensions: extensions.optional(),
  code: z.string().optional(),
});

/** Posts one GraphQL request and answers status, headers and the parsed body. */
export const post = async (
  { url }: Pick<GatewayFixture, "url">,
  authorization: string | null,
  body: unknown,
  headers: Record<string, string> = {},
) => {
  const response = await fetch(url, {
    method: "POST",
    redirect: "manual",
    headers: {
      "content-type": "application/json",
      accept: "application/graphql-response+json",
      ...(authorization === null ? {} : { authorization }),
      ...headers,
    },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: answer.parse(JSON.parse(text)) };
};
