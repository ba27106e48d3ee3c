import pg from "pg";
import type { TenantId } from "@tessera/contracts/ids";
import type { TenantSql } from "../db/sql.ts";
import { errorMessage } from "../errors/error-message.ts";
import { refuse } from "../errors/refusal.ts";
import type { Logger } from "../telemetry/logger.ts";
import { createBoundedQueue, type BoundedQueue } from "./bounded-queue.ts";
import type { EventLog, LogEntry, LogFollower } from "./event-log.ts";
import { compareLogCursors, LOG_START, type LogCursor } from "./log-cursor.ts";
import { createLogStore, type LogStore, READ_BATCH } from "./log-store.ts";

/** Entries that may wait for one follower before it is cut off and must resume from its cursor. */
export const MAX_FOLLOWER_BACKLOG = 10_000;
/** Milliseconds between looks at the log when no notification comes: the safety net under NOTIFY. */
const IDLE_LOOK_MS = 1_000;
/** Milliseconds between looks while an entry is held back by a running transaction, whose end nobody tells; the last one again and again. */
const EAGER_LOOKS_MS = [0, 5, 15, 40, 100, 300];
/** Milliseconds before the listening connection is tried again. */
const RECONNECT_MS = 500;

interface Sink {
  readonly wants: (entry: LogEntry) => boolean;
  readonly queue: BoundedQueue<LogEntry>;
}

interface Hub {
  cursor: LogCursor;
  readonly sinks: Set<Sink>;
  wake: () => void;
  /** Whether something was told since the last look began. */
  told: boolean;
  stopped: boolean;
}

/** Resolves after `ms`, or earlier when the returned `wake` is called. */
const wakeable = (ms: number): { readonly done: Promise<void>; readonly wake: () => void } => {
  let wake = (): void => undefined;
  const done = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
  return { done, wake };
};

/** Hands on what the log shows; true when more will show without being told of. */
const deliver = async (store: LogStore, hub: Hub): Promise<boolean> => {
  for (;;) {
    const { entries, heldBack } = await store.lookAcrossTenants(hub.cursor);
    for (const entry of entries) {
      hub.cursor = entry.cursor;
      for (const sink of hub.sinks) if (sink.wants(entry)) sink.queue.push(entry);
    }
    if (entries.length < READ_BATCH) return heldBack;
  }
};

const pump = async (store: LogStore, hub: Hub, logger: Logger): Promise<void> => {
  let eager = 0;
  hub.wake = () => {
    hub.told = true;
  };
  while (!hub.stopped) {
    hub.told = false;
    const heldBack = await deliver(store, hub).catch((error: unknown) => {
      logger.warn({ error: errorMessage(error) }, "The event log can't be read; trying again.");
      return false;
    });
    if (!heldBack) eager = 0;
    const again = EAGER_LOOKS_MS[Math.min(eager, EAGER_LOOKS_MS.length - 1)] ?? IDLE_LOOK_MS;
    const pause = wakeable(heldBack ? again : IDLE_LOOK_MS);
    hub.wake = () => {
      hub.told = true;
      pause.wake();
    };
    // Told while it looked: that look may have begun too early.
    if (hub.told) pause.wake();
    await pause.done;
    eager = hub.told ? 0 : eager + 1;
  }
};

const listen = async (connectionString: string, hub: Hub, logger: Logger): Promise<void> => {
  while (!hub.stopped) {
    const client = new pg.Client({ connectionString });
    const lost = new Promise<void>((resolve) => {
      client.on("error", () => resolve());
      client.on("end", () => resolve());
    });
    try {
      await client.connect();
      client.on("notification", () => hub.wake());
      await client.query("LISTEN event_log");
      hub.wake();
      const stopWatch = setInterval(() => {
        if (hub.stopped) void client.end();
      }, 50);
      await lost;
      clearInterval(stopWatch);
    } catch (error) {
      logger.warn({ error: errorMessage(error) }, "Not listening to the event log; trying again.");
    }
    await client.end().catch(() => undefined);
    if (!hub.stopped) await wakeable(RECONNECT_MS).done;
  }
};

/** Reads what lies between `after` and the hub's place at the time of joining, page by page. */
type CatchUp = (after: LogCursor) => Promise<readonly LogEntry[]>;

const follower = (
  deps: { store: LogStore; hub: Hub },
  wants: Sink["wants"],
  after: LogCursor | undefined,
  page: CatchUp,
): LogFollower => {
  const { hub, store } = deps;
  const queue = createBoundedQueue<LogEntry>(MAX_FOLLOWER_BACKLOG, () => hub.sinks.delete(sink));
  const sink: Sink = { wants, queue };
  const joined = hub.cursor;
  hub.sinks.add(sink);
  let last = after ?? joined;
  let place = last;
  let pages: LogEntry[] = [];
  let behind = after !== undefined && compareLogCursors(after, joined) < 0;
  let checked = !behind;

  const fill = async (): Promise<void> => {
    if (!checked) {
      const { horizon } = await store.bounds();
      if (compareLogCursors(last, horizon) < 0)
        throw refuse("CURSOR_EXPIRED", "Entries after this cursor are no longer kept.", { field: "after" });
      checked = true;
    }
    const entries = await page(place);
    const known = entries.filter((entry) => compareLogCursors(entry.cursor, joined) <= 0);
    place = known.at(-1)?.cursor ?? place;
    pages = known.filter(wants);
    behind = known.length === READ_BATCH;
  };
  const next = async (): Promise<IteratorResult<LogEntry>> => {
    while (pages.length > 0 || behind) {
      const entry = pages.shift();
      if (entry !== undefined) {
        last = entry.cursor;
        return { done: false, value: entry };
      }
      await fill();
    }
    for (;;) {
      const result = await queue.next();
      if (result.done === true || compareLogCursors(result.value.cursor, last) > 0) return result;
    }
  };
  let turn: Promise<unknown> = Promise.resolve();
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => {
      const result = turn.then(next);
      turn = result.catch(() => queue.close());
      return result;
    },
    return: () => {
      queue.close();
      return Promise.resolve({ done: true, value: undefined });
    },
  };
};

/** Builds the event log on PostgreSQL: one hub per process reads the log once and hands each entry to the followers that want it. */
export const createPostgresEventLog = (deps: {
  sql: TenantSql;
  connectionString: string;
  logger: Logger;
}): EventLog => {
  const store = createLogStore(deps.sql);
  const hub: Hub = { cursor: LOG_START, sinks: new Set(), wake: () => undefined, told: false, stopped: true };
  let running: Promise<unknown> = Promise.resolve();
  return {
    append: store.append,
    appendWith: store.appendWith,
    appendAllWith: store.appendAllWith,
    head: async () => (await store.bounds()).head,
    follow: (tenantId: TenantId, topic, after) =>
      follower(
        { store, hub },
        (entry) => entry.tenantId === tenantId && entry.topic === topic,
        after,
        (place) => store.read(tenantId, topic, place),
      ),
    followAcrossTenants: (topic, after) =>
      follower(
        { store, hub },
        (entry) => entry.topic === topic,
        after,
        (place) => store.readAcrossTenants(place),
      ),
    start: async () => {
      hub.cursor = (await store.bounds()).head;
      hub.stopped = false;
      running = Promise.all([pump(store, hub, deps.logger), listen(deps.connectionString, hub, deps.logger)]);
    },
    stop: async () => {
      hub.stopped = true;
      hub.wake();
      for (const sink of hub.sinks) sink.queue.end();
      await running;
    },
  };
};
