import { createHash } from "node:crypto";
import { execute, type DocumentNode, type ExecutionResult, type GraphQLSchema } from "graphql";
import { fixtureGraph, type FixtureGraph, type FixtureResolvers, type FixtureSubgraph } from "./graph-fixture.ts";

/** How large a generated graph is, and the seed every other choice is drawn from. */
export type GraphSize = {
  readonly seed: number;
  readonly subgraphs: number;
  readonly entities: number;
  readonly fields: number;
  /** Of a thousand fields of an object, how many throw or give null against their type. */
  readonly faultsPerMille: number;
};

/** One field of a generated entity; the subgraph `owner` resolves it. */
export type GeneratedField = {
  readonly name: string;
  readonly type: string;
  readonly owner: number;
  readonly hasArgument: boolean;
  readonly requires: { readonly name: string; readonly argument: number | null } | null;
  /** A subgraph whose references to this entity carry the field already. */
  readonly providedBy: number | null;
};

/** An entity, its fields and the keys each subgraph knows it by. */
export type GeneratedEntity = {
  readonly name: string;
  readonly fields: readonly GeneratedField[];
  readonly home: number;
  readonly keysOf: readonly (readonly string[])[];
};

type Model = { readonly size: GraphSize; readonly entities: readonly GeneratedEntity[]; readonly labelOwner: number };
type Source = { readonly [key: string]: unknown };

const KEYS = ["id", "sku", "ref { a b }"];
const OBJECTS = 5;

/** A draw from 0 to `bound` - 1 that depends on nothing but its arguments. */
export const draw = (bound: number, ...of: readonly unknown[]): number =>
  createHash("sha1").update(JSON.stringify(of)).digest().readUInt32BE(0) % bound;

const choose = <T>(from: readonly T[], ...of: readonly unknown[]): T => {
  const chosen = from[draw(from.length, ...of)];
  if (chosen === undefined) throw new Error("nothing to choose from");
  return chosen;
};

const generateField = (size: GraphSize, entity: number, index: number, home: number): GeneratedField => {
  const at = (what: string) => [size.seed, "field", entity, index, what];
  const other = `E${draw(size.entities, ...at("to"))}`;
  const scalars = ["Int", "String", "Int!", "[Int!]", "[String]", "Shade", "Point", "[Point!]!"];
  const composites = [
    other,
    `${other}!`,
    `[${other}]`,
    `[${other}!]`,
    `[${other}!]!`,
    "Node",
    "[Node!]",
    "Some",
    "[Some]",
  ];
  const isScalar = index < 2 || draw(3, ...at("kind")) === 0;
  const owner = draw(size.subgraphs, ...at("owner"));
  const base = { name: `e${entity}f${index}`, owner: index === 0 ? home : owner, requires: null, providedBy: null };
  if (index === 0) {
    // The field others may require: nullable, so that a fault in it is a null there and nowhere else.
    return { ...base, type: "String", hasArgument: draw(2, ...at("argument")) === 0 };
  }
  const requires = isScalar && base.owner !== home && draw(3, ...at("requires")) === 0;
  const provider = draw(size.subgraphs, ...at("provider"));
  const type = requires ? "String" : choose(isScalar ? scalars : composites, ...at("type"));
  const provides = isScalar && !requires && !type.includes("Point") && draw(3, ...at("provides")) === 0;
  return {
    ...base,
    type,
    hasArgument: !requires && !provides && draw(3, ...at("argument")) === 0,
    requires: requires ? { name: `e${entity}f0`, argument: null } : null,
    providedBy: provides && provider !== base.owner ? provider : null,
  };
};

const generateEntity = (size: GraphSize, entity: number): GeneratedEntity => {
  const home = draw(size.subgraphs, size.seed, "home", entity);
  const fields = Array.from({ length: size.fields }, (_, index) => generateField(size, entity, index, home));
  const required = fields[0];
  const withArguments = fields.map((field): GeneratedField =>
    field.requires !== null && required?.hasArgument === true
      ? { ...field, requires: { name: required.name, argument: draw(4, size.seed, "requires", entity) } }
      : field,
  );
  const keysOf = Array.from({ length: size.subgraphs }, (_, subgraph) =>
    subgraph === home ? KEYS : [choose(KEYS, size.seed, "key", entity, subgraph)],
  );
  return { name: `E${entity}`, fields: withArguments, home, keysOf };
};

const bare = (type: string) => type.replace(/[[\]!]/g, "");

/** The id of an object, whichever key it was referred to by. */
const idOf = (source: Source): string => {
  if (typeof source["id"] === "string") return source["id"];
  if (typeof source["sku"] === "string") return source["sku"].slice("sku-".length);
  const ref = source["ref"];
  return typeof ref === "object" && ref !== null && "a" in ref ? String(ref.a) : "0";
};

const objectOf = (name: string, id: string): Source => ({
  __typename: name,
  id,
  sku: `sku-${id}`,
  ref: { a: id, b: name },
});

