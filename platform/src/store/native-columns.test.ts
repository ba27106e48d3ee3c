import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { readNativeColumns } from "./native-columns.ts";

const varint = (value: number): number[] => (value < 128 ? [value] : [(value % 128) + 128, ...varint(value >> 7)]);
const text = (value: string): Buffer => {
  const bytes = Buffer.from(value, "utf8");
  return Buffer.concat([Buffer.from(varint(bytes.length)), bytes]);
};
/** A block as the engine writes it: a number of 64 bits, a small number and a text in each row. */
const block = (rows: readonly (readonly [bigint, number, string])[]): Buffer =>
  Buffer.concat([
    Buffer.from([...varint(3), ...varint(rows.length)]),
    ...[text("key"), text("UInt64"), Buffer.from(BigUint64Array.from(rows, ([key]) => key).buffer)],
    ...[text("n"), text("UInt16"), Buffer.from(Uint16Array.from(rows, ([, n]) => n).buffer)],
    ...[text("word"), text("String"), ...rows.map(([, , word]) => text(word))],
  ]);

const anyRow = fc.tuple(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.integer({ min: 0, max: 65_535 }),
  fc.oneof(fc.constantFrom("", "a", "b", "ä"), fc.string({ maxLength: 200 })),
);

describe("an answer in columns", () => {
  it("is read row for row, whatever its blocks hold", () => {
    fc.assert(
      fc.property(fc.array(fc.array(anyRow, { minLength: 1, maxLength: 8 }), { maxLength: 4 }), (blocks) => {
        const { rows, columns } = readNativeColumns(Buffer.concat(blocks.map(block)));
        const all = blocks.flat();
        expect(rows).toBe(all.length);
        const [key, n, word] = [columns.get("key"), columns.get("n"), columns.get("word")];
        if (key?.kind !== "WORDS" || n?.kind !== "NUMBERS" || word?.kind !== "TEXTS") {
          expect(all).toEqual([]);
          return;
        }
        expect(
          all.map((_row, at) => [
            BigInt(key.words[2 * at] ?? 0) + (BigInt(key.words[2 * at + 1] ?? 0) << 32n),
            n.values[at],
            word.texts[word.codes[at] ?? -1],
          ]),
        ).toEqual(all.map(([own, number, told]) => [own, number, Buffer.from(told, "utf8").toString("utf8")]));
        expect(new Set(word.texts).size).toBe(word.texts.length);
      }),
    );
  });

  it("holds lists of numbers one behind the other, whatever its blocks hold", () => {
    const lists = (rows: readonly (readonly bigint[])[]): Buffer => {
      let end = 0n;
      const ends = rows.map((row) => (end += BigInt(row.length)));
      return Buffer.concat([
        Buffer.from([...varint(1), ...varint(rows.length)]),
        ...[text("list"), text("Array(UInt64)"), Buffer.from(BigUint64Array.from(ends).buffer)],
        Buffer.from(BigUint64Array.from(rows.flat()).buffer),
      ]);
    };
    const anyList = fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { maxLength: 5 });
    fc.assert(
      fc.property(fc.array(fc.array(anyList, { minLength: 1, maxLength: 6 }), { maxLength: 4 }), (blocks) => {
        const list = readNativeColumns(Buffer.concat(blocks.map(lists))).columns.get("list");
        const { ends, words } = list?.kind === "LISTS" ? list : { ends: [], words: [] };
        const told = Array.from(ends, (end, row) =>
          Array.from({ length: end - (ends[row - 1] ?? 0) }, (_, index) => {
            const at = 2 * ((ends[row - 1] ?? 0) + index);
            return BigInt(words[at] ?? 0) + (BigInt(words[at + 1] ?? 0) << 32n);
          }),
        );
        expect(told).toEqual(blocks.flat());
      }),
    );
  });

  it("that was cut, or has columns of another type, is an error", () => {
    const whole = block([[1n, 2, "three"]]);
    expect(() => readNativeColumns(whole.subarray(0, whole.length - 1))).toThrow("ends in the middle");
    const dated = Buffer.concat([Buffer.from([1, 1]), text("at"), text("Date"), Buffer.from([0, 0])]);
    expect(() => readNativeColumns(dated)).toThrow("type Date");
  });
});
