import {
  isAbstractType,
  isEnumType,
  isInterfaceType,
  isObjectType,
  Kind,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLLeafType,
  type GraphQLSchema,
  type SelectionSetNode,
} from "graphql";

/** What the selections of one operation are read against. */
export type Compilation = {
  readonly schema: GraphQLSchema;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
};

const MAX_INT = 2_147_483_647;
const MIN_INT = -2_147_483_648;

const isInt = (value: unknown) =>
  typeof value === "number" && Number.isInteger(value) && value <= MAX_INT && value >= MIN_INT;

const LEAF_TESTS: Readonly<Record<string, (value: unknown) => boolean>> = {
  Int: isInt,
  Float: (value) => typeof value === "number" && Number.isFinite(value),
  String: (value) => typeof value === "string",
  Boolean: (value) => typeof value === "boolean",
  ID: (value) => typeof value === "string" || (typeof value === "number" && Number.isInteger(value)),
};

/** What the API promises of a leaf's values as they are in JSON; null for a scalar of the graph's own, of which it promises nothing. */
export const leafTest = (type: GraphQLLeafType): ((value: unknown) => boolean) | null => {
  if (!isEnumType(type)) return LEAF_TESTS[type.name] ?? null;
  const names = new Set<unknown>(type.getValues().map((value) => value.name));
  return (value) => names.has(value);
};

const applies = (condition: string, runtime: GraphQLCompositeType, schema: GraphQLSchema): boolean => {
  if (condition === runtime.name) return true;
  const type = schema.getType(condition);
  return isAbstractType(type) && (isObjectType(runtime) || isInterfaceType(runtime)) && schema.isSubType(type, runtime);
};

/** The fields of one runtime type by response key, in the order GraphQL's CollectFields gives. */
export const collectFields = (
  runtime: GraphQLCompositeType,
  sets: readonly SelectionSetNode[],
  from: Compilation,
): ReadonlyMap<string, readonly FieldNode[]> => {
  const fields = new Map<string, FieldNode[]>();
  const visited = new Set<string>();
  const collect = (set: SelectionSetNode): void => {
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) {
        const key = selection.alias?.value ?? selection.name.value;
        const known = fields.get(key);
        if (known === undefined) fields.set(key, [selection]);
        else known.push(selection);
        continue;
      }
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        if (visited.has(selection.name.value)) continue;
        visited.add(selection.name.value);
      }
      const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : from.fragments.get(selection.name.value);
      if (fragment === undefined) continue;
      const condition = fragment.typeCondition?.name.value;
      if (condition === undefined || applies(condition, runtime, from.schema)) collect(fragment.selectionSet);
    }
  };
  for (const set of sets) collect(set);
  return fields;
};
