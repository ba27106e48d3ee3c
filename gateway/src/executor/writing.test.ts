import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { GraphQLError, NoUnusedVariablesRule, parse, specifiedRules, validate, type ExecutionResult } from "graphql";
import { generateGraph } from "./generated-graph.ts";
import { generateOperation } from "./generated-operation.ts";
import { createPlanExecutor } from "./plan-executor.ts";
import { WrittenData, writeAnswer } from "./written-data.ts";

const RULES = specifiedRules.filter((rule) => rule !== NoUnusedVariablesRule);

const size = fc.record({
  seed: fc.nat(1_000_000),
  subgraphs: fc.integer({ min: 2, max: 4 }),
  entities: fc.integer({ min: 1, max: 4 }),
  fields: fc.integer({ min: 2, max: 6 }),
  faultsPerMille: fc.constantFrom(0, 0, 0, 60),
});

const OPERATIONS_PER_GRAPH = 8;

/** Tells data that came written from data that came as a tree. */
const isWritten = ({ data }: ExecutionResult): boolean => data instanceof WrittenData;

describe("an answer as text", () => {
  it("is the tree's JSON, and a tree itself when something failed, over generated graphs and operations", async () => {
    let written = 0;
    await fc.assert(
      fc.asyncProperty(size, async (drawn) => {
        const executor = createPlanExecutor(generateGraph(drawn));
        for (let index = 0; index < OPERATIONS_PER_GRAPH; index += 1) {
          const { query, variables } = generateOperation(executor.apiSchema(), drawn.seed, index);
          const document = parse(query);
          if (validate(executor.apiSchema(), document, RULES).length > 0) continue;
          const tree = await executor.execute({ document, variables, call: {} });
          const text = await executor.execute({ document, variables, call: {}, asText: true });
          expect(writeAnswer(text)).toBe(JSON.stringify(tree));
          expect(isWritten(tree)).toBe(false);
          expect(isWritten(text)).toBe(tree.errors === undefined);
          written += isWritten(text) ? 1 : 0;
        }
      }),
      { numRuns: 12, endOnFailure: true },
    );
    expect(written).toBeGreaterThan(0);
  }, 120_000);

  it("keeps its data beside errors and extensions", () => {
    const data = new WrittenData('{"a":[1,null]}');
    const errors = [new GraphQLError("no")];
    expect(writeAnswer({ data })).toBe('{"data":{"a":[1,null]}}');
    expect(writeAnswer({ data, extensions: { cost: 1 } })).toBe('{"data":{"a":[1,null]},"extensions":{"cost":1}}');
    expect(writeAnswer({ errors, data })).toBe('{"errors":[{"message":"no"}],"data":{"a":[1,null]}}');
    expect(JSON.stringify({ data })).toBe('{"data":{"a":[1,null]}}');
  });
});
