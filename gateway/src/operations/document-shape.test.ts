import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { Kind, parse, type DocumentNode, type SelectionSetNode } from "graphql";
import { measureDocument } from "./document-shape.ts";

type Shape = {
  readonly key: string;
  readonly alias: boolean;
  readonly below: readonly Shape[];
  readonly wrapped: boolean;
};

const shape: fc.Arbitrary<Shape> = fc.letrec<{ node: Shape }>((tie) => ({
  node: fc.record({
    key: fc.constantFrom("a", "b", "c"),
    alias: fc.boolean(),
    wrapped: fc.boolean(),
    below: fc.oneof({ depthSize: "small" }, fc.constant([]), fc.array(tie("node"), { maxLength: 3 })),
  }),
})).node;

let fragments: string[] = [];
const print = ({ key, alias, below, wrapped }: Shape): string => {
  const inner = below.length === 0 ? "" : ` { ${below.map(print).join(" ")} }`;
  const field = `${alias ? `x${key}: ` : ""}${key}${inner}`;
  if (!wrapped) return field;
  fragments.push(field);
  return `...F${fragments.length - 1}`;
};

/** The obvious reference: opens every fragment where it is spread and walks all there is. */
const walk = (document: DocumentNode, set: SelectionSetNode): { depth: number; aliases: number; fields: number } => {
  const total = { depth: 0, aliases: 0, fields: 0 };
  for (const selection of set.selections) {
    const fragment =
      selection.kind === Kind.FRAGMENT_SPREAD
        ? document.definitions.find((node) => "name" in node && node.name?.value === selection.name.value)
        : selection;
    if (fragment === undefined || !("selectionSet" in fragment)) throw new Error("a fragment is missing");
    const isField = fragment.kind === Kind.FIELD;
    const below =
      fragment.selectionSet === undefined ? { depth: 0, aliases: 0, fields: 0 } : walk(document, fragment.selectionSet);
    total.depth = Math.max(total.depth, below.depth + (isField ? 1 : 0));
    total.aliases += below.aliases + (isField && fragment.alias !== undefined ? 1 : 0);
    total.fields += below.fields + (isField ? 1 : 0);
  }
  return total;
};

describe("measureDocument", () => {
  it("measures what opening every fragment would show", () => {
    fc.assert(
      fc.property(fc.array(shape, { minLength: 1, maxLength: 4 }), (shapes) => {
        fragments = [];
        const operation = `{ ${shapes.map(print).join(" ")} }`;
        const text = [operation, ...fragments.map((field, index) => `fragment F${index} on T { ${field} }`)].join("\n");
        const document = parse(text);
        const [root] = document.definitions;
        if (root?.kind !== Kind.OPERATION_DEFINITION) throw new Error("no operation");
        const measured = measureDocument(document);
        expect(measured).toMatchObject(walk(document, root.selectionSet));
        expect(measured.cycle).toBeNull();
      }),
    );
  });

  it("finds a cycle through several fragments", () => {
    const text = "{ ...A } fragment A on T { x { ...B } } fragment B on T { ...C } fragment C on T { y { ...A } }";
    expect(measureDocument(parse(text)).cycle).toBe("A");
  });
});
