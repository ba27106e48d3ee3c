import { describe, expect, test } from "@jest/globals";
import { parseMeasures } from "../measures.ts";
import { neverFalls } from "./never-falls.ts";

describe("the number of a bucket that has not ended", () => {
  const plain = { dimensions: ["country"], filter: { field: "name", eq: "buy" } };
  test.each([
    [{ name: "n", function: "COUNT" }, plain, true],
    [{ name: "n", function: "MAX", of: "properties.amount" }, plain, true],
    [{ name: "n", function: "UNIQUES", of: "country", exact: true }, plain, true],
    [{ name: "n", function: "UNIQUES", of: "sessions", exact: true }, plain, true],
    [{ name: "n", function: "UNIQUES", of: "sessions" }, plain, false],
    [{ name: "n", function: "UNIQUES", of: "persons", exact: true }, plain, false],
    [{ name: "n", function: "SUM", of: "properties.amount" }, plain, false],
    [{ name: "n", function: "AVG", of: "properties.amount" }, plain, false],
    [{ name: "n", function: "MIN", of: "properties.amount" }, plain, false],
    [{ name: "n", function: "QUANTILES", of: "properties.amount", levels: [0.5], exact: true }, plain, false],
    [{ name: "n", function: "COUNT" }, { ...plain, dimensions: ["userId"] }, false],
    [{ name: "n", function: "COUNT" }, { filter: { and: [{ field: "anonymousId", eq: "a" }] } }, false],
    [{ name: "n", function: "COUNT" }, { filter: { inCohort: { cohort: "c" } } }, false],
    [{ name: "n", function: "COUNT" }, { filter: { field: "name", eq: "buy", inCohort: null } }, true],
  ] as const)("of %j in %j never falls: %s", (measure, question, rising) => {
    const [parsed] = parseMeasures([{ ...measure }], "measures", { personalData: true });
    if (parsed === undefined) throw new Error("There is a measure.");
    expect(neverFalls(parsed.formula, question)).toBe(rising);
  });
});
