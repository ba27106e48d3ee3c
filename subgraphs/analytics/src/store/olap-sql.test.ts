import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { parseEventPage } from "../domain/event-page.ts";
import { plan } from "../domain/planner.ts";
import { parseOlap, type OlapInput } from "../domain/query.ts";
import { eventPageStatement } from "./events-sql.ts";
import { olapStatement } from "./olap-sql.ts";

const TENANT = "3f0d4a51-7a1a-4f0a-9b1d-111111111111";
const range = { from: "2026-03-01T00:00:00Z", to: "2026-03-02T00:00:00Z" };

const statementOf = (input: Partial<OlapInput>) => {
  const { query, orderBy, limit } = parseOlap(
    { range, measures: [{ function: "COUNT" }], ...input },
    { personalData: true },
  );
  return olapStatement({ query, plan: plan(query, null), having: [], orderBy, limit, lines: null }, TENANT);
};

describe("SQL of a question", () => {
  test("reads whole hours from the rollup as plain values", () => {
    expect(statementOf({ dimensions: ["name"], filter: { field: "name", in: ["a", "b"] }, limit: 5 })).toEqual({
      name: "olap",
      text: [
        "SELECT grouping(d0) AS total, d0, sum(part_events) AS m0",
        "FROM (SELECT name AS d0, events AS part_events FROM rollup_hour_name WHERE tenant_id = {p0: String} AND hour >= toDateTime({p1: Int64}, 'UTC') AND hour < toDateTime({p2: Int64}, 'UTC') AND name IN {p3: Array(String)})",
        "GROUP BY GROUPING SETS ((d0), ())",
        "ORDER BY total DESC, sum(part_events) DESC NULLS LAST, d0 = '' ASC, d0 ASC",
        "LIMIT {p4: UInt64}",
      ].join("\n"),
      params: { p0: TENANT, p1: 1772323200, p2: 1772409600, p3: ["a", "b"], p4: 7 },
    });
  });

  test("never holds a word the caller sent: values and property paths are parameters", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.stringMatching(/^[a-z]{8,12}$/), (value, path) => {
        const marked = `zq${value}qz`;
        const input = {
          dimensions: [`properties.${path}`],
          filter: {
            and: [
              { field: "url", contains: marked },
              { field: `properties.${path}`, eq: marked },
            ],
          },
        };
        const page = parseEventPage({ filter: input.filter }, { personalData: true });
        for (const { text, params } of [statementOf(input), eventPageStatement(page, "EVERYTHING", TENANT)]) {
          expect(text).not.toContain(marked);
          expect(text).not.toContain(path);
          expect(Object.values(params)).toContain(marked);
          expect(Object.values(params)).toContain(`properties.${path}`);
        }
      }),
    );
  });

  test("always names the tenant, once for each table it reads, however many ranges of it", () => {
    const { text, params } = statementOf({ range: { from: "2026-03-01T00:00:30Z", to: "2026-03-02T00:00:30Z" } });
    expect(text.match(/FROM (events|rollup_hour_name) WHERE tenant_id = \{p0: String\}/g)).toHaveLength(2);
    expect(text.match(/FROM /g)).toHaveLength(3);
    expect(params["p0"]).toBe(TENANT);
  });
});
