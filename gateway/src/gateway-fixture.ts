import { randomUUID } from "node:crypto";
import type { Caller } from "@tessera/contracts/caller";
import { parseTenantId, type TenantId } from "@tessera/contracts/ids";
import type { Permission } from "@tessera/contracts/permissions";
import { refuse } from "@tessera/platform/errors/refusal";
import { createBoundedQueue } from "@tessera/platform/events/bounded-queue";
import { buildSubgraph, type Subgraph, type SubgraphCall } from "@tessera/platform/graphql/subgraph";
import { createHttpServer, listenOn } from "@tessera/platform/http/server";
import { attachWebSockets } from "@tessera/platform/http/web-sockets";
import { createLogger, type Logger } from "@tessera/platform/telemetry/logger";
import { createMetrics, type Metrics } from "@tessera/platform/telemetry/metrics";
import { composeSupergraph } from "./composition.ts";
import { loadGatewayOptions, type GatewayOptions } from "./config.ts";
import type { SubgraphConnection } from "./connections/connection.ts";
import { guardConnection } from "./connections/guarded.ts";
import { createInProcessConnection } from "./connections/in-process.ts";
import { createGateway, type Gateway } from "./gateway.ts";
import type { GatewayCall } from "./operations/graphql-request.ts";

const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@cost", "@listSize"])\n`;

const EVENTS_SDL = `${LINK}
scalar Cursor
type Query {
  events(first: Int = 10): [Event!]!
  event(id: ID!): Event
  costly: Int @cost(weight: 500)
  broken: String
  refused: String
  hung: String
  who: String!
  connection(first: Int, last: Int): EventConnection!
}
type EventConnection { nodes: [Event!]! }
type Mutation { note(text: String!): String! }
type Subscription {
  events(after: Cursor, pad: Int = 0): EventTold!
  ticks: Tick!
  ending: Tick!
}
type EventTold { cursor: Cursor! event: Event! pad: String! tenantId: ID! subject: String! }
type Tick { value: Int! }
type Event @key(fields: "id") { id: ID! name: String! owner: Owner! parent: Event }
type Owner @key(fields: "id") { id: ID! }
`;
const OWNERS_SDL = `${LINK}
type Query { owner(id: ID!): Owner }
type Owner @key(fields: "id") { id: ID! title: String! secretly: String lost: String }
`;

/** Sentence that must never reach a client. */
export const SECRET = "password=hunter2 at 10.0.0.7";

type Context = { readonly caller: Caller; readonly signal: AbortSignal | undefined };

/** An in-memory log of events with cursors, and the readers it has right now. */
export interface TestLog {
  readonly publish: (name: string) => void;
  readonly tick: (value: number) => void;
  readonly endTicks: () => void;
  /** Readers subgraphs hold open for subscriptions. */
  readonly readers: () => number;
  /** Subscriptions opened since the start. */
  readonly opened: () => number;
  /** Requests of `hung` that were aborted by their caller. */
  readonly aborted: () => number;
}

interface Told {
  readonly sequence: number;
  readonly name: string;
}

type Reader = { push: (item: unknown) => void; end: () => void };

const createLog = () => {
  const told: Told[] = [];
  const readers = { events: new Set<Reader>(), ticks: new Set<Reader>() };
  let opened = 0;
  let aborted = 0;
  const read = (kind: "events" | "ticks", first: readonly unknown[]) => {
    opened += 1;
    const queue = createBoundedQueue<unknown>(100_000, () => void readers[kind].delete(reader));
    const reader: Reader = { push: (item) => queue.push(item), end: () => queue.end() };
    readers[kind].add(reader);
    for (const item of first) queue.push(item);
    return {
      [Symbol.asyncIterator]() {
        return this;
      },
      next: () => queue.next(),
      return: () => {
        queue.close();
        return Promise.resolve({ done: true as const, value: undefined });
      },
    };
  };
  const log: TestLog = {
    publish: (name) => {
      const item = { sequence: told.length + 1, name };
      told.push(item);
      for (const reader of readers.events) reader.push(item);
    },
    tick: (value) => {
      for (const reader of readers.ticks) reader.push({ ticks: { value }, ending: { value } });
    },
    endTicks: () => {
      for (const reader of readers.ticks) reader.end();
    },
    readers: () => readers.events.size + readers.ticks.size,
    opened: () => opened,
    aborted: () => aborted,
  };
  return { log, told, read, noteAbort: () => (aborted += 1) };
};

