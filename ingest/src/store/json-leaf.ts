import {
  createByteSink,
  putByte,
  putFloat64,
  putInt64,
  putText,
  putVarint,
  resetSink,
  sinkBytes,
  type ByteSink,
} from "./byte-sink.ts";

/** Types a value may have in the store, in the order of their names, in which ClickHouse lists the types of a Dynamic column. */
const TYPES = ["Array(Nullable(Int64))", "Array(Nullable(String))", "Bool", "Float64", "Int64", "String"] as const;
const [INTS, TEXTS, BOOL, FLOAT, INT, TEXT] = [0, 1, 2, 3, 4, 5] as const;
/** Stands for a value whose type only the store's own JSON parser can tell. */
const OTHER = -1;
/** In a row's place: the row does not have the path. */
const ABSENT = 255;
/** Version of the layout that writes a Dynamic column flat: types, each row's type, values type by type (SerializationDynamic.cpp). */
const FLAT_VERSION = 3;
const FIRST_BYTES = 1_024;

interface Values {
  readonly data: ByteSink;
  /** Of arrays alone: where each ends, and that no element is NULL. */
  readonly ends: ByteSink;
  readonly nulls: ByteSink;
  used: boolean;
}

/** The values of one path of a JSON column, built row by row. */
export interface JsonLeaf {
  readonly path: string;
  /** Type of each row's value. */
  readonly places: ByteSink;
  readonly values: readonly Values[];
}

const createValues = (): Values => ({
  data: createByteSink(FIRST_BYTES),
  ends: createByteSink(8),
  nulls: createByteSink(8),
  used: false,
});

/** Makes an empty {@link JsonLeaf}. */
export const createJsonLeaf = (path: string): JsonLeaf => ({
  path,
  places: createByteSink(FIRST_BYTES),
  values: TYPES.map(createValues),
});

const arrayType = (items: readonly unknown[]): number => {
  if (items.every((item) => typeof item === "string")) return TEXTS;
  return items.every((item) => Number.isSafeInteger(item)) ? INTS : OTHER;
};

/** The type that the store infers from the JSON text of a value. */
const typeOf = (value: unknown): number => {
  if (typeof value === "string") return TEXT;
  if (typeof value === "number") {
    if (Number.isSafeInteger(value)) return INT;
    return Number.isInteger(value) ? OTHER : FLOAT;
  }
  if (typeof value === "boolean") return BOOL;
  return Array.isArray(value) ? arrayType(value) : OTHER;
};

const putScalar = (sink: ByteSink, value: unknown): void => {
  if (typeof value === "string") putText(sink, value);
  else if (typeof value === "boolean") putByte(sink, value ? 1 : 0);
  else if (Number.isInteger(value)) putInt64(sink, Number(value));
  else putFloat64(sink, Number(value));
};

const putArray = ({ data, ends, nulls }: Values, items: readonly unknown[]): void => {
  for (const item of items) {
    putByte(nulls, 0);
    putScalar(data, item);
  }
  putInt64(ends, nulls.length);
};

/** Adds the value of a row; false when only the store's own JSON parser can tell its type, and nothing was added. */
export const putLeafValue = (leaf: JsonLeaf, row: number, value: unknown): boolean => {
  const type = typeOf(value);
  const values = leaf.values[type];
  if (values === undefined) return false;
  const { places } = leaf;
  while (places.length < row) putByte(places, ABSENT);
  putByte(places, type);
  values.used = true;
  if (Array.isArray(value)) putArray(values, value);
  else putScalar(values.data, value);
  return true;
};

const usedTypes = (leaf: JsonLeaf): readonly number[] =>
  TYPES.flatMap((_, type) => (leaf.values[type]?.used === true ? [type] : []));

/** True when some row has the path. */
export const isUsed = (leaf: JsonLeaf): boolean => leaf.places.length > 0;

/** Writes the heading of the path's column: the types that occur. */
export const putLeafHead = (leaf: JsonLeaf, head: ByteSink): void => {
  const used = usedTypes(leaf);
  putInt64(head, FLAT_VERSION);
  putVarint(head, used.length);
  for (const type of used) putText(head, TYPES[type] ?? "");
};

/** The path's values for a block of so many rows; valid until the next value or reset. */
export const leafParts = (leaf: JsonLeaf, rows: number): readonly Uint8Array[] => {
  const used = usedTypes(leaf);
  const numbers = new Uint8Array(ABSENT + 1).fill(used.length);
  for (const [number, type] of used.entries()) numbers[type] = number;
  // A row behind the last value has no value either.
  const places = new Uint8Array(rows).fill(used.length);
  const written = sinkBytes(leaf.places);
  for (let row = 0; row < written.length; row += 1) places[row] = numbers[written[row] ?? ABSENT] ?? used.length;
  const data = used.flatMap((type) => {
    const values = leaf.values[type];
    if (values === undefined) return [];
    const arrays = type === INTS || type === TEXTS;
    return arrays
      ? [sinkBytes(values.ends), sinkBytes(values.nulls), sinkBytes(values.data)]
      : [sinkBytes(values.data)];
  });
  return [places, ...data];
};

/** Empties the leaf and keeps its memory. */
export const resetLeaf = (leaf: JsonLeaf): void => {
  resetSink(leaf.places);
  for (const values of leaf.values) {
    resetSink(values.data);
    resetSink(values.ends);
    resetSink(values.nulls);
    values.used = false;
  }
};
