import { describe, expect, test } from "@jest/globals";
import { FUNNEL_LIMITS } from "./funnel.ts";
import type { FunnelInput } from "./funnel-input.ts";
import { parseFunnel } from "./parse-funnel.ts";

const step = { anyOf: [{ events: ["a"] }] };
const both = [{ events: ["a"] }, { events: ["b"] }];
const three = [step, step, step];
const whole: FunnelInput = { range: { from: "2026-03-01T00:00:00Z", to: "2026-04-01T00:00:00Z" }, steps: three };
const read = (input: Partial<FunnelInput>) => parseFunnel({ ...whole, ...input }, { personalData: false });

describe("a funnel", () => {
  test("has defaults for everything but range and steps", () => {
    expect(read({})).toMatchObject({
      ...{
        order: "ORDERED",
        anchor: "ANY",
        unit: { kind: "PERSON" },
        windowMs: null,
        exclusions: [],
        sample: 1,
        asked: { kind: "ALL" },
      },
      ...{ breakdown: null, entriesBeforeMs: null, trend: null, dropOffs: null, correlation: null, levels: [0.5, 0.9] },
      steps: [{ label: "a", atLeast: 1, optional: false, withinMs: null }, {}, {}],
    });
    expect(read({ steps: Array.from({ length: FUNNEL_LIMITS.steps }, () => step) }).steps).toHaveLength(30);
  });

  test.each<[string, Partial<FunnelInput>, string]>([
    ["no steps", { steps: [] }, "input.steps"],
    ["too many steps", { steps: Array.from({ length: 31 }, () => step) }, "input.steps"],
    ["an inverted range", { range: { from: whole.range.to, to: whole.range.from } }, "input.range.from"],
    ["an empty range", { range: { from: whole.range.from, to: whole.range.from } }, "input.range.from"],
    ["a step of nothing", { steps: [step, { anyOf: [] }] }, "input.steps.1.anyOf"],
    ["more of a step than there is", { steps: [step, { ...step, atLeast: 2 }] }, "input.steps.1.atLeast"],
    [
      "an unknown field",
      { steps: [{ anyOf: [{ filter: { field: "cuontry", eq: "x" } }] }] },
      "input.steps.0.anyOf.0.filter.field",
    ],
    ["an optional entry", { steps: [{ ...step, optional: true }, step] }, "input.steps.0.optional"],
    ["an optional end", { steps: [step, { ...step, optional: true }] }, "input.steps.1.optional"],
    ["a time before the first step", { steps: [{ ...step, within: "PT1S" }, step] }, "input.steps.0.within"],
    ["an entry by several events", { steps: [{ anyOf: both, atLeast: 2 }, step] }, "input.steps.0.atLeast"],
    [
      "an optional step in STRICT",
      { order: "STRICT", steps: [step, { ...step, optional: true }, step] },
      "input.steps.1.optional",
    ],
    [
      "several of a step in UNORDERED",
      { order: "UNORDERED", steps: [step, { anyOf: both, atLeast: 2 }] },
      "input.steps.1.atLeast",
    ],
    [
      "a time between in UNORDERED",
      { order: "UNORDERED", steps: [step, { ...step, within: "PT1S" }] },
      "input.steps.1.within",
    ],
    ["an exclusion in STRICT", { order: "STRICT", exclusions: [{ event: {} }] }, "input.exclusions.0"],
    [
      "an exclusion between steps in UNORDERED",
      { order: "UNORDERED", exclusions: [{ event: {}, fromStep: 1 }] },
      "input.exclusions.0.fromStep",
    ],
    [
      "an exclusion that ends before it begins",
      { exclusions: [{ event: {}, fromStep: 2, toStep: 2 }] },
      "input.exclusions.0.toStep",
    ],
    [
      "an exclusion from an optional step",
      { steps: [step, { ...step, optional: true }, step], exclusions: [{ event: {}, fromStep: 2 }] },
      "input.exclusions.0.fromStep",
    ],
    ["a window of nothing", { window: "PT0S" }, "input.window"],
    ["a window longer than any range", { window: "P3661D" }, "input.window"],
    ["a window that is none", { window: "a week" }, "input.window"],
    ["a level above 1", { levels: [0.5, 90] }, "input.levels"],
    ["a breakdown by nothing known", { breakdown: { field: "plan" } }, "input.breakdown.field"],
    ["a breakdown by personal data", { breakdown: { field: "userId" } }, "input.breakdown.field"],
    ["a breakdown at no step", { breakdown: { field: "country", attribution: "STEP" } }, "input.breakdown.step"],
    [
      "a breakdown at a step there is not",
      { breakdown: { field: "country", attribution: "STEP", step: 4 } },
      "input.breakdown.step",
    ],
    ["a step for a breakdown by the first", { breakdown: { field: "country", step: 1 } }, "input.breakdown.step"],
    ["too many groups", { breakdown: { field: "country", first: 101 } }, "input.breakdown.first"],
    ["entries before there are any", { entriesBefore: whole.range.from }, "input.entriesBefore"],
    ["entries before a moment after the range", { entriesBefore: "2026-04-01T00:00:00.001Z" }, "input.entriesBefore"],
    ["a trend without buckets", { trend: { granularity: "NONE" } }, "input.trend.granularity"],
    ["a trend of too many buckets", { trend: { granularity: "MINUTE" } }, "input.trend.granularity"],
    ["too many next events", { dropOffs: { first: 51 } }, "input.dropOffs.first"],
    ["a correlation with nothing", { correlation: { events: 0 } }, "input.correlation"],
    [
      "a correlation with a field twice",
      { correlation: { fields: ["country", "country"] } },
      "input.correlation.fields",
    ],
    ["a sample of nobody", { sample: 0 }, "input.sample"],
    ["a sample of sessions", { sample: 0.5, unit: { kind: "SESSION" } }, "input.sample"],
  ])("is refused for %s, with the path of it", (_what, input, field) => {
    expect(() => read(input)).toThrow(expect.objectContaining({ extensions: expect.objectContaining({ field }) }));
  });

  test("of an unknown zone is refused", () => {
    expect(() => read({ timeZone: "Mars/Olympus", trend: { granularity: "DAY" } })).toThrow(RangeError);
  });
});
