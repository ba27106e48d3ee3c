import { endianness } from "node:os";

/** Numbers of one column, one per row. */
export type NativeNumbers = Uint8Array | Uint16Array | Uint32Array | Float64Array;

/** One column of an answer, as long as the answer has rows. */
export type NativeColumn =
  | { readonly kind: "NUMBERS"; readonly values: NativeNumbers }
  /** Numbers of 64 bits, two words per row, the lower first: hashes, which are compared and never added up. */
  | { readonly kind: "WORDS"; readonly words: Uint32Array }
  /** Lists of such numbers one behind the other: the n-th row's ends before the number `ends[n]`, where the next row's begins. */
  | { readonly kind: "LISTS"; readonly ends: Uint32Array; readonly words: Uint32Array }
  /** Texts by number: the n-th row has `texts[codes[n]]`; each distinct text is there once, the empty one always, as the first. */
  | { readonly kind: "TEXTS"; readonly codes: Uint32Array; readonly texts: readonly string[] };

/** Columns of an answer by name. */
export interface NativeColumns {
  readonly rows: number;
  readonly columns: ReadonlyMap<string, NativeColumn>;
}

const NUMBERS = { UInt8: Uint8Array, UInt16: Uint16Array, UInt32: Uint32Array, Float64: Float64Array } as const;
const isNumbers = (type: string): type is keyof typeof NUMBERS => Object.hasOwn(NUMBERS, type);

interface Reader {
  readonly bytes: Buffer;
  at: number;
}

const cutShort = (): Error => new Error("The event store's answer ends in the middle of a column.");

const readVarint = (reader: Reader): number => {
  let [value, scale] = [0, 1];
  for (;;) {
    const byte = reader.bytes[reader.at];
    if (byte === undefined) throw cutShort();
    reader.at += 1;
    value += (byte & 127) * scale;
    if (byte < 128) return value;
    scale *= 128;
  }
};

const take = (reader: Reader, length: number): number => {
  const from = reader.at;
  if (from + length > reader.bytes.length) throw cutShort();
  reader.at += length;
  return from;
};

const readText = (reader: Reader): string => {
  const length = readVarint(reader);
  const from = take(reader, length);
  return reader.bytes.toString("utf8", from, from + length);
};

/** A copy of so many bytes, so that wider numbers begin where their arrays may. */
const readBytes = (reader: Reader, length: number): ArrayBuffer => {
  const from = take(reader, length);
  const copy = new ArrayBuffer(length);
  new Uint8Array(copy).set(reader.bytes.subarray(from, from + length));
  return copy;
};

