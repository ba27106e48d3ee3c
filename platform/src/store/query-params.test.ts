import { describe, expect, it } from "@jest/globals";
import { formatParam } from "./query-params.ts";

describe("formatParam", () => {
  it.each([
    ["plain", "plain"],
    ["tab\tnew\nline\rquote'back\\slash", "tab\\tnew\\nline\\rquote\\'back\\\\slash"],
    ["", ""],
    [7, "7"],
    [-0.5, "-0.5"],
    [1e21, "1e+21"],
    [Number.NaN, "nan"],
    [Number.POSITIVE_INFINITY, "+inf"],
    [Number.NEGATIVE_INFINITY, "-inf"],
    [12345678901234567890n, "12345678901234567890"],
    [true, "1"],
    [false, "0"],
    [null, "\\N"],
    [undefined, "\\N"],
    [[], "[]"],
    [["a", "it's", "\\"], "['a','it\\'s','\\\\']"],
    [[1, 2.5, null, true, false], "[1,2.5,NULL,TRUE,FALSE]"],
    [[["a"], []], "[['a'],[]]"],
  ])("writes %p as %p", (value, text) => {
    expect(formatParam(value)).toBe(text);
  });

  it.each([[{}], [new Date(0)], [() => 1], [Symbol("s")], [[{ a: 1 }]]])(
    "refuses %p, which no statement has",
    (value) => {
      expect(() => formatParam(value)).toThrow("A parameter of a statement can't be");
    },
  );
});
