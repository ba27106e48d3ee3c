import { isJsonObject, read, type JsonObject } from "./json.ts";
import type { PathSegment, RequiredSelection, Rewrite } from "./plan.ts";
import type { SupergraphView } from "./supergraph.ts";

/** The part of a supergraph that gathering and merging need. */
export type TypeTest = Pick<SupergraphView, "isOfType" | "isAbstract">;

const matches = (object: JsonObject, names: readonly string[], types: TypeTest, whenUnknown: boolean): boolean => {
  const typeName = object["__typename"];
  if (typeof typeName !== "string") return whenUnknown;
  return names.some((name) => types.isOfType(typeName, name));
};

/** Visits every object at `path` below `value` with lists opened where they stand; an unknown type matches any condition. */
export const visitPath = (
  value: unknown,
  path: readonly PathSegment[],
  types: TypeTest,
  visit: (object: JsonObject) => void,
  depth = 0,
): void => {
  if (value === null || typeof value !== "object") return;
  if (Array.isArray(value)) {
    const next = path[depth] === "each" ? depth + 1 : depth;
    for (const item of value) visitPath(item, path, types, visit, next);
    return;
  }
  if (!isJsonObject(value)) return;
  const segment = path[depth];
  if (segment === undefined) visit(value);
  else if (segment === "each") visitPath(value, path, types, visit, depth + 1);
  else if (segment.kind === "field") visitPath(read(value, segment.name), path, types, visit, depth + 1);
  else if (matches(value, segment.names, types, true)) visitPath(value, path, types, visit, depth + 1);
};

/** The paths in the client's answer at which each object of `path` stands: one object may stand at several. */
export const locate = (
  root: JsonObject,
  path: readonly PathSegment[],
  types: TypeTest,
): ReadonlyMap<JsonObject, readonly (readonly (string | number)[])[]> => {
  const found = new Map<JsonObject, (readonly (string | number)[])[]>();
  const walk = (value: unknown, depth: number, at: readonly (string | number)[]): void => {
    if (value === null || typeof value !== "object") return;
    if (Array.isArray(value)) {
      const next = path[depth] === "each" ? depth + 1 : depth;
      value.forEach((item: unknown, index) => walk(item, next, [...at, index]));
      return;
    }
    if (!isJsonObject(value)) return;
    const segment = path[depth];
    if (segment === undefined) {
      const known = found.get(value);
      if (known === undefined) found.set(value, [at]);
      else known.push(at);
    } else if (segment === "each") walk(value, depth + 1, at);
    else if (segment.kind === "field") walk(read(value, segment.name), depth + 1, [...at, segment.name]);
    else if (matches(value, segment.names, types, true)) walk(value, depth + 1, at);
  };
  walk(root, 0, []);
  return found;
};

const pickValue = (value: unknown, selections: readonly RequiredSelection[], types: TypeTest): unknown => {
  if (Array.isArray(value)) return value.map((item: unknown) => pickValue(item, selections, types));
  return isJsonObject(value) ? pick(value, selections, types) : null;
};

/** What a subgraph requires of an entity; null while a required field is not there. */
export const pick = (
  source: JsonObject,
  selections: readonly RequiredSelection[],
  types: TypeTest,
): JsonObject | null => {
  let picked: JsonObject | null = null;
  for (const selection of selections) {
    if (selection.kind === "field") {
      const value = read(source, selection.from);
      if (value === undefined) return null;
      picked ??= {};
      picked[selection.to] = selection.selections === null ? value : pickValue(value, selection.selections, types);
    } else if (selection.typeCondition !== null && isOf(source, selection.typeCondition, types)) {
      const inner: JsonObject | null = pick(source, selection.selections, types);
      if (picked === null)
        picked = inner; // nearly always: one fragment fits an object
      else if (inner !== null) merge(picked, inner, types);
    }
  }
  return picked;
};

const isOf = (object: JsonObject, condition: string, types: TypeTest): boolean => {
  const typeName = object["__typename"];
  return typeof typeName === "string" && types.isOfType(typeName, condition);
};

/** Applies a planner's rewrites in order, in place. */
export const rewrite = (value: unknown, rewrites: readonly Rewrite[], types: TypeTest): void => {
  for (const change of rewrites) {
    visitPath(value, change.path, types, (object) => {
      if (change.kind === "set") object[change.field] = change.value;
      else if (object[change.field] !== undefined) {
        object[change.to] = object[change.field];
        object[change.field] = undefined;
      }
    });
  }
};

/** A copy that shares no object with the original. */
export const copy = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(copy);
  if (!isJsonObject(value)) return value;
  const made: JsonObject = {};
  for (const key of Object.keys(value)) made[key] = copy(value[key]);
  return made;
};

const mergeLists = (target: unknown[], source: readonly unknown[], types: TypeTest): void => {
  for (let index = 0; index < source.length; index += 1) {
    const had = target[index];
    const came = source[index];
    if (isJsonObject(had) && isJsonObject(came)) merge(had, came, types);
    else if (Array.isArray(had) && Array.isArray(came) && had.length === came.length) mergeLists(had, came, types);
    else target[index] = came;
  }
};

const isAbstractName = (name: unknown, types: TypeTest): boolean => typeof name === "string" && types.isAbstract(name);

/**
 * Merges an answer into what was gathered, in place. A concrete type name is never replaced by an abstract one: an
 * interface object's subgraph knows the interface alone.
 */
export const merge = (target: JsonObject, source: JsonObject, types: TypeTest): void => {
  for (const key in source) {
    const came = source[key];
    if (came === undefined || key === "__proto__") continue;
    const had = target[key];
    if (typeof had !== "object" || had === null || typeof came !== "object" || came === null) {
      const keeps = key === "__typename" && typeof had === "string" && had !== came && isAbstractName(came, types);
      if (!keeps) target[key] = came;
    } else if (Array.isArray(had) && Array.isArray(came) && had.length === came.length) mergeLists(had, came, types);
    else if (isJsonObject(had) && isJsonObject(came)) merge(had, came, types);
    else target[key] = came;
  }
};
