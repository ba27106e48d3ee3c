import type { JsonObject } from "./json.ts";

/** A text two representations share only when they are equal; flat ones, which nearly all are, take no JSON. */
const keyOf = (representation: JsonObject): string => {
  let key = "";
  for (const name in representation) {
    const value = representation[name];
    if (typeof value === "string") key += `${name}"${value.length}:${value}`;
    else if (typeof value === "number") key += `${name}#${value};`;
    else return JSON.stringify(representation);
  }
  return key;
};

/** The name of the one text that identifies a representation beside its type; null when it is not made so. */
const soleName = (representation: JsonObject): string | null => {
  let sole: string | null = null;
  for (const name in representation) {
    if (name === "__typename") continue;
    if (sole !== null || typeof representation[name] !== "string") return null;
    sole = name;
  }
  return sole;
};

/** What belongs to each representation of one fetch, where equal representations are one. */
export class ByRepresentation<T> {
  readonly #byType = new Map<string, { readonly name: string; readonly values: Map<string, T> }>();
  readonly #others = new Map<string, T>();

  /** What was put for an equal representation, or `fresh`, which is put now. */
  take(representation: JsonObject, fresh: T): T {
    const name = soleName(representation);
    const type = representation["__typename"];
    const value = name === null ? undefined : representation[name];
    if (name === null || typeof type !== "string" || typeof value !== "string") {
      return taken(this.#others, keyOf(representation), fresh);
    }
    let known = this.#byType.get(type);
    if (known === undefined) {
      known = { name, values: new Map() };
      this.#byType.set(type, known);
    }
    return known.name === name ? taken(known.values, value, fresh) : taken(this.#others, keyOf(representation), fresh); // another key of the type
  }
}

const taken = <T>(map: Map<string, T>, key: string, fresh: T): T => {
  const known = map.get(key);
  if (known !== undefined) return known;
  map.set(key, fresh);
  return fresh;
};
