import { describe, expect, test } from "@jest/globals";
import { Refusal } from "@tessera/platform/errors/refusal";
import fc from "fast-check";
import { parseCohortDefinition } from "./cohort-definition.ts";
import { partsOfDefinition, plainDefinition, type CohortDefinitionInput } from "./cohort-input.ts";
import { parseFilter } from "./filter.ts";
import { partsOfFilter, plainFilter, type FilterInput } from "./filter-input.ts";

const access = { personalData: true };
const field = fc.constantFrom("country", "device", "properties.plan");
const text = fc.constantFrom("", "DE", "a");

const filters = fc.letrec<{ filter: FilterInput }>((tie) => ({
  filter: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.record({ field, eq: text }),
    fc.record({ field, in: fc.array(text, { minLength: 1, maxLength: 3 }), exists: fc.constant(true) }),
    fc.record({ field: fc.constant("revenue"), gt: fc.integer(), lte: fc.constant(null) }),
    fc.record({ and: fc.array(tie("filter"), { minLength: 1, maxLength: 3 }) }),
    fc.record({ or: fc.array(tie("filter"), { minLength: 1, maxLength: 3 }), not: fc.constant(null) }),
    fc.record({ not: tie("filter") }),
  ),
})).filter;

const definitions = fc.letrec<{ definition: CohortDefinitionInput }>((tie) => {
  const several = fc.array(tie("definition"), { minLength: 1, maxLength: 3 });
  const event = fc.record({ events: fc.constantFrom(null, ["buy"]), filter: fc.option(filters) });
  return {
    definition: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.record({ did: fc.record({ event, times: fc.integer({ min: 1, max: 9 }) }), list: fc.constant(null) }),
      fc.record({ first: fc.record({ event, within: fc.constant({ last: "P7D", from: null }) }) }),
      fc.record({
        sequence: fc.record({ steps: fc.constant([{ events: ["a"] }, {}]), completedWithin: fc.constant("P1D") }),
      }),
      fc.record({ latest: filters }),
      fc.constant({ list: true }),
      fc.record({ union: several }),
      fc.record({ intersect: several }),
      fc.record({ except: fc.record({ of: tie("definition"), without: tie("definition") }) }),
    ),
  };
}).definition;

const said = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    if (error instanceof Refusal) return `${error.code} ${error.message}`;
    throw error;
  }
};
/** What a definition means, whatever place it stands at. */
const meant = (work: () => unknown): string =>
  JSON.stringify(said(work), (name, value: unknown) => (name === "where" ? undefined : value));

const refusal = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    if (error instanceof Refusal) return error.extras["field"];
  }
  throw new Error("It was not refused.");
};

describe("what is told in numbered parts is what was said", () => {
  test("of filters, and is kept as the filter that was said", () => {
    fc.assert(
      fc.property(filters, (filter) => {
        const parts = partsOfFilter(filter);
        expect(meant(() => parseFilter({ parts }, "input.filter", access))).toBe(
          meant(() => parseFilter(filter, "input.filter", access)),
        );
        expect(plainFilter({ parts }, "input.filter")).toEqual(plainFilter(filter, "input.filter"));
      }),
      { numRuns: 500, endOnFailure: true },
    );
  });

  test("of cohorts, and is kept as the definition that was said", () => {
    fc.assert(
      fc.property(definitions, (definition) => {
        const parts = partsOfDefinition(definition);
        expect(meant(() => parseCohortDefinition({ parts }, "input.definition", access))).toBe(
          meant(() => parseCohortDefinition(definition, "input.definition", access)),
        );
        expect(plainDefinition({ parts }, "d")).toEqual(plainDefinition(definition, "d"));
      }),
      { numRuns: 500, endOnFailure: true },
    );
  });

  test("outermost first", () => {
    const filter = { and: [{ field: "country", eq: "DE" }, { not: { field: "device", exists: true } }] };
    expect(partsOfFilter(filter)).toEqual([
      { and: [1, 2] },
      { field: "country", eq: "DE" },
      { not: 3 },
      { field: "device", exists: true },
    ]);
  });

  test.each<[string, FilterInput, string]>([
    ["no parts", { parts: [] }, "f.parts"],
    ["too many parts", { parts: Array.from({ length: 801 }, () => ({ field: "country", eq: "" })) }, "f.parts"],
    ["a part that names itself", { parts: [{ not: 0 }] }, "f.parts.0"],
    ["a circle", { parts: [{ not: 1 }, { and: [0] }] }, "f.parts.1"],
    ["a number of no part", { parts: [{ and: [1, 2] }, { field: "country", eq: "" }] }, "f.parts.0"],
    ["a part that is named twice", { parts: [{ and: [1, 1] }, { field: "country", eq: "" }] }, "f.parts.0"],
    [
      "a part that is named by none",
      {
        parts: [
          { field: "os", eq: "" },
          { field: "country", eq: "" },
        ],
      },
      "f.parts.1",
    ],
    [
      "a wrong test, at its own part",
      { parts: [{ not: 1 }, { not: 2 }, { field: "revenue", contains: "1" }] },
      "f.parts.2.contains",
    ],
    ["parts beside a test", { parts: [{ field: "os", eq: "" }], not: { field: "os", eq: "" } }, "f"],
  ])("%s is refused there", (_what, filter, place) => {
    expect(refusal(() => parseFilter(filter, "f", access))).toBe(place);
  });

  test("a part of a cohort is refused at its number, filters within it too", () => {
    const union = [
      { union: [1, 2] },
      { list: true },
      { did: { event: { filter: { field: "revenue", contains: "1" } } } },
    ];
    expect(refusal(() => parseCohortDefinition({ parts: union }, "d", access))).toBe(
      "d.parts.2.did.event.filter.contains",
    );
    const cycle = [{ except: { of: 1, without: 1 } }, { list: true }];
    expect(refusal(() => parseCohortDefinition({ parts: cycle }, "d", access))).toBe("d.parts.0");
  });
});
