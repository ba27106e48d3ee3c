import {
  Bool,
  Decimal,
  Field,
  Float64,
  Int64,
  makeBuilder,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableToIPC,
  TimestampMillisecond,
  Utf8,
  type Builder,
  type Data,
  type DataType,
} from "apache-arrow";
import type { Column } from "../realtime-query/answer.ts";

/** Digits of a decimal: what 128 bits hold. */
const DECIMAL_DIGITS = 38;
/** Places of a decimal: money has four. */
const DECIMAL_PLACES = 4;
const WORD = 0xffff_ffffn;

const typeOf = ({ type }: Pick<Column, "type">, timeZone: string): DataType => {
  switch (type) {
    case "text":
      return new Utf8();
    case "integer":
      return new Int64();
    case "number":
      return new Float64();
    case "decimal":
      return new Decimal(DECIMAL_PLACES, DECIMAL_DIGITS, 128);
    case "boolean":
      return new Bool();
    case "time":
      return new TimestampMillisecond(timeZone);
  }
};

/** A decimal as 128 bits of two's complement, lowest word first. */
const decimalWords = (text: string): Uint32Array => {
  const negative = text.startsWith("-");
  const [whole = "0", places = ""] = text.replace("-", "").split(".");
  const magnitude = BigInt(whole + places.padEnd(DECIMAL_PLACES, "0").slice(0, DECIMAL_PLACES));
  const bits = BigInt.asUintN(128, negative ? -magnitude : magnitude);
  return Uint32Array.from([0n, 32n, 64n, 96n], (shift) => Number((bits >> shift) & WORD));
};

const valueOf = ({ type }: Pick<Column, "type">, value: Column["values"][number]): unknown => {
  if (value === null) return null;
  switch (type) {
    case "integer":
      return BigInt(value);
    case "decimal":
      return decimalWords(String(value));
    case "time":
      return Date.parse(String(value));
    default:
      return value;
  }
};

const dataOf = (column: Column, type: DataType): Data => {
  // boundary: which builder it is depends on the type, which is known when it runs alone.
  const builder = makeBuilder({ type, nullValues: [null] }) as Builder<DataType, unknown>;
  for (const value of column.values) builder.append(valueOf(column, value));
  const data: Data = builder.finish().flush();
  return data;
};

const schemaOf = (columns: readonly Column[], timeZone: string): Schema =>
  new Schema(columns.map((column) => new Field(column.name, typeOf(column, timeZone), true)));

const batchOf = (schema: Schema, columns: readonly Column[], rows: number): RecordBatch => {
  const children = columns.map((column, index) => {
    const field = schema.fields[index];
    if (field === undefined) throw new Error("A page has the columns of the first.");
    // boundary: fields hold types of any kind, which is all a builder asks of one.
    return dataOf(column, field.type as DataType);
  });
  return new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length: rows, children }));
};

/** Bytes before a message's metadata: a marker, and the length of the metadata. */
const PREFIX_BYTES = 8;
/** A marker and no message: the end of a stream. */
const END_OF_STREAM = Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);

/** Where the first message of a stream ends: the schema, which has metadata alone. */
const schemaEnd = (stream: Uint8Array): number =>
  PREFIX_BYTES + new DataView(stream.buffer, stream.byteOffset).getInt32(PREFIX_BYTES / 2, true);

/** Pages as the bytes of an Arrow stream: a schema, a record batch per page, and the end, which is missing where pages fail. */
export async function* arrowStream(
  pages: AsyncIterable<{ readonly columns: readonly Column[]; readonly rowCount: number }>,
  timeZone: string,
): AsyncGenerator<Uint8Array> {
  let schema: Schema | null = null;
  for await (const { columns, rowCount } of pages) {
    const begins = schema === null;
    schema ??= schemaOf(columns, timeZone);
    // A stream of this batch alone, of which the schema is told once.
    const alone = tableToIPC(new Table([batchOf(schema, columns, rowCount)]), "stream");
    yield alone.subarray(begins ? 0 : schemaEnd(alone), alone.length - END_OF_STREAM.length);
  }
  yield END_OF_STREAM;
}
