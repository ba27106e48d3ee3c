import { ClickHouseLogLevel, createClient, type ClickHouseClient } from "@clickhouse/client";
import type { TenantId } from "@tessera/contracts/ids";
import { z } from "zod";
import { openDatabases, type Persons } from "./databases.ts";
import type { DataReader } from "./data-policy.ts";
import { eraseTenant } from "./erase-tenant.ts";
import { rewriteRows, type Rewriting } from "./rewrite-rows.ts";
import { boundQueryId, type StoreStatement } from "./event-store.ts";
import type { ClickHouseAccess } from "./migrate.ts";
import { currentAllowance } from "../executions/meter.ts";
import { guardStatement } from "./statement-guard.ts";
import { overAllowance, storeError } from "./store-errors.ts";

/** Seconds a long query may run at most. */
export const MAX_LONG_QUERY_SECONDS = 3_600;
/** Connections one worker holds for long queries and their results. */
const MAX_CONNECTIONS = 16;

/** What the engine has read so far; `rowsToRead` is its own estimate, null until it has one. */
export interface ReadProgress {
  readonly rowsRead: number;
  readonly rowsToRead: number | null;
  readonly bytesRead: number;
}

/** How a long query runs. */
export interface LongQueryOptions {
  /** Ends the engine's work, not only the waiting. */
  readonly signal: AbortSignal;
  readonly maxSeconds: number;
  readonly onProgress: (progress: ReadProgress) => void;
  /** Which person an event has, as in `QueryOptions`. */
  readonly persons?: Persons;
}

/** How an `INSERT ... SELECT` runs. */
interface FillOptions {
  readonly maxSeconds: number;
  readonly persons?: Persons;
  /** Ends the engine's work, not only the waiting. */
  readonly signal?: AbortSignal | undefined;
  /** Rows the statement may read, compared by the engine's own estimate before it reads; no bound when left out. */
  readonly maxRowsToRead?: number;
}

/** What an `INSERT ... SELECT` took, and how many rows it wrote. */
interface Filled {
  readonly rowsRead: number;
  readonly bytesRead: number;
  readonly rowsWritten: number;
}

/** The event store for workers: queries that run for minutes, read as a stream, and the tables their results go to. */
export interface LongQueryStore {
  /** Rows as the engine gives them, in pieces, each row parsed. Throws as {@link storeError} says. */
  stream<Row>(
    reader: DataReader,
    statement: StoreStatement,
    parse: (row: unknown) => Row,
    options: LongQueryOptions,
  ): AsyncIterable<readonly Row[]>;
  /** Inserts rows, which have the same members, durably; a second insert with the same token changes nothing. */
  insert(table: string, rows: readonly object[], token: string): Promise<void>;
  /**
   * Runs an `INSERT INTO <table> SELECT ...`: what the reader sees is computed and written within the engine, which ends the work at `maxSeconds`. Each
   * block is written whole, not all of them: what is told by the rows must hold up when the statement is run again. Answers what the engine read and wrote.
   */
  fill(reader: DataReader, statement: StoreStatement, options: FillOptions): Promise<Filled>;
  /** Removes every row of a tenant from every table, results of its queries too; waits until it is done. The same when done twice. */
  eraseTenant(tenantId: TenantId): Promise<void>;
  /** Removes some of a tenant's rows, or what they say, as {@link rewriteRows} does; answers how many. */
  rewrite(tenantId: TenantId, rewriting: Rewriting): Promise<number>;
  close(): Promise<void>;
}

const line = z.union([
  z.object({ row: z.record(z.string(), z.unknown()) }),
  z.object({
    progress: z.object({
      read_rows: z.coerce.number(),
      read_bytes: z.coerce.number(),
      total_rows_to_read: z.coerce.number().optional(),
    }),
  }),
  z.object({ exception: z.string() }),
  z.record(z.string(), z.unknown()).transform(() => null),
]);

/** The end of a text that was cut at any byte: an error in the middle of an answer comes as text after the last row. */
const EXCEPTION = /^Code: \d+\. DB::Exception/;

const toProgress = (told: {
  read_rows: number;
  read_bytes: number;
  total_rows_to_read?: number | undefined;
}): ReadProgress => ({
  rowsRead: told.read_rows,
  rowsToRead: told.total_rows_to_read === undefined || told.total_rows_to_read === 0 ? null : told.total_rows_to_read,
  bytesRead: told.read_bytes,
});

/** One line of the answer: a row, or null for what is told beside the rows. */
const readLine = (text: string, onProgress: (progress: ReadProgress) => void): { readonly row: unknown } | null => {
  if (EXCEPTION.test(text)) throw new Error(text.slice(0, 500));
  const told = line.parse(JSON.parse(text));
  if (told === null) return null;
  if ("exception" in told && typeof told.exception === "string") throw new Error(told.exception.slice(0, 500));
  if ("progress" in told) onProgress(toProgress(told.progress));
  return "row" in told ? { row: told.row } : null;
};