const eventOf = (id: string) => ({ id, name: `event ${id}`, owner: { __typename: "Owner", id: `o${id}` } });

const eventsSubgraph = (store: ReturnType<typeof createLog>, logger: Logger): Subgraph =>
  buildSubgraph<Context>({
    name: "events",
    sdl: EVENTS_SDL,
    logger,
    contextFor: ({ caller, signal }: SubgraphCall) => ({ caller, signal }),
    permissions: {
      "Query.events": "analytics:read",
      "Query.event": "analytics:read",
      "Query.costly": "PUBLIC",
      "Query.broken": "PUBLIC",
      "Query.refused": "PUBLIC",
      "Query.hung": "PUBLIC",
      "Query.who": "PUBLIC",
      "Query.connection": "PUBLIC",
      "Mutation.note": "analytics:ingest",
      "Subscription.events": "analytics:read",
      "Subscription.ticks": "analytics:read",
      "Subscription.ending": "analytics:read",
    },
    resolvers: {
      Query: {
        events: (_root: unknown, { first }: { first: number }) =>
          Array.from({ length: Math.min(first, 3) }, (_each, index) => eventOf(String(index + 1))),
        event: (_root: unknown, { id }: { id: string }) => eventOf(id),
        costly: () => 1,
        broken: () => {
          throw new Error(SECRET);
        },
        refused: () => {
          throw refuse("NOT_FOUND", "There is no such event.", { field: "id" });
        },
        hung: (_root: unknown, _args: unknown, { signal }: Context) =>
          new Promise((resolve) => {
            signal?.addEventListener("abort", () => {
              store.noteAbort();
              resolve(null);
            });
          }),
        who: (_root: unknown, _args: unknown, { caller }: Context) => `${caller.tenantId} ${caller.subject.id}`,
        connection: () => ({ nodes: [eventOf("1")] }),
      },
      Mutation: { note: (_root: unknown, { text }: { text: string }) => text },
      Event: { __resolveReference: ({ id }: { id: string }) => eventOf(id) },
      Subscription: {
        events: {
          subscribe: (_root: unknown, { after }: { after?: string }) =>
            store.read(
              "events",
              after === undefined ? [] : store.told.filter(({ sequence }) => sequence > Number(after)),
            ),
          resolve: ({ sequence, name }: Told, { pad }: { pad: number }, { caller }: Context) => ({
            cursor: String(sequence),
            event: { ...eventOf(String(sequence)), name },
            pad: "x".repeat(pad),
            tenantId: caller.tenantId,
            subject: caller.subject.id,
          }),
        },
        ticks: { subscribe: () => store.read("ticks", []) },
        ending: { subscribe: () => store.read("ticks", []) },
      },
    },
  });

const ownersSubgraph = (logger: Logger): Subgraph =>
  buildSubgraph<Context>({
    name: "owners",
    sdl: OWNERS_SDL,
    logger,
    contextFor: ({ caller, signal }: SubgraphCall) => ({ caller, signal }),
    permissions: { "Query.owner": "PUBLIC" },
    resolvers: {
      Query: { owner: (_root: unknown, { id }: { id: string }) => ({ id }) },
      Owner: {
        __resolveReference: ({ id }: { id: string }) => ({ id }),
        title: ({ id }: { id: string }) => `owner ${id}`,
        secretly: () => {
          throw new Error(SECRET);
        },
        lost: () => new Promise(() => {}),
      },
    },
  });

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
  /** Makes a credential and answers its Authorization header. */
  readonly issue: (caller?: Partial<Caller>) => string;
  readonly change: (header: string, caller: Caller) => void;
  readonly revoke: (header: string) => void;
  /** While true, nobody can be authenticated, through no fault of theirs. */
  readonly breakAuthentication: (broken: boolean) => void;
  readonly callerOf: (header: string) => Caller;
  readonly stop: () => Promise<void>;
}

