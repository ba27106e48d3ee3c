import { describe, expect, it } from "@jest/globals";
import { Refusal } from "@tessera/platform/errors/refusal";
import { funnelOfPath } from "./funnel-of-path.ts";
import type { PathsInput } from "./paths-input.ts";

const range = { from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z" };
const strict = { range, start: { label: "home" }, repeats: "KEEP" } as const;
const of = (input: Partial<PathsInput>, path: readonly string[]) =>
  funnelOfPath({ ...strict, ...input }, path, { personalData: false });

const refusalOf = (input: Partial<PathsInput>, path: readonly string[]): unknown => {
  try {
    return of(input, path);
  } catch (error) {
    return error instanceof Refusal ? error.extras["field"] : error;
  }
};

describe("the funnel of a path", () => {
  it("has a step for each label, with the paths' unit, gap and window", () => {
    const unit = { kind: "SESSION" } as const;
    expect(of({ unit, gap: "PT30M", window: "P1D" }, ["home", "buy"])).toEqual({
      equal: true,
      differences: [],
      question: {
        ...{ range, unit, window: "P1D", order: "STRICT", anchor: "FIRST", timeZone: "UTC", sample: 1 },
        steps: [
          { label: "home", anyOf: [{ events: ["home"] }] },
          { label: "buy", anyOf: [{ events: ["buy"] }], within: "PT30M" },
        ],
      },
    });
  });

  it("says a label by the value it is, and by the rules that give it and no rule before takes", () => {
    const groups = [
      { wildcard: "/help*", label: "help" },
      { pattern: "item", label: "item" },
    ];
    const { question } = of({ label: ["url"], groups, start: { label: "item" } }, ["item"]);
    expect(question.steps[0]?.anyOf).toEqual([
      {
        filter: {
          and: [
            { not: { field: "url", exists: false } },
            { not: { field: "url", matches: "^/help([^/]*)$" } },
            { field: "url", matches: "item" },
          ],
        },
      },
    ]);
  });

  it.each<[Partial<PathsInput>, readonly string[], RegExp]>([
    [{ start: null }, ["home"], /first step/],
    [{ start: null, end: { label: "home" } }, ["home"], /followed back/],
    [{ end: { label: "buy" } }, ["home"], /reach their `end`/],
    [{ start: { event: { events: ["home", "list"] } } }, ["home"], /what `start` says/],
    [{ occurrence: "ANY" }, ["home"], /counts units/],
    [{ repeats: "COLLAPSE" }, ["home"], /Repeats/],
    [{ loops: "CUT" }, ["home", "home"], /comes back/],
    [{ steps: [{ events: ["home"] }] }, ["home"], /some events/],
    [{ exclude: [{ events: ["ping"] }] }, ["home"], /excluded/],
    [{ maxDepth: 2 }, ["home", "a", "b"], /longer/],
  ])("of %j by %j counts others, and says why: %s", (input, path, reason) => {
    const { equal, differences } = of(input, path);
    expect({ equal, said: differences.some((text) => reason.test(text)) }).toEqual({ equal: false, said: true });
  });

  it.each<[Partial<PathsInput>, readonly string[], string]>([
    [{}, [], "path"],
    [{}, [""], "path.0"],
    [{}, ["a", "x".repeat(256)], "path.1"],
    [{ label: ["url"], groups: [{ wildcard: "/item/*", label: "item $1" }] }, ["item 22"], "path.0"],
    [{ label: ["url"], groups: [{ pattern: "^/a$", label: "b" }] }, ["/a"], "path.0"],
    [{ label: ["name", "source"] }, ["home"], "path.0"],
    [{ label: ["name", "source"] }, ["a · b · c"], "path.0"],
  ])("of %j by %j is refused: no filter says which events %s stands for", (input, path, field) => {
    expect(refusalOf(input, path)).toBe(field);
  });
});
