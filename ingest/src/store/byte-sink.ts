/** Bytes that grow at the end and are reused after `resetSink`, so that a steady stream of batches allocates nothing. */
export interface ByteSink {
  buffer: Buffer;
  /** Bytes written so far. */
  length: number;
  readonly initialBytes: number;
}

const TWO_TO_32 = 4_294_967_296;
/** Texts up to this length are copied character by character, which beats a call into the runtime. */
const SHORT_TEXT = 48;
/** Bytes a sink that was reset may keep; one exceptional batch must not hold memory for ever. */
const MAX_KEPT_BYTES = 16 * 1_048_576;
/** Bytes a variable-length integer takes at most. */
const MAX_VARINT_BYTES = 10;

const HEX = new Uint8Array(128);
for (let digit = 0; digit < 16; digit += 1) {
  HEX[digit.toString(16).charCodeAt(0)] = digit;
  HEX[digit.toString(16).toUpperCase().charCodeAt(0)] = digit;
}

/** Where in the canonical text each byte's first hex digit stands, in the order in which ClickHouse stores the bytes. */
const UUID_PLACES = [16, 14, 11, 9, 6, 4, 2, 0, 34, 32, 30, 28, 26, 24, 21, 19];

/** Makes a sink with room for `initialBytes` at first. */
export const createByteSink = (initialBytes: number): ByteSink => ({
  buffer: Buffer.allocUnsafeSlow(initialBytes),
  length: 0,
  initialBytes,
});

const makeRoom = (sink: ByteSink, bytes: number): void => {
  if (sink.length + bytes <= sink.buffer.length) return;
  const larger = Buffer.allocUnsafeSlow(Math.max(sink.buffer.length * 2, sink.length + bytes));
  sink.buffer.copy(larger, 0, 0, sink.length);
  sink.buffer = larger;
};

/** Appends one byte. */
export const putByte = (sink: ByteSink, value: number): void => {
  makeRoom(sink, 1);
  sink.buffer[sink.length] = value;
  sink.length += 1;
};

/** Appends a variable-length integer (LEB128), as ClickHouse writes lengths and counts. */
export const putVarint = (sink: ByteSink, value: number): void => {
  makeRoom(sink, MAX_VARINT_BYTES);
  let rest = value;
  while (rest >= 128) {
    putByte(sink, (rest & 127) | 128);
    rest = Math.floor(rest / 128);
  }
  putByte(sink, rest);
};

const putLongText = (sink: ByteSink, value: string): void => {
  const bytes = Buffer.byteLength(value, "utf8");
  putVarint(sink, bytes);
  makeRoom(sink, bytes);
  sink.length += sink.buffer.write(value, sink.length, bytes, "utf8");
};

/** Appends text as UTF-8 behind its length in bytes (ClickHouse's String). */
export const putText = (sink: ByteSink, value: string): void => {
  const { length } = value;
  if (length > SHORT_TEXT) return putLongText(sink, value);
  makeRoom(sink, length + 1);
  const { buffer } = sink;
  const start = sink.length + 1;
  for (let index = 0; index < length; index += 1) {
    const code = value.charCodeAt(index);
    if (code > 127) return putLongText(sink, value);
    buffer[start + index] = code;
  }
  buffer[sink.length] = length;
  sink.length = start + length;
};

/** Appends an unsigned 32-bit integer, little endian. */
export const putUint32 = (sink: ByteSink, value: number): void => {
  makeRoom(sink, 4);
  const { buffer, length } = sink;
  buffer[length] = value;
  buffer[length + 1] = value >>> 8;
  buffer[length + 2] = value >>> 16;
  buffer[length + 3] = value >>> 24;
  sink.length += 4;
};

/** Appends a signed or unsigned 64-bit integer, little endian; the number must be a safe integer. */
export const putInt64 = (sink: ByteSink, value: number): void => {
  const high = Math.floor(value / TWO_TO_32);
  putUint32(sink, (value - high * TWO_TO_32) >>> 0);
  putUint32(sink, high >>> 0);
};

/** Appends a 64-bit floating point number, little endian. */
export const putFloat64 = (sink: ByteSink, value: number): void => {
  makeRoom(sink, 8);
  sink.length = sink.buffer.writeDoubleLE(value, sink.length);
};

/** Appends a UUID given as canonical text the way ClickHouse keeps it: two little-endian 64-bit halves. */
export const putUuid = (sink: ByteSink, canonical: string): void => {
  makeRoom(sink, 16);
  const { buffer, length } = sink;
  for (let index = 0; index < 16; index += 1) {
    const place = UUID_PLACES[index] ?? 0;
    buffer[length + index] =
      ((HEX[canonical.charCodeAt(place)] ?? 0) << 4) | (HEX[canonical.charCodeAt(place + 1)] ?? 0);
  }
  sink.length += 16;
};

/** A view of the bytes written; valid until the next write or reset. */
export const sinkBytes = (sink: ByteSink): Uint8Array => sink.buffer.subarray(0, sink.length);

/** Empties the sink and keeps its memory, unless that is exceptionally large. */
export const resetSink = (sink: ByteSink): void => {
  sink.length = 0;
  if (sink.buffer.length > MAX_KEPT_BYTES) sink.buffer = Buffer.allocUnsafeSlow(sink.initialBytes);
};
