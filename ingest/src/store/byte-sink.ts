/** Bytes that grow at the end and are reused after `reset`, so that a steady stream of batches allocates nothing. */
export interface ByteSink {
  /** Appends text as UTF-8 behind its length as a variable-length integer (ClickHouse's String). */
  text(value: string): void;
  byte(value: number): void;
  uint32(value: number): void;
  /** Appends a signed or unsigned 64-bit integer, little endian; the number must be a safe integer. */
  int64(value: number): void;
  /** Appends the UUID the way ClickHouse keeps it: two little-endian 64-bit halves. */
  uuid(canonical: string): void;
  varint(value: number): void;
  readonly length: number;
  /** A view of the bytes written; valid until the next write or reset. */
  view(): Uint8Array;
  reset(): void;
}

const TWO_TO_32 = 4_294_967_296;
/** Texts up to this length are copied character by character, which beats a call into the runtime. */
const SHORT_TEXT = 48;
/** Bytes a sink that was reset may keep; one exceptional batch must not hold memory for ever. */
const MAX_KEPT_BYTES = 16 * 1_048_576;

const HEX = new Uint8Array(128);
for (let digit = 0; digit < 16; digit += 1) {
  HEX[digit.toString(16).charCodeAt(0)] = digit;
  HEX[digit.toString(16).toUpperCase().charCodeAt(0)] = digit;
}

/** Where in the canonical text each byte's first hex digit stands, in the order in which ClickHouse stores the bytes. */
const UUID_PLACES = [16, 14, 11, 9, 6, 4, 2, 0, 34, 32, 30, 28, 26, 24, 21, 19];

/** Makes a sink with room for `initialBytes` at first. */
export const createByteSink = (initialBytes: number): ByteSink => {
  let buffer = Buffer.allocUnsafeSlow(initialBytes);
  let at = 0;

  const room = (bytes: number): void => {
    if (at + bytes <= buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(buffer.length * 2, at + bytes));
    buffer.copy(larger, 0, 0, at);
    buffer = larger;
  };
  const varint = (value: number): void => {
    room(10);
    let rest = value;
    while (rest >= 128) {
      buffer[at] = (rest & 127) | 128;
      at += 1;
      rest = Math.floor(rest / 128);
    }
    buffer[at] = rest;
    at += 1;
  };
  const longText = (value: string): void => {
    const bytes = Buffer.byteLength(value, "utf8");
    varint(bytes);
    room(bytes);
    at += buffer.write(value, at, bytes, "utf8");
  };
  const uint32 = (value: number): void => {
    room(4);
    buffer[at] = value;
    buffer[at + 1] = value >>> 8;
    buffer[at + 2] = value >>> 16;
    buffer[at + 3] = value >>> 24;
    at += 4;
  };
  return {
    text: (value) => {
      const { length } = value;
      if (length > SHORT_TEXT) return longText(value);
      room(length + 1);
      const start = at + 1;
      for (let index = 0; index < length; index += 1) {
        const code = value.charCodeAt(index);
        if (code > 127) return longText(value);
        buffer[start + index] = code;
      }
      buffer[at] = length;
      at = start + length;
    },
    byte: (value) => {
      room(1);
      buffer[at] = value;
      at += 1;
    },
    uint32,
    int64: (value) => {
      const high = Math.floor(value / TWO_TO_32);
      uint32((value - high * TWO_TO_32) >>> 0);
      uint32(high >>> 0);
    },
    uuid: (canonical) => {
      room(16);
      for (let index = 0; index < 16; index += 1) {
        const place = UUID_PLACES[index] ?? 0;
        buffer[at + index] =
          ((HEX[canonical.charCodeAt(place)] ?? 0) << 4) | (HEX[canonical.charCodeAt(place + 1)] ?? 0);
      }
      at += 16;
    },
    varint,
    get length() {
      return at;
    },
    view: () => buffer.subarray(0, at),
    reset: () => {
      at = 0;
      if (buffer.length > MAX_KEPT_BYTES) buffer = Buffer.allocUnsafeSlow(initialBytes);
    },
  };
};
