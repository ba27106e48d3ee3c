import { createByteSink, putInt64, putText, putUint32, resetSink, sinkBytes, type ByteSink } from "./byte-sink.ts";

const FIRST_BYTES = 65_536;
/** ClickHouse's LowCardinality in Native format: the version of the dictionary's layout ... */
const KEYS_VERSION = 1;
/** ... and 32-bit indexes into keys that come with the block (SerializationLowCardinality.cpp). */
const UINT32_INDEXES_WITH_KEYS = 2 + 0x200;

/** A column of texts, built value by value. */
export interface TextColumn {
  readonly type: "String" | "LowCardinality(String)";
  put(value: string): void;
  /** The column's bytes for a block of so many rows; valid until the next `put` or `reset`. */
  parts(rows: number): readonly Uint8Array[];
  reset(): void;
}

/** A column whose values seldom repeat: each is written as it comes. */
export const createPlainColumn = (): TextColumn => {
  const sink = createByteSink(FIRST_BYTES);
  return {
    type: "String",
    put: (value) => putText(sink, value),
    parts: () => [sinkBytes(sink)],
    reset: () => resetSink(sink),
  };
};

interface Dictionary {
  readonly places: Map<string, number>;
  readonly keys: ByteSink;
  readonly indexes: ByteSink;
  readonly head: ByteSink;
  last: string;
  lastPlace: number;
}

const placeOf = (dictionary: Dictionary, value: string): number => {
  const known = dictionary.places.get(value);
  if (known !== undefined) return known;
  const place = dictionary.places.size;
  dictionary.places.set(value, place);
  putText(dictionary.keys, value);
  return place;
};

const dictionaryParts = ({ places, keys, indexes, head }: Dictionary, rows: number): readonly Uint8Array[] => {
  resetSink(head);
  putInt64(head, KEYS_VERSION);
  putInt64(head, UINT32_INDEXES_WITH_KEYS);
  putInt64(head, places.size);
  const count = createByteSink(8);
  putInt64(count, rows);
  return [sinkBytes(head), sinkBytes(keys), sinkBytes(count), sinkBytes(indexes)];
};

/** A column whose values repeat: each distinct one is written once, which spares the store from finding that out again. */
export const createRepeatingColumn = (): TextColumn => {
  const dictionary: Dictionary = {
    places: new Map(),
    keys: createByteSink(FIRST_BYTES),
    indexes: createByteSink(FIRST_BYTES),
    head: createByteSink(64),
    last: "",
    lastPlace: -1,
  };
  return {
    type: "LowCardinality(String)",
    put: (value) => {
      if (value !== dictionary.last || dictionary.lastPlace < 0) {
        dictionary.lastPlace = placeOf(dictionary, value);
        dictionary.last = value;
      }
      putUint32(dictionary.indexes, dictionary.lastPlace);
    },
    parts: (rows) => dictionaryParts(dictionary, rows),
    reset: () => {
      dictionary.places.clear();
      resetSink(dictionary.keys);
      resetSink(dictionary.indexes);
      dictionary.lastPlace = -1;
    },
  };
};
