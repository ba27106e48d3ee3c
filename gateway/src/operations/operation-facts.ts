import { createHash } from "node:crypto";
import {
  Kind,
  OperationTypeNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from "graphql";
import type { ExecutionKind } from "@tessera/contracts/events/execution-recorded";
import { operationIdOf } from "../plugins/persisted-operations.ts";
import type { RawVariables } from "./graphql-request.ts";

/** Root fields that the record of an execution names. */
export const MAX_RECORDED_FIELDS = 40;
/** Ids the root fields were asked about that the record of an execution names. */
export const MAX_RECORDED_OBJECTS = 20;
/** Characters of an id in the record of an execution. */
export const MAX_OBJECT_CHARACTERS = 200;

/** What an operation is, whoever runs it: found once per checked operation. */
export interface OperationFacts {
  readonly kind: Extract<ExecutionKind, "QUERY" | "MUTATION" | "SUBSCRIPTION">;
  readonly operationName: string | null;
  /** `sha256:<hex>` of the document's text. */
  readonly documentId: string;
  /** Root fields as `Query.olap`, in the order of the document, each once. */
  readonly fields: readonly string[];
  /** Ids that the root fields' arguments name, in the order of the document: those of arguments and of fields of inputs called `id`, `ids`, `...Id` or `...Ids`. */
  readonly objectsOf: (variables: RawVariables) => readonly string[];
  /** Which page of which list is asked for: a hash of the document and of the cursors its root fields are given; undefined when there are none. */
  readonly pageOf: (variables: RawVariables) => string | undefined;
}

const KINDS = {
  [OperationTypeNode.QUERY]: "QUERY",
  [OperationTypeNode.MUTATION]: "MUTATION",
  [OperationTypeNode.SUBSCRIPTION]: "SUBSCRIPTION",
} as const;
const ROOT_TYPES = { QUERY: "Query", MUTATION: "Mutation", SUBSCRIPTION: "Subscription" } as const;
const NAMES_AN_ID = /^ids?$|Ids?$/;
/**
 * Within an input these are ids of a tenant's own users and visitors: personal data, which the audit log, from which nothing is erased, does not hold. A
 * root argument `userId` is one of the people who use the graph.
 */
const NAMES_SOMEBODY = /^(?:user|anonymous|fromUser|intoUser)Ids?$/;
const NAMES_A_PLACE = /^(?:after|before|cursor)$|Cursor$/;
/** Digits of a page's hash: 64 bits. */
const PAGE_DIGITS = 16;

const rootFieldsOf = (document: DocumentNode, selections: SelectionSetNode): readonly FieldNode[] => {
  const fragments = new Map(
    document.definitions.flatMap((node): [string, FragmentDefinitionNode][] =>
      node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node]] : [],
    ),
  );
  const open = ({ selections: nodes }: SelectionSetNode): readonly FieldNode[] =>
    nodes.flatMap((node) => {
      if (node.kind === Kind.FIELD) return [node];
      if (node.kind === Kind.INLINE_FRAGMENT) return open(node.selectionSet);
      const fragment = fragments.get(node.name.value);
      return fragment === undefined ? [] : open(fragment.selectionSet);
    });
  return open(selections);
};

const texts = (value: unknown): readonly string[] => {
  if (typeof value === "string") return [value];
  if (typeof value === "number") return [String(value)];
  return Array.isArray(value) ? value.slice(0, MAX_RECORDED_OBJECTS).flatMap(texts) : [];
};

const textsWithin = (value: unknown, names: RegExp): readonly string[] =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.entries(value).flatMap(([name, inner]) =>
        names.test(name) && !NAMES_SOMEBODY.test(name) ? texts(inner) : [],
      )
    : [];

/** What an argument's value says once variables are known; nested variables of an input count as well. */
const literal = (node: ValueNode, variables: RawVariables): unknown => {
  switch (node.kind) {
    case Kind.VARIABLE:
      return variables[node.name.value];
    case Kind.LIST:
      return node.values.map((inner) => literal(inner, variables));
    case Kind.OBJECT:
      return Object.fromEntries(node.fields.map(({ name, value }) => [name.value, literal(value, variables)]));
    case Kind.STRING:
    case Kind.INT:
      return node.value;
    default:
      return null;
  }
};

/** Text that every store can hold: whole characters without U+0000, cut to {@link MAX_OBJECT_CHARACTERS}. */
const storable = (text: string): string =>
  Buffer.from(text.slice(0, MAX_OBJECT_CHARACTERS).replaceAll("\u0000", ""), "utf8").toString("utf8");

const findFacts = (text: string, document: DocumentNode, operation: OperationDefinitionNode): OperationFacts => {
  const kind = KINDS[operation.operation];
  const roots = rootFieldsOf(document, operation.selectionSet);
  const names = new Set(roots.map(({ name }) => `${ROOT_TYPES[kind]}.${name.value}`));
  const asked = roots.flatMap(({ arguments: list }) => list ?? []);
  const documentId = operationIdOf(text);
  const given = (variables: RawVariables, named: RegExp): readonly string[] =>
    asked.flatMap(({ name, value }) => {
      const said = literal(value, variables);
      return named.test(name.value) ? texts(said) : textsWithin(said, named);
    });
  return {
    kind,
    operationName: operation.name?.value ?? null,
    documentId,
    fields: [...names].slice(0, MAX_RECORDED_FIELDS),
    pageOf: (variables) => {
      const places = given(variables, NAMES_A_PLACE);
      if (places.length === 0) return undefined;
      const page = JSON.stringify([documentId, ...places]);
      return createHash("sha256").update(page).digest("hex").slice(0, PAGE_DIGITS);
    },
    objectsOf: (variables) => {
      const found = given(variables, NAMES_AN_ID);
      return found.length === 0 ? found : [...new Set(found.map(storable))].slice(0, MAX_RECORDED_OBJECTS);
    },
  };
};

const known = new WeakMap<OperationDefinitionNode, OperationFacts>();

/** The facts of a checked operation; kept as long as its document is. */
export const factsOf = (text: string, document: DocumentNode, operation: OperationDefinitionNode): OperationFacts => {
  const before = known.get(operation);
  if (before !== undefined) return before;
  const facts = findFacts(text, document, operation);
  known.set(operation, facts);
  return facts;
};
