import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { FilterInput } from "../filter-input.ts";
import { namesOfFilter, namesOfFunnel, namesOfMatchers, namesOfQuality } from "./event-names-read.ts";

const NAMES = ["buy", "view", "leave"] as const;
type Sent = Readonly<Record<"name" | "country", string>>;
const sent: readonly Sent[] = NAMES.flatMap((name) => ["DE", "US"].map((country) => ({ name, country })));

/** Whether an event passes a filter, as its words say. */
const passes = (filter: FilterInput, event: Sent): boolean => {
  if (filter.and) return filter.and.every((part) => passes(part, event));
  if (filter.or) return filter.or.some((part) => passes(part, event));
  if (filter.not) return !passes(filter.not, event);
  const value = filter.field === "name" ? event.name : event.country;
  return (
    (filter.eq === undefined || filter.eq === value) &&
    (filter.in === undefined || filter.in === null || filter.in.includes(value)) &&
    (filter.contains === undefined || value.includes(filter.contains ?? ""))
  );
};

const { filters } = fc.letrec<{ filters: FilterInput; test: FilterInput }>((tie) => ({
  test: fc.oneof(
    fc.constantFrom(...NAMES).map((eq) => ({ field: "name", eq })),
    fc.subarray([...NAMES], { minLength: 1 }).map((names) => ({ field: "name", in: names })),
    fc.constantFrom("e", "w").map((contains) => ({ field: "name", contains })),
    fc.constantFrom("DE", "US").map((eq) => ({ field: "country", eq })),
  ),
  filters: fc.oneof(
    { depthSize: "small" },
    tie("test"),
    fc.array(tie("filters"), { minLength: 1, maxLength: 3 }).map((and) => ({ and })),
    fc.array(tie("filters"), { minLength: 1, maxLength: 3 }).map((or) => ({ or })),
    tie("filters").map((not) => ({ not })),
  ),
}));

describe("the names of events that a question reads", () => {
  test("have every event that passes its filter, whatever it is made of", () => {
    fc.assert(
      fc.property(filters, (filter) => {
        const names = namesOfFilter(filter);
        const missed = sent.filter((event) => passes(filter, event) && !(names?.includes(event.name) ?? true));
        expect(missed).toEqual([]);
      }),
      { numRuns: 2_000, endOnFailure: true },
    );
  });

  test.each<[string, FilterInput | null, readonly string[] | null]>([
    ["nothing", null, null],
    ["one name", { field: "name", eq: "buy" }, ["buy"]],
    ["names", { field: "name", in: ["buy", "view"] }, ["buy", "view"]],
    [
      "names and what else must hold",
      {
        and: [
          { field: "country", eq: "DE" },
          { field: "name", eq: "buy" },
        ],
      },
      ["buy"],
    ],
    [
      "either name",
      {
        or: [
          { field: "name", eq: "buy" },
          { field: "name", eq: "view" },
        ],
      },
      ["buy", "view"],
    ],
    [
      "a name or something else",
      {
        or: [
          { field: "name", eq: "buy" },
          { field: "country", eq: "DE" },
        ],
      },
      null,
    ],
    ["another name", { not: { field: "name", eq: "buy" } }, null],
    ["a name by its number", { parts: [{ and: [1] }, { field: "name", eq: "buy" }] }, ["buy"]],
  ])("are told of a filter by %s", (_by, filter, names) => {
    expect(namesOfFilter(filter)).toEqual(names);
  });

  test("are those of any matcher, of all names where one takes any", () => {
    const [buy, view] = [{ events: ["buy"] }, { events: ["view", "buy"], filter: { field: "name", eq: "view" } }];
    expect([namesOfMatchers([buy, view]), namesOfMatchers([buy, {}])]).toEqual([["buy", "view"], null]);
  });

  test("are those of a funnel's steps, exclusions and touchpoints, of all names where it looks at what else was done", () => {
    const steps = [{ anyOf: [{ events: ["view"] }] }, { anyOf: [{ events: ["buy"] }] }];
    const more = { exclusions: [{ event: { events: ["leave"] } }], attribution: { touchpoints: [{ events: ["ad"] }] } };
    expect([
      namesOfFunnel({ steps }),
      namesOfFunnel({ steps, ...more }),
      namesOfFunnel({ steps, dropOffs: {} }),
      namesOfFunnel({ steps, correlation: {} }),
    ]).toEqual([["view", "buy"], ["view", "buy", "leave", "ad"], null, null]);
  });

  test("are those that kept expectations are of, within those that are asked about, of all of these where something is written out", () => {
    const found = [{ of: { events: ["buy"] } }, { of: { filter: { field: "name", eq: "view" } } }];
    const [expect_, event] = [[{ name: "written out" }], { events: ["view", "leave"] }];
    expect([
      namesOfQuality({ found }),
      namesOfQuality({ found, event }),
      namesOfQuality({ found, event, expect: expect_ }),
      namesOfQuality({ found, expect: expect_ }),
      namesOfQuality({ found: [...found, { of: {} }] }),
      namesOfQuality({ expect: expect_, event }),
    ]).toEqual([["buy", "view"], ["view"], ["view", "leave"], null, null, ["view", "leave"]]);
  });
});
