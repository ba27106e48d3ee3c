import { readFileSync } from "node:fs";
import { describe, expect, it } from "@jest/globals";
import { Kind, parse, validate } from "graphql";
import { createCostModel, DEFAULT_LIST_SIZE, DEFAULT_MAX_COST } from "../../gateway/src/plugins/cost.ts";
import { readSupergraph } from "../../gateway/src/executor/supergraph.ts";

const sdl = readFileSync(new URL("../../supergraph.graphql", import.meta.url), "utf8");
const { apiSchema } = readSupergraph(sdl);
const model = createCostModel(apiSchema, sdl, { defaultListSize: DEFAULT_LIST_SIZE, fieldWeights: {} });

const costOf = (text: string, variables: Record<string, unknown> = {}): number => {
  const document = parse(text);
  expect(validate(apiSchema, document)).toEqual([]);
  const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  if (operation === undefined) throw new Error("no operation");
  return model.price(document, operation)(variables);
};

const olap = (limit: number): string =>
  `olap(input: { range: { from: "2026-01-01T00:00:00Z", to: "2026-02-01T00:00:00Z" }, measures: [{ function: COUNT }], limit: ${limit} })
   { rowCount columns { name role ... on TextColumn { texts } ... on IntegerColumn { integers } } totals { name } provenance { asOf rowsRead } }`;

describe("the cost of operations on the real graph", () => {
  it.each([
    [
      "jobs with a page of their results",
      "{ jobs { edges { node { id state percent result { rowCount columns { name } } } } } }",
    ],
    [
      "a page of a thousand events with their tenant",
      "{ events(first: 1000) { edges { node { id name time tenant { name } } } pageInfo { endCursor } } }",
    ],
    [
      "fifty events with their lineage",
      "{ events(first: 50) { edges { node { id lineage { complete holdings { table present } } } } } }",
    ],
    ["the largest olap answer", `{ ${olap(10_000)} }`],
    [
      "a dashboard of twenty olap questions",
      `{ ${Array.from({ length: 20 }, (_, n) => `q${n}: ${olap(100)}`).join("\n")} }`,
    ],
    [
      "anomalies with what raised them",
      "{ anomalies(first: 100) { edges { node { id state rule { name metric { filters { field values } } } tenant { name } } } } }",
    ],
  ])("%s is allowed", (_what, text) => {
    expect(costOf(text)).toBeLessThanOrEqual(DEFAULT_MAX_COST);
  });

  it.each([
    ["pages of results of a thousand jobs", "{ jobs(first: 1000) { edges { node { result { columns { name } } } } } }"],
    [
      "the lineage of a thousand events",
      "{ events(first: 1000) { edges { node { lineage { holdings { key { column } } } } } } }",
    ],
    [
      "users of the tenant of every user",
      "{ users(first: 1000) { nodes { tenant { users(first: 1000) { nodes { id } } } } } }",
    ],
    ["a hundred olap questions", `{ ${Array.from({ length: 100 }, (_, n) => `q${n}: ${olap(1_000)}`).join("\n")} }`],
    [
      "rules of anomalies of rules of anomalies",
      "{ rules(first: 1000) { edges { node { openAnomaly { rule { openAnomaly { rule { metric { filters { field } } } } } } } } } }",
    ],
  ])("%s are refused", (_what, text) => {
    expect(costOf(text)).toBeGreaterThan(DEFAULT_MAX_COST);
  });

  it("rows asked for by a variable count like rows in the text", () => {
    const asked = {
      range: { from: "2026-01-01T00:00:00Z", to: "2026-02-01T00:00:00Z" },
      measures: [{ function: "COUNT" }],
    };
    const text = "query ($input: OlapInput!) { olap(input: $input) { rowCount } }";
    expect(costOf(text, { input: { ...asked, limit: 10_000 } }) - costOf(text, { input: asked })).toBe(90);
  });

  it("no field that scans the event store is as cheap as one that reads a row", () => {
    const row = costOf('{ user(id: "x") { id } }');
    const range = '{ from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" }';
    const scans = [
      "{ realtimeMetrics { events } }",
      `{ ${olap(1)} }`,
      `{ timeSeries(input: { range: ${range}, measures: [{ function: COUNT }], granularity: HOUR }) { buckets } }`,
      '{ liveWindows(input: { kind: TUMBLING, size: "PT1M" }) { hasMore } }',
      '{ recommendations(input: { userId: "u", itemProperty: "p" }) { method } }',
      '{ previewRule(input: { metric: { measure: COUNT, window: "PT1H" }, condition: { direction: ABOVE, threshold: 1 } }) { value } }',
    ];
    for (const text of scans) expect(costOf(text)).toBeGreaterThanOrEqual(20 * row);
  });
});
