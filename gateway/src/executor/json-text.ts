/** Bytes to begin with: most answers fit. */
const INITIAL_BYTES = 65_536;
/** Bytes kept from one answer to the next; what a larger one needed is given back. */
const KEPT_BYTES = 1_048_576;
/** A text of more UTF-16 units is left to JSON.stringify, which is faster by the character. */
const MAX_SCANNED = 512;
const [SPACE, QUOTE, BACKSLASH, FIRST_BEYOND_ASCII] = [0x20, 0x22, 0x5c, 0x80];
/** UTF-8 takes at most this many bytes for one UTF-16 unit. */
const MAX_BYTES_PER_UNIT = 3;

/**
 * JSON text under way, as bytes that are used again for the next one: nothing is left behind for the garbage collector but the finished text. One
 * text at a time.
 */
export class JsonText {
  #bytes = Buffer.allocUnsafe(INITIAL_BYTES);
  #length = 0;
  #isAscii = true;

  /** Begins a new text. */
  begin(): void {
    if (this.#bytes.length > KEPT_BYTES) this.#bytes = Buffer.allocUnsafe(INITIAL_BYTES);
    this.#length = 0;
    this.#isAscii = true;
  }

  /** The text written since it was begun. */
  end(): string {
    return this.#isAscii
      ? this.#bytes.toString("latin1", 0, this.#length)
      : this.#bytes.toString("utf8", 0, this.#length);
  }

  /** Adds JSON as it is. */
  addJson(json: string): void {
    const { length } = json;
    this.#reserve(length * MAX_BYTES_PER_UNIT);
    const bytes = this.#bytes;
    const at = this.#length;
    for (let index = 0; index < length; index += 1) {
      const code = json.charCodeAt(index);
      if (code >= FIRST_BEYOND_ASCII) {
        this.#isAscii = false;
        this.#length = at + bytes.write(json, at, "utf8");
        return;
      }
      bytes[at + index] = code;
    }
    this.#length = at + length;
  }

  /** Adds one byte of ASCII. */
  addByte(code: number): void {
    this.#reserve(1);
    this.#bytes[this.#length] = code;
    this.#length += 1;
  }

  /** Adds a text as a JSON string. */
  addString(text: string): void {
    const { length } = text;
    if (length > MAX_SCANNED) {
      this.addJson(JSON.stringify(text));
      return;
    }
    this.#reserve(length + 2);
    const bytes = this.#bytes;
    let at = this.#length;
    bytes[at] = QUOTE;
    for (let index = 0; index < length; index += 1) {
      const code = text.charCodeAt(index);
      if (code < SPACE || code === QUOTE || code === BACKSLASH || code >= FIRST_BEYOND_ASCII) {
        this.addJson(JSON.stringify(text)); // over what was written of it: the length has not moved
        return;
      }
      at += 1;
      bytes[at] = code;
    }
    bytes[at + 1] = QUOTE;
    this.#length = at + 2;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
