import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { FilterInput } from "../filter-input.ts";
import { FILTER_LIMITS, parseFilter } from "../filter.ts";
import type { Condition } from "../field.ts";
import { canonicalQuestion } from "./canonical-question.ts";

const TESTS = [
  { field: "name", eq: "view" },
  { field: "name", in: ["view", "buy"] },
  { field: "name", in: ["view"] },
  { field: "country", contains: "D", startsWith: "D" },
  { field: "revenue", gt: 1, lte: 5 },
  { field: "revenue", gt: 1 },
  { field: "userId", exists: true },
] as const satisfies readonly FilterInput[];

const anyFilter: fc.Arbitrary<FilterInput> = fc.letrec<{ filter: FilterInput }>((tie) => ({
  filter: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(...TESTS),
    fc.record({ and: fc.array(tie("filter"), { minLength: 1, maxLength: 3 }) }),
    fc.record({ or: fc.array(tie("filter"), { minLength: 1, maxLength: 3 }) }),
    fc.record({ not: tie("filter") }),
  ),
})).filter;

/** The same filter in another spelling: order, repetition, groups of one, nulls, values of lists. */
const respelled = (filter: FilterInput, seed: number): FilterInput => {
  const again = (part: FilterInput, index: number) => respelled(part, seed * 7 + index);
  const mixed = (parts: readonly FilterInput[]): readonly FilterInput[] => {
    const all = parts.map(again);
    const [first] = all;
    return seed % 3 === 0 && first !== undefined ? [...all.toReversed(), first] : all.toReversed();
  };
  if (filter.and !== undefined && filter.and !== null) return { and: mixed(filter.and) };
  if (filter.or !== undefined && filter.or !== null) return { or: mixed(filter.or), field: null };
  if (filter.not !== undefined && filter.not !== null) return { not: respelled(filter.not, seed + 1) };
  const { eq, ...rest } = filter;
  if (eq !== undefined && seed % 2 === 0) return { in: [eq ?? ""], ...rest };
  if (filter.in !== undefined) return { ...filter, in: [...(filter.in ?? [])].toReversed() };
  return seed % 5 === 0 ? { and: [filter] } : filter;
};

/** An event with every value that the tests tell apart. */
interface Facts {
  readonly name: string;
  readonly country: string;
  readonly revenue: number;
  readonly userId: string;
}
const anyFacts: fc.Arbitrary<Facts> = fc.record({
  name: fc.constantFrom("view", "buy", "other"),
  country: fc.constantFrom("DE", "FD", "US"),
  revenue: fc.constantFrom(0, 2, 9),
  userId: fc.constantFrom("", "u"),
});
const holds = (condition: Condition, facts: Facts): boolean => {
  switch (condition.kind) {
    case "AND":
      return condition.parts.every((part) => holds(part, facts));
    case "OR":
      return condition.parts.some((part) => holds(part, facts));
    case "NOT":
      return !holds(condition.part, facts);
    default:
      return passes(condition, facts);
  }
};
const passes = (condition: Condition, facts: Facts): boolean => {
  if (!("field" in condition)) return false;
  const value: unknown = Object.entries(facts).find(([name]) => name === condition.field.name)?.[1] ?? "";
  if (condition.kind === "ONE_OF") return condition.values.includes(String(value));
  if (condition.kind === "CONTAINS") return String(value).includes(condition.text);
  if (condition.kind === "STARTS_WITH") return String(value).startsWith(condition.text);
  if (condition.kind === "COMPARE")
    return condition.comparison === "gt" ? Number(value) > condition.value : Number(value) <= condition.value;
  return condition.kind === "EXISTS" && condition.exists === (value !== "");
};

const parsed = (filter: FilterInput): Condition | null => {
  try {
    return parseFilter(filter, "filter", { personalData: true });
  } catch {
    return null; // Deeper than a filter may be.
  }
};

describe("the one spelling of a question", () => {
  test("is the same in whichever order parts stand, however often, and with one value or a list of one", () => {
    fc.assert(
      fc.property(anyFilter, fc.nat(1_000), (filter, seed) => {
        expect(canonicalQuestion({ filter: respelled(filter, seed) })).toBe(canonicalQuestion({ filter }));
      }),
      { numRuns: 500, endOnFailure: true },
    );
  });

  test("is never shared by filters that some event tells apart", () => {
    fc.assert(
      fc.property(anyFilter, anyFilter, fc.array(anyFacts, { minLength: 4, maxLength: 8 }), (one, other, events) => {
        const [first, second] = [parsed(one), parsed(other)];
        if (first === null || second === null) return;
        if (events.every((facts) => holds(first, facts) === holds(second, facts))) return;
        expect(canonicalQuestion({ filter: one })).not.toBe(canonicalQuestion({ filter: other }));
      }),
      { numRuns: 1_500, endOnFailure: true },
    );
  });

  test.each([
    ["order of what the answer has columns for", { dimensions: ["a", "b"] }, { dimensions: ["b", "a"] }],
    ["names", { measures: [{ name: "a" }] }, { measures: [{ name: "b" }] }],
    [
      "a text that looks like a moment",
      { filter: { field: "url", eq: "2026-01-01T00:00:00Z" } },
      {
        filter: { field: "url", eq: "2026-01-01T01:00:00+01:00" },
      },
    ],
    ["nothing and a filter of nothing", {}, { filter: { and: [] } }],
    ["all and any", { filter: { and: [TESTS[0], TESTS[6]] } }, { filter: { or: [TESTS[0], TESTS[6]] } }],
    ["a number and its text", { limit: 1 }, { limit: "1" }],
  ])("tells apart %s", (_what, one, other) => {
    expect(canonicalQuestion(one)).not.toBe(canonicalQuestion(other));
  });

  test("does not tell apart ways to write a moment, or what is left out and what is null", () => {
    const range = { from: "2026-11-01T00:00:00Z", to: "2026-11-02T00:00:00.000Z" };
    const written = { from: "2026-11-01T01:00:00+01:00", to: "2026-11-02T00:00:00Z" };
    expect(canonicalQuestion({ range, filter: null, timeZone: undefined })).toBe(canonicalQuestion({ range: written }));
  });

  test("reads the largest filter there may be", () => {
    const values = Array.from({ length: FILTER_LIMITS.values }, (_, index) => `v${index}`);
    const part = { field: "name", in: values };
    expect(canonicalQuestion({ filter: { or: Array.from({ length: 40 }, () => part) } })).toBe(
      canonicalQuestion({ filter: part }),
    );
  });
});
