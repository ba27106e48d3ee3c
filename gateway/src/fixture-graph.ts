import { z } from "zod";
import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import { createBoundedQueue } from "@tessera/platform/events/bounded-queue";
import { buildSubgraph, type Subgraph, type SubgraphCall } from "@tessera/platform/graphql/subgraph";
import type { Logger } from "@tessera/platform/telemetry/logger";

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
  events(after: Cursor, pad: Int = 0): ToldEvent!
  "Answers by who asks, as every subscription of this name."
  dashboardChanged: ToldEvent!
  "Begins with where all stands, as every subscription of this name: the names of all events; then each event's."
  alertState: StandEvent!
  ticks: Tick!
  ending: Tick!
}
type ToldEvent { cursor: Cursor! event: Event! pad: String! tenantId: ID! subject: String! }
type StandEvent { names: [String!]! }
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

const toldShape = z.object({ sequence: z.number(), name: z.string() });
const standShape = z.object({ names: z.array(z.string()) });
type Told = z.infer<typeof toldShape>;

type Reader = { push: (item: unknown) => void; end: () => void };

/** Makes the log and what subgraphs read it by. */
export const createLog = () => {
  const told: Told[] = [];
  const readers = { events: new Set<Reader>(), ticks: new Set<Reader>() };
  let opened = 0;
  let aborted = 0;
  const read = (
    kind: "events" | "ticks",
    first: readonly unknown[],
    shape: (item: unknown) => unknown = (item) => item,
  ) => {
    opened += 1;
    const queue = createBoundedQueue<unknown>(100_000, () => void readers[kind].delete(reader));
    const reader: Reader = { push: (item) => queue.push(shape(item)), end: () => queue.end() };
    readers[kind].add(reader);
    for (const item of first) queue.push(shape(item));
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

const EVENTS_PERMISSIONS = {
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
  "Subscription.dashboardChanged": "analytics:read",
  "Subscription.alertState": "analytics:read",
  "Subscription.ticks": "analytics:read",
  "Subscription.ending": "analytics:read",
} as const;

const eventOf = (id: string) => ({ id, name: `event ${id}`, owner: { __typename: "Owner", id: `o${id}` } });

/** Its streams: of what happened, of what holds now, and of both ways of beginning. */
const subscriptionsOf = (store: ReturnType<typeof createLog>) => ({
  events: {
    subscribe: (_root: unknown, { after, pad }: { after?: string; pad: number }, { caller }: Context) =>
      store.read(
        "events",
        after === undefined ? [] : store.told.filter(({ sequence }) => sequence > Number(after)),
        (item) => {
          const { sequence, name } = toldShape.parse(item);
          const event = { ...eventOf(String(sequence)), name };
          const who = { tenantId: caller.tenantId, subject: caller.subject.id };
          return { events: { cursor: String(sequence), event, pad: "x".repeat(pad), ...who } };
        },
      ),
  },
  dashboardChanged: {
    subscribe: (_root: unknown, _args: unknown, { caller }: Context) =>
      store.read("events", [], (item) => {
        const { sequence, name } = toldShape.parse(item);
        const event = { ...eventOf(String(sequence)), name };
        const who = { tenantId: caller.tenantId, subject: caller.subject.id };
        return { dashboardChanged: { cursor: String(sequence), event, pad: "", ...who } };
      }),
  },
  alertState: {
    subscribe: () =>
      store.read("events", [{ names: store.told.map(({ name }) => name) }], (item) => {
        const { names } = z.union([standShape, toldShape.transform(({ name }) => ({ names: [name] }))]).parse(item);
        return { alertState: { names } };
      }),
  },
  ticks: { subscribe: () => store.read("ticks", []) },
  ending: { subscribe: () => store.read("ticks", []) },
});

/** The subgraph of events, with fields that fail in every way a test needs. */
export const eventsSubgraph = (store: ReturnType<typeof createLog>, logger: Logger): Subgraph =>
  buildSubgraph<Context>({
    name: "events",
    sdl: EVENTS_SDL,
    logger,
    contextFor: ({ caller, signal }: SubgraphCall) => ({ caller, signal }),
    permissions: EVENTS_PERMISSIONS,
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
      Subscription: subscriptionsOf(store),
    },
  });

/** The subgraph that knows an event's owner. */
export const ownersSubgraph = (logger: Logger): Subgraph =>
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
