import { describe, expect, it } from "@jest/globals";
import { buildSchema, Kind, parse } from "graphql";
import { createCostModel } from "./cost.ts";

const SDL = `
directive @cost(weight: Int!) on FIELD_DEFINITION
directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!]) on FIELD_DEFINITION
interface Node { id: ID! }
type Query {
  things(limit: Int = 20): [Thing!]!
  fixed: [Thing!]! @listSize(assumedSize: 3)
  sliced(count: Int): Page! @listSize(slicingArguments: ["count"], sizedFields: ["entries"])
  dear: Int @cost(weight: 40)
  numbers: [Int!]!
  node: Node
  rows(question: Question = { limit: 300 }): Int
  questions(questions: [Question!]): Int
}
input Question { limit: Int = 1000 filter: Filter inner: Inner }
input Inner { limit: Int = 1000 again: Inner }
input Filter { and: [Filter!] first: String }
type Mutation { make: Thing! }
type Subscription { things: Thing! }
type Page { entries: [Thing!]! others: [Thing!]! }
type Thing implements Node { id: ID! more: [Thing!]! price: Int @cost(weight: 2) }
`;
const schema = buildSchema(SDL);
const model = createCostModel(schema, SDL, { defaultListSize: 10, fieldWeights: { "Query.node": 7 } });

const costOf = (text: string, variables: Record<string, unknown> = {}): number => {
  const document = parse(text);
  const [operation] = document.definitions;
  if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error("no operation");
  return model.price(document, operation)(variables);
};

describe("the static cost", () => {
  it.each([
    ["leaves are free, an operation costs at least one point", "{ numbers }", 1],
    ["a list costs its size, from the argument", "{ things(limit: 5) { id } }", 5],
    ["from the argument's default", "{ things { id } }", 20],
    ["from @listSize", "{ fixed { id } }", 3],
    ["or what is usual", "{ fixed { more { id } } }", 3 * (1 + 10)],
    ["nested lists multiply", "{ things(limit: 5) { more { more { id } } } }", 5 * (1 + 10 * (1 + 10))],
    ["@cost adds, times the lists around it", "{ dear fixed { price } }", 40 + 3 * (1 + 2)],
    ["sizedFields say which list is sliced", "{ sliced(count: 4) { entries { id } others { id } } }", 1 + 4 + 10],
    ["options win", "{ node { id } }", 8],
    ["every type condition counts", "{ node { ... on Thing { more { id } } ... on Node { id } } }", 7 + 1 + 10],
    ["every alias counts", "{ a: dear b: dear }", 80],
    ["a mutation costs more than a query", "mutation { make { id } }", 11],
    ["so does a subscription", "subscription { things { id } }", 11],
    ["a hundred rows asked for in an input object cost one point", "{ rows(question: { limit: 2000 }) }", 20],
    ["from the field's default", "{ rows(question: { filter: { and: [] } }) }", 10],
    ["from the argument's default", "{ rows }", 3],
    ["in lists and inner objects too", "{ questions(questions: [{ inner: { limit: 100 } }, {}]) }", 21],
    ["introspection is free here: a permission gates it", "{ __schema { types { name } } }", 1],
  ])("%s", (_rule, text, cost) => {
    expect(costOf(text)).toBe(cost);
  });

  it("follows variables into input objects", () => {
    const text = "query ($n: Int, $q: Question) { a: rows(question: { limit: $n }) b: rows(question: $q) }";
    expect(costOf(text)).toBe(10 + 3);
    expect(costOf(text, { n: 200, q: { limit: 500 } })).toBe(2 + 5);
    expect(costOf(text, { n: "many", q: { inner: {}, filter: { and: [{ first: "9000" }] } } })).toBe(20);
    expect(costOf(text, { n: -5, q: "nonsense" })).toBe(1);
  });

  it("follows variables, their defaults, and takes nonsense for the usual size", () => {
    const text = "query ($n: Int = 6) { things(limit: $n) { id } }";
    expect(costOf(text)).toBe(6);
    expect(costOf(text, { n: 9 })).toBe(9);
    expect(costOf(text, { n: "many" })).toBe(6);
    expect(costOf("query ($n: Int) { things(limit: $n) { id } }", { n: -5 })).toBe(1);
  });
});
