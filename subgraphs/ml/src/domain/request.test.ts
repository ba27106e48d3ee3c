import { expect, test } from "@jest/globals";
import { checkRequest } from "./request.ts";

const NOW = Date.parse("2026-11-20T12:00:00Z");
const sound = { userId: "ada", itemProperty: "product.id", eventNames: [], lookback: "P30D", first: 10 };

test("The time looked at ends now and is as long as asked for", () => {
  expect(checkRequest(sound, NOW)).toEqual({
    userId: "ada",
    itemProperty: "product.id",
    eventNames: [],
    fromMs: Date.parse("2026-10-21T12:00:00Z"),
    toMs: NOW,
    first: 10,
  });
});

test.each([
  ["userId", { userId: "" }],
  ["userId", { userId: "u".repeat(257) }],
  ["itemProperty", { itemProperty: "a`b" }],
  ["eventNames", { eventNames: Array.from({ length: 51 }, () => "view") }],
  ["lookback", { lookback: "PT59M" }],
  ["lookback", { lookback: "P367D" }],
  ["lookback", { lookback: "P1Y" }],
  ["first", { first: 0 }],
  ["first", { first: 101 }],
])("%s is refused when it is %j", (field, wrong) => {
  expect(() => checkRequest({ ...sound, ...wrong }, NOW)).toThrow(
    expect.objectContaining({ code: "BAD_INPUT", extras: { field: `input.${field}` } }),
  );
});