const leafOf = (model: Model, type: string, of: readonly unknown[]): unknown => {
  if (type === "Int") return draw(1_000, ...of);
  if (type === "String") return `s${draw(1_000, ...of)}`;
  if (type === "Shade") return choose(["LIGHT", "DARK"], ...of);
  if (type === "Point") return { x: draw(9, ...of), y: draw(9, "y", ...of) };
  const name = type === "Node" || type === "Some" ? `E${draw(model.size.entities, "type", ...of)}` : type;
  return objectOf(name, String(draw(OBJECTS, "id", ...of)));
};

const valueOfType = (model: Model, type: string, of: readonly unknown[]): unknown => {
  if (!type.endsWith("!") && draw(12, "null", ...of) === 0) return null;
  const inner = type.endsWith("!") ? type.slice(0, -1) : type;
  if (!inner.startsWith("[")) return leafOf(model, inner, of);
  const item = inner.slice(1, -1);
  return Array.from({ length: draw(4, "length", ...of) }, (_, index) => valueOfType(model, item, [...of, index]));
};

/** What a field gives: a pure function of object, field and arguments, with faults drawn the same way. */
const resolveField = (model: Model, field: GeneratedField, source: Source, argument: unknown): unknown => {
  const { seed, faultsPerMille } = model.size;
  const of = [seed, "value", field.name, idOf(source), field.hasArgument ? argument : null];
  const fault = draw(1_000, "fault", ...of);
  if (fault < faultsPerMille / 2) throw new Error(`fault in ${field.name} of ${idOf(source)}`);
  if (fault < faultsPerMille) return null;
  if (field.requires === null) return valueOfType(model, field.type, of);
  return `r${draw(1_000, ...of, source[field.requires.name] ?? null)}`;
};

const argumentOf = (args: unknown): unknown =>
  typeof args === "object" && args !== null && "a" in args ? args.a : null;

const withRequired = (model: Model, entity: GeneratedEntity, field: GeneratedField, source: Source): Source => {
  const required = entity.fields.find(({ name }) => name === field.requires?.name);
  if (required === undefined) return source;
  try {
    const value = resolveField(model, required, source, field.requires?.argument ?? null);
    return { ...source, [required.name]: value };
  } catch {
    return { ...source, [required.name]: null };
  }
};

const keyFields = (keys: readonly string[]) =>
  [
    "id: ID!",
    ...(keys.includes("sku") ? ["sku: String!"] : []),
    ...(keys.includes("ref { a b }") ? ["ref: Ref!"] : []),
  ].join(" ");

const signature = (field: GeneratedField) => `${field.name}${field.hasArgument ? "(a: Int = 3)" : ""}: ${field.type}`;

const fieldSdl = (model: Model, entity: GeneratedEntity, field: GeneratedField, subgraph: number): string => {
  const required = entity.fields.some((other) => other.owner === subgraph && other.requires?.name === field.name);
  const isProvided = field.providedBy === subgraph && fieldsReturning(model, entity.name, subgraph).length > 0;
  if (field.owner !== subgraph) return isProvided || required ? `${signature(field)} @external` : "";
  const target = model.entities.find(({ name }) => name === bare(field.type));
  const provided = (target?.fields ?? []).filter(({ providedBy }) => providedBy === subgraph).map(({ name }) => name);
  return [
    signature(field),
    provided.length === 0 ? "" : `@provides(fields: "${provided.join(" ")}")`,
    field.providedBy === null ? "" : "@shareable",
    field.requires === null
      ? ""
      : `@requires(fields: "${field.requires.name}${field.requires.argument === null ? "" : `(a: ${field.requires.argument})`}")`,
  ].join(" ");
};

/** The fields of a subgraph that lead to an entity. */
const fieldsReturning = (model: Model, name: string, subgraph: number) =>
  model.entities.flatMap(({ fields }) => fields.filter((each) => each.owner === subgraph && bare(each.type) === name));

const entitySdl = (model: Model, entity: GeneratedEntity, subgraph: number): string => {
  const keys = entity.keysOf[subgraph] ?? KEYS;
  const own = entity.fields.map((field) => fieldSdl(model, entity, field, subgraph)).filter((text) => text !== "");
  const idIsKey = keys.includes("id");
  const id = idIsKey ? "id: ID!" : "id: ID! @shareable";
  const label = subgraph === model.labelOwner ? "label: String" : "";
  return `type ${entity.name} implements Node ${keys.map((key) => `@key(fields: "${key}")`).join(" ")} {
    ${keyFields(keys).replace("id: ID!", id)} ${label} ${own.join("\n")}
  }`;
};

const roots = (model: Model, subgraph: number) =>
  model.entities
    .filter((entity) => draw(3, model.size.seed, "root", entity.name, subgraph) > 0 || entity.home === subgraph)
    .map(({ name }) => ({ one: `q${subgraph}${name}`, many: `l${subgraph}${name}`, name }));

