import { describe, expect, it } from "@jest/globals";
import { Refusal } from "@tessera/platform/errors/refusal";
import type { PathsInput } from "./paths-input.ts";
import { parsePaths } from "./parse-paths.ts";

const range = { from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z" };
const outsider = { personalData: false };

const refusalOf = (input: Partial<PathsInput>): unknown => {
  try {
    return parsePaths({ range, ...input }, outsider);
  } catch (error) {
    return error instanceof Refusal ? `${error.code} ${String(error.extras["field"])}` : error;
  }
};

describe("a question to paths", () => {
  it("asks of all events, by name, from each person's first step, unless it says otherwise", () => {
    expect(parsePaths({ range }, outsider)).toMatchObject({
      ...{ unit: { kind: "PERSON" }, steps: [{ names: [], filter: null }], excluded: [], rules: [] },
      ...{
        labels: [{ name: "name" }],
        start: null,
        end: null,
        occurrence: "FIRST",
        repeats: "COLLAPSE",
        loops: "KEEP",
      },
      ...{
        maxDepth: 5,
        maxNodes: 10,
        minLink: 1,
        gapMs: null,
        windowMs: null,
        goal: null,
        topPaths: 10,
        sample: 1,
        asked: { kind: "ALL" },
      },
    });
  });

  it.each<[Partial<PathsInput>, string]>([
    [{ range: { from: range.to, to: range.from } }, "BAD_INPUT input.range.from"],
    [{ steps: [] }, "BAD_INPUT input.steps"],
    [{ steps: [{ filter: { field: "cuontry", eq: "DE" } }] }, "BAD_INPUT input.steps.0.filter.field"],
    [{ exclude: Array.from({ length: 21 }, () => ({})) }, "BAD_INPUT input.exclude"],
    [{ label: [] }, "BAD_INPUT input.label"],
    [{ label: ["name", "name"] }, "BAD_INPUT input.label"],
    [{ label: ["revenue"] }, "BAD_INPUT input.label.0"],
    [{ label: ["userId"] }, "FORBIDDEN input.label.0"],
    [{ groups: [{ label: "x" }] }, "BAD_INPUT input.groups.0"],
    [{ groups: [{ pattern: "a", wildcard: "a", label: "x" }] }, "BAD_INPUT input.groups.0"],
    [{ groups: [{ pattern: "(?=a)", label: "x" }] }, "BAD_INPUT input.groups.0.pattern"],
    [{ groups: [{ wildcard: "", label: "x" }] }, "BAD_INPUT input.groups.0.wildcard"],
    [{ groups: [{ pattern: "(a)", label: "$2" }] }, "BAD_INPUT input.groups.0.label"],
    [{ groups: [{ wildcard: "*", label: "" }] }, "BAD_INPUT input.groups.0.label"],
    [{ groups: Array.from({ length: 51 }, () => ({ wildcard: "*", label: "x" })) }, "BAD_INPUT input.groups"],
    [
      { groups: Array.from({ length: 30 }, () => ({ pattern: "a".repeat(900), label: "x" })) },
      "BAD_INPUT input.groups",
    ],
    [{ start: {} }, "BAD_INPUT input.start"],
    [{ start: { event: {}, label: "x" } }, "BAD_INPUT input.start"],
    [{ end: { label: "" } }, "BAD_INPUT input.end.label"],
    [{ maxDepth: 1 }, "BAD_INPUT input.maxDepth"],
    [{ maxDepth: 21 }, "BAD_INPUT input.maxDepth"],
    [{ maxNodes: 51 }, "BAD_INPUT input.maxNodes"],
    [{ minLink: 0 }, "BAD_INPUT input.minLink"],
    [{ topPaths: 201 }, "BAD_INPUT input.topPaths"],
    [{ gap: "PT0S" }, "BAD_INPUT input.gap"],
    [{ window: "P1Y" }, "BAD_INPUT input.window"],
    [{ goal: { event: {}, within: "PT0S" } }, "BAD_INPUT input.goal.within"],
    [{ sample: 0 }, "BAD_INPUT input.sample"],
    [{ sample: 0.5, unit: { kind: "SESSION" } }, "BAD_INPUT input.sample"],
  ])("is refused where %j is wrong, by the place: %s", (input, expected) => {
    expect(refusalOf(input)).toBe(expected);
  });
});
