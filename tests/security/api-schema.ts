import { readFileSync } from "node:fs";
import {
  getNamedType,
  isAbstractType,
  isInputObjectType,
  isLeafType,
  isNonNullType,
  isObjectType,
  OperationTypeNode,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
} from "graphql";
import { readSupergraph } from "../../gateway/src/executor/supergraph.ts";

const supergraphSdl = readFileSync(new URL("../../supergraph.graphql", import.meta.url), "utf8");

/** The API as clients see it; what is generated from it grows with it. */
export const apiSchema: GraphQLSchema = readSupergraph(supergraphSdl).apiSchema;

/** A field of Query, Mutation or Subscription. */
export interface RootField {
  readonly kind: OperationTypeNode;
  /** `Query.job`. */
  readonly coordinate: string;
  readonly field: GraphQLField<unknown, unknown>;
}

/** Every root field of the API. */
export const rootFields: readonly RootField[] = Object.values(OperationTypeNode).flatMap((kind) => {
  const root = apiSchema.getRootType(kind);
  return Object.values(root?.getFields() ?? {}).map((field) => ({
    kind,
    coordinate: `${root?.name ?? kind}.${field.name}`,
    field,
  }));
});

/** Every field of every object type of the API, root fields included, as `Type.field`. */
const allFields: readonly { readonly coordinate: string; readonly args: readonly GraphQLArgument[] }[] = Object.values(
  apiSchema.getTypeMap(),
).flatMap((type) =>
  isObjectType(type) && !type.name.startsWith("__")
    ? Object.values(type.getFields()).map(({ name, args }) => ({ coordinate: `${type.name}.${name}`, args }))
    : [],
);

const inputPaths = (
  path: string,
  type: GraphQLInputType,
  wanted: (name: string, type: GraphQLNamedType) => boolean,
  open: readonly string[],
): readonly string[] => {
  const named = getNamedType(type);
  if (!isInputObjectType(named)) return wanted(path.split(".").at(-1) ?? "", named) ? [path] : [];
  if (open.includes(named.name)) return [];
  return Object.values(named.getFields()).flatMap((field) =>
    inputPaths(`${path}.${field.name}`, field.type, wanted, [...open, named.name]),
  );
};

/** Places where a client may put something wanted, anywhere in the API: `Query.job(id)`, `Mutation.ingestEvents(input.id)`. */
const placesOf = (wanted: (name: string, type: GraphQLNamedType) => boolean): readonly string[] =>
  allFields.flatMap(({ coordinate, args }) =>
    args.flatMap((argument) =>
      inputPaths(argument.name, argument.type, wanted, []).map((path) => `${coordinate}(${path})`),
    ),
  );

/** Arguments and input fields that name something by its id: by type or by name. */
export const idPlaces: readonly string[] = placesOf((name, type) => type.name === "ID" || /(^id|Id|Ids)$/.test(name));

/** Arguments that take a cursor. */
export const cursorPlaces: readonly string[] = placesOf((_name, type) => type.name === "Cursor");

/** Types that other rooms refer to by key. */
export const entityTypes: readonly string[] = [...supergraphSdl.matchAll(/^type (\w+)\n((?: {2}@.*\n)+)/gm)]
  .filter(([, , directives]) => directives?.includes("key:"))
  .map(([, name]) => name ?? "");

const typeText = (argument: GraphQLArgument): string => String(argument.type);

const isRequired = ({ type, defaultValue }: GraphQLArgument): boolean =>
  isNonNullType(type) && defaultValue === undefined;

/** Names of fields that are of different types in the types an abstract type may be: selected together, each needs a name of its own. */
const ambiguous = (types: readonly GraphQLObjectType[]): ReadonlySet<string> => {
  const seen = new Map<string, string>();
  const fields = types.flatMap((type) => Object.values(type.getFields()));
  for (const { name, type } of fields) if (!seen.has(name)) seen.set(name, String(type));
  return new Set(fields.filter(({ name, type }) => seen.get(name) !== String(type)).map(({ name }) => name));
};

