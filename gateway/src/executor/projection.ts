import {
  getNamedType,
  isCompositeType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLLeafType,
  type GraphQLOutputType,
  type GraphQLSchema,
  type SelectionSetNode,
} from "graphql";
import { isJsonObject, read, type JsonObject } from "./json.ts";
import { EMPTY_SELECTION_KEY, type DecidedOperation } from "./operation.ts";
import { collectFields, leafTest, type Compilation } from "./selections.ts";

/** A place in an answer that breaks its type, with the object that held it. */
export type Violation = {
  readonly message: string;
  readonly path: readonly (string | number)[];
  readonly holder: JsonObject;
};

/** Shapes gathered data as the operation asks and the schema promises; `data` is null when a null reached the root. */
export type Projection = (data: JsonObject) => {
  readonly data: JsonObject | null;
  readonly violations: readonly Violation[];
};

/** `path` is null in the first pass: almost no answer breaks its type, so paths are kept only when one has. */
type Pass = { path: (string | number)[] | null; violations: Violation[]; count: number; holder: JsonObject };

/** A null already reported (or already explained) that makes its parent null until a nullable place takes it. */
const BUBBLE = Symbol("bubble");

type Complete = (value: unknown, pass: Pass) => unknown;
type Field = { readonly key: string; readonly complete: Complete };

const report = (pass: Pass, message: string): void => {
  pass.count += 1;
  if (pass.path !== null) pass.violations.push({ message, path: [...pass.path], holder: pass.holder });
};

/** A leaf passes through: its subgraph has serialised it; only what the API does not promise is refused. */
const compileLeaf = (type: GraphQLLeafType, coordinate: string): Complete => {
  const test = leafTest(type);
  if (test === null) return (value) => value;
  return (value, pass) => {
    if (test(value)) return value;
    report(pass, `The value of ${coordinate} is not a valid ${type.name}.`);
    return BUBBLE;
  };
};

const compileList = (item: Complete, coordinate: string): Complete => {
  return (value, pass) => {
    if (!Array.isArray(value)) {
      report(pass, `Expected a list for ${coordinate}.`);
      return BUBBLE;
    }
    const list: unknown[] = [];
    const { path } = pass;
    for (let index = 0; index < value.length; index += 1) {
      if (path !== null) path.push(index);
      const completed = item(value[index], pass);
      if (path !== null) path.pop();
      if (completed === BUBBLE) return BUBBLE;
      list.push(completed);
    }
    return list;
  };
};

const compileType = (
  type: GraphQLOutputType,
  sets: readonly SelectionSetNode[],
  coordinate: string,
  from: Compilation,
): Complete => {
  if (isNonNullType(type)) {
    const inner = compileInner(type.ofType, sets, coordinate, from);
    const message = `Cannot return null for non-nullable field ${coordinate}.`;
    return (value, pass) => {
      if (value !== null && value !== undefined) return inner(value, pass);
      report(pass, message);
      return BUBBLE;
    };
  }
  const inner = compileInner(type, sets, coordinate, from);
  return (value, pass) => {
    if (value === null || value === undefined) return null;
    const completed = inner(value, pass);
    return completed === BUBBLE ? null : completed;
  };
};

/** Completes a value that is not null; BUBBLE when it cannot stand. */
const compileInner = (
  type: GraphQLOutputType,
  sets: readonly SelectionSetNode[],
  coordinate: string,
  from: Compilation,
): Complete => {
  if (isListType(type)) return compileList(compileType(type.ofType, sets, coordinate, from), coordinate);
  if (isLeafType(type)) return compileLeaf(type, coordinate);
  const named = getNamedType(type);
  if (isCompositeType(named)) return compileObject(named, sets, coordinate, from);
  throw new TypeError(`${coordinate} has no output type`);
};

