import { describe, expect, test } from "@jest/globals";
import { Refusal } from "@tessera/platform/errors/refusal";
import { firstShown, parseMeasures, shownMeasures } from "../measures.ts";
import { checkMetric, expandMetrics, MAX_METRIC_DEPTH, type MetricFormula } from "./expand-metrics.ts";

const measure = (name: string): MetricFormula => ({
  name,
  content: { measure: { function: "COUNT", filter: { field: "name", eq: name } }, formula: null },
});
const derived = (name: string, formula: string): MetricFormula => ({ name, content: { measure: null, formula } });
const knowing = (...all: readonly MetricFormula[]) => new Map(all.map((one) => [one.name, one]));
const refusal = (work: () => unknown): Refusal => {
  try {
    work();
  } catch (error) {
    if (error instanceof Refusal) return error;
  }
  throw new Error("It was not refused.");
};

describe("metrics become measures", () => {
  test("each once, after all it computes with, and only those that are asked for show", () => {
    const known = knowing(measure("a"), measure("b"), derived("rate", "a / b"), derived("both", "rate + a * 1e2"));
    const measures = expandMetrics(["both", "a"], known, "input.metrics");
    expect(measures.map(({ name, metric }) => [name, metric])).toEqual([
      ["a", "SHOWN"],
      ["b", "BASE"],
      ["rate", "BASE"],
      ["both", "SHOWN"],
    ]);
    const parsed = parseMeasures(measures, "input", { personalData: false });
    expect(shownMeasures(parsed).map(([{ name }, index]) => [name, index])).toEqual([
      ["a", 0],
      ["both", 3],
    ]);
    expect(firstShown(parsed.slice(1))).toBe(2);
  });

  test("one level of a quantile is a column of the metric's own name", () => {
    const p90 = { function: "QUANTILES", of: "properties.ms", levels: [0.9] } as const;
    const known = knowing({ name: "slow", content: { measure: p90, formula: null } });
    const parsed = parseMeasures(expandMetrics(["slow"], known, "input"), "input", { personalData: false });
    expect(parsed.map(({ name }) => name)).toEqual(["slow"]);
  });

  test.each<[string, readonly MetricFormula[], string, string]>([
    ["a metric that is its own part", [derived("x", "x + 1")], "x", "x -> x"],
    ["a circle of three", [derived("x", "y"), derived("y", "z"), derived("z", "-x")], "y", "y -> z -> x -> y"],
    ["a circle further down", [derived("x", "y"), derived("y", "z"), derived("z", "y")], "x", "x -> y -> z -> y"],
    ["a name nobody has", [derived("x", "gone / 2")], "x", "x -> gone"],
  ])("%s is refused with the way there", (_what, metrics, asked, path) => {
    const { code, extras } = refusal(() => expandMetrics([asked], knowing(...metrics), "input.metrics.0"));
    expect([code, extras]).toEqual(["BAD_INPUT", { field: "input.metrics.0", path }]);
  });

  test("as deep as is allowed, and no deeper", () => {
    const chain = Array.from({ length: MAX_METRIC_DEPTH }, (_metric, index) =>
      index === 0 ? measure("m0") : derived(`m${index}`, `m${index - 1} + 1`),
    );
    const deeper = derived("more", `m${MAX_METRIC_DEPTH - 1} + 1`);
    const known = knowing(...chain, deeper);
    const access = { personalData: false };
    expect(() => checkMetric(`m${MAX_METRIC_DEPTH - 1}`, known, "input", access)).not.toThrow();
    expect(refusal(() => checkMetric("more", known, "input", access)).code).toBe("BAD_INPUT");
  });

  test("no more measures are computed than a question may, however few show", () => {
    const parts = Array.from({ length: 30 }, (_part, index) => measure(`p${index}`));
    const known = knowing(...parts, derived("all", parts.map(({ name }) => name).join(" + ")));
    const error = refusal(() => checkMetric("all", known, "input.metrics.0", { personalData: false }));
    expect(error.message).toContain("at most 30 measures");
  });
});
