import { AsyncResource } from "node:async_hooks";
import { randomUUID } from "node:crypto";
import type { ClickHouseSettings } from "@clickhouse/client";
import { z } from "zod";
import type { ClickHouseAccess } from "./migrate.ts";
import { countLater, countOnMeter, currentAllowance, msSinceBegun } from "../executions/meter.ts";
import { refuse } from "../errors/refusal.ts";
import { databaseFor, type Persons } from "./databases.ts";
import { encodePolicy, MAX_ENCODED_POLICY, type DataReader } from "./data-policy.ts";
import { guardStatement } from "./statement-guard.ts";
import { overAllowance, storeError } from "./store-errors.ts";
import { openStoreHttp, readJson, type StoreHttp, type StoreQuestion } from "./store-http.ts";
import { createRunningQueries, type RunningQueries } from "./unfinished-query.ts";

/** Rows one answer may hold; larger results run as jobs and are read in pages. */
const MAX_RESULT_ROWS = 100_000;
/** Rows one answer in columns may hold: some tens of bytes each, where a row as an object takes hundreds. */
export const MAX_COLUMN_ROWS = 2_000_000;
/** Seconds one query may run unless its caller allows less. */
export const MAX_QUERY_SECONDS = 10;
/**
 * Milliseconds after which a query is given up, of the execution it belongs to where somebody waits for that: a second and a half before the gateway gives up
 * the room that asked, so that the caller hears of its query and not of a failing room, that what was read is told while somebody still listens, and that
 * no slow questions open the breaker before everybody else's.
 */
export const GIVE_UP_AFTER_MS = 8_000;
/** Milliseconds that a query has at least, so that one which comes late in its execution is still asked. */
const LEAST_MS = 100;
/** Connections one process holds to the event store; above it queries wait in line. */
export const MAX_STORE_CONNECTIONS = 24;

