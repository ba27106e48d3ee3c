import { describe, expect, test } from "@jest/globals";
import { parseAskedSample, refuseDrawn } from "./asked-sample.ts";

describe("what of all persons a question is to be answered from", () => {
  test.each([
    [{}, { kind: "ALL" }],
    [{ sample: 1, fast: false }, { kind: "ALL" }],
    [{ sample: null, fast: null }, { kind: "ALL" }],
    [{ sample: 0.25 }, { kind: "PART", fraction: 0.25 }],
    [{ sample: 0.001 }, { kind: "PART", fraction: 0.001 }],
    [{ fast: true }, { kind: "FAST" }],
    [{ sample: 1, fast: true }, { kind: "FAST" }],
  ])("%j asks for %j", (input, asked) => {
    expect(parseAskedSample(input)).toEqual(asked);
  });

  test.each([
    [{ sample: 0 }, "input.sample"],
    [{ sample: 0.0009 }, "input.sample"],
    [{ sample: 1.5 }, "input.sample"],
    [{ sample: Number.NaN }, "input.sample"],
    [{ sample: 0.5, fast: true }, "input.fast"],
  ])("%j is refused with BAD_INPUT that names %s", (input, field) => {
    expect(() => parseAskedSample(input)).toThrow(
      expect.objectContaining({ code: "BAD_INPUT", extras: expect.objectContaining({ field }) }),
    );
  });

  test.each([
    [{ sample: 0.5 }, "input.olap.sample"],
    [{ fast: true }, "input.olap.fast"],
  ])("%j is refused where everything is answered exactly, by %s", (input, field) => {
    expect(() => refuseDrawn(input, "A job answers exactly", "input.olap")).toThrow(
      expect.objectContaining({ code: "BAD_INPUT", extras: { field } }),
    );
    expect(() => refuseDrawn({ sample: 1, fast: false }, "A job answers exactly")).not.toThrow();
  });
});
