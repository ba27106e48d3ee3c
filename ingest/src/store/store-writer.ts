import { Pool } from "undici";
import type { BatchId, EventId, TenantId } from "@tessera/contracts/ids";
import { errorMessage } from "@tessera/platform/errors/error-message";
import type { ClickHouseAccess } from "@tessera/platform/store/migrate";
import { BLOCK_COLUMNS, isTextBlock, TEXT_BLOCK_COLUMNS } from "./event-block.ts";
import { JSON_TYPE } from "./properties-column.ts";

/** Seconds one insert may run inside the store. */
export const MAX_INSERT_SECONDS = 25;
/** Milliseconds we wait for one insert; longer than the store allows itself, so that its own verdict arrives first. */
const INSERT_TIMEOUT_MS = (MAX_INSERT_SECONDS + 3) * 1_000;
const LOOKUP_TIMEOUT_MS = 10_000;
/** Ids asked for in one lookup: they travel in the address of the request, which has a bounded length. */
export const LOOKUP_IDS = 1_000;
/** Connections to the store: two inserts, lookups, one scan. */
const MAX_CONNECTIONS = 12;

/** What the store answered when it did not do what it was asked. */
export class StoreFailure extends Error {
  override readonly name = "StoreFailure";
  /** ClickHouse's error code; null when no answer came, so that the outcome is unknown. */
  readonly code: number | null;

