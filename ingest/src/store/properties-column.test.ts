import { describe, expect, it } from "@jest/globals";
import { createPropertiesColumn, MAX_ENCODED_PATHS } from "./properties-column.ts";

const PLAIN = {
  text: "x",
  whole: -7,
  fraction: 0.5,
  yes: true,
  nothing: null,
  deep: { "a.b": 1 },
  list: ["a"],
  numbers: [1],
};

const bytesOf = (parts: readonly Uint8Array[]): Buffer => Buffer.concat(parts);

describe("the column of properties", () => {
  it("is written path by path when every value is plain", () => {
    const column = createPropertiesColumn();
    column.put(PLAIN);
    column.put(null);
    expect(column.encode().encoding).toBe("PATHS");
  });

  it.each([
    ["a list of different types", { a: [1, "x"] }],
    ["a list with null", { a: [null] }],
    ["fractions in a list", { a: [0.5] }],
    ["a list of objects", { a: [{ b: 1 }] }],
    ["a whole number beyond 2^53", { a: 2 ** 60 }],
  ])("is JSON text, earlier rows included, when a row holds %s", (_, row) => {
    const column = createPropertiesColumn();
    for (const properties of [PLAIN, null, row]) column.put(properties);
    const { encoding, parts } = column.encode();
    expect(encoding).toBe("TEXT");
    for (const properties of [PLAIN, {}, row]) expect(bytesOf(parts).includes(JSON.stringify(properties))).toBe(true);
  });

  it("is JSON text when the block has too many paths, and path by path again after a reset", () => {
    const column = createPropertiesColumn();
    for (let path = 0; path <= MAX_ENCODED_PATHS; path += 1) column.put({ [`p${path}`]: path });
    expect(column.encode().encoding).toBe("TEXT");
    column.reset();
    column.put({ a: 1 });
    expect(column.encode().encoding).toBe("PATHS");
  });

  it("has the same bytes in reused memory as in fresh memory", () => {
    const used = createPropertiesColumn();
    for (const properties of [PLAIN, { other: 1 }, { text: 5, fraction: "x" }]) used.put(properties);
    used.encode();
    used.reset();
    const fresh = createPropertiesColumn();
    for (const column of [used, fresh]) for (const properties of [null, { text: "y" }, PLAIN]) column.put(properties);
    expect(bytesOf(used.encode().parts).equals(bytesOf(fresh.encode().parts))).toBe(true);
  });
});
