import { Kind, visit, type DocumentNode, type ValueNode } from "graphql";
import type { Refusal } from "@tessera/platform/errors/refusal";
import type { RawVariables } from "../operations/graphql-request.ts";
import { overLimit } from "../operations/limit-refusal.ts";

/** Entries one page may have: the cap of the graph's connections, so that no field can forget it. */
export const DEFAULT_MAX_PAGE_SIZE = 1_000;

const PAGE_ARGUMENTS: ReadonlySet<string> = new Set(["first", "last"]);

interface PageSize {
  readonly field: string;
  readonly literal: number | null;
  readonly variable: string | null;
}

const defaultsOf = (document: DocumentNode): ReadonlyMap<string, ValueNode> => {
  const defaults = new Map<string, ValueNode>();
  for (const node of document.definitions) {
    if (node.kind !== Kind.OPERATION_DEFINITION) continue;
    for (const { variable, defaultValue } of node.variableDefinitions ?? []) {
      if (defaultValue !== undefined) defaults.set(variable.name.value, defaultValue);
    }
  }
  return defaults;
};

const pageSizesOf = (document: DocumentNode): readonly PageSize[] => {
  const sizes: PageSize[] = [];
  const defaults = defaultsOf(document);
  visit(document, {
    Field(node) {
      for (const { name, value } of node.arguments ?? []) {
        if (!PAGE_ARGUMENTS.has(name.value)) continue;
        const field = `${node.name.value}.${name.value}`;
        const variable = value.kind === Kind.VARIABLE ? value.name.value : null;
        const literal = variable === null ? value : defaults.get(variable);
        sizes.push({ field, variable, literal: literal?.kind === Kind.INT ? Number(literal.value) : null });
      }
    },
  });
  return sizes;
};

/** Finds a document's `first` and `last` once; the answer checks them against a request's variables. */
export const pageSizeLimit = (
  document: DocumentNode,
  maximum: number = DEFAULT_MAX_PAGE_SIZE,
): ((variables: RawVariables) => Refusal | null) => {
  const sizes = pageSizesOf(document);
  return (variables) => {
    for (const { field, literal, variable } of sizes) {
      const given = variable === null ? undefined : variables[variable];
      const size = typeof given === "number" ? given : given === undefined ? literal : null;
      if (size !== null && size > maximum)
        return overLimit("BAD_INPUT", `Page size \`${field}\``, maximum, size, { field });
    }
    return null;
  };
};