/** Gives each distinct text a number; a text met before is recognised by its bytes and not read again. */
interface Texts {
  readonly texts: string[];
  code(reader: Reader): number;
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** FNV-1a over a text's bytes, 32 bits (Fowler, Noll, Vo: draft-eastlake-fnv). */
const hashOf = (bytes: Buffer, from: number, to: number): number => {
  let hash = FNV_OFFSET;
  for (let at = from; at < to; at += 1) hash = Math.imul(hash ^ (bytes[at] ?? 0), FNV_PRIME);
  return hash >>> 0;
};

/** Whether the bytes of a text are those of a known one; texts are short, so that asking the runtime to compare them takes longer. */
const isSame = (
  bytes: Buffer,
  known: { readonly from: number; readonly to: number },
  from: number,
  length: number,
): boolean => {
  if (known.to - known.from !== length) return false;
  for (let at = 0; at < length; at += 1) if (bytes[known.from + at] !== bytes[from + at]) return false;
  return true;
};

const createTexts = (): Texts => {
  const texts = [""];
  const places: { readonly from: number; readonly to: number }[] = [{ from: 0, to: 0 }];
  const byHash = new Map<number, number[]>();
  return {
    texts,
    code: (reader) => {
      const length = readVarint(reader);
      if (length === 0) return 0;
      const from = take(reader, length);
      const { bytes } = reader;
      const hash = hashOf(bytes, from, from + length);
      const alike = byHash.get(hash);
      for (const code of alike ?? []) {
        const known = places[code];
        if (known !== undefined && isSame(bytes, known, from, length)) return code;
      }
      const code = texts.push(bytes.toString("utf8", from, from + length)) - 1;
      places.push({ from, to: from + length });
      if (alike === undefined) byHash.set(hash, [code]);
      else alike.push(code);
      return code;
    },
  };
};

/** Bytes of the answer from one place up to another. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/** What was read of a column so far, block by block. */
interface Pieces {
  readonly type: string;
  readonly texts: Texts;
  /** Where its numbers are: they are copied once all blocks are known, to where they stay. */
  readonly spans: Span[];
  /** Of texts, the number of each. */
  readonly codes: Uint32Array[];
  /** Of lists, where each row's ends in its block; their numbers are in `spans`. */
  readonly ends: Uint32Array[];
}

/** A number of 64 bits that is told to be small: a count, a version, flags. */
const readCount = (reader: Reader): number => Number(reader.bytes.readBigUInt64LE(take(reader, 8)));

/** How the numbers of a column with a dictionary are written, by the low byte of its flags. */
const INDEXES = [Uint8Array, Uint16Array, Uint32Array] as const;
/** Flag of a column whose block brings its own dictionary, the only form an answer has. */
const OWN_DICTIONARY = 512;

/** A block of texts that come as a dictionary and a number for each row: a version, flags, the dictionary, the rows' numbers. */
const readDictionaryPiece = (reader: Reader, texts: Texts, rows: number): Uint32Array => {
  const codes = new Uint32Array(rows);
  if (rows === 0) return codes;
  const version = readCount(reader);
  const flags = readCount(reader);
  const Indexes = INDEXES[flags % 256];
  if (version !== 1 || Math.floor(flags / OWN_DICTIONARY) % 2 !== 1 || Indexes === undefined)
    throw new Error("The event store's answer has a dictionary in a form that is not read.");
  const known = Array.from({ length: readCount(reader) }, () => texts.code(reader));
  if (readCount(reader) !== rows) throw cutShort();
  const indexes = new Indexes(readBytes(reader, rows * Indexes.BYTES_PER_ELEMENT));
  for (let row = 0; row < rows; row += 1) codes[row] = known[indexes[row] ?? 0] ?? 0;
  return codes;
};

const LISTS_TYPE = "Array(UInt64)";

/** Where the lists of a block end: numbers of 64 bits, of which no answer has more than fit in the lower half. */
const readEnds = (reader: Reader, rows: number): Uint32Array => {
  const wide = new Uint32Array(readBytes(reader, rows * 8));
  return Uint32Array.from({ length: rows }, (_, row) => wide[2 * row] ?? 0);
};

const readSpan = (reader: Reader, bytes: number): Span => {
  const from = take(reader, bytes);
  return { from, to: from + bytes };
};

const readPiece = (reader: Reader, { type, texts, spans, codes, ends }: Pieces, rows: number): void => {
  if (isNumbers(type)) spans.push(readSpan(reader, rows * NUMBERS[type].BYTES_PER_ELEMENT));
  else if (type === "UInt64") spans.push(readSpan(reader, rows * 8));
  else if (type === LISTS_TYPE) {
    const own = readEnds(reader, rows);
    ends.push(own);
    spans.push(readSpan(reader, (own.at(-1) ?? 0) * 8));
  } else if (type === "LowCardinality(String)") codes.push(readDictionaryPiece(reader, texts, rows));
  else if (type === "String") {
    const own = new Uint32Array(rows);
    for (let row = 0; row < rows; row += 1) own[row] = texts.code(reader);
    codes.push(own);
  } else throw new Error(`Columns of the type ${type} are not read in this form.`);
};

/** The bytes of some spans one behind the other, where numbers of any width may begin. */
const joinedBytes = (bytes: Buffer, spans: readonly Span[]): ArrayBuffer => {
  const joined = new ArrayBuffer(spans.reduce((sum, { from, to }) => sum + to - from, 0));
  const into = new Uint8Array(joined);
  let at = 0;
  for (const { from, to } of spans) {
    into.set(bytes.subarray(from, to), at);
    at += to - from;
  }
  return joined;
};

const joinedCodes = (blocks: readonly Uint32Array[]): Uint32Array => {
  const [first] = blocks;
  if (first !== undefined && blocks.length === 1) return first;
  const codes = new Uint32Array(blocks.reduce((sum, block) => sum + block.length, 0));
  let at = 0;
  for (const block of blocks) {
    codes.set(block, at);
    at += block.length;
  }
  return codes;
};

/** Ends of lists in the blocks' numbers one behind the other. */
const joinedEnds = (blocks: readonly Uint32Array[]): Uint32Array => {
  const ends = new Uint32Array(blocks.reduce((sum, block) => sum + block.length, 0));
  let [row, before] = [0, 0];
  for (const block of blocks) {
    for (const end of block) {
      ends[row] = before + end;
      row += 1;
    }
    before += block.at(-1) ?? 0;
  }
  return ends;
};

const joinPieces = (bytes: Buffer, { type, texts, spans, codes, ends }: Pieces): NativeColumn => {
  if (isNumbers(type)) return { kind: "NUMBERS", values: new NUMBERS[type](joinedBytes(bytes, spans)) };
  if (type === "UInt64") return { kind: "WORDS", words: new Uint32Array(joinedBytes(bytes, spans)) };
  if (type === LISTS_TYPE)
    return { kind: "LISTS", ends: joinedEnds(ends), words: new Uint32Array(joinedBytes(bytes, spans)) };
  return { kind: "TEXTS", codes: joinedCodes(codes), texts: texts.texts };
};

/**
 * Reads an answer in the engine's Native format without a client's revision: blocks of columns, each with its name, its type and its values one after another
 * (https://clickhouse.com/docs/interfaces/formats/Native). Reads whole numbers up to 64
 * bits, Float64, String, LowCardinality(String) and Array(UInt64); throws for other types and cut answers.
 */
export const readNativeColumns = (bytes: Buffer): NativeColumns => {
  if (endianness() !== "LE")
    throw new Error("Answers in columns are read on machines that store the lower byte first.");
  const reader: Reader = { bytes, at: 0 };
  const known = new Map<string, Pieces>();
  let rows = 0;
  while (reader.at < bytes.length) {
    const count = readVarint(reader);
    const inBlock = readVarint(reader);
    rows += inBlock;
    for (let column = 0; column < count; column += 1) {
      const [name, type] = [readText(reader), readText(reader)];
      const pieces = known.get(name) ?? { type, texts: createTexts(), spans: [], codes: [], ends: [] };
      known.set(name, pieces);
      readPiece(reader, pieces, inBlock);
    }
  }
  return { rows, columns: new Map(Array.from(known, ([name, pieces]) => [name, joinPieces(bytes, pieces)])) };
};