/** The fields of a type that can be asked without arguments, with what is written before what is asked below them. */
const fieldsOf = (type: GraphQLNamedType, depth: number, renamed: ReadonlySet<string>) =>
  (isObjectType(type) ? Object.values(type.getFields()) : []).flatMap((field) => {
    const below = getNamedType(field.type);
    if (field.args.some(isRequired) || (depth === 0 && !isLeafType(below))) return [];
    const page = field.args.some(({ name }) => name === "first") ? "(first: 5)" : "";
    const alias = renamed.has(field.name) ? `${type.name}_${field.name}: ` : "";
    return [{ name: `${alias}${field.name}${page}`, below }];
  });

/** Everything below a type, so many levels deep, without fields that need arguments; small pages. */
const selectionOf = (type: GraphQLNamedType, depth: number, renamed: ReadonlySet<string> = new Set()): string => {
  if (isLeafType(type)) return "";
  const possible = isAbstractType(type) ? apiSchema.getPossibleTypes(type) : [];
  const unlike = ambiguous(possible);
  const fragments = possible.map((each) => `... on ${each.name} ${selectionOf(each, depth, unlike)}`);
  const selected = fieldsOf(type, depth, renamed).map(({ name, below }) => `${name} ${selectionOf(below, depth - 1)}`);
  return `{ __typename ${[...selected, ...fragments].join(" ")} }`;
};

/** Characters of a selection beyond which it is asked by parts. */
const MOST_CHARACTERS = 40_000;

/** The same as {@link selectionOf} in parts that a client would still write: together they ask everything. */
const selectionParts = (type: GraphQLNamedType, depth: number): readonly string[] => {
  const whole = selectionOf(type, depth);
  if (whole.length <= MOST_CHARACTERS) return [whole];
  if (isAbstractType(type))
    return apiSchema
      .getPossibleTypes(type)
      .flatMap((each) => selectionParts(each, depth).map((part) => `{ __typename ... on ${each.name} ${part} }`));
  const fields = fieldsOf(type, depth, new Set()).flatMap(({ name, below }) =>
    selectionParts(below, depth - 1).map((part) => `${name} ${part}`),
  );
  const parts: string[] = [];
  for (const field of fields) {
    const last = parts.at(-1);
    const fits = last !== undefined && last.length + field.length <= MOST_CHARACTERS;
    if (fits) parts[parts.length - 1] = `${last} ${field}`;
    else parts.push(field);
  }
  return parts.map((part) => `{ __typename ${part} }`);
};

/** What an operation selects below its root field: a text of its own, or everything so many levels deep. */
export type Selection = string | { readonly depth: number };

/** Writes an operation of one root field with what is selected below it; its arguments are the variables of the same name. */
const written = ({ kind, field }: RootField, variables: Readonly<Record<string, unknown>>, below: string): string => {
  const given = field.args.filter(({ name }) => Object.hasOwn(variables, name));
  const definitions = given.map((argument) => `$${argument.name}: ${typeText(argument)}`).join(", ");
  const args = given.map(({ name }) => `${name}: $${name}`).join(", ");
  const parenthesised = (text: string): string => (text === "" ? "" : `(${text})`);
  return `${kind} Asked${parenthesised(definitions)} { ${field.name}${parenthesised(args)} ${below} }`;
};

/** Writes an operation of one root field; its arguments are the variables of the same name. */
export const operationText = (
  root: RootField,
  variables: Readonly<Record<string, unknown>>,
  selection: Selection = { depth: 1 },
): string => {
  const below = typeof selection === "string" ? selection : selectionOf(getNamedType(root.field.type), selection.depth);
  return written(root, variables, below);
};

/** Operations of one root field that together ask everything so many levels deep, none of them longer than somebody would write. */
export const operationParts = (
  root: RootField,
  variables: Readonly<Record<string, unknown>>,
  depth: number,
): readonly string[] =>
  selectionParts(getNamedType(root.field.type), depth).map((below) => written(root, variables, below));

/** The root field of a coordinate; throws when the API has none. */
export const rootField = (coordinate: string): RootField => {
  const found = rootFields.find((each) => each.coordinate === coordinate);
  if (found === undefined) throw new Error(`The API has no ${coordinate}.`);
  return found;
};
