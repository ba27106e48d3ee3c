import { describe, expect, test } from "@jest/globals";
import { plan } from "../domain/planner.ts";
import { parseOlap, type OlapInput } from "../domain/query.ts";
import { parseSubtotals, readBeside } from "../domain/subtotals.ts";
import { olapSetsStatement, setOf, totalSetOf } from "./olap-sets-sql.ts";

const TENANT = "3f0d4a51-7a1a-4f0a-9b1d-111111111111";
const range = { from: "2026-03-01T00:00:00Z", to: "2026-03-03T00:00:00Z" };
const COUNT = { function: "COUNT" } as const;
const PEOPLE = { function: "UNIQUES", of: "persons", name: "people" } as const;

const asked = (input: Partial<OlapInput>, subtotals: readonly (readonly string[])[]) => {
  const question = parseOlap({ range, measures: [COUNT], ...input }, { personalData: true });
  return { question, coarser: parseSubtotals(subtotals, question) };
};
const besideOf = (input: Partial<OlapInput>, subtotals: readonly (readonly string[])[], limit = 1_000) => {
  const { question, coarser } = asked(input, subtotals);
  return readBeside(question, coarser, limit, null).map(({ by }) => by);
};

describe("SQL of a question with coarser groups", () => {
  test("merges rows of a rollup once, and makes every set of groups of what was merged", () => {
    const input = { dimensions: ["country", "device"], measures: [COUNT, PEOPLE], limit: 5 };
    const { question, coarser } = asked(input, [["country"], ["device"]]);
    const { query, having, orderBy, limit } = question;
    const request = { query, plan: plan(query, null), having, orderBy, limit, lines: null, coarser };
    const { text, params } = olapSetsStatement(request, TENANT);
    expect(text).toBe(
      [
        "SELECT grouping(d0, d1) AS total, d0, d1, sum(part_events) AS m0, uniqCombined64Merge(12)(part_persons) AS m1",
        "FROM (SELECT d0, d1, sum(parts.part_events) AS part_events, uniqCombined64MergeState(12)(parts.part_persons) AS part_persons FROM (SELECT country AS d0, device AS d1, events AS part_events, persons AS part_persons FROM rollup_day_dimensions WHERE tenant_id = {p0: String} AND day >= toDate(toDateTime({p1: Int64}, 'UTC')) AND day < toDate(toDateTime({p2: Int64}, 'UTC'))) AS parts GROUP BY d0, d1)",
        "GROUP BY GROUPING SETS ((d0, d1), (d0), (d1), ())",
        "ORDER BY total DESC, sum(part_events) DESC NULLS LAST, d0 = '' ASC, d0 ASC, d1 = '' ASC, d1 ASC",
        "LIMIT {p3: UInt64} BY total",
      ].join("\n"),
    );
    expect(params["p3"]).toBe(6);
    expect([...coarser.map((one) => setOf(query, one)), totalSetOf(query)]).toEqual([1, 2, 3]);
  });
});

describe("subtotals are read in the question's own statement", () => {
  test.each([
    ["from the same table in the same order", { dimensions: ["country", "device"] }, [["country"], ["device"]]],
    ["over time too", { dimensions: ["name"], granularity: "DAY" }, [["time"], ["name"]]],
  ] as const)("%s", (_title, input, subtotals) => {
    expect(besideOf(input, subtotals)).toEqual(subtotals);
  });

  test.each([
    ["a cheaper table holds them", { dimensions: ["name", "country"] }, [["name"]]],
    [
      "the order is of a column they have not",
      { dimensions: ["country", "device"], orderBy: [{ column: "device" }] },
      [["country"]],
    ],
    ["values are kept", { dimensions: ["country", "device"], measures: [{ ...PEOPLE, exact: true }] }, [["country"]]],
  ] as const)("but not where %s", (_title, input, subtotals) => {
    expect(besideOf(input, subtotals)).toEqual([]);
  });

  test("but not where all their rows are more than an answer of the store may hold", () => {
    expect(besideOf({ dimensions: ["country", "device"] }, [["country"]], 25_000)).toEqual([["country"]]);
    expect(besideOf({ dimensions: ["country", "device"] }, [["country"]], 25_001)).toEqual([]);
  });
});