/** Ends a query in the engine by its name: a closed connection alone is only seen when the engine next writes to it. */
const kill = (client: ClickHouseClient, queryId: string): Promise<unknown> =>
  client.command({ query: "KILL QUERY WHERE query_id = {id: String} ASYNC", query_params: { id: queryId } });

async function* read<Row>(
  client: ClickHouseClient,
  reader: DataReader,
  statement: StoreStatement,
  parse: (row: unknown) => Row,
  options: LongQueryOptions,
): AsyncGenerator<readonly Row[]> {
  guardStatement(statement);
  const queryId = boundQueryId(reader);
  // Where the engine can't be told, the connection that closes beside this and the time limit still end the query.
  const onAbort = (): void => void kill(client, queryId).catch(() => undefined);
  options.signal.addEventListener("abort", onAbort, { once: true });
  try {
    const result = await client.query({
      query: statement.text,
      query_params: { ...statement.params },
      format: "JSONEachRowWithProgress",
      query_id: queryId,
      abort_signal: options.signal,
      clickhouse_settings: { max_execution_time: Math.min(options.maxSeconds, MAX_LONG_QUERY_SECONDS), readonly: "2" },
    });
    for await (const piece of result.stream()) {
      const rows: Row[] = [];
      for (const { text } of piece) {
        const told = readLine(text, options.onProgress);
        if (told !== null) rows.push(parse(told.row));
      }
      if (rows.length > 0) yield rows;
    }
    options.signal.throwIfAborted();
  } catch (error) {
    throw storeError(error);
  } finally {
    options.signal.removeEventListener("abort", onAbort);
  }
}

const fill = async (
  client: ClickHouseClient,
  reader: DataReader,
  statement: StoreStatement,
  { maxSeconds, signal, maxRowsToRead }: FillOptions,
): Promise<Filled> => {
  guardStatement(statement);
  const queryId = boundQueryId(reader);
  const onAbort = (): void => void kill(client, queryId).catch(() => undefined);
  signal?.throwIfAborted();
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    const { summary } = await client.command({
      query: statement.text,
      query_params: { ...statement.params },
      query_id: queryId,
      ...(signal === undefined ? {} : { abort_signal: signal }),
      clickhouse_settings: {
        max_execution_time: Math.min(maxSeconds, MAX_LONG_QUERY_SECONDS),
        // The whole summary comes with the answer when the answer waits for the end.
        wait_end_of_query: 1,
        ...(maxRowsToRead === undefined
          ? {}
          : // 0 would mean no bound at all.
            { max_rows_to_read: String(Math.max(1, maxRowsToRead)), read_overflow_mode: "throw" as const }),
      },
    });
    return {
      rowsRead: Number(summary?.read_rows ?? 0),
      bytesRead: Number(summary?.read_bytes ?? 0),
      rowsWritten: Number(summary?.written_rows ?? 0),
    };
  } catch (error) {
    throw overAllowance(error, currentAllowance()) ?? storeError(error);
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
};

const columnsOf = ([first]: readonly object[]): { readonly columns?: [string, ...string[]] } => {
  const [column, ...others] = Object.keys(first ?? {});
  return column === undefined ? {} : { columns: [column, ...others] };
};

/** Opens the event store as the user of long queries, who reads one tenant at a time and writes results alone. */
export const createLongQueryStore = (access: ClickHouseAccess): LongQueryStore => {
  const open = (database: string): ClickHouseClient =>
    createClient({
      ...access,
      database,
      request_timeout: (MAX_LONG_QUERY_SECONDS + 30) * 1_000,
      max_open_connections: MAX_CONNECTIONS,
      // Errors are told by those who meet them; and progress comes in the body, not in headers, which have a size limit.
      log: { level: ClickHouseLogLevel.OFF },
    });
  const clients = openDatabases(open);
  const client = clients.main;
  return {
    stream: (reader, statement, parse, options) =>
      read(clients.of(reader, options.persons), reader, statement, parse, options),
    insert: async (table, rows, token) => {
      try {
        await client.insert({
          table,
          values: [...rows],
          // Named, so that columns which only others are computed from are taken too.
          ...columnsOf(rows),
          format: "JSONEachRow",
          clickhouse_settings: { insert_deduplication_token: token, async_insert: 0 },
        });
      } catch (error) {
        throw storeError(error);
      }
    },
    fill: (reader, statement, options) => fill(clients.of(reader, options.persons), reader, statement, options),
    eraseTenant: (tenantId) => eraseTenant(client, tenantId),
    rewrite: (tenantId, rewriting) => rewriteRows(client, tenantId, rewriting),
    close: async () => {
      await Promise.all(clients.all.map((one) => one.close()));
    },
  };
};
