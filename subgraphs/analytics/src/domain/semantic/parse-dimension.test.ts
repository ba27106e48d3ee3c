import { describe, expect, test } from "@jest/globals";
import { Refusal } from "@tessera/platform/errors/refusal";
import type { DimensionExpression } from "./dimension-expression.ts";
import { parseDimension } from "./parse-dimension.ts";

const refused = (expression: DimensionExpression, personalData = true): string | undefined => {
  try {
    parseDimension({ name: "d", expression }, { personalData });
    return "nothing";
  } catch (error) {
    if (error instanceof Refusal) return error.extras.field;
    throw error;
  }
};
const when = { field: "country", eq: "DE" };
const cases = (one: Partial<NonNullable<DimensionExpression["cases"]>>) =>
  refused({ cases: { cases: [{ when, label: "a" }], ...one } });
const ranges = (one: Partial<NonNullable<DimensionExpression["ranges"]>>) =>
  refused({ ranges: { of: "revenue", bounds: [1, 2], labels: ["a", "b", "c"], ...one } });
const cohort = "00000000-0000-4000-8000-000000000000";

describe("a dimension", () => {
  test("is refused, at the place of what is wrong, where it could not be asked", () => {
    expect([
      refused({}),
      refused({ field: "nothing" }),
      refused({ field: "dimensions.other" }),
      refused({ field: "userId" }, false),
      refused({ text: { of: "country" } }),
      refused({ text: { of: "revenue", trim: true } }),
      refused({ text: { of: "country", extract: "(" } }),
      ranges({ of: "country" }),
      ranges({ bounds: [2, 1] }),
      ranges({ labels: ["a"] }),
      ranges({ labels: ["a", "", "c"] }),
      cases({ cases: [] }),
      cases({ cases: [{ when: { field: "nothing", eq: "x" }, label: "a" }] }),
      cases({ cases: [{ when: { inCohort: { cohort } }, label: "a" }] }),
      cases({ otherwise: "a", otherwiseOf: "country" }),
      cases({ otherwiseOf: "revenue" }),
      cases({}),
      ranges({}),
    ]).toEqual([
      ...["input.expression", "input.expression.field", "input.expression.field", "input.expression.field"],
      ...["input.expression.text", "input.expression.text.of", "input.expression.text.extract"],
      ...["input.expression.ranges.of", "input.expression.ranges.bounds", "input.expression.ranges.labels"],
      ...["input.expression.ranges.labels.1", "input.expression.cases.cases"],
      ...["input.expression.cases.cases.0.when.field", "input.expression.cases.cases.0.when.inCohort"],
      ...["input.expression.cases", "input.expression.cases.otherwiseOf", "nothing", "nothing"],
    ]);
  });

  test("is of at most a hundred tests, whichever of its cases they stand in", () => {
    const many = (each: number) => ({
      cases: Array.from({ length: 50 }, () => ({
        when: { and: Array.from({ length: each }, () => when) },
        label: "a",
      })),
    });
    expect([refused({ cases: many(2) }), refused({ cases: many(3) })]).toEqual([
      "nothing",
      expect.stringMatching(/^input\.expression\.cases\.cases\.\d+\.when/),
    ]);
  });
});
