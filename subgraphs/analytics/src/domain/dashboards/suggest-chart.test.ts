import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { CHART_TYPES } from "./chart.ts";
import { suggestChart, type AnswerShape } from "./suggest-chart.ts";

const olap = (time: boolean, dimensions: readonly string[], measures = 1): AnswerShape => ({
  ...{ kind: "OLAP", time, dimensions, measures },
});
const other = (kind: AnswerShape["kind"]): AnswerShape => ({ kind, time: false, dimensions: [], measures: 1 });

describe("the chart that suits an answer", () => {
  test.each([
    ["numbers over time", olap(true, [], 3), "LINE"],
    ["numbers over time by one field", olap(true, ["country"]), "LINE"],
    ["numbers over time by two fields", olap(true, ["country", "device"]), "TABLE"],
    ["one number", olap(false, []), "NUMBER"],
    ["more numbers than are read at a glance", olap(false, [], 5), "TABLE"],
    ["one number by country", olap(false, ["country"]), "MAP"],
    ["two numbers by country", olap(false, ["country"], 2), "BAR"],
    ["one number by a field", olap(false, ["device"]), "BAR"],
    ["many numbers by a field", olap(false, ["device"], 5), "TABLE"],
    ["one number by two fields", olap(false, ["device", "country"]), "HEATMAP"],
    ["two numbers by two fields", olap(false, ["device", "country"], 2), "TABLE"],
    ["one number by three fields", olap(false, ["device", "country", "name"]), "TABLE"],
    ["a time series", other("TIME_SERIES"), "LINE"],
    ["a funnel", other("FUNNEL"), "FUNNEL"],
    ["retention", other("RETENTION"), "HEATMAP"],
    ["paths", other("PATHS"), "SANKEY"],
    ["attribution", other("ATTRIBUTION"), "BAR"],
    ["stickiness", other("STICKINESS"), "BAR"],
    ["a lifecycle", other("LIFECYCLE"), "STACKED_BAR"],
    ["sessions by when they start", { ...other("SESSION_METRICS"), time: true }, "LINE"],
    ["sessions by a field", { ...other("SESSION_METRICS"), dimensions: ["country"] }, "BAR"],
    ["sessions together", other("SESSION_METRICS"), "NUMBER"],
    ["active users", other("ACTIVE_USERS"), "LINE"],
  ] as const)("of %s is as the table in docs/dashboards.md says", (_what, shape, chart) => {
    expect(suggestChart(shape).chart).toBe(chart);
  });

  test("is there for whatever an olap question answers, with a reason, and is never a text", () => {
    const dimension = fc.constantFrom("country", "device", "name", "source");
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.uniqueArray(dimension),
        fc.integer({ min: 1, max: 10 }),
        (time, fields, measures) => {
          const { chart, reason } = suggestChart(olap(time, fields, measures));
          expect(CHART_TYPES.filter((one) => one !== "TEXT")).toContain(chart);
          expect(reason).not.toBe("");
        },
      ),
    );
  });
});
