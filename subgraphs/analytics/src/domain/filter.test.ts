import { describe, expect, test } from "@jest/globals";
import type { FilterInput } from "./filter-input.ts";
import { FILTER_LIMITS, onlyValueOf, parseFilter } from "./filter.ts";

const read = (input: FilterInput) => parseFilter(input, "filter", { personalData: false });
const leaf: FilterInput = { field: "name", eq: "a" };
const deep = (levels: number): FilterInput => (levels === 1 ? leaf : { not: deep(levels - 1) });

describe("a filter", () => {
  test.each<[string, FilterInput, string]>([
    ["nothing", {}, "exactly one"],
    ["two shapes", { and: [leaf], field: "name", eq: "a" }, "exactly one"],
    ["a field without a test", { field: "name" }, "needs a test"],
    ["a test without a field", { not: leaf, eq: "a" }, "needs the `field`"],
    ["an unknown field", { field: "nmae", eq: "a" }, "Did you mean `name`?"],
    ["a column of the store by its own name", { field: "user_id", eq: "a" }, "Did you mean `userId`?"],
    [
      "a field like no other",
      { field: "zzzzzzzzzzzz", eq: "a" },
      "There is no field `zzzzzzzzzzzz`. What events carry under a name of your own is `properties.zzzzzzzzzzzz`.",
    ],
    ["an empty list", { field: "name", in: [] }, "1 to 1,000"],
    ["no parts", { and: [] }, "1 to 50"],
    ["too deep", deep(FILTER_LIMITS.depth + 1), "levels deep"],
    ["too many tests", { and: Array.from({ length: 50 }, () => ({ or: [leaf, leaf, leaf] })) }, "at most 100 tests"],
    ["too much text", { field: "name", eq: "x".repeat(FILTER_LIMITS.characters + 1) }, "characters in all"],
    ["text for a truth", { field: "synthetic", eq: "yes" }, "BOOLEAN"],
    ["text for an id", { field: "id", eq: "1" }, "ID"],
    ["text for revenue", { field: "revenue", eq: "1,50" }, "DECIMAL"],
    ["comparing text as a number", { field: "country", gt: 1 }, "not a number"],
    ["searching in a number", { field: "revenue", contains: "1" }, "not text"],
    ["a pattern that RE2 does not know", { field: "name", matches: "(?=a)" }, "not one of RE2"],
    ["a pattern that does not end", { field: "name", matches: "(a" }, "missing closing )"],
    ["a long pattern", { field: "name", matches: "a".repeat(FILTER_LIMITS.pattern + 1) }, "at most 1000 characters"],
    ["a pattern for a number", { field: "revenue", matches: "1" }, "not text"],
    ["personal data", { field: "userId", eq: "u" }, "personal data"],
    ["a quote in a path", { field: "properties.a'b", eq: "x" }, "letters, digits"],
    ["a backquote in a path", { field: "properties.a`b", eq: "x" }, "letters, digits"],
    ["a typed subcolumn", { field: "properties.a.:Int64", eq: "x" }, "letters, digits"],
    ["a whole subobject", { field: "properties.^a", eq: "x" }, "letters, digits"],
    ["no path", { field: "properties.", eq: "x" }, "letters, digits"],
  ])("is refused for %s", (_what, input, words) => {
    expect(() => read(input)).toThrow(words);
  });

  test("accepts the limits themselves", () => {
    expect(read(deep(FILTER_LIMITS.depth))).not.toBeNull();
    expect(read({ field: "properties.cart item.sub-total.2", exists: true })).not.toBeNull();
  });

  test("writes values as the store prints them", () => {
    expect(read({ field: "revenue", in: ["007.500", "-0", "12.", "-1.25"] })).toMatchObject({
      values: ["7.5", "0", "12", "-1.25"],
    });
    expect(read({ field: "id", eq: "3F0D4A51-7A1A-4F0A-9B1D-111111111111" })).toMatchObject({
      values: ["3f0d4a51-7a1a-4f0a-9b1d-111111111111"],
    });
  });

  test("several tests of one field must all hold", () => {
    expect(read({ field: "revenue", gte: 1, lt: 5 })).toMatchObject({
      kind: "AND",
      parts: [{ comparison: "gte" }, { comparison: "lt" }],
    });
  });

  test.each<[string, FilterInput, string | null]>([
    ["equality", { field: "currency", eq: "EUR" }, "EUR"],
    ["equality beside other tests", { and: [leaf, { field: "currency", eq: "EUR" }] }, "EUR"],
    ["a choice of two", { field: "currency", in: ["EUR", "USD"] }, null],
    ["equality in one of two branches", { or: [leaf, { field: "currency", eq: "EUR" }] }, null],
    ["inequality", { not: { field: "currency", eq: "EUR" } }, null],
  ])("%s holds a field to one value or not", (_what, input, value) => {
    expect(onlyValueOf(read(input), "currency")).toBe(value);
  });
});
