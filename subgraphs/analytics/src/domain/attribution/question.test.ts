import { describe, expect, test } from "@jest/globals";
import { parseAttribution, type AttributionInput } from "./question.ts";

const QUESTION: AttributionInput = {
  range: { from: "2026-03-01T00:00:00Z", to: "2026-04-01T00:00:00Z" },
  conversion: { events: ["buy"] },
  touchpoints: [{ events: ["view"] }],
  value: { of: "revenue", currency: "EUR" },
  models: [{ kind: "LAST" }],
};

describe("a question to attribution", () => {
  test("has the defaults of the SDL", () => {
    expect(parseAttribution(QUESTION, { personalData: false })).toMatchObject({
      ...{
        lookbackMs: 30 * 86_400_000,
        reset: "AFTER_CONVERSION",
        count: "EVERY",
        unit: { kind: "PERSON" },
        stitched: true,
        nonConverting: true,
        openJourneys: "LAST",
      },
      ...{ maxPathLength: 50, topPaths: 20, otherwise: "Other", directLabels: ["Direct"], bootstrap: null },
      dimensions: [{ name: "channel" }],
    });
  });

  const refusals: readonly [string, Partial<AttributionInput>, string, string][] = [
    ["no model", { models: [] }, "BAD_INPUT", "input.models"],
    ["an option without a use", { models: [{ kind: "LAST", order: 2 }] }, "BAD_INPUT", "input.models.0.order"],
    [
      "a chain that remembers too much",
      { models: [{ kind: "MARKOV", order: 6 }] },
      "BAD_INPUT",
      "input.models.0.order",
    ],
    [
      "weights of nothing",
      { models: [{ kind: "POSITION", first: 0, middle: 0, last: 0 }] },
      "BAD_INPUT",
      "input.models.0",
    ],
    ["an unknown dimension", { dimensions: ["campain"] }, "BAD_INPUT", "input.dimensions.0"],
    ["a dimension twice", { dimensions: ["source", "source"] }, "BAD_INPUT", "input.dimensions"],
    ["personal data", { dimensions: ["userId"] }, "FORBIDDEN", "input.dimensions.0"],
    ["no touchpoints", { touchpoints: [] }, "BAD_INPUT", "input.touchpoints"],
    ["revenue of any currency", { value: { of: "revenue" } }, "BAD_INPUT", "input.value.currency"],
    [
      "an inverted range",
      { range: { from: "2026-03-02T00:00:00Z", to: "2026-03-01T00:00:00Z" } },
      "BAD_INPUT",
      "input.range.from",
    ],
    ["a lookback of nothing", { lookback: "PT0S" }, "BAD_INPUT", "input.lookback"],
    [
      "spend below 0",
      { spend: [{ dimension: "channel", label: "Paid", amount: -1 }] },
      "BAD_INPUT",
      "input.spend.0.amount",
    ],
    [
      "spend of no dimension",
      { spend: [{ dimension: "city", label: "x", amount: 1 }] },
      "BAD_INPUT",
      "input.spend.0.dimension",
    ],
    ["too many samples", { bootstrap: { samples: 5_000 } }, "BAD_INPUT", "input.bootstrap.samples"],
    ["a level of 1", { bootstrap: { level: 1 } }, "BAD_INPUT", "input.bootstrap.level"],
    ["paths too long", { maxPathLength: 101 }, "BAD_INPUT", "input.maxPathLength"],
  ];
  test.each(refusals)("refuses %s with its code and place", (_name, part, code, field) => {
    expect(() => parseAttribution({ ...QUESTION, ...part }, { personalData: false })).toThrow(
      expect.objectContaining({ code, extras: expect.objectContaining({ field }) }),
    );
  });
});