/** A ClickHouse statement as a value: a stable name, text with `{place: Type}`, and its parameters. */
export interface StoreStatement {
  readonly name: string;
  readonly text: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** How one query runs. */
export interface QueryOptions {
  /**
   * Ends the waiting, once the engine was asked what the query has read, and closes the connection. The engine sees that when it next tells its progress and then ends the work too, because
   * the reader's profile sets `cancel_http_readonly_queries_on_client_close`; a step that tells none runs on until the time limit at most.
   */
  readonly signal?: AbortSignal;
  /** At most {@link MAX_QUERY_SECONDS}; whole seconds. */
  readonly maxSeconds?: number;
  readonly settings?: ClickHouseSettings;
  /** Which person an event has: whom it was stored with (the default), or whom that person counts as now. */
  readonly persons?: Persons;
}

/** What a query cost, as the store measured it. */
export interface QueryStatistics {
  readonly rowsRead: number;
  readonly bytesRead: number;
  readonly elapsedMs: number;
  /** `<tenant>:<uuid>`; names the query in the store's own logs. */
  readonly queryId: string;
  /** Version of the links between people by which persons were told apart; absent when persons were those of the events as stored. */
  readonly peopleVersion?: number;
  /** Rows there would have been without the statement's LIMIT, which all were computed and put in order for; absent where there is none. */
  readonly rowsBeforeLimit?: number;
}

/** Rows of one query, parsed, with its cost. */
export interface QueryAnswer<Row> {
  readonly rows: readonly Row[];
  readonly statistics: QueryStatistics;
}

/** An answer in columns as the engine wrote it, read by `readNativeColumns` where it is needed, with its cost. */
export interface NativeAnswer {
  readonly bytes: ArrayBuffer;
  readonly statistics: QueryStatistics;
}

/**
 * The event store as others see it: each query names its reader, a tenant and what of it may be seen, and the store's row policies hold it to both.
 * Work on nobody's behalf says so by `wholeTenant`.
 */
export interface EventStore {
  query<Row>(
    reader: DataReader,
    statement: StoreStatement,
    parse: (row: unknown) => Row,
    options?: QueryOptions,
  ): Promise<QueryAnswer<Row>>;
  /**
   * The same in columns, for answers of hundreds of thousands of narrow rows: numbers stay as the engine wrote them and no row becomes an object. Bytes as they
   * came can be handed to another thread, which reads them by `readNativeColumns`.
   */
  native(reader: DataReader, statement: StoreStatement, options?: QueryOptions): Promise<NativeAnswer>;
  /** Throws when the store does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

const statisticsOfAnswer = z.object({
  statistics: z.object({ elapsed: z.number(), rows_read: z.coerce.number(), bytes_read: z.coerce.number() }),
  rows_before_limit_at_least: z.coerce.number().optional(),
});
const summaryOfAnswer = z.object({
  read_rows: z.coerce.number(),
  read_bytes: z.coerce.number(),
  elapsed_ns: z.coerce.number(),
});

/** Rows of an answer in JSON, each as it came: an answer has up to {@link MAX_RESULT_ROWS}, and is parsed row by row by who asked. */
const dataOf = (read: unknown): readonly unknown[] => {
  const data: unknown = typeof read === "object" && read !== null ? Reflect.get(read, "data") : undefined;
  if (!Array.isArray(data)) throw new Error("The event store answered without rows.");
  return data;
};

/**
 * The query id that binds a query to its reader: the row policies read the tenant from it, the views of the restricted database the data policy, and
 * no SQL text can change it. Refuses a policy that a query can't carry with FORBIDDEN, since it can't be answered without.
 */
export const boundQueryId = ({ tenantId, dataPolicy }: DataReader): string => {
  const id = `${tenantId}:${randomUUID()}`;
  if (dataPolicy === null) return id;
  const policy = encodePolicy(dataPolicy);
  if (policy.length > MAX_ENCODED_POLICY)
    throw refuse("FORBIDDEN", "The data policies that apply to the caller name more values than a query can carry.");
  return `${id}:${policy}`;
};

/** Settings that hold a query to what its execution may still read; the engine compares before it reads, by its index. */
const allowanceSettings = (): ClickHouseSettings => {
  const allowance = currentAllowance();
  if (allowance === null) return {};
  // 0 would mean no bound at all.
  return { max_rows_to_read: String(Math.max(1, allowance.rows)), read_overflow_mode: "throw" };
};

/** Why a query was given up. */
type GivenUp = "CALLER_LEFT" | "TIME_IS_UP";

/**
 * Ends a query when its caller leaves or its time is up; first the engine is asked what it has read, which is counted on the meter of the execution.
 * The caller does not wait for that: who settles the execution does, by `whenCounted`.
 */
const giveUpWith = (
  running: RunningQueries | null,
  queryId: string,
  { signal, maxSeconds = MAX_QUERY_SECONDS }: QueryOptions,
): { readonly signal: AbortSignal; readonly reason: () => GivenUp | null; readonly done: () => void } => {
  const controller = new AbortController();
  const startedMs = performance.now();
  let reason: GivenUp | null = null;
  const end = (why: GivenUp): void => {
    if (reason !== null) return;
    reason = why;
    const asked = running === null ? Promise.resolve(null) : running.costOf(queryId);
    const counted = asked.then((cost) => {
      controller.abort();
      countOnMeter(cost?.rowsRead ?? 0, cost?.bytesRead ?? 0, performance.now() - startedMs);
    });
    countLater(counted);
  };
  // Whoever ends the signal does so in a scope of its own; the cost belongs to the execution that runs here.
  const scope = new AsyncResource("StoreQuery");
  const onLeft = (): void => scope.runInAsyncScope(end, null, "CALLER_LEFT");
  const leftMs = Math.max(LEAST_MS, GIVE_UP_AFTER_MS - msSinceBegun());
  const timer = setTimeout(() => end("TIME_IS_UP"), Math.min(maxSeconds * 1_000, leftMs));
  if (signal?.aborted === true) controller.abort();
  signal?.addEventListener("abort", onLeft, { once: true });
  const done = (): void => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onLeft);
  };
  return { signal: controller.signal, reason: () => reason, done };
};

/** One query on its way: where it reads, the name that binds it to its reader, and how it runs. */
interface Asked {
  readonly http: StoreHttp;
  readonly database: string;
  readonly queryId: string;
  readonly statement: StoreStatement;
  readonly options: QueryOptions & { readonly signal: AbortSignal };
}

const questionOf = (
  { database, queryId, statement, options }: Asked,
  format: "JSON" | "Native",
  maxRows: number,
): StoreQuestion => ({
  ...{ database, queryId, params: statement.params, signal: options.signal },
  text: `${statement.text}\nFORMAT ${format}`,
  settings: {
    max_result_rows: String(maxRows),
    result_overflow_mode: "throw",
    ...allowanceSettings(),
    ...options.settings,
    max_execution_time: Math.min(options.maxSeconds ?? MAX_QUERY_SECONDS, MAX_QUERY_SECONDS),
  },
});

