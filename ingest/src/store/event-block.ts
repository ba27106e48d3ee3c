import type { BatchId, TenantId } from "@tessera/contracts/ids";
import type { RawEvent } from "../domain/event-schema.ts";
import type { PreparedEvent } from "../domain/validate-event.ts";
import {
  createByteSink,
  putByte,
  putInt64,
  putText,
  putUint32,
  putUuid,
  putVarint,
  resetSink,
  sinkBytes,
  type ByteSink,
} from "./byte-sink.ts";
import { createPropertiesColumn, JSON_TYPE } from "./properties-column.ts";
import { createPlainColumn, createRepeatingColumn, type TextColumn } from "./text-column.ts";

/** One row of a batch: the event, whose it is, and its place in the order of arrival. */
export interface EventRow {
  readonly tenantId: TenantId;
  readonly event: PreparedEvent;
  /** Grows with every event this installation takes, so that events of one millisecond keep the order they were sent in. */
  readonly sequence: number;
}

/** A block of rows in ClickHouse's Native format, built row by row; the row's number is its `batch_row`. */
export interface EventBlock {
  append(row: EventRow): void;
  readonly rows: number;
  /** About the bytes of the finished block. */
  readonly bytes: number;
  /** The finished block, all rows received at one time in one batch; copies, so that the block may be reset afterwards. */
  finish(batchId: BatchId, receivedAtMs: number): Buffer;
  reset(): void;
}

type TextField = {
  [Key in keyof RawEvent]-?: NonNullable<RawEvent[Key]> extends string ? Key : never;
}[keyof RawEvent];

/** Fields whose values are nearly all different; those of all other text fields repeat. */
const PLAIN_FIELDS: ReadonlySet<string> = new Set([
  "userId",
  "anonymousId",
  "sessionId",
  "url",
  "referrer",
  "correlationId",
  "traceId",
]);

/** Columns whose value is the event's field of that name. */
const TEXT_COLUMNS = [
  ["user_id", "userId"],
  ["anonymous_id", "anonymousId"],
  ["session_id", "sessionId"],
  ["source", "source"],
  ["country", "country"],
  ["region", "region"],
  ["city", "city"],
  ["device", "device"],
  ["os", "os"],
  ["browser", "browser"],
  ["url", "url"],
  ["referrer", "referrer"],
  ["utm_source", "utmSource"],
  ["utm_medium", "utmMedium"],
  ["utm_campaign", "utmCampaign"],
  ["utm_term", "utmTerm"],
  ["utm_content", "utmContent"],
  ["currency", "currency"],
  ["correlation_id", "correlationId"],
  ["trace_id", "traceId"],
] as const satisfies readonly (readonly [string, TextField])[];

const TIME_TYPE = "DateTime64(3, 'UTC')";

const textType = (field: TextField): TextColumn["type"] =>
  PLAIN_FIELDS.has(field) ? "String" : "LowCardinality(String)";

/** Columns of one insert in the order they are written, with the type the bytes have; the store converts to the column's own type. */
export const BLOCK_COLUMNS: readonly (readonly [name: string, type: string])[] = [
  ["tenant_id", "String"],
  ["event_id", "UUID"],
  ["time", TIME_TYPE],
  ["received_at", TIME_TYPE],
  ["batch_id", "UUID"],
  ["batch_row", "UInt32"],
  ["name", "LowCardinality(String)"],
  ...TEXT_COLUMNS.map(([column, field]) => [column, textType(field)] as const),
  ["revenue", "Nullable(Decimal(18, 4))"],
  ["schema_version", "UInt32"],
  ["synthetic", "Bool"],
  ["sequence", "UInt64"],
  ["quality_flags", "Array(String)"],
  ["properties", JSON_TYPE],
];

/**
 * Columns of a block with properties that only the store can parse: they are JSON text. The last column is there to tell such a block from
 * others by the number of its columns; it is in no table.
 */
