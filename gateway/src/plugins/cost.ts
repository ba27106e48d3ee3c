import {
  getNamedType,
  isCompositeType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  OperationTypeNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLOutputType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from "graphql";
import { readFieldPricing, type FieldPricing } from "./cost-directives.ts";
import { createInputRows, type InputRows } from "./input-rows.ts";
import { product, sum, valueOf, type Price, type Term } from "./price.ts";

/** Points one operation may cost: a full page of 1,000 entries with nine objects each. */
export const DEFAULT_MAX_COST = 10_000;
/** Entries a list is taken to have when nothing says how many: the usual page. */
export const DEFAULT_LIST_SIZE = 10;
/** Points a mutation or subscription costs beside its fields: it writes, or holds something open. */
const EFFECT_WEIGHT = 10;
/** Arguments that say how many entries a list will have. */
const SLICING_ARGUMENTS = ["first", "last", "limit"];
/** Rows in columns that count one point: they are values, not objects, but reading and sending them is work. */
const ROWS_PER_POINT = 100;

/** Options of {@link createCostModel}. */
export interface CostOptions {
  readonly defaultListSize: number;
  /** Points by `Type.field`; win over `@cost` in the schema. */
  readonly fieldWeights: Readonly<Record<string, number>>;
}

const isList = (type: GraphQLOutputType): boolean => isListType(isNonNullType(type) ? type.ofType : type);

const asSize = (value: unknown, fallback: number): number =>
  typeof value === "number" && Number.isFinite(value) ? Math.max(0, value) : fallback;

interface Pricing {
  readonly schema: GraphQLSchema;
  readonly options: CostOptions;
  readonly byField: ReadonlyMap<string, FieldPricing>;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly defaults: ReadonlyMap<string, unknown>;
  readonly inputRows: InputRows;
}

/** How many entries a field's own arguments ask for; null when it has no such argument. */
const slicedSize = (
  pricing: Pricing,
  node: FieldNode,
  field: GraphQLField<unknown, unknown>,
  names: readonly string[],
): Term | null => {
  const fallback = pricing.options.defaultListSize;
  for (const name of names) {
    const declared = field.args.find((each) => each.name === name);
    if (declared === undefined) continue;
    const given = node.arguments?.find((each) => each.name.value === name)?.value;
    if (given?.kind === Kind.INT) return asSize(Number(given.value), fallback);
    if (given?.kind === Kind.VARIABLE) {
      const variable = given.name.value;
      const otherwise = asSize(pricing.defaults.get(variable) ?? declared.defaultValue, fallback);
      return (variables) => asSize(variables[variable], otherwise);
    }
    if (declared.defaultValue !== undefined) return asSize(declared.defaultValue, fallback);
  }
  return names.some((name) => field.args.some((each) => each.name === name)) ? fallback : null;
};

const fieldPrice = (
  pricing: Pricing,
  parent: GraphQLNamedType,
  node: FieldNode,
  inherited: { size: Term; fields: readonly string[] | null } | null,
): Term => {
  const name = node.name.value;
  if (name.startsWith("__") || !(isObjectType(parent) || isInterfaceType(parent))) return 0;
  const field = parent.getFields()[name];
  if (field === undefined) return 0; // validation names it
  const coordinate = `${parent.name}.${name}`;
  const said = pricing.byField.get(coordinate);
  const type = getNamedType(field.type);
  const own = slicedSize(pricing, node, field, said?.slicingArguments ?? SLICING_ARGUMENTS);
  const fromParent = inherited !== null && (inherited.fields?.includes(name) ?? true) ? inherited.size : null;
  const size = isList(field.type) ? (own ?? said?.assumedSize ?? fromParent ?? pricing.options.defaultListSize) : 1;
  const passedOn = isList(field.type) || own === null ? null : { size: own, fields: said?.sizedFields ?? null };
  const below = node.selectionSet === undefined ? 0 : selectionPrice(pricing, type, node.selectionSet, passedOn);
  const entry = sum([isCompositeType(type) ? 1 : 0, below]);
  const weight = pricing.options.fieldWeights[coordinate] ?? said?.weight ?? 0;
  return sum([weight, product(1 / ROWS_PER_POINT, pricing.inputRows(field, node)), product(size, entry)]);
};

const selectionPrice = (
  pricing: Pricing,
  parent: GraphQLNamedType,
  set: SelectionSetNode,
  inherited: { size: Term; fields: readonly string[] | null } | null,
): Term => {
  const terms = set.selections.map((selection): Term => {
    if (selection.kind === Kind.FIELD) return fieldPrice(pricing, parent, selection, inherited);
    const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : pricing.fragments.get(selection.name.value);
    if (fragment === undefined) return 0;
    const condition = fragment.typeCondition?.name.value ?? parent.name;
    return selectionPrice(pricing, pricing.schema.getType(condition) ?? parent, fragment.selectionSet, inherited);
  });
  return sum(terms);
};

const defaultsOf = (operation: OperationDefinitionNode): ReadonlyMap<string, unknown> => {
  const defaults = new Map<string, unknown>();
  for (const { variable, defaultValue } of operation.variableDefinitions ?? []) {
    if (defaultValue?.kind === Kind.INT) defaults.set(variable.name.value, Number(defaultValue.value));
  }
  return defaults;
};

/** Prices the operations of one schema. */
export interface CostModel {
  /**
   * Compiles an operation's price: each object costs one point times the sizes of the lists around it, leaves are free, weights add, and so does
   * one point per hundred rows that input objects ask for.
   * Every alias counts, every type condition counts, `@skip` and `@include` count as taken: an upper bound.
   */
  readonly price: (document: DocumentNode, operation: OperationDefinitionNode) => Price;
}

/** Makes the cost model of a schema; weights and list sizes come from options and from `@cost` and `@listSize` in the supergraph. */
export const createCostModel = (schema: GraphQLSchema, supergraphSdl: string, options: CostOptions): CostModel => {
  const byField = readFieldPricing(supergraphSdl);
  const inputRows = createInputRows(SLICING_ARGUMENTS);
  return {
    price: (document, operation) => {
      const root = schema.getRootType(operation.operation);
      if (root === undefined || root === null) return () => 0;
      const fragments = new Map<string, FragmentDefinitionNode>();
      for (const node of document.definitions) {
        if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
      }
      const pricing: Pricing = { schema, options, byField, fragments, inputRows, defaults: defaultsOf(operation) };
      const effect = operation.operation === OperationTypeNode.QUERY ? 0 : EFFECT_WEIGHT;
      const term = sum([effect, selectionPrice(pricing, root, operation.selectionSet, null)]);
      return (variables) => Math.max(1, Math.ceil(valueOf(term, variables)));
    },
  };
};
