import { describe, expect, test } from "@jest/globals";
import { parseAsOf, parseCommentText, parseMentions, parsePoint } from "./comment.ts";
import { valueInGroups, valueInLines } from "./point-value.ts";

const refused = (field: string) => expect.objectContaining({ code: "BAD_INPUT", extras: { field } });
const error = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (caught) {
    return caught;
  }
};

describe("what is said", () => {
  test.each(["", "   ", "x".repeat(4_001), "a\u0000b", "a\u202eb", "lone \ud800 half", "a\u001b[31mb"])(
    "is plain text: %j is refused",
    (text) => expect(error(() => parseCommentText(text, "text"))).toEqual(refused("text")),
  );
  test.each([["  Why?  ", "Why?"], ["<b>not</b> *rendered*"], ["two\nlines\tand 🙂"]])(
    "is kept as it is: %j",
    (text, kept = text) => expect(parseCommentText(text, "text")).toBe(kept),
  );
  test("mentions people by id, each once, at most twenty", () => {
    const [one, other] = ["0B0E5D5E-0000-4000-8000-000000000001", "0b0e5d5e-0000-4000-8000-000000000002"];
    expect(parseMentions([one, other, one.toLowerCase()], "mentions")).toEqual([one.toLowerCase(), other]);
    expect(error(() => parseMentions([one, "ada"], "mentions"))).toEqual(refused("mentions.1"));
    expect(
      error(() =>
        parseMentions(
          Array.from({ length: 21 }, () => one),
          "mentions",
        ),
      ),
    ).toEqual(refused("mentions"));
  });
  test("is about a point that an answer could have, and about no time to come", () => {
    const nowMs = Date.parse("2026-11-20T12:00:00Z");
    expect(parseAsOf(null, nowMs, "asOf")).toBe(nowMs);
    expect(parseAsOf("2026-11-20T12:04:00Z", nowMs, "asOf")).toBe(nowMs + 240_000);
    expect(error(() => parseAsOf("2026-11-20T12:06:00Z", nowMs, "asOf"))).toEqual(refused("asOf"));
    expect(error(() => parsePoint({ measure: "" }, "point"))).toEqual(refused("point.measure"));
    expect(error(() => parsePoint({ measure: "n", time: "noon" }, "point"))).toEqual(refused("point.time"));
    const many = Array.from({ length: 33 }, () => "x");
    expect(error(() => parsePoint({ measure: "n", dimensions: many }, "point"))).toEqual(refused("point.dimensions"));
    const long = ["x", "x".repeat(1_001)];
    expect(error(() => parsePoint({ measure: "n", dimensions: long }, "point"))).toEqual(refused("point.dimensions.1"));
  });
});

describe("the number at a point", () => {
  const grouped = {
    ...{ rowCount: 3, hasMore: false },
    columns: [
      { name: "time", role: "TIME", kind: "TIME", times: ["2026-11-19T01:00:00+01:00", "2026-11-19T00:00:00Z", null] },
      { name: "country", role: "DIMENSION", kind: "TEXT", texts: ["DE", null, "DE"] },
      { name: "n", role: "MEASURE", kind: "INTEGER", integers: [3, 4, 5] },
      { name: "sum", role: "MEASURE", kind: "DECIMAL", decimals: ["1.50", null, "2"] },
    ],
  } as const;
  const point = { dimensions: ["DE"], time: "2026-11-19T00:00:00Z", measure: "n", value: null };
  test.each([
    [point, { kind: "FOUND", value: 3 }],
    [
      { ...point, dimensions: [null] },
      { kind: "FOUND", value: 4 },
    ],
    [
      { ...point, measure: "sum" },
      { kind: "FOUND", value: 1.5 },
    ],
    [
      { ...point, dimensions: [null], measure: "sum" },
      { kind: "FOUND", value: null },
    ],
    [{ ...point, dimensions: ["US"] }, { kind: "ABSENT" }],
    [{ ...point, dimensions: [] }, { kind: "ABSENT" }],
    [{ ...point, time: null }, { kind: "ABSENT" }],
    [{ ...point, measure: "m" }, { kind: "ABSENT" }],
  ])("of an answer in columns: %j", (at, value) => expect(valueInGroups(grouped, at)).toEqual(value));
  test("of groups that are not shown is not known", () =>
    expect(valueInGroups({ ...grouped, hasMore: true }, { ...point, dimensions: ["US"] })).toEqual({ kind: "BEYOND" }));
  test("of an answer in lines", () => {
    const lined = {
      ...{ buckets: ["2026-11-19T01:00:00+01:00", "2026-11-20T01:00:00+01:00"], hasMoreLines: true },
      lines: [
        { values: ["DE"], columns: [{ name: "n", role: "MEASURE", kind: "NUMBER", numbers: [1.5, null] } as const] },
      ],
    };
    expect(valueInLines(lined, point)).toEqual({ kind: "FOUND", value: 1.5 });
    expect(valueInLines(lined, { ...point, time: "2026-11-20T00:00:00Z" })).toEqual({ kind: "FOUND", value: null });
    expect(valueInLines(lined, { ...point, time: "2026-11-21T00:00:00Z" })).toEqual({ kind: "ABSENT" });
    expect(valueInLines(lined, { ...point, dimensions: ["US"] })).toEqual({ kind: "BEYOND" });
    expect(valueInLines(lined, { ...point, measure: "m" })).toEqual({ kind: "ABSENT" });
  });
});