export const TEXT_BLOCK_COLUMNS: typeof BLOCK_COLUMNS = [
  ...BLOCK_COLUMNS.map(([name, type]) => [name, name === "properties" ? "String" : type] as const),
  ["properties_are_text", "UInt8"],
];

/** True when the properties of an encoded block are JSON text: see {@link TEXT_BLOCK_COLUMNS}. */
export const isTextBlock = (block: Uint8Array): boolean => block[0] === TEXT_BLOCK_COLUMNS.length;

/** Schema version of events that name none. */
const DEFAULT_SCHEMA_VERSION = 1;
const FIRST_BYTES = 65_536;
/** Bytes of a row beside its properties and addresses, about. */
const ROW_BYTES = 300;

type TextColumns = Readonly<Record<(typeof TEXT_COLUMNS)[number][1], TextColumn>>;

const columnOf = (field: TextField): TextColumn =>
  PLAIN_FIELDS.has(field) ? createPlainColumn() : createRepeatingColumn();

const createTextColumns = (): TextColumns => ({
  userId: columnOf("userId"),
  anonymousId: columnOf("anonymousId"),
  sessionId: columnOf("sessionId"),
  source: columnOf("source"),
  country: columnOf("country"),
  region: columnOf("region"),
  city: columnOf("city"),
  device: columnOf("device"),
  os: columnOf("os"),
  browser: columnOf("browser"),
  url: columnOf("url"),
  referrer: columnOf("referrer"),
  utmSource: columnOf("utmSource"),
  utmMedium: columnOf("utmMedium"),
  utmCampaign: columnOf("utmCampaign"),
  utmTerm: columnOf("utmTerm"),
  utmContent: columnOf("utmContent"),
  currency: columnOf("currency"),
  correlationId: columnOf("correlationId"),
  traceId: columnOf("traceId"),
});

/** Field by field, because a loop over names costs several times as much. */
const putTexts = (texts: TextColumns, fields: RawEvent): void => {
  texts.userId.put(fields.userId ?? "");
  texts.anonymousId.put(fields.anonymousId ?? "");
  texts.sessionId.put(fields.sessionId ?? "");
  texts.source.put(fields.source ?? "");
  texts.country.put(fields.country ?? "");
  texts.region.put(fields.region ?? "");
  texts.city.put(fields.city ?? "");
  texts.device.put(fields.device ?? "");
  texts.os.put(fields.os ?? "");
  texts.browser.put(fields.browser ?? "");
  texts.url.put(fields.url ?? "");
  texts.referrer.put(fields.referrer ?? "");
  texts.utmSource.put(fields.utmSource ?? "");
  texts.utmMedium.put(fields.utmMedium ?? "");
  texts.utmCampaign.put(fields.utmCampaign ?? "");
  texts.utmTerm.put(fields.utmTerm ?? "");
  texts.utmContent.put(fields.utmContent ?? "");
  texts.currency.put(fields.currency ?? "");
  texts.correlationId.put(fields.correlationId ?? "");
  texts.traceId.put(fields.traceId ?? "");
};

const createSinks = () => ({
  tenantId: createByteSink(FIRST_BYTES),
  eventId: createByteSink(FIRST_BYTES),
  time: createByteSink(FIRST_BYTES),
  name: createRepeatingColumn(),
  texts: createTextColumns(),
  revenueNulls: createByteSink(FIRST_BYTES),
  revenue: createByteSink(FIRST_BYTES),
  schemaVersion: createByteSink(FIRST_BYTES),
  synthetic: createByteSink(FIRST_BYTES),
  sequence: createByteSink(FIRST_BYTES),
  flagOffsets: createByteSink(FIRST_BYTES),
  flags: createByteSink(FIRST_BYTES),
  properties: createPropertiesColumn(),
});

type Sinks = ReturnType<typeof createSinks>;

const resetAll = (sinks: Sinks): void => {
  for (const [, field] of TEXT_COLUMNS) sinks.texts[field].reset();
  sinks.name.reset();
  sinks.properties.reset();
  for (const part of Object.values(sinks)) if ("buffer" in part) resetSink(part);
};

