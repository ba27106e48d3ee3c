import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { NoUnusedVariablesRule, parse, specifiedRules, validate, type ExecutionResult } from "graphql";
import { generateGraph } from "./generated-graph.ts";
import { generateOperation } from "./generated-operation.ts";
import { isJsonObject } from "./json.ts";
import { createPlanExecutor } from "./plan-executor.ts";
import { createStockExecutor } from "./stock.ts";

const RULES = specifiedRules.filter((rule) => rule !== NoUnusedVariablesRule);

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null));

/** Where an error shows in the data: the beginning of its path up to the first null. */
const nullPlace = (data: unknown, path: readonly (string | number)[]): string => {
  let at: unknown = data;
  const place: (string | number)[] = [];
  for (const element of path) {
    if (at === null || at === undefined) break;
    place.push(element);
    at = Array.isArray(at) ? at[Number(element)] : isJsonObject(at) ? at[element] : undefined;
  }
  return place.join(".");
};

const nullPlaces = ({ data, errors = [] }: ExecutionResult): string[] =>
  [...new Set(errors.flatMap(({ path }) => (path === undefined ? [] : [nullPlace(data, path)])))].toSorted();

const size = fc.record({
  seed: fc.nat(1_000_000),
  subgraphs: fc.integer({ min: 2, max: 4 }),
  entities: fc.integer({ min: 1, max: 4 }),
  fields: fc.integer({ min: 2, max: 6 }),
  faultsPerMille: fc.constantFrom(0, 0, 60, 200),
});

const OPERATIONS_PER_GRAPH = 5;

describe("the plan executor, over generated graphs and operations", () => {
  it("answers as graphql-js does on the whole schema: same data, an error at every null it explains", async () => {
    await fc.assert(
      fc.asyncProperty(size, async (drawn) => {
        const graph = generateGraph(drawn);
        const executor = createPlanExecutor(graph);
        const schema = executor.apiSchema();
        for (let index = 0; index < OPERATIONS_PER_GRAPH; index += 1) {
          const { query, variables } = generateOperation(schema, drawn.seed, index);
          const document = parse(query);
          if (validate(schema, document, RULES).length > 0) continue;
          const expected = await graph.reference(schema, document, variables);
          const actual = await executor.execute({ document, variables, call: {} });
          expect({ query, variables, data: plain(actual.data), nulls: nullPlaces(actual) }).toEqual({
            query,
            variables,
            data: plain(expected.data),
            nulls: nullPlaces(expected),
          });
        }
      }),
      { numRuns: 10, endOnFailure: true },
    );
  }, 120_000);

  it("gives the data stock @apollo/gateway gives, faults included; where stock is wrong is listed in stock-faults.test.ts", async () => {
    await fc.assert(
      fc.asyncProperty(size, async (drawn) => {
        const graph = generateGraph(drawn);
        const executor = createPlanExecutor(graph);
        const stock = await createStockExecutor(graph);
        for (let index = 0; index < OPERATIONS_PER_GRAPH; index += 1) {
          const { query, variables } = generateOperation(executor.apiSchema(), drawn.seed, index);
          const document = parse(query);
          if (validate(executor.apiSchema(), document, RULES).length > 0) continue;
          const expected = await stock.execute({ document, variables, call: {} });
          const actual = await executor.execute({ document, variables, call: {} });
          const whole = await graph.reference(executor.apiSchema(), document, variables);
          const isStockRight = JSON.stringify(plain(expected.data)) === JSON.stringify(plain(whole.data));
          const right = isStockRight ? expected : whole; // by the specification, which graphql-js executes
          expect({ query, variables, data: plain(actual.data) }).toEqual({ query, variables, data: plain(right.data) });
        }
        await stock.stop();
      }),
      { numRuns: 4, endOnFailure: true },
    );
  }, 120_000);
});
