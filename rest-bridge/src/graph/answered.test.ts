import { describe, expect, it } from "@jest/globals";
import { errorCodes } from "@tessera/platform/errors/error-codes";
import { RestRealtimeMetricsDocument } from "../generated/graphql.ts";
import { answered, refusalOf, restFieldOf } from "./answered.ts";

const ask = (result: Parameters<typeof answered>[1]) => answered(RestRealtimeMetricsDocument, result);
const error = (code: string, message = "No.", extensions: Record<string, unknown> = {}) => ({
  message,
  extensions: { code, ...extensions },
});

describe("an answer of the graph", () => {
  it("is its data, with nothing to warn of", () => {
    expect(ask({ data: { realtimeMetrics: { events: 1 } } })).toEqual({
      data: { realtimeMetrics: { events: 1 } },
      warnings: [],
    });
  });

  it("is data with warnings when an optional part is missing, each with its place in REST's names", () => {
    const errors = [
      { ...error("SUBGRAPH_TIMEOUT", "Late."), path: ["realtimeMetrics", "provenance", "rejectedTables", 0] },
    ];
    expect(ask({ data: { realtimeMetrics: { events: 1 } }, errors }).warnings).toEqual([
      { code: "SUBGRAPH_TIMEOUT", detail: "Late.", path: "provenance.rejected_tables.0" },
    ]);
  });

  it.each([[null], [undefined], [{ realtimeMetrics: null }]])(
    "without what was asked for (%j) is its first error",
    (data) => {
      const errors = [error("RATE_LIMITED", "Slow down.", { retryAfterSeconds: 7 }), error("INTERNAL")];
      expect(() => ask({ data, errors })).toThrow(
        expect.objectContaining({ code: "RATE_LIMITED", message: "Slow down.", extras: { retryAfterSeconds: 7 } }),
      );
    },
  );

  it("without data and errors is a mistake of ours", () => {
    expect(() => ask({})).toThrow("neither data nor errors");
  });
});

describe("an error of the graph as a refusal", () => {
  it.each(Object.keys(errorCodes).filter((code) => code !== "INTERNAL"))("%s keeps its code and sentence", (code) => {
    expect(refusalOf(error(code, "As it is."))).toMatchObject({ code, message: "As it is." });
  });

  it.each([undefined, "INTERNAL", "SOMETHING_ELSE", 7])("says nothing of what has the code %j", (code) => {
    const told = refusalOf({ message: "password=secret", extensions: { code, host: "10.0.0.1" } });
    expect(told).toMatchObject({ code: "INTERNAL", message: errorCodes.INTERNAL.title, extras: {} });
  });

  it("names the field as REST does, from the error or from graphql-js's own sentence", () => {
    expect(refusalOf(error("BAD_INPUT", "x", { field: "input.orderBy.0.column" })).extras.field).toBe(
      "order_by.0.column",
    );
    const sentence = 'Variable "$input" got invalid value "Mars" at "input.timeZone"; TimeZone must be a zone.';
    const told = refusalOf(error("BAD_USER_INPUT", sentence));
    expect([told.extras.field, told.message]).toEqual(["time_zone", "TimeZone must be a zone."]);
  });

  it.each([
    ["input.range.from", "range.from"],
    ["input.measures[0].of", "measures.0.of"],
    ["timeframe", "timeframe"],
  ])("calls %s %s", (field, own) => expect(restFieldOf(field)).toBe(own));
});
