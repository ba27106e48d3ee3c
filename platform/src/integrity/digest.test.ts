import { expect, test } from "@jest/globals";
import { digestOf, uuidOf } from "./digest.ts";

test("a digest is SHA-256 in hex, as FIPS 180-4's example has it", () => {
  expect(digestOf("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});

test("an id made of a text is equal for equal texts, another for another, and a UUID of version 8", () => {
  expect(uuidOf("rule 1 a=x")).toBe(uuidOf("rule 1 a=x"));
  expect(uuidOf("rule 1 a=x")).not.toBe(uuidOf("rule 2 a=x"));
  expect(uuidOf("")).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
