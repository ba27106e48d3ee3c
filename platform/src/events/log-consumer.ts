import { z } from "zod";
import type { SqlStatement, SqlTransaction, TenantSql } from "../db/sql.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Background } from "../graphql/subgraph.ts";
import type { Probe } from "../http/health.ts";
import type { LogEntry } from "./event-log.ts";
import { LOG_START, type LogCursor } from "./log-cursor.ts";
import { logEntryRow } from "./log-store.ts";
import { createTenantsApart, type ApartOptions, type TenantsApart } from "./tenants-apart.ts";
import { createTroubleTeller } from "./trouble-teller.ts";
import { waitingConsumersOf, type Waiting } from "./waiting-consumers.ts";
import { isPassing } from "./whose-trouble.ts";

/** Entries handed over at once. */
export const CONSUME_BATCH = 500;
/** Milliseconds before a batch that failed is tried again. */
const RETRY_MS = 1_000;
/** Milliseconds between signs of life while a batch is worked on: the database lets go of a transaction that says nothing for a minute. */
const ALIVE_MS = 15_000;

/** A durable consumer: one at a time across all processes, from the oldest kept entry on. */
export interface LogConsumer extends Background {
  /** Consumes until nothing is waiting; answers how many entries it took. */
  drain(): Promise<number>;
  /** Milliseconds until it is to be drained though nothing has come, since entries of somebody can't be taken; null: it isn't. */
  readonly retryMs: () => number | null;
}

/** What a consumer does. */
export interface LogConsumerDeps {
  readonly sql: TenantSql;
  readonly logger: Logger;
  /** Name of the consumer, unique in the installation; its place is kept under it. */
  readonly name: string;
  readonly topic: string;
  /**
   * Milliseconds that entries are let gather after a batch before the next is looked for: a batch costs some ten statements, however many entries it
   * holds. The first entry after a pause is not kept waiting. Nothing unless said.
   */
  readonly gatherMs?: number;
  /**
   * How a tenant stands apart whose entries fail again and again: its own wait then where they failed, in their order, and everybody else's are taken. As for
   * all consumers unless said.
   */
  readonly apart?: ApartOptions;
  /** What the effects need beside the database. While one does not answer, everybody waits, and nobody's entries are at fault. */
  readonly probes?: readonly Probe[];
  /** Told before a tenant begins to stand apart and after each try that fails: others go on, and what was tried may come again much later. */
  readonly leftBehind?: (tenantId: LogEntry["tenantId"]) => Promise<void>;
  /** Milliseconds between signs of life while a batch is worked on. */
  readonly aliveMs?: number;
  /**
   * Takes entries of one tenant, in log order, in a transaction of that tenant. A batch may come again after a crash between the effects and the
   * new place, so the effects must be the same when done twice (insert by the entry's own id).
   */
  readonly handle: (
    transaction: SqlTransaction,
    tenantId: LogEntry["tenantId"],
    entries: readonly LogEntry[],
  ) => Promise<void>;
}

const placeRow = z
  .object({ transaction_id: z.string(), sequence: z.string() })
  .transform((row): LogCursor => ({ transaction: BigInt(row.transaction_id), sequence: BigInt(row.sequence) }));
const nothing = (): null => null;

const statements = ({ name, topic }: Pick<LogConsumerDeps, "name" | "topic">) => ({
  register: (): SqlStatement => ({
    name: "register-log-consumer",
    text: `INSERT INTO event_log_consumer (name, topic, transaction_id, sequence) VALUES ($1, $2, $3::text::xid8, $4::bigint) ON CONFLICT DO NOTHING`,
    params: [name, topic, String(LOG_START.transaction), String(LOG_START.sequence)],
  }),
  lock: (): SqlStatement => ({
    name: "lock-log-consumer",
    // An advisory lock takes no transaction id, so the log's other readers are not held back while a batch is worked on.
    text: `SELECT transaction_id::text, sequence::text FROM event_log_consumer
      WHERE name = $1 AND pg_try_advisory_xact_lock(hashtextextended('log-consumer:' || $1, 0))`,
    params: [name],
  }),
  read: (after: LogCursor): SqlStatement => ({
    name: "read-event-log-topic-across-tenants",
    text: "SELECT * FROM read_event_log_topic_across_tenants($1, $2::text::xid8, $3::bigint, $4)",
    params: [topic, String(after.transaction), String(after.sequence), CONSUME_BATCH],
  }),
  move: (to: LogCursor): SqlStatement => ({
    name: "move-log-consumer",
    text: "UPDATE event_log_consumer SET transaction_id = $2::text::xid8, sequence = $3::bigint, moved_at = now() WHERE name = $1",
    params: [name, String(to.transaction), String(to.sequence)],
  }),
});

const byTenant = (entries: readonly LogEntry[]): Map<LogEntry["tenantId"], LogEntry[]> => {
  const groups = new Map<LogEntry["tenantId"], LogEntry[]>();
  for (const entry of entries) {
    const group = groups.get(entry.tenantId);
    if (group === undefined) groups.set(entry.tenantId, [entry]);
    else group.push(entry);
  }
  return groups;
};

const pause = (ms: number): Waiting => {
  let leave = (): void => undefined;
  const done = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    leave = () => {
      clearTimeout(timer);
      resolve();
    };
  });
  return { done, leave };
};

