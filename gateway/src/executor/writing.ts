import {
  getNamedType,
  isCompositeType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLLeafType,
  type GraphQLOutputType,
  type GraphQLSchema,
  type SelectionSetNode,
} from "graphql";
import { isJsonObject, read, type JsonObject } from "./json.ts";
import { JsonText } from "./json-text.ts";
import { EMPTY_SELECTION_KEY, type DecidedOperation } from "./operation.ts";
import { collectFields, leafTest, type Compilation } from "./selections.ts";

/** Writes gathered data as the projection shapes it; null when something breaks its type, which is the projection's to answer. */
export type Writing = (data: JsonObject) => string | null;

/** Adds a value to the text; false when it breaks its type. */
type Write = (value: unknown, to: JsonText) => boolean;
/** `lead` is the comma before the field (none at the first) and its key. */
type Field = { readonly key: string; readonly lead: string; readonly write: Write };

/** Writing never waits, so that one text is under way at a time. */
const TEXT = new JsonText();
const [COMMA, LIST_BEGIN, LIST_END, OBJECT_BEGIN, OBJECT_END] = [0x2c, 0x5b, 0x5d, 0x7b, 0x7d];

const writeJson = (json: unknown, to: JsonText): boolean => {
  if (typeof json !== "string") return false;
  to.addJson(json);
  return true;
};

const writeAny: Write = (value, to) => {
  if (typeof value === "string") {
    to.addString(value);
    return true;
  }
  return writeJson(typeof value === "number" && Number.isFinite(value) ? `${value}` : JSON.stringify(value), to);
};

const compileLeaf = (type: GraphQLLeafType): Write => {
  const test = leafTest(type);
  return test === null ? writeAny : (value, to) => test(value) && writeAny(value, to);
};

const compileList =
  (item: Write): Write =>
  (value, to) => {
    if (!Array.isArray(value)) return false;
    to.addByte(LIST_BEGIN);
    for (let index = 0; index < value.length; index += 1) {
      if (index > 0) to.addByte(COMMA);
      if (!item(value[index], to)) return false;
    }
    to.addByte(LIST_END);
    return true;
  };

const compileInner = (type: GraphQLOutputType, sets: readonly SelectionSetNode[], from: Compilation): Write => {
  if (isListType(type)) return compileList(compileType(type.ofType, sets, from));
  if (isLeafType(type)) return compileLeaf(type);
  const named = getNamedType(type);
  if (isCompositeType(named)) return compileObject(named, sets, from);
  throw new TypeError("a field has no output type");
};

const compileType = (type: GraphQLOutputType, sets: readonly SelectionSetNode[], from: Compilation): Write => {
  if (isNonNullType(type)) {
    const inner = compileInner(type.ofType, sets, from);
    return (value, to) => value !== null && value !== undefined && inner(value, to);
  }
  const inner = compileInner(type, sets, from);
  return (value, to) => (value === null || value === undefined ? writeJson("null", to) : inner(value, to));
};

const compileValue = (runtime: GraphQLCompositeType, nodes: readonly FieldNode[], from: Compilation): Write | null => {
  const name = nodes[0]?.name.value ?? "";
  if (name === "__typename") {
    const text = isObjectType(runtime) ? JSON.stringify(runtime.name) : null;
    return (_value, to) => writeJson(text, to);
  }
  if (name === "__schema" || name === "__type") return (value, to) => writeAny(value ?? null, to);
  const definition = "getFields" in runtime ? runtime.getFields()[name] : undefined;
  if (definition === undefined) return null;
  return compileType(
    definition.type,
    nodes.flatMap((each) => each.selectionSet ?? []),
    from,
  );
};

const compileFields = (
  runtime: GraphQLCompositeType,
  sets: readonly SelectionSetNode[],
  from: Compilation,
): readonly Field[] => {
  const fields: Field[] = [];
  for (const [key, nodes] of collectFields(runtime, sets, from)) {
    const write = key === EMPTY_SELECTION_KEY ? null : compileValue(runtime, nodes, from);
    if (write !== null) fields.push({ key, lead: `${fields.length === 0 ? "" : ","}${JSON.stringify(key)}:`, write });
  }
  return fields;
};

const writeFields = (fields: readonly Field[], source: JsonObject, to: JsonText): boolean => {
  to.addByte(OBJECT_BEGIN);
  for (const { key, lead, write } of fields) {
    to.addJson(lead);
    if (!write(read(source, key), to)) return false;
  }
  to.addByte(OBJECT_END);
  return true;
};

const compileObject = (declared: GraphQLCompositeType, sets: readonly SelectionSetNode[], from: Compilation): Write => {
  const byType = new Map<string, readonly Field[]>();
  const fieldsOf = (runtime: GraphQLCompositeType): readonly Field[] => {
    const known = byType.get(runtime.name);
    if (known !== undefined) return known;
    const fields = compileFields(runtime, sets, from);
    byType.set(runtime.name, fields);
    return fields;
  };
  let concrete: readonly Field[] | undefined; // of an object type, compiled when first met: selections may nest deep
  return (value, to) => {
    if (!isJsonObject(value)) return false;
    if (concrete !== undefined) return writeFields(concrete, value, to);
    if (isObjectType(declared)) {
      concrete = fieldsOf(declared);
      return writeFields(concrete, value, to);
    }
    const typeName = value["__typename"];
    const runtime = typeof typeName === "string" ? from.schema.getType(typeName) : declared;
    return isCompositeType(runtime) ? writeFields(fieldsOf(runtime), value, to) : false;
  };
};

/** Compiles the writing of one decided operation, whose text is that of its projection; types met at run time are compiled when first seen. */
export const compileWriting = (decided: DecidedOperation, schema: GraphQLSchema): Writing => {
  const root = schema.getRootType(decided.operation.operation);
  if (root === undefined || root === null) throw new TypeError(`the API has no ${decided.operation.operation} type`);
  const write = compileObject(root, [decided.operation.selectionSet], { schema, fragments: decided.fragments });
  return (data) => {
    TEXT.begin();
    return write(data, TEXT) ? TEXT.end() : null;
  };
};