const subgraphOf = (model: Model, subgraph: number): FixtureSubgraph => {
  const queries = roots(model, subgraph);
  const sdl = `
    type Query {
      s${subgraph}: Int
      node${subgraph}(a: Int = 1): Node
      ${queries.map(({ one, many, name }) => `${one}(a: Int = 1): ${name} ${many}: [${name}!]`).join("\n")}
    }
    enum Shade { LIGHT DARK }
    type Ref @shareable { a: ID! b: String! }
    type Point @shareable { x: Int y: Int! }
    interface Node { id: ID! ${subgraph === model.labelOwner ? "label: String" : ""} }
    union Some = ${model.entities.map(({ name }) => name).join(" | ")}
    ${model.entities.map((entity) => entitySdl(model, entity, subgraph)).join("\n")}`;
  const resolvers: FixtureResolvers = { Query: rootResolvers(model) };
  for (const entity of model.entities) {
    const keys = entity.keysOf[subgraph] ?? KEYS;
    const own: Record<string, unknown> = {
      id: (source: Source) => idOf(source),
      ...(keys.includes("sku") ? { sku: (source: Source) => objectOf(entity.name, idOf(source))["sku"] } : {}),
      ...(keys.includes("ref { a b }") ? { ref: (source: Source) => objectOf(entity.name, idOf(source))["ref"] } : {}),
      label: (source: Source) => labelOf(model, entity.name, source),
    };
    for (const field of entity.fields) {
      if (field.owner !== subgraph && field.providedBy !== subgraph) continue;
      own[field.name] = (source: Source, args: unknown) => resolveField(model, field, source, argumentOf(args));
    }
    const declared = Object.entries(own).filter(([name]) => name !== "label" || subgraph === model.labelOwner);
    resolvers[entity.name] = Object.fromEntries(declared);
  }
  const rootNames = new Set([`s${subgraph}`, `node${subgraph}`, ...queries.flatMap(({ one, many }) => [one, many])]);
  resolvers["Query"] = Object.fromEntries(Object.entries(rootResolvers(model)).filter(([name]) => rootNames.has(name)));
  return { sdl, resolvers };
};

const labelOf = (model: Model, name: string, source: Source) => `${name}-${idOf(source)}-${model.size.seed}`;

const rootResolvers = (model: Model): Record<string, (source: unknown, args: unknown) => unknown> => {
  const resolvers: Record<string, (source: unknown, args: unknown) => unknown> = {};
  for (let subgraph = 0; subgraph < model.size.subgraphs; subgraph += 1) {
    resolvers[`s${subgraph}`] = () => subgraph;
    resolvers[`node${subgraph}`] = (_source, args) => valueOfType(model, "Node", ["node", subgraph, argumentOf(args)]);
    for (const { one, many, name } of roots(model, subgraph)) {
      resolvers[one] = (_source, args) => valueOfType(model, name, ["one", subgraph, argumentOf(args)]);
      resolvers[many] = () => valueOfType(model, `[${name}!]`, ["many", subgraph]);
    }
  }
  return resolvers;
};

/** A generated graph: split over subgraphs, and whole, as graphql-js executes it on the API schema. */
export type GeneratedGraph = FixtureGraph & {
  readonly entities: readonly GeneratedEntity[];
  readonly reference: (schema: GraphQLSchema, document: DocumentNode, variables: Source) => Promise<ExecutionResult>;
};

/** Generates a schema with data and splits its fields over subgraphs. */
export const generateGraph = (size: GraphSize): GeneratedGraph => {
  const entities = Array.from({ length: size.entities }, (_, index) => generateEntity(size, index));
  const model: Model = { size, entities, labelOwner: draw(size.subgraphs, size.seed, "label") };
  const subgraphs = Array.from(
    { length: size.subgraphs },
    (_, index) => [`g${index}`, subgraphOf(model, index)] as const,
  );
  const queries = rootResolvers(model);
  const resolve = (source: Source, args: unknown, typeName: string, fieldName: string): unknown => {
    if (typeName === "Query") return queries[fieldName]?.(source, args);
    const entity = entities.find(({ name }) => name === typeName);
    const field = entity?.fields.find(({ name }) => name === fieldName);
    if (fieldName === "label") return labelOf(model, typeName, source);
    if (entity === undefined || field === undefined) return source[fieldName];
    return resolveField(model, field, withRequired(model, entity, field, source), argumentOf(args));
  };
  return {
    ...fixtureGraph(Object.fromEntries(subgraphs)),
    entities,
    reference: async (schema, document, variables) =>
      execute({
        schema,
        document,
        variableValues: variables,
        rootValue: {},
        fieldResolver: (source: Source, args: unknown, _context, info) =>
          resolve(source, args, info.parentType.name, info.fieldName),
        typeResolver: (source: Source) => String(source["__typename"]),
      }),
  };
};
