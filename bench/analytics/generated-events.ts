import type { ClickHouseAccess } from "@tessera/platform/store/migrate";
import { request } from "undici";

/** Days the generated events spread over, before the moment they end at. */
export const DAYS = 30;

const pick = (values: readonly string[], salt: number): string =>
  `[${values.map((value) => `'${value}'`).join(",")}][1 + intHash32(number + ${salt}) % ${values.length}]`;

const COUNTRIES = ["DE", "US", "FR", "GB", "IN", "BR", "JP", "", "ES", "IT", "NL", "SE"];
const NAMES = [
  "page_view",
  "page_view",
  "page_view",
  "click",
  "click",
  "search",
  "add_to_cart",
  "purchase",
  "sign_in",
  "error",
];

/** Which of the events that were meant are made, and when they lie. */
interface GeneratedPart {
  /** Events before the first that is made, and how many are. */
  readonly from: number;
  readonly count: number;
  /** Days that all `rows` spread over, before the moment they end at. */
  readonly days?: number;
}

/**
 * Fills the event store by one statement: `rows` events of 20 tenants, of which the n-th has a share of about 1/n, spread evenly over the last
 * {@link DAYS} days; 1 in 10 carries revenue, all carry properties. Rollups fill by the store's own views, as with ingested events. A part makes some of them alone.
 */
export const generateEvents = async (
  writer: ClickHouseAccess,
  tenants: readonly string[],
  rows: number,
  endMs: number,
  { from, count, days = DAYS }: GeneratedPart = { from: 0, count: rows },
): Promise<void> => {
  const shares = tenants.flatMap((tenant, index) => Array.from({ length: Math.ceil(60 / (index + 1)) }, () => tenant));
  const spreadMs = days * 86_400_000;
  const query = `INSERT INTO tessera.events (tenant_id, event_id, time, received_at, batch_id, batch_row, name, user_id, session_id, source, country,
        device, browser, url, revenue, currency, schema_version, sequence, properties)
      SELECT {tenants: Array(String)}[1 + intHash32(number) % length({tenants: Array(String)})],
        generateUUIDv4(number), fromUnixTimestamp64Milli(toInt64({end: Int64} - intDiv(number * ${spreadMs}, {rows: UInt64})), 'UTC') AS at, at,
        toUUID('00000000-0000-4000-8000-000000000000'), number % 1000, ${pick(NAMES, 1)},
        toString(intHash32(number + 2) % ${Math.ceil(rows / 40)}), toString(intHash32(number + 3) % ${Math.ceil(rows / 8)}),
        ${pick(["web", "ios", "android", "server"], 4)}, ${pick(COUNTRIES, 5)}, ${pick(["mobile", "desktop", "tablet"], 6)},
        ${pick(["chrome", "safari", "firefox"], 7)}, concat('/page/', toString(intHash32(number + 8) % 2000)),
        if(intHash32(number + 9) % 10 = 0, toDecimal64((intHash32(number + 10) % 20000) / 100, 4), NULL),
        if(intHash32(number + 9) % 10 = 0, ${pick(["EUR", "USD"], 11)}, ''), 1, number,
        CAST(concat('{"plan":"', ${pick(["free", "pro", "team"], 12)}, '","amount":', toString(intHash32(number + 13) % 1000), '}'), 'JSON(max_dynamic_paths = 128)')
      FROM numbers_mt({first: UInt64}, {count: UInt64})`;
  const params = new URLSearchParams({
    max_partitions_per_insert_block: "200",
    ...{ max_insert_threads: "2", param_first: String(from), param_count: String(count) },
    param_tenants: `[${shares.map((tenant) => `'${tenant}'`).join(",")}]`,
    param_rows: String(rows),
    param_end: String(endMs),
  });
  const authorization = `Basic ${Buffer.from(`${writer.username}:${writer.password}`).toString("base64")}`;
  const answer = await request(`${writer.url}/?${params.toString()}`, {
    ...{ method: "POST", body: query, headers: { authorization } },
    // A busy machine may take long over a statement, of which nothing is heard before it has ended.
    ...{ headersTimeout: 0, bodyTimeout: 0 },
  });
  const text = await answer.body.text();
  if (answer.statusCode !== 200) throw new Error(`The event store was not filled: ${text}`);
};