const READER: readonly Permission[] = ["analytics:read", "analytics:ingest"];

/** A fresh tenant. */
export const newTenant = (): TenantId => {
  const tenantId = parseTenantId(randomUUID());
  if (tenantId === null) throw new Error("randomUUID gave no UUID");
  return tenantId;
};

/** A caller of one tenant with the permissions of a reader, unless told otherwise. */
export const callerWith = (parts: Partial<Caller> = {}): Caller => ({
  tenantId: newTenant(),
  subject: { kind: "API_KEY", id: randomUUID() },
  permissions: new Set(READER),
  expiresAtMs: null,
  ...parts,
});

const createCredentials = () => {
  const callers = new Map<string, Caller>();
  let broken = false;
  return {
    issue: (parts: Partial<Caller> = {}) => {
      const header = `Bearer ${randomUUID()}`;
      callers.set(header, callerWith(parts));
      return header;
    },
    change: (header: string, caller: Caller) => void callers.set(header, caller),
    revoke: (header: string) => void callers.delete(header),
    breakAuthentication: (value: boolean) => {
      broken = value;
    },
    callerOf: (header: string) => {
      const caller = callers.get(header);
      if (caller === undefined) throw refuse("UNAUTHENTICATED", "The key is not known.");
      return caller;
    },
    authenticate: (header: string | undefined): Promise<Caller> => {
      if (broken) return Promise.reject(new Error("the key store is down"));
      const caller = callers.get(header ?? "");
      return caller === undefined
        ? Promise.reject(refuse("UNAUTHENTICATED", "The key is not known."))
        : Promise.resolve(caller);
    },
  };
};

/** Options of a gateway in tests: the defaults, with what a test changes. */
export const optionsWith = (changes: Partial<GatewayOptions> = {}): GatewayOptions => ({
  ...loadGatewayOptions({}),
  ...changes,
});

/** Starts a gateway; `timeoutMs` is what subgraphs have. */
export const startGateway = async (
  changes: Partial<GatewayOptions> = {},
  timeoutMs = 5_000,
  beforeStart: (fixture: Pick<GatewayFixture, "url" | "issue">) => Promise<void> = () => Promise.resolve(),
): Promise<GatewayFixture> => {
  const logger = createLogger("test", "silent");
  const logged: string[] = [];
  logger.error = (...parts: unknown[]) => void logged.push(JSON.stringify(parts));
  const store = createLog();
  const subgraphs = [eventsSubgraph(store, logger), ownersSubgraph(logger)];
  const connections = new Map<string, SubgraphConnection<GatewayCall>>();
  for (const { name, schema, contextFor } of subgraphs) {
    const createContext = ({ caller, traceId, signal }: GatewayCall) =>
      contextFor({ caller, traceId, ...(signal === undefined ? {} : { signal }) });
    const inner = createInProcessConnection<GatewayCall>({ name, schema, createContext });
    const forwarding: SubgraphConnection<GatewayCall> = {
      ...inner,
      execute: (request, call) => inner.execute(request, { ...call, signal: request.signal ?? call.signal }),
    };
    connections.set(name, guardConnection(forwarding, { timeoutMs, consecutiveFailures: 1_000 }));
  }
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
    options: optionsWith(changes),
  });
  const port = await listenOn(server, "127.0.0.1", 0);
  const address = { url: `http://127.0.0.1:${port}/graphql`, wsUrl: `ws://127.0.0.1:${port}/graphql` };
  await beforeStart({ ...address, issue: credentials.issue });
  await gateway.start();
  return {
    ...address,
    ...credentials,
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
  return { status: response.status, headers: response.headers, text, body: text === "" ? null : JSON.parse(text) };
};
