import { describe, expect, test } from "@jest/globals";
import { createParams } from "../store/params.ts";
import { anyNameSql, behaviourRange, matcherSql, unitSql } from "../store/behaviour-sql.ts";
import { fieldsOfUnit, parseAnalysisUnit, type AnalysisUnitInput } from "./analysis-unit.ts";
import { behaviourSource } from "./behaviour-source.ts";
import { fieldsOfMatcher, MATCHER_LIMITS, parseEventMatcher, type EventMatcherInput } from "./event-matcher.ts";

const read = (input: EventMatcherInput) => parseEventMatcher(input, "input.steps.2", { personalData: false });

describe("a matcher of events", () => {
  test("takes one name, several, any, and a filter", () => {
    expect(read({ events: ["b", "a", "b"] })).toEqual({ names: ["a", "b"], filter: null });
    expect(read({})).toEqual({ names: [], filter: null });
    expect(read({ filter: { field: "country", eq: "DE" } }).filter).toMatchObject({ kind: "ONE_OF", values: ["DE"] });
  });

  test.each<[string, EventMatcherInput, string]>([
    ["no names", { events: [] }, "input.steps.2.events"],
    ["an empty name", { events: ["a", ""] }, "input.steps.2.events.1"],
    ["an unending name", { events: ["x".repeat(MATCHER_LIMITS.nameCharacters + 1)] }, "input.steps.2.events.0"],
    ["too many names", { events: Array.from({ length: 101 }, (_, n) => `e${n}`) }, "input.steps.2.events"],
    ["an unknown field", { filter: { field: "cuontry", eq: "DE" } }, "input.steps.2.filter.field"],
    ["personal data", { filter: { field: "userId", eq: "u" } }, "input.steps.2.filter.field"],
  ])("is refused for %s, with the path of it", (_what, input, field) => {
    expect(() => read(input)).toThrow(expect.objectContaining({ extensions: expect.objectContaining({ field }) }));
  });

  test("tells the fields it looks at, and the names that events must have", () => {
    const matcher = read({ events: ["a"], filter: { field: "properties.plan", eq: "pro" } });
    expect(fieldsOfMatcher(matcher).map(({ name }) => name)).toEqual(["name", "properties.plan"]);
    const params = createParams();
    expect(anyNameSql([matcher, read({ events: ["c", "a"] })], params)).toEqual(["name IN {p0: Array(String)}"]);
    expect(params.values).toEqual({ p0: ["a", "c"] });
    expect(anyNameSql([matcher, read({})], params)).toEqual([]);
  });

  test("is one expression of names and filter, with values as parameters", () => {
    const params = createParams();
    expect(matcherSql(read({ events: ["a'"], filter: { field: "source", exists: true } }), params)).toBe(
      "(name IN {p0: Array(String)} AND source != '')",
    );
    expect(params.values).toEqual({ p0: ["a'"] });
    expect(matcherSql(read({}), params)).toBe("1");
  });
});

describe("a unit of analysis", () => {
  const unit = (input?: AnalysisUnitInput) => parseAnalysisUnit(input, "input.unit");

  test("is a person unless it is a session or a field", () => {
    expect(unit()).toEqual({ kind: "PERSON" });
    expect(unit({ kind: "SESSION" })).toEqual({ kind: "SESSION" });
    expect(unit({ kind: "FIELD", field: "properties.orderId" })).toMatchObject({ field: { kind: "PROPERTY" } });
    expect(unit({ kind: "FIELD", field: "userId" })).toMatchObject({ field: { name: "userId" } });
    expect(unit({ kind: "GROUP", group: "company" })).toEqual(
      unit({ kind: "FIELD", field: "properties.groups.company" }),
    );
  });

  test.each<AnalysisUnitInput>([
    { kind: "PERSON", field: "userId" },
    { kind: "FIELD" },
    { kind: "FIELD", field: "time" },
    { kind: "FIELD", field: "synthetic" },
    { kind: "FIELD", field: "nothing" },
  ])("is refused as %j", (input) => {
    expect(() => unit(input)).toThrow(
      expect.objectContaining({ extensions: expect.objectContaining({ field: "input.unit.field" }) }),
    );
  });

  test.each<AnalysisUnitInput>([
    { kind: "GROUP" },
    { kind: "GROUP", group: "" },
    { kind: "GROUP", group: "a.b" },
    { kind: "GROUP", group: "x".repeat(33) },
    { kind: "PERSON", group: "company" },
    { kind: "FIELD", field: "userId", group: "company" },
  ])("is refused as %j, naming its group", (input) => {
    expect(() => unit(input)).toThrow(
      expect.objectContaining({ extensions: expect.objectContaining({ field: "input.unit.group" }) }),
    );
  });

  test("leaves out events without one", () => {
    expect(unitSql(unit(), createParams())).toEqual({ key: "person", present: "person != 0" });
    expect(unitSql(unit({ kind: "SESSION" }), createParams()).present).toBe("session_id != ''");
    expect(unitSql(unit({ kind: "FIELD", field: "properties.orderId" }), createParams())).toEqual({
      key: "ifNull(CAST({p0: Identifier}, 'Nullable(String)'), '')",
      present: "ifNull(CAST({p0: Identifier}, 'Nullable(String)'), '') != ''",
    });
  });
});

describe("where behaviour is read", () => {
  const fields = (input: EventMatcherInput) => fieldsOfMatcher(read(input));

  test("is the copy in order of persons while it holds every field asked about", () => {
    const asked = [...fields({ events: ["a"] }), ...fieldsOfUnit({ kind: "SESSION" })];
    expect(behaviourSource(asked, null)).toEqual({ table: "events_by_person", rejected: [] });
  });

  test("is the events themselves when it does not, and says for which field", () => {
    const { table, rejected } = behaviourSource(fields({ filter: { field: "country", eq: "DE" } }), null);
    expect(table).toBe("events");
    expect(rejected).toEqual([
      { table: "events_by_person", reason: "It does not hold country, which is asked about." },
    ]);
  });

  test("says the hours of a range where the table is in order of hours", () => {
    const range = { fromMs: 0, toMs: 1 };
    expect(behaviourRange("events", range, "t", createParams())).toContain("toStartOfHour(time) >=");
    expect(behaviourRange("events_by_person", range, "t", createParams())).not.toContain("toStartOfHour");
  });
});
