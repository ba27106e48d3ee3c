import { describe, expect, it } from "@jest/globals";
import { type ASTNode, Kind, parse, visit } from "graphql";
import { readSdlFiles } from "./sdl-files.ts";

/** Kinds that people meet in GraphiQL and in the API reference; each is described. */
const DESCRIBED: ReadonlySet<string> = new Set([
  Kind.SCALAR_TYPE_DEFINITION,
  Kind.OBJECT_TYPE_DEFINITION,
  Kind.INTERFACE_TYPE_DEFINITION,
  Kind.UNION_TYPE_DEFINITION,
  Kind.ENUM_TYPE_DEFINITION,
  Kind.INPUT_OBJECT_TYPE_DEFINITION,
  Kind.FIELD_DEFINITION,
  Kind.INPUT_VALUE_DEFINITION,
  Kind.ENUM_VALUE_DEFINITION,
  Kind.DIRECTIVE_DEFINITION,
]);
const ROOT_TYPES = new Set(["Query", "Mutation", "Subscription"]);

const nameOf = (node: ASTNode): string => ("name" in node && node.name !== undefined ? node.name.value : "");

const isNode = (value: ASTNode | readonly ASTNode[]): value is ASTNode => "kind" in value;

/** `path:line: Type.field.argument` of everything in an SDL that has no description. */
const undescribed = (path: string, sdl: string): readonly string[] => {
  const found: string[] = [];
  visit(parse(sdl), {
    enter(node, _key, _parent, _path, ancestors) {
      if (!DESCRIBED.has(node.kind) || !("description" in node)) return;
      const isRoot = node.kind === Kind.OBJECT_TYPE_DEFINITION && ROOT_TYPES.has(node.name.value);
      if (isRoot || (node.description?.value.trim() ?? "") !== "") return;
      const trail = [...ancestors.filter(isNode), node].map(nameOf).filter((name) => name !== "");
      found.push(`${path}:${node.loc?.startToken.line}: ${trail.join(".")}`);
    },
  });
  return found;
};

describe("every type, field, argument, enum value and input field of the graph is described", () => {
  it("holds in every subgraph's SDL", () => {
    const found = readSdlFiles().flatMap(({ path, sdl }) => undescribed(path, sdl));
    expect(found.length === 0 ? "" : `${found.join("\n")}\n-> put a """description""" above it`).toBe("");
  });

  it.each([
    ["a type", `type Item { "d" id: ID! }`, "Item"],
    ["a field", `"d" type Item { id: ID! }`, "Item.id"],
    ["a field of an extension", `extend type Item { id: ID! }`, "Item.id"],
    ["a root field", `type Query { item: ID }`, "Query.item"],
    ["an argument", `type Query { "d" item(id: ID!): ID }`, "Query.item.id"],
    ["an enum value", `"d" enum State { "d" OPEN CLOSED }`, "State.CLOSED"],
    ["an input field", `"d" input ItemInput { id: ID! }`, "ItemInput.id"],
    ["a scalar", `scalar Cursor`, "Cursor"],
    ["an empty description", `"" union Answer = A | B`, "Answer"],
  ])("catches %s without one", (_what, sdl, name) => {
    expect(undescribed("schema.graphql", sdl)).toEqual([`schema.graphql:1: ${name}`]);
  });

  it("asks nothing of schema extensions, directives in use and root types", () => {
    const sdl = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
      type Query { "d" item("d" id: ID!): Item }
      "d" type Item @key(fields: "id") { "d" id: ID! @deprecated(reason: "2027-01-01: use key") }`;
    expect(undescribed("schema.graphql", sdl)).toEqual([]);
  });
});