/** Columns that are the same or simply counted in every row, written when the batch is sealed. */
const sealedColumns = (rows: number, batchId: BatchId, receivedAtMs: number) => {
  const [received, batch, row] = [createByteSink(rows * 8), createByteSink(rows * 16), createByteSink(rows * 4)];
  for (let index = 0; index < rows; index += 1) {
    putInt64(received, receivedAtMs);
    putUuid(batch, batchId);
    putUint32(row, index);
  }
  return { received, batch, row };
};

const assemble = (sinks: Sinks, rows: number, batchId: BatchId, receivedAtMs: number): Buffer => {
  const sealed = sealedColumns(rows, batchId, receivedAtMs);
  const properties = sinks.properties.encode();
  const columns = properties.encoding === "TEXT" ? TEXT_BLOCK_COLUMNS : BLOCK_COLUMNS;
  const bytesOf = (...parts: readonly ByteSink[]): readonly Uint8Array[] => parts.map((sink) => sinkBytes(sink));
  const data: readonly (readonly Uint8Array[])[] = [
    bytesOf(sinks.tenantId),
    bytesOf(sinks.eventId),
    bytesOf(sinks.time),
    bytesOf(sealed.received),
    bytesOf(sealed.batch),
    bytesOf(sealed.row),
    sinks.name.parts(rows),
    ...TEXT_COLUMNS.map(([, field]) => sinks.texts[field].parts(rows)),
    bytesOf(sinks.revenueNulls, sinks.revenue),
    bytesOf(sinks.schemaVersion),
    bytesOf(sinks.synthetic),
    bytesOf(sinks.sequence),
    bytesOf(sinks.flagOffsets, sinks.flags),
    properties.parts,
    [Buffer.alloc(properties.encoding === "TEXT" ? rows : 0)],
  ];
  const parts: Uint8Array[] = [];
  const head = createByteSink(64);
  putVarint(head, columns.length);
  putVarint(head, rows);
  parts.push(sinkBytes(head));
  for (const [index, [name, type]] of columns.entries()) {
    const heading = createByteSink(96);
    putText(heading, name);
    putText(heading, type);
    parts.push(sinkBytes(heading), ...(data[index] ?? []));
  }
  return Buffer.concat(parts);
};

/** Makes an empty block; its memory is reused after `reset`. */
export const createEventBlock = (): EventBlock => {
  const sinks = createSinks();
  let rows = 0;
  let flagCount = 0;
  let bytes = 0;

  const appendFlags = (event: PreparedEvent): void => {
    for (const flag of event.flags) putText(sinks.flags, flag);
    flagCount += event.flags.length;
    putInt64(sinks.flagOffsets, flagCount);
  };
  return {
    append: ({ tenantId, event, sequence }) => {
      const { fields } = event;
      putText(sinks.tenantId, tenantId);
      putUuid(sinks.eventId, event.eventId);
      putInt64(sinks.time, event.timeMs);
      sinks.name.put(fields.name);
      putTexts(sinks.texts, fields);
      putByte(sinks.revenueNulls, event.revenueScaled === null ? 1 : 0);
      putInt64(sinks.revenue, event.revenueScaled ?? 0);
      putUint32(sinks.schemaVersion, fields.schemaVersion ?? DEFAULT_SCHEMA_VERSION);
      putByte(sinks.synthetic, fields.synthetic === true ? 1 : 0);
      putInt64(sinks.sequence, sequence);
      appendFlags(event);
      sinks.properties.put(event.fields.properties ?? null);
      rows += 1;
      bytes += ROW_BYTES + event.propertiesLength + (fields.url?.length ?? 0) + (fields.referrer?.length ?? 0);
    },
    get rows() {
      return rows;
    },
    get bytes() {
      return bytes;
    },
    finish: (batchId, receivedAtMs) => assemble(sinks, rows, batchId, receivedAtMs),
    reset: () => {
      resetAll(sinks);
      rows = 0;
      flagCount = 0;
      bytes = 0;
    },
  };
};
