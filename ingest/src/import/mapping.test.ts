import { describe, expect, it } from "@jest/globals";
import { createMapper, MappingError, parseRule, timeText } from "./mapping.ts";

const map = (rules: readonly string[], columns: Record<string, unknown>, dropRest = false) =>
  createMapper(rules.map(parseRule), { dropRest, known: Object.keys(columns) })(columns);

describe("mapping of columns to events", () => {
  it("columns, constants and templates become fields; columns nobody named become properties", () => {
    const columns = { case: "17", activity: "A", lifecycle: "COMPLETE", amount: "12.5", note: "" };
    expect(
      map(["userId=case", "name={activity}|{lifecycle}", "source==bpi", "properties.amount=amount:number"], columns),
    ).toEqual({
      userId: "17",
      name: "A|COMPLETE",
      source: "bpi",
      properties: { amount: 12.5 },
    });
  });
  it("a column named like a field is that field unless a rule fills it", () => {
    expect(map([], { name: "n", userId: "u", other: "o" })).toEqual({
      name: "n",
      userId: "u",
      properties: { other: "o" },
    });
    expect(map(["name==x"], { name: "n" })).toEqual({ name: "x", properties: { name: "n" } });
  });
  it("the rest can be dropped", () => {
    expect(map(["name=a"], { a: "n", b: "x" }, true)).toEqual({ name: "n", properties: {} });
  });
  it("a value that can't be converted is left as it is, for the server to judge", () => {
    expect(map(["properties.n=n:number", "synthetic=s"], { n: "many", s: "perhaps" })).toEqual({
      synthetic: "perhaps",
      properties: { n: "many" },
    });
  });
  it.each([
    ["2026-01-02 03:04:05", "2026-01-02T03:04:05Z"],
    ["2026-01-02T03:04:05.25", "2026-01-02T03:04:05.25Z"],
    ["2026-01-02", "2026-01-02T00:00:00Z"],
    ["2026-01-02 03:04", "2026-01-02T03:04:00Z"],
    ["2026-01-02T03:04:05+02:00", "2026-01-02T03:04:05+02:00"],
    ["1767322800", "2026-01-02T03:00:00.000Z"],
    ["1767322800123", "2026-01-02T03:00:00.123Z"],
    ["yesterday", "yesterday"],
  ])("the time %s is read as %s", (text, expected) => expect(timeText(text)).toBe(expected));
  it.each(["user_id=x", "name", "name=", "=x", "properties=x"])("the rule %s is refused", (rule) =>
    expect(() => parseRule(rule)).toThrow(MappingError),
  );
  it("a column that does not exist is refused with those that do", () => {
    expect(() => map(["name=b"], { a: "1" })).toThrow("The columns are a");
  });
});
