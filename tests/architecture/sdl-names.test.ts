import { describe, expect, it } from "@jest/globals";
import { type DirectiveNode, Kind, parse, visit } from "graphql";
import { readSdlFiles } from "./sdl-files.ts";

const CAMEL = /^[a-z][A-Za-z0-9]*$/;
const PASCAL = /^[A-Z][A-Za-z0-9]*$/;
const SCREAMING = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/;
const DATED_REASON = /\b\d{4}-\d{2}-\d{2}\b.*\S{3}|\S{3}.*\b\d{4}-\d{2}-\d{2}\b/;

const isUndated = ({ name, arguments: given }: DirectiveNode): boolean => {
  if (name.value !== "deprecated") return false;
  const reason = given?.find((argument) => argument.name.value === "reason")?.value;
  return reason?.kind !== Kind.STRING || !DATED_REASON.test(reason.value);
};

const misnamed = (path: string, sdl: string): readonly string[] => {
  const found: string[] = [];
  const note = (line: number | undefined, what: string): number => found.push(`${path}:${line}: ${what}`);
  visit(parse(sdl), {
    enter(node) {
      const line = node.loc?.startToken.line;
      if (node.kind === Kind.FIELD_DEFINITION || node.kind === Kind.INPUT_VALUE_DEFINITION) {
        if (!CAMEL.test(node.name.value)) note(line, `${node.name.value} is not camelCase`);
      } else if (node.kind === Kind.ENUM_VALUE_DEFINITION) {
        if (!SCREAMING.test(node.name.value)) note(line, `${node.name.value} is not SCREAMING_CASE`);
      } else if (node.kind.endsWith("TypeDefinition") && "name" in node && node.name?.kind === Kind.NAME) {
        if (!PASCAL.test(node.name.value)) note(line, `${node.name.value} is not PascalCase`);
        const isInput = node.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION;
        if (isInput && !node.name.value.endsWith("Input"))
          note(line, `${node.name.value} is an input and not named so`);
      } else if (node.kind === Kind.DIRECTIVE && isUndated(node)) note(line, "@deprecated needs a reason and a date");
    },
  });
  return found;
};

describe("names of the graph follow its conventions, and what is deprecated says why and since when", () => {
  it("holds in every subgraph's SDL", () => {
    expect(readSdlFiles().flatMap(({ path, sdl }) => misnamed(path, sdl))).toEqual([]);
  });

  it.each([
    [`type Query { open_items: ID }`, "open_items is not camelCase"],
    [`type Query { items(First: Int): ID }`, "First is not camelCase"],
    [`type item { id: ID }`, "item is not PascalCase"],
    [`enum State { open }`, "open is not SCREAMING_CASE"],
    [`input ItemFilter { id: ID }`, "ItemFilter is an input and not named so"],
    [`type Item { id: ID @deprecated(reason: "use key") }`, "@deprecated needs a reason and a date"],
    [`type Item { id: ID @deprecated }`, "@deprecated needs a reason and a date"],
  ])("catches %s", (sdl, what) => {
    expect(misnamed("schema.graphql", sdl)).toEqual([`schema.graphql:1: ${what}`]);
  });

  it("lets sound names pass", () => {
    const sdl = `enum State { OPEN STILL_OPEN } input ItemInput { id: ID }
      type Item { latencyMsP99: Int @deprecated(reason: "since 2026-11-20, use latencyMs") }`;
    expect(misnamed("schema.graphql", sdl)).toEqual([]);
  });
});
