// All rows of a large answer through the whole product, as lines and as an Arrow stream, with the memory of the process that serves them; and what an
// answer that is kept takes beside one that is read: `node --import tsx bench/query/streaming/run.ts [rows]`. Prints the tables of README.md.
import { cpus, loadavg } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { quantile } from "../open-loop.ts";
import { startServing } from "../serving.ts";

const ROWS = Math.min(Number(process.argv[2] ?? 1_000_000), 5_000_000);
const SAMPLE_MS = 50;
const ASKS = 200;
const MIB = 1_048_576;

const started = performance.now();
const told = (what: string): void => console.error(`${((performance.now() - started) / 1_000).toFixed(0)} s: ${what}`);
told("starting an instance");
const instance = await startServing();
const [tenant] = instance.tenants;
if (tenant === undefined) throw new Error("There are tenants.");
const { tenantId, apiKey } = tenant;
const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
const range = { from: "2026-11-01T00:00:00Z", to: "2026-11-02T00:00:00Z" };

told(`making ${ROWS.toLocaleString("en-US")} events, each of its own page`);
const fill = await fetch(
  `${instance.storeUrl}/?${new URLSearchParams({ param_tenant: tenantId, param_rows: String(ROWS) }).toString()}`,
  {
    method: "POST",
    headers: {
      authorization: `Basic ${Buffer.from(`tessera_writer:${instance.passwords.tessera_writer}`).toString("base64")}`,
    },
    body: `INSERT INTO tessera.events (tenant_id, event_id, time, received_at, batch_id, batch_row, name, user_id, country, url, schema_version, sequence, properties)
    SELECT {tenant: String}, generateUUIDv4(number), toDateTime64('2026-11-01 00:00:00', 3, 'UTC') + toIntervalMillisecond(number % 86400000) AS at, at,
      toUUID('00000000-0000-4000-8000-000000000000'), number % 1000, 'view', toString(number % 1000), 'DE', concat('/page/', toString(number)), 1, number, '{}'
    FROM numbers({rows: UInt64})`,
  },
);
if (!fill.ok) throw new Error(await fill.text());

interface Streamed {
  readonly format: string;
  readonly rows: number;
  readonly bytes: number;
  readonly firstMs: number;
  readonly ms: number;
  readonly rss: readonly number[];
}

const countLines = (piece: Uint8Array): number => piece.reduce((sum, byte) => (byte === 10 ? sum + 1 : sum), 0);

/** Streams everything, counting, while the serving process is asked for its memory. */
const stream = async (format: "ndjson" | "arrow"): Promise<Streamed> => {
  const beganMs = performance.now();
  const question = {
    range,
    dimensions: ["url"],
    measures: [{ function: "count" }],
    order_by: [{ column: "url", direction: "asc" }],
  };
  const answer = await fetch(`${instance.url}/api/v2/analytics/query/${format}`, {
    ...{ method: "POST", headers, body: JSON.stringify(question) },
  });
  if (!answer.ok || answer.body === null) throw new Error(await answer.text());
  const firstMs = performance.now() - beganMs;
  const rss = [await instance.rssBytes()];
  let [bytes, lines, over] = [0, 0, false];
  const watched = (async () => {
    while (!over) {
      rss.push(await instance.rssBytes());
      await wait(SAMPLE_MS);
    }
  })();
  for await (const piece of answer.body) {
    const chunk = z.instanceof(Uint8Array).parse(piece);
    bytes += chunk.length;
    if (format === "ndjson") lines += countLines(chunk);
  }
  over = true;
  const ms = performance.now() - beganMs;
  await watched;
  return { format, rows: format === "ndjson" ? lines : ROWS, bytes, firstMs, ms, rss };
};

const ask = async (maxStaleness: string): Promise<number> => {
  const query = `query ($input: OlapInput!, $maxStaleness: Duration!) {
    olap(input: $input, maxStaleness: $maxStaleness) { rowCount provenance { cache } } }`;
  const input = { range, dimensions: ["country"], measures: [{ function: "UNIQUES", of: "userId", name: "users" }] };
  const beganMs = performance.now();
  const answer = await fetch(`${instance.url}/graphql`, {
    ...{ method: "POST", headers, body: JSON.stringify({ query, variables: { input, maxStaleness } }) },
  });
  const { errors } = z.object({ errors: z.unknown().optional() }).parse(await answer.json());
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return performance.now() - beganMs;
};

const mib = (bytes: number): string => (bytes / MIB).toFixed(0);
console.log(`${cpus().length} processors, load ${loadavg()[0]?.toFixed(1)}\n`);
console.log(
  "| format | rows | MiB | first bytes ms | rows/s | RSS MiB at the start | in the middle | at most | at the end |",
);
console.log(
  "| ------ | ---- | --- | -------------- | ------ | -------------------- | ------------- | ------- | ---------- |",
);
for (const format of ["ndjson", "arrow", "ndjson"] as const) {
  told(format);
  const { rows, bytes, firstMs, ms, rss } = await stream(format);
  const middle = quantile(rss.slice(Math.floor(rss.length / 3), Math.ceil((rss.length * 2) / 3)), 0.5);
  const cells = [
    format,
    rows.toLocaleString("en-US"),
    mib(bytes),
    firstMs.toFixed(0),
    Math.round((rows * 1_000) / ms).toLocaleString("en-US"),
  ];
  const memory = [rss[0] ?? 0, middle, Math.max(...rss), rss.at(-1) ?? 0].map(mib);
  console.log(`| ${[...cells, ...memory].join(" | ")} |`);
}
told("kept answers");
const read = [];
const kept = [];
await ask("PT1H");
for (let count = 0; count < ASKS; count += 1) {
  if (count % 10 === 0) read.push(await ask("PT0S"));
  kept.push(await ask("PT1H"));
}
console.log(`\n| answer | p50 ms | p99 ms |\n| ------ | ------ | ------ |`);
for (const [name, times] of [
  ["read from the store", read],
  ["kept", kept],
] as const)
  console.log(`| ${name} | ${quantile(times, 0.5).toFixed(1)} | ${quantile(times, 0.99).toFixed(1)} |`);
await instance.stop();
