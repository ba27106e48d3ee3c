import { runInNewContext } from "node:vm";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { columnsOf, evaluateArithmetic, FORMULA_LIMITS, parseArithmetic } from "./arithmetic.ts";

const COLUMNS = [
  { name: "revenue", parts: 1 },
  { name: "persons", parts: 1 },
  { name: "rate", parts: 150 },
];
const read = (text: string) => parseArithmetic(text, COLUMNS, "formula");
const value = (text: string, columns: readonly (number | null)[]) => evaluateArithmetic(read(text).formula, columns);

describe("a formula over columns", () => {
  test("computes as JavaScript does, whatever its parentheses", () => {
    const leaf = fc.oneof(fc.constantFrom("revenue", "persons"), fc.nat(50).map(String));
    const text = fc.letrec<{ node: string }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        leaf,
        fc
          .tuple(tie("node"), fc.constantFrom("+", "-", "*"), tie("node"))
          .map(([left, operator, right]) => `(${left} ${operator} ${right})`),
        tie("node").map((node) => `-${node}`),
        fc
          .tuple(leaf, fc.constantFrom("+", "-", "*"), leaf, fc.constantFrom("+", "-", "*"), leaf)
          .map((parts) => `(${parts.join(" ")})`),
      ),
    })).node;
    fc.assert(
      fc.property(
        text,
        fc.integer({ min: -9, max: 9 }),
        fc.integer({ min: -9, max: 9 }),
        (formula, revenue, persons) => {
          fc.pre(formula.length <= FORMULA_LIMITS.characters && !formula.includes("--"));
          const expected: unknown = runInNewContext(`${formula} + 0`, { revenue, persons });
          expect((value(formula, [revenue, persons]) ?? NaN) + 0).toBe(expected);
        },
      ),
    );
  });

  test("is null for a division by zero, for a column without a value and for what is beyond every number", () => {
    expect(value("revenue / persons", [1, 0])).toBeNull();
    expect(value("1 / (revenue / persons)", [1, 0])).toBeNull();
    expect(value("revenue + persons", [1, null])).toBeNull();
    expect(value("revenue * revenue", [1e200])).toBeNull();
    expect(value("revenue / persons", [0, 4])).toBe(0);
  });

  test("names the columns it computes with", () => {
    expect(columnsOf(read("(persons + 2) / persons").formula)).toEqual([1, 1]);
  });

  test.each([
    ["revenue / perons", "Did you mean `persons`?"],
    ["a(1)", "made of columns"],
    ["revenue.persons", "made of columns"],
    ["revenue ? 1 : 2", "made of columns"],
    ["revenue ** 2", "made of columns"],
    ["'1' + revenue", "made of columns"],
    ["revenue persons", "made of columns"],
    ["", "made of columns"],
    ["1e999", "made of columns"],
    ["(revenue", "can't be read"],
    ["rate + rate", "at most 200 parts"],
    [Array.from({ length: 120 }, () => "1").join("+"), "at most 200 parts"],
    [" ".repeat(FORMULA_LIMITS.characters + 1), "at most 500 characters"],
  ])("what is none is refused, case %#", (text, words) => {
    expect(() => read(text)).toThrow(words);
  });
});