  constructor(message: string, code: number | null, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** Rows of a batch of which part of the store they are in. */
export interface StoredRows {
  readonly events: number;
  readonly eventIds: number;
}

/** The event store as the write path needs it, as the writing user. */
export interface StoreWriter {
  /** Inserts one encoded block under a token; the same token twice stores it once, also in every view. */
  insert(block: Uint8Array, token: string): Promise<void>;
  /** Inserts only the rows of the block with `from <= batch_row < to`; to find the row that the store refuses. */
  insertRange(block: Uint8Array, token: string, from: number, to: number): Promise<void>;
  /** Those of at most {@link LOOKUP_IDS} ids of a tenant that the store holds, with the batch each came in. */
  knownIds(tenantId: TenantId, ids: readonly EventId[]): Promise<ReadonlyMap<string, string>>;
  /** How many rows of a batch the base table and the id index hold; the time range bounds the search. */
  storedRows(batchId: BatchId, tenants: readonly TenantId[], minTimeMs: number, maxTimeMs: number): Promise<StoredRows>;
  /** How many batches were received after a time, milliseconds since the epoch. */
  batchesSince(receivedAtMs: number): Promise<number>;
  /** Streams (tenant, id) of every event received at or after a time as RowBinary bytes: length-prefixed text, then 16 bytes. */
  scanIds(receivedSinceMs: number): Promise<AsyncIterable<Buffer>>;
  ping(): Promise<void>;
  close(): Promise<void>;
}

type Settings = Readonly<Record<string, string>>;

const COLUMN_NAMES = BLOCK_COLUMNS.map(([name]) => name).join(", ");
const inputOf = (columns: typeof BLOCK_COLUMNS): string =>
  `input('${columns
    .map(([name, type]) => `${name} ${type}`)
    .join(", ")
    .replaceAll("'", "\\'")}')`;
const INSERT = `INSERT INTO tessera.events (${COLUMN_NAMES}) FORMAT Native`;
const ROWS_OF_BLOCK = `INSERT INTO tessera.events (${COLUMN_NAMES}) SELECT ${COLUMN_NAMES} FROM ${inputOf(BLOCK_COLUMNS)}`;
// The store follows the query's settings about dates only where the query itself says that the text becomes JSON.
const ROWS_OF_TEXT_BLOCK = `INSERT INTO tessera.events (${COLUMN_NAMES}) SELECT * EXCEPT (properties, properties_are_text), properties::${JSON_TYPE} FROM ${inputOf(TEXT_BLOCK_COLUMNS)}`;
const IN_RANGE = "WHERE batch_row >= {from:UInt32} AND batch_row < {to:UInt32}";
const KNOWN_IDS =
  "SELECT toString(event_id), toString(any(batch_id)) FROM tessera.event_ids WHERE tenant_id = {tenant:String} AND event_id IN {ids:Array(UUID)} GROUP BY event_id FORMAT TSV";
const STORED_ROWS = `SELECT (SELECT count() FROM tessera.events WHERE tenant_id IN {tenants:Array(String)} AND batch_id = {batch:UUID}
    AND time BETWEEN fromUnixTimestamp64Milli({min:Int64}) AND fromUnixTimestamp64Milli({max:Int64})),
  (SELECT count() FROM tessera.event_ids WHERE tenant_id IN {tenants:Array(String)} AND batch_id = {batch:UUID}) FORMAT TSV`;
const BATCHES_SINCE =
  "SELECT uniqExact(batch_id) FROM tessera.batches WHERE received_at > fromUnixTimestamp64Milli({since:Int64}) FORMAT TSV";
const SCAN_IDS =
  "SELECT toString(tenant_id), event_id FROM tessera.event_ids WHERE received_at >= fromUnixTimestamp64Milli({since:Int64}) FORMAT RowBinary";

const EXACTLY_ONCE: Settings = {
  async_insert: "0",
  deduplicate_blocks_in_dependent_materialized_views: "1",
  insert_deduplicate: "1",
  input_format_native_allow_types_conversion: "1",
  // A text in `properties` stays the text that was sent, also when it reads like a date.
  input_format_try_infer_dates: "0",
  input_format_try_infer_datetimes: "0",
  max_execution_time: String(MAX_INSERT_SECONDS),
  max_partitions_per_insert_block: "100",
  wait_end_of_query: "1",
};

const textArray = (values: readonly string[]): string => `['${values.join("','")}']`;

interface Answer {
  readonly body: AsyncIterable<Buffer> & { text(): Promise<string> };
}

const basicAuthorization = ({ username, password }: ClickHouseAccess): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

const ask = async (
  pool: Pool,
  access: ClickHouseAccess,
  query: string,
  settings: Settings,
  options: { readonly body?: Uint8Array; readonly timeoutMs: number },
): Promise<Answer> => {
  const search = new URLSearchParams({ query, ...settings });
  try {
    const response = await pool.request({
      method: "POST",
      path: `/?${search.toString()}`,
      headers: { authorization: basicAuthorization(access) },
      body: options.body ?? null,
      headersTimeout: options.timeoutMs,
      bodyTimeout: options.timeoutMs,
    });
    if (response.statusCode === 200) return { body: response.body };
    const code = Number(response.headers["x-clickhouse-exception-code"] ?? Number.NaN);
    const detail = (await response.body.text()).slice(0, 500);
    throw new StoreFailure(detail, Number.isNaN(code) ? null : code);
  } catch (error) {
    if (error instanceof StoreFailure) throw error;
    throw new StoreFailure(errorMessage(error), null, error);
  }
};

/** Opens the store for writing; nothing is sent until the first call. */
export const createStoreWriter = (access: ClickHouseAccess): StoreWriter => {
  const pool = new Pool(new URL(access.url).origin, {
    connections: MAX_CONNECTIONS,
    pipelining: 1,
    keepAliveTimeout: 2_000,
    connectTimeout: 3_000,
  });
  const table = async (query: string, settings: Settings): Promise<readonly (readonly string[])[]> => {
    const { body } = await ask(pool, access, query, settings, { timeoutMs: LOOKUP_TIMEOUT_MS });
    const lines = (await body.text()).split("\n").filter((line) => line !== "");
    return lines.map((line) => line.split("\t"));
  };
  const insert = async (query: string, block: Uint8Array, settings: Settings): Promise<void> => {
    const { body } = await ask(
      pool,
      access,
      query,
      { ...EXACTLY_ONCE, ...settings },
      { body: block, timeoutMs: INSERT_TIMEOUT_MS },
    );
    await body.text();
  };
  return {
    insert: (block, token) =>
      insert(isTextBlock(block) ? `${ROWS_OF_TEXT_BLOCK} FORMAT Native` : INSERT, block, {
        insert_deduplication_token: token,
      }),
    insertRange: (block, token, from, to) =>
      insert(`${isTextBlock(block) ? ROWS_OF_TEXT_BLOCK : ROWS_OF_BLOCK} ${IN_RANGE} FORMAT Native`, block, {
        insert_deduplication_token: token,
        param_from: String(from),
        param_to: String(to),
      }),
    knownIds: async (tenantId, ids) => {
      const rows = await table(KNOWN_IDS, { param_tenant: tenantId, param_ids: textArray(ids) });
      return new Map(rows.map(([eventId = "", batchId = ""]) => [eventId, batchId]));
    },
    storedRows: async (batchId, tenants, minTimeMs, maxTimeMs) => {
      const [[events = "0", eventIds = "0"] = []] = await table(STORED_ROWS, {
        param_batch: batchId,
        param_tenants: textArray(tenants),
        param_min: String(minTimeMs),
        param_max: String(maxTimeMs),
      });
      return { events: Number(events), eventIds: Number(eventIds) };
    },
    batchesSince: async (receivedAtMs) => {
      const [[batches = "0"] = []] = await table(BATCHES_SINCE, { param_since: String(receivedAtMs) });
      return Number(batches);
    },
    scanIds: async (receivedSinceMs) => {
      const settings = { param_since: String(receivedSinceMs), max_execution_time: "0", max_threads: "1" };
      return (await ask(pool, access, SCAN_IDS, settings, { timeoutMs: 60_000 })).body;
    },
    ping: async () => {
      await table("SELECT 1 FORMAT TSV", {});
    },
    close: () => pool.destroy(),
  };
};
