import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { isRefusedWith } from "@tessera/platform/testing/refused-with";
import { parseVariableValue, withVariables, type DashboardVariable, type VariableValue } from "./variable.ts";

const WIDGET = "00000000-0000-4000-8000-000000000001";
const variable = (value: VariableValue, ...path: readonly string[]): DashboardVariable => ({
  ...{ name: "v", type: "TEXT", value, places: [{ widgetId: WIDGET, path }] },
});

const leaf = fc.oneof(fc.string(), fc.boolean(), fc.double({ noNaN: true }), fc.array(fc.string()));
const { tree } = fc.letrec<{ tree: Readonly<Record<string, unknown>>; node: unknown }>((tie) => ({
  tree: fc.dictionary(fc.constantFrom("a", "b", "c", "filter", "__proto__"), tie("node"), { maxKeys: 3 }),
  node: fc.oneof({ depthSize: "small" }, leaf, tie("tree"), fc.array(tie("tree"), { maxLength: 3 })),
}));

/** Every place of a value in a question that a variable of the value's type may take, by walking it. */
const placesIn = (node: unknown, path: readonly string[] = []): readonly (readonly string[])[] => {
  if (Array.isArray(node) && node.some((one) => typeof one === "object"))
    return node.flatMap((one: unknown, index) => placesIn(one, [...path, String(index)]));
  if (typeof node !== "object" || node === null || Array.isArray(node)) return [path];
  return Object.entries(node).flatMap(([key, one]) => placesIn(one, [...path, key]));
};
const at = (node: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null
        ? new Map<string, unknown>(Object.entries(inner)).get(key)
        : undefined,
    node,
  );

describe("a variable's value", () => {
  test("stands at its place and changes nothing else, whatever the question and the value", () => {
    fc.assert(
      fc.property(tree, fc.nat(), fc.string(), (question, pick, text) => {
        const texts = placesIn(question).filter((path) => typeof at(question, path) === "string");
        fc.pre(texts.length > 0);
        const place = texts[pick % texts.length] ?? [];
        const filled = withVariables(question, WIDGET, [variable(text, ...place)]);
        expect(at(filled, place)).toBe(text);
        for (const path of placesIn(question).filter((one) => one.join("\0") !== place.join("\0")))
          expect(at(filled, path)).toEqual(at(question, path));
        expect(placesIn(filled)).toEqual(placesIn(question));
      }),
      { numRuns: 1_000, endOnFailure: true },
    );
  });

  test.each([
    ["a place that the question does not have", ["filter", "in"], "x"],
    ["a place that every object has", ["filter", "constructor", "name"], "x"],
    ["a place beyond a list", ["steps", "2", "name"], "x"],
    ["a branch in place of a value", ["filter"], "x"],
    ["a text in place of a number", ["limit"], "x"],
    ["a number in place of a text", ["filter", "eq"], 5],
    ["texts in place of a text", ["filter", "eq"], ["x"]],
  ] as const)("is refused at %s", (_what, path, value) => {
    const question = { filter: { eq: "a" }, limit: 5, steps: [{ name: "one" }, { name: "two" }] };
    expect(isRefusedWith("BAD_INPUT", () => withVariables(question, WIDGET, [variable(value, ...path)]))).toBe(true);
    // In another widget, the place is of no consequence.
    expect(withVariables(question, "another", [variable(value, ...path)])).toEqual(question);
  });

  test("is given as its type says, and as nothing else", () => {
    expect(parseVariableValue({ texts: ["a", "b"] }, "TEXTS", "value")).toEqual(["a", "b"]);
    expect(parseVariableValue({ boolean: false }, "BOOLEAN", "value")).toBe(false);
    expect(parseVariableValue({ number: 0, text: null }, "NUMBER", "value")).toBe(0);
    const refused = (input: Parameters<typeof parseVariableValue>[0], type: DashboardVariable["type"]): boolean =>
      isRefusedWith("BAD_INPUT", () => parseVariableValue(input, type, "value"));
    expect([
      refused({ text: "a" }, "TEXTS"),
      refused({ text: "a", number: 1 }, "TEXT"),
      refused({}, "TEXT"),
      refused({ text: "a".repeat(1_001) }, "TEXT"),
      refused({ texts: Array.from({ length: 1_001 }, () => "a") }, "TEXTS"),
    ]).toEqual([true, true, true, true, true]);
  });
});