const alive: SqlStatement = { name: "log-consumer-alive", text: "SELECT 1", params: [] };

/** Works on a batch, however long it takes, without the transaction that holds the consumer being taken for one of a process that stands still. */
const keptAlive = async <Done>(
  transaction: SqlTransaction,
  everyMs: number,
  work: () => Promise<Done>,
): Promise<Done> => {
  const say = (): void => void transaction.run(alive, nothing).catch(nothing);
  const timer = setInterval(say, everyMs);
  return work().finally(() => clearInterval(timer));
};

/** What a round took, and why it did not take all: everybody's batch comes again then. */
interface Round {
  readonly taken: number;
  readonly failed: { readonly thrown: unknown } | null;
}

/** Builds what takes the next batch, if nobody else does; answers how many entries it took, and throws when some have to come again for everybody. */
const createRound = (deps: LogConsumerDeps, tenants: TenantsApart): (() => Promise<number>) => {
  const { sql, aliveMs = ALIVE_MS } = deps;
  const { register, lock, read, move } = statements(deps);
  let registered = false;

  /** Takes a tenant's part of a batch; answers why everybody's batch has to come again, and throws what nobody's can be taken for. */
  const take = async (
    transaction: SqlTransaction,
    place: LogCursor,
    [tenantId, group]: readonly [LogEntry["tenantId"], readonly LogEntry[]],
  ): Promise<Round["failed"]> => {
    try {
      await sql.transaction(tenantId, (own) => deps.handle(own, tenantId, group));
      tenants.succeeded(tenantId);
      return null;
    } catch (thrown) {
      if (await tenants.failed(transaction, tenantId, place, thrown)) return null;
      if (isPassing(thrown)) throw thrown;
      return { thrown };
    }
  };
  /** Takes what it can; those whose entries fail leave the others' alone. */
  const takeAll = async (transaction: SqlTransaction, place: LogCursor): Promise<Round> => {
    try {
      const { apart, taken } = await tenants.tryAgain(transaction, place);
      const entries = await transaction.run(read(place), (row) => logEntryRow.parse(row));
      let failed: Round["failed"] = null;
      for (const one of byTenant(entries))
        if (!apart.has(one[0])) failed = (await take(transaction, place, one)) ?? failed;
      if (failed !== null) return { taken, failed };
      const last = entries.at(-1);
      if (last !== undefined) tenants.write(move(last.cursor));
      return { taken: entries.length + taken, failed };
    } catch (thrown) {
      return { taken: 0, failed: { thrown } };
    }
  };
  return async () => {
    if (!registered) await sql.runAcrossTenants(register(), nothing);
    registered = true;
    const { taken, failed } = await sql.transactionAcrossTenants(async (transaction): Promise<Round> => {
      const [place] = await transaction.run(lock(), (row) => placeRow.parse(row));
      if (place === undefined) {
        tenants.lost();
        return { taken: 0, failed: null };
      }
      const round = await keptAlive(transaction, aliveMs, () => takeAll(transaction, place));
      await tenants.keep(transaction).catch((thrown: unknown) => {
        throw round.failed?.thrown ?? thrown;
      });
      return round;
    });
    if (failed !== null) throw failed.thrown;
    return taken;
  };
};

/**
 * Builds a durable consumer. Its place moves only after every tenant's effects have committed: nothing is skipped, and with effects keyed by
 * the entry nothing counts twice. Entries it has not seen are kept beyond the log's retention.
 */
export const createLogConsumer = (deps: LogConsumerDeps): LogConsumer => {
  const waiting = waitingConsumersOf(deps.sql);
  const trouble = createTroubleTeller(deps.logger, deps.name);
  const tenants = createTenantsApart(deps);
  const round = createRound(deps, tenants);
  let stopped = true;
  let running: Promise<unknown> = Promise.resolve();
  let wake = (): void => undefined;

  /** Waits for entries; while somebody stands apart, for no longer than until their next try. */
  const more = (): Waiting => {
    const told = waiting.wait(deps.name);
    const retryMs = tenants.untilRetryMs();
    if (retryMs === null) return told;
    const retry = pause(retryMs);
    const leave = (): void => {
      told.leave();
      retry.leave();
    };
    return { done: Promise.race([told.done, retry.done]).then(leave), leave };
  };
  const waitThrough = async ({ done, leave }: Waiting): Promise<void> => {
    wake = leave;
    if (stopped) leave();
    await done;
  };
  const loop = async (): Promise<void> => {
    while (!stopped) {
      const taken = await round().catch((error: unknown) => {
        trouble.failed(error);
        return null;
      });
      if (taken !== null) trouble.went();
      if (taken === CONSUME_BATCH) continue;
      if (taken !== 0) await waitThrough(pause(taken === null ? RETRY_MS : (deps.gatherMs ?? 0)));
      if (taken !== null) await waitThrough(more());
    }
  };
  return {
    name: deps.name,
    retryMs: tenants.untilRetryMs,
    drain: async () => {
      let total = 0;
      for (let taken = await round(); taken > 0; taken = await round()) total += taken;
      return total;
    },
    start: () => {
      stopped = false;
      running = loop();
      return Promise.resolve();
    },
    stop: async () => {
      stopped = true;
      wake();
      await running;
    },
  };
};
