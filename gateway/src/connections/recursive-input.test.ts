import { describe, expect, it } from "@jest/globals";
import { buildSchema, parse } from "graphql";
import { createInProcessConnection } from "./in-process.ts";
import { hasRecursiveInput } from "./recursive-input.ts";

const schema = buildSchema(`
  type Query { a(filter: Filter, page: Page, far: Far, both: Both, name: String): String }
  input Filter { field: String and: [Filter!] or: [Filter!] not: Filter }
  input Page { first: Int! after: String }
  input Far { middle: Middle } input Middle { end: [Far] }
  input Both { one: Page two: Page }
`);

describe("a document's variables", () => {
  it.each([
    ["query($f: Filter!) { a(filter: $f) }", true],
    ["query($f: Far) { a(far: $f) }", true],
    ["query($p: Page, $b: Both, $n: String) { a(page: $p, both: $b, name: $n) }", false],
    ['{ a(filter: { not: { field: "x" } }) }', false],
    ["query($f: Unknown) { a }", false],
  ])("%s: recursive %s", (text, recursive) => expect(hasRecursiveInput(schema, parse(text))).toBe(recursive));

  it("of a recursive type are read as often as one likes, without being compiled", async () => {
    const connection = createInProcessConnection({ name: "s", schema, createContext: () => ({}), compileAfterUses: 1 });
    const request = {
      query: "query($f: Filter!) { a(filter: $f) }",
      variables: { f: { not: { and: [{ field: "x" }] } } },
    };
    for (let uses = 0; uses < 3; uses += 1)
      expect(await connection.execute(request, {})).toEqual({ data: { a: null } });
    await connection.close();
  });
});