const compileField = (
  runtime: GraphQLCompositeType,
  key: string,
  nodes: readonly FieldNode[],
  from: Compilation,
): Field[] => {
  const [node] = nodes;
  if (node === undefined || key === EMPTY_SELECTION_KEY) return [];
  const name = node.name.value;
  if (name === "__typename") {
    if (isObjectType(runtime)) return [{ key, complete: () => runtime.name }];
    const message = `The type of this ${runtime.name} is not known.`;
    return [{ key, complete: (_value, pass) => (report(pass, message), BUBBLE) }];
  }
  if (name === "__schema" || name === "__type") return [{ key, complete: (value) => value ?? null }];
  const definition = "getFields" in runtime ? runtime.getFields()[name] : undefined;
  if (definition === undefined) return [];
  const sets = nodes.flatMap((each) => each.selectionSet ?? []);
  return [{ key, complete: compileType(definition.type, sets, `${runtime.name}.${name}`, from) }];
};

const completeFields = (fields: readonly Field[], source: JsonObject, pass: Pass): JsonObject | typeof BUBBLE => {
  const shaped: JsonObject = {};
  const { path } = pass;
  for (const { key, complete } of fields) {
    if (path !== null) {
      path.push(key);
      pass.holder = source;
    }
    const completed = complete(read(source, key), pass);
    if (path !== null) path.pop();
    if (completed === BUBBLE) return BUBBLE;
    shaped[key] = completed;
  }
  return shaped;
};

const compileObject = (
  declared: GraphQLCompositeType,
  sets: readonly SelectionSetNode[],
  coordinate: string,
  from: Compilation,
): Complete => {
  const byType = new Map<string, readonly Field[]>();
  const fieldsOf = (runtime: GraphQLCompositeType): readonly Field[] => {
    const known = byType.get(runtime.name);
    if (known !== undefined) return known;
    const collected = collectFields(runtime, sets, from);
    const fields = [...collected].flatMap(([key, nodes]) => compileField(runtime, key, nodes, from));
    byType.set(runtime.name, fields);
    return fields;
  };
  let concrete: readonly Field[] | undefined; // of an object type, compiled when first met: selections may nest deep
  return (value, pass) => {
    if (!isJsonObject(value)) {
      report(pass, `Expected an object for ${coordinate}.`);
      return BUBBLE;
    }
    if (concrete !== undefined) return completeFields(concrete, value, pass);
    if (isObjectType(declared)) {
      concrete = fieldsOf(declared);
      return completeFields(concrete, value, pass);
    }
    const typeName = value["__typename"];
    const runtime = typeof typeName === "string" ? from.schema.getType(typeName) : declared;
    if (!isCompositeType(runtime)) {
      report(pass, `The type of ${coordinate} is not part of this API.`);
      return BUBBLE;
    }
    return completeFields(fieldsOf(runtime), value, pass);
  };
};

/** Compiles the projection of one decided operation; types met at run time are compiled when first seen. */
export const compileProjection = (decided: DecidedOperation, schema: GraphQLSchema): Projection => {
  const root = schema.getRootType(decided.operation.operation);
  if (root === undefined || root === null) throw new TypeError(`the API has no ${decided.operation.operation} type`);
  const complete = compileObject(root, [decided.operation.selectionSet], root.name, {
    schema,
    fragments: decided.fragments,
  });
  const run = (data: JsonObject, path: (string | number)[] | null) => {
    const pass: Pass = { path, violations: [], count: 0, holder: data };
    const completed = complete(data, pass);
    return { data: isJsonObject(completed) ? completed : null, violations: pass.violations, count: pass.count };
  };
  return (data) => {
    const first = run(data, null);
    return first.count === 0 ? first : run(data, []);
  };
};

/** Whether a path leads to something the client asked for: planners add fields of their own. */
export const isSelected = (path: readonly (string | number)[], decided: DecidedOperation): boolean => {
  let sets: readonly SelectionSetNode[] = [decided.operation.selectionSet];
  const selected = (set: SelectionSetNode, key: string): readonly FieldNode[] =>
    set.selections.flatMap((selection): readonly FieldNode[] => {
      if (selection.kind === Kind.FIELD)
        return (selection.alias?.value ?? selection.name.value) === key ? [selection] : [];
      const fragment =
        selection.kind === Kind.INLINE_FRAGMENT ? selection : decided.fragments.get(selection.name.value);
      return fragment === undefined ? [] : selected(fragment.selectionSet, key);
    });
  for (const element of path) {
    if (typeof element === "number") continue;
    const fields = sets.flatMap((set) => selected(set, element));
    if (fields.length === 0) return false;
    sets = fields.flatMap((field) => field.selectionSet ?? []);
  }
  return true;
};