const askRows =
  <Row>(parse: (row: unknown) => Row) =>
  async (asked: Asked): Promise<QueryAnswer<Row>> => {
    const { http, queryId } = asked;
    const read = await readJson(await http.ask(questionOf(asked, "JSON", MAX_RESULT_ROWS)));
    const { statistics, rows_before_limit_at_least: rowsBeforeLimit } = statisticsOfAnswer.parse(read);
    const { elapsed, rows_read, bytes_read } = statistics;
    countOnMeter(rows_read, bytes_read, elapsed * 1_000);
    const cost = { rowsRead: rows_read, bytesRead: bytes_read, elapsedMs: elapsed * 1_000, queryId };
    return {
      rows: dataOf(read).map(parse),
      statistics: { ...cost, ...(rowsBeforeLimit === undefined ? {} : { rowsBeforeLimit }) },
    };
  };

const askNative = async (asked: Asked): Promise<NativeAnswer> => {
  const { http, queryId } = asked;
  const question = questionOf(asked, "Native", MAX_COLUMN_ROWS);
  // The whole cost comes with the answer when the answer waits for the end, and so does an error in its middle.
  const { body, headers } = await http.ask({ ...question, settings: { ...question.settings, wait_end_of_query: 1 } });
  const bytes = await body.arrayBuffer();
  const told: unknown = JSON.parse(String(headers["x-clickhouse-summary"] ?? "{}"));
  const { read_rows: rowsRead, read_bytes: bytesRead, elapsed_ns } = summaryOfAnswer.parse(told);
  const elapsedMs = elapsed_ns / 1e6;
  countOnMeter(rowsRead, bytesRead, elapsedMs);
  return { bytes, statistics: { rowsRead, bytesRead, elapsedMs, queryId } };
};

/** What every query of one store runs through. */
interface Running {
  readonly http: StoreHttp;
  readonly running: RunningQueries | null;
  readonly reader: DataReader;
  readonly statement: StoreStatement;
  readonly options: QueryOptions;
}

const run = async <Answer>(
  { http, running, reader, statement, options }: Running,
  ask: (asked: Asked) => Promise<Answer>,
): Promise<Answer> => {
  guardStatement(statement);
  const queryId = boundQueryId(reader);
  const giveUp = giveUpWith(running, queryId, options);
  try {
    const database = databaseFor(reader, options.persons);
    return await ask({ http, database, queryId, statement, options: { ...options, signal: giveUp.signal } });
  } catch (error) {
    if (giveUp.reason() === "TIME_IS_UP")
      throw refuse("QUERY_TIMEOUT", "The query ran longer than its time limit.", {}, error);
    throw overAllowance(error, currentAllowance()) ?? error;
  } finally {
    giveUp.done();
  }
};

/**
 * Opens the event store as its reading user. That user may only SELECT, and sees the rows of the tenant in the query id alone; the reader
 * is an argument of every query, so that code which forgets it does not compile. `watcher` may see which queries run: what a query has read that is given
 * up is asked for as it; without one such a query counts by its time alone.
 */
export const createEventStore = (access: ClickHouseAccess, watcher?: ClickHouseAccess): EventStore => {
  const http = openStoreHttp(access, {
    connections: MAX_STORE_CONNECTIONS,
    timeoutMs: (MAX_QUERY_SECONDS + 5) * 1_000,
  });
  const running = watcher === undefined ? null : createRunningQueries(watcher);
  const ask = async <Answer>(
    question: Omit<Running, "http" | "running">,
    how: (asked: Asked) => Promise<Answer>,
  ): Promise<Answer> => {
    try {
      return await run({ ...question, running, http }, how);
    } catch (error) {
      throw storeError(error);
    }
  };
  return {
    query: (reader, statement, parse, options = {}) => ask({ reader, statement, options }, askRows(parse)),
    native: (reader, statement, options = {}) => ask({ reader, statement, options }, askNative),
    ping: () =>
      http.ping().catch((error: unknown) => {
        throw storeError(error);
      }),
    close: async () => {
      await Promise.all([http.close(), running?.close()]);
    },
  };
};
