import { describe, expect, it } from "@jest/globals";
import { Kind, parse } from "graphql";
import { createHash } from "node:crypto";
import { factsOf, MAX_OBJECT_CHARACTERS, MAX_RECORDED_OBJECTS } from "./operation-facts.ts";
import type { RawVariables } from "./graphql-request.ts";

const facts = (text: string) => {
  const document = parse(text);
  const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  if (operation === undefined) throw new Error("The document has an operation.");
  return factsOf(text, document, operation);
};
const objects = (text: string, variables: RawVariables = {}) => facts(text).objectsOf(variables);

describe("the facts of an operation", () => {
  it("are its kind, name, document id and root fields, through fragments, each once", () => {
    const text =
      "mutation Act { one: a(x: 1) { id } ...F } fragment F on Mutation { two: a { id } ... on Mutation { b } }";
    expect(facts(text)).toMatchObject({
      kind: "MUTATION",
      operationName: "Act",
      documentId: `sha256:${createHash("sha256").update(text).digest("hex")}`,
      fields: ["Mutation.a", "Mutation.b"],
    });
    expect(facts("{ a }")).toMatchObject({ kind: "QUERY", operationName: null, fields: ["Query.a"] });
    expect(facts("subscription { a }")).toMatchObject({ kind: "SUBSCRIPTION", fields: ["Subscription.a"] });
  });

  it.each<[string, string, RawVariables, readonly string[]]>([
    ["a literal", '{ a(id: "x") }', {}, ["x"]],
    ["a variable", "query ($i: ID!) { a(id: $i) }", { i: "x" }, ["x"]],
    ["a number", "{ a(id: 7) }", {}, ["7"]],
    ["a list with a variable in it", 'query ($i: ID!) { a(ids: ["x", $i]) }', { i: "y" }, ["x", "y"]],
    [
      "an input given whole",
      "mutation ($input: I!) { a(input: $input) }",
      { input: { ruleId: "r", name: "n" } },
      ["r"],
    ],
    ["an input of variables", "mutation ($r: ID) { a(input: {ruleId: $r, limit: 3}) }", { r: "r" }, ["r"]],
    ["each once, in order", '{ a(id: "x") b(userId: "y", id: "x") }', {}, ["x", "y"]],
    [
      "nobody within an input",
      "query ($i: I) { a(input: $i) }",
      { i: { userId: "ada", anonymousIds: ["v"], jobId: "j" } },
      ["j"],
    ],
    ["nothing else", '{ a(name: "x", first: 3, idle: "z") { b(id: "inner") } }', {}, []],
    ["no id given", "query ($i: ID) { a(id: $i) }", {}, []],
    ["no objects", "query ($i: I) { a(id: $i) }", { i: { id: "x" } }, []],
  ])("name what was asked about: %s", (_title, text, variables, expected) => {
    expect(objects(text, variables)).toEqual(expected);
  });

  it("are bounded and hold only text that can be stored", () => {
    const ids = Array.from({ length: 100 }, (_, n) => `id${n}`);
    expect(objects("query ($i: [ID!]) { a(ids: $i) }", { i: ids })).toEqual(ids.slice(0, MAX_RECORDED_OBJECTS));
    const [long] = objects("query ($i: ID!) { a(id: $i) }", { i: "x".repeat(1_000) });
    expect(long).toHaveLength(MAX_OBJECT_CHARACTERS);
    expect(objects("query ($i: ID!) { a(id: $i) }", { i: "a\u0000b\ud800c" })).toEqual(["ab\ufffdc"]);
  });

  it("tell which page of which list is read: the same for the same place of the same document, and none of a first page", () => {
    const list = "query ($after: Cursor) { a(first: 10, after: $after) { id } }";
    const page = (text: string, after?: string) => facts(text).pageOf(after === undefined ? {} : { after });
    expect(page(list)).toBeUndefined();
    expect(page(list, "x")).toMatch(/^[0-9a-f]{16}$/);
    expect(page(list, "x")).toBe(page(list, "x"));
    expect(page(list, "x")).not.toBe(page(list, "y"));
    expect(page(list, "x")).not.toBe(page(`${list} `, "x"));
    const input = "query ($input: I!) { a(input: $input) { id } }";
    expect(facts(input).pageOf({ input: { pageCursor: "x" } })).toMatch(/^[0-9a-f]{16}$/);
    expect(facts("{ a(first: 10) { id } }").pageOf({})).toBeUndefined();
  });
});
