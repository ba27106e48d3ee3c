import { describe, expect, it } from "@jest/globals";
import { parse, type ExecutionResult } from "graphql";
import type { CallContext } from "../connections/connection.ts";
import { featureGraph } from "./feature-graph.ts";
import { generateGraph } from "./generated-graph.ts";
import { generateOperation } from "./generated-operation.ts";
import { createPlanExecutor } from "./plan-executor.ts";
import { createStockExecutor } from "./stock.ts";

/** Where stock @apollo/gateway departs from the specifications, what it answers, and what is right. */
const FAULTS: readonly {
  readonly fault: string;
  readonly reason: string;
  readonly query: string;
  readonly seen: (result: ExecutionResult) => unknown;
  readonly stock: unknown;
  readonly right: unknown;
}[] = [
  {
    fault: "a null in a non-null place comes back without an error",
    reason: "GraphQL 6.4.4: a null that a non-null type does not allow is a field error, which errors lists",
    query: `{ ghost { name doomed } }`,
    seen: ({ data, errors = [] }) => [data?.["ghost"], errors.map(({ path }) => path)],
    stock: [null, []],
    right: [null, [["ghost", "doomed"]]],
  },
  {
    fault: "a value its type does not allow becomes null without an error",
    reason: "GraphQL 6.4.3: a value that result coercion cannot take is a field error",
    query: `{ users { level } }`,
    seen: ({ errors = [] }) => errors.map(({ path }) => path),
    stock: [],
    right: [["users", 1, "level"]],
  },
  {
    fault: "an entity's error stands at the place of another one",
    reason:
      "GraphQL 7.1.2: path leads to the field that failed; stock counts as if every place had sent a representation",
    query: `{ noted { ... on User { risky } } }`,
    seen: ({ errors = [] }) => errors.map(({ path }) => path),
    stock: [["noted", 0, "risky"]],
    right: [["noted", 1, "risky"]],
  },
  {
    fault: "@requires with arguments gets the value the client asked for with its own",
    reason: "Federation, @requires: the required selection, arguments included, is what the subgraph receives",
    query: `{ me { name badge } }`,
    seen: ({ data }) => data?.["me"],
    stock: { name: "Ada", badge: "*Ada*" },
    right: { name: "Ada", badge: "*ADA*" },
  },
];

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const toExecute = (query: string) => ({ document: parse(query), call: {} });

describe("where stock @apollo/gateway is wrong, the specification wins", () => {
  it.each(FAULTS)(
    "$fault ($reason)",
    async ({ query, seen, stock, right }) => {
      const graph = featureGraph();
      const oracle = await createStockExecutor<CallContext>(graph);
      const own = createPlanExecutor<CallContext>(graph);
      expect(plain(seen(await oracle.execute(toExecute(query))))).toEqual(stock);
      expect(plain(seen(await own.execute(toExecute(query))))).toEqual(right);
      await oracle.stop();
    },
    30_000,
  );

  it("a type asked for inside a union's fragment on an object is left out (found by generation, kept as found)", async () => {
    const graph = generateGraph({ seed: 325, subgraphs: 3, entities: 3, fields: 3, faultsPerMille: 60 });
    const oracle = await createStockExecutor<CallContext>(graph);
    const own = createPlanExecutor<CallContext>(graph);
    const { query, variables } = generateOperation(own.apiSchema(), 325, 3);
    const request = { document: parse(query), variables, call: {} };
    const whole = await graph.reference(own.apiSchema(), request.document, variables);
    expect(plain((await own.execute(request)).data)).toEqual(plain(whole.data));
    expect(plain((await oracle.execute(request)).data)).not.toEqual(plain(whole.data));
    await oracle.stop();
  }, 30_000);
});
