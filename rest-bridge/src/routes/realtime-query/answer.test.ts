import { describe, expect, it } from "@jest/globals";
import { Value } from "typebox/value";
import type { RestRealtimeQueryQuery } from "../../generated/graphql.ts";
import { provenanceAnswer } from "../../testing/provenance-answer.ts";
import { queryAnswerSchema, toQueryAnswer } from "./answer.ts";

const provenance = {
  ...provenanceAnswer,
  exactness: "APPROXIMATE",
  relativeError: 0.008,
  approximations: [{ column: "people", method: "uniqCombined64(14)", relativeError: 0.008 }],
  tables: [{ table: "events", from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z" }],
  rejectedTables: [{ table: "rollup_hour_name", reason: "It does not hold utmSource." }],
  rowsRead: 12,
  bytesRead: "9007199254740993",
  elapsedMs: 1.5,
} as const;

const olap: RestRealtimeQueryQuery["olap"] = {
  columns: [
    { name: "time", role: "TIME", times: ["2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"] },
    { name: "utmSource", role: "DIMENSION", texts: ["mail", null] },
    { name: "synthetic", role: "DIMENSION", booleans: [false, null] },
    { name: "people", role: "MEASURE", integers: [3, "9007199254740993"] },
    { name: "avg", role: "MEASURE", numbers: [1.25, null] },
    { name: "sum_revenue_EUR", role: "MEASURE", decimals: ["3.5", "0"] },
  ],
  range: { from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z" },
  rowCount: 2,
  hasMore: true,
  filled: [],
  pivot: null,
  totals: [{ name: "people", role: "MEASURE", integers: [4] }],
  standardErrors: [],
  totalStandardErrors: [],
  provenance,
};
const dimensions = ["utm_source", "synthetic"];

describe("a grouped answer in REST's words", () => {
  it("has rows by default: every value under the name it was asked for by, digits kept, nothing left out", () => {
    const answer = toQueryAnswer(olap, { dimensions });
    expect(answer).toMatchObject({
      format: "rows",
      rows: [
        {
          time: "2026-11-01T00:00:00Z",
          utm_source: "mail",
          synthetic: false,
          people: 3,
          avg: 1.25,
          sum_revenue_EUR: "3.5",
        },
        {
          time: "2026-11-02T00:00:00Z",
          utm_source: null,
          synthetic: null,
          people: "9007199254740993",
          avg: null,
          sum_revenue_EUR: "0",
        },
      ],
      row_count: 2,
      has_more: true,
      totals: { people: 4 },
      as_of: provenance.asOf,
      provenance: { exactness: "approximate", rows_read: 12, bytes_read: "9007199254740993", time_zone: "UTC" },
    });
    expect(answer.columns.map(({ type }) => type)).toEqual(["time", "text", "boolean", "integer", "number", "decimal"]);
  });

  it("tells the standard errors of what was estimated, row by row and of the totals", () => {
    const sampled = {
      ...olap,
      standardErrors: [{ name: "people", role: "MEASURE", numbers: [0.5, null] }] as const,
      totalStandardErrors: [{ name: "people", role: "MEASURE", numbers: [0.7] }] as const,
    };
    for (const format of ["rows", "columns"] as const)
      expect(toQueryAnswer(sampled, { dimensions, format })).toMatchObject({
        standard_errors: [{ people: 0.5 }, { people: null }],
        total_standard_errors: { people: 0.7 },
      });
    expect(toQueryAnswer(olap, { dimensions })).toMatchObject({ standard_errors: [], total_standard_errors: {} });
  });

  it("has the same values in columns", () => {
    const rows = toQueryAnswer(olap, { dimensions });
    const columns = toQueryAnswer(olap, { dimensions, format: "columns" });
    if (rows.format !== "rows" || columns.format !== "columns") throw new Error("The formats are mixed up.");
    const turned = columns.columns.map(({ name, values }) =>
      values.map((value, place) => [rows.rows[place]?.[name], value]),
    );
    for (const [inRow, inColumn] of turned.flat()) expect(inColumn).toEqual(inRow);
    expect(columns.provenance).toEqual(rows.provenance);
  });

  it("has what rows are split into beside the rows, by the names it was asked for by", () => {
    const total = { name: "people", role: "MEASURE", integers: [4] } as const;
    const columns = [{ ...total, integers: [3, 1] }];
    const column = { time: null, values: ["x"], others: false, columns, totals: [total] };
    const split = { ...olap, pivot: { by: ["utmTerm"], columns: [column], hasMore: false, provenance } };
    const asked = { dimensions, pivot: { by: ["utm_term"] } };
    const common = { time: null, values: ["x"], others: false, totals: { people: 4 } };
    expect(toQueryAnswer(split, asked).pivot).toMatchObject({
      by: ["utm_term"],
      columns: [{ ...common, rows: [{ people: 3 }, { people: 1 }] }],
      has_more: false,
    });
    const columnar = toQueryAnswer(split, { ...asked, format: "columns" });
    expect(columnar.pivot).toMatchObject({ columns: [{ ...common, columns: [{ name: "people", values: [3, 1] }] }] });
    for (const answer of [toQueryAnswer(split, asked), columnar])
      expect([...Value.Errors(queryAnswerSchema, answer)]).toEqual([]);
  });

  it("fits the schema it is documented with, in both formats", () => {
    for (const format of ["rows", "columns"] as const)
      expect([...Value.Errors(queryAnswerSchema, toQueryAnswer(olap, { dimensions, format }))]).toEqual([]);
  });
});
