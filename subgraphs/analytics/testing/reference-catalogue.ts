import type { PropertyValueType } from "../src/domain/semantic/dimensions.ts";
import type { TestEvent } from "./test-events.ts";

/** What the catalogue is to tell of a property, made by going through the events one by one. */
export interface ReferenceProperty {
  events: number;
  firstSeenMs: number;
  lastSeenMs: number;
  readonly types: Map<PropertyValueType, number>;
  readonly names: Map<string, number>;
}

const typeOf = (value: unknown): PropertyValueType | null => {
  if (Array.isArray(value)) return "LIST";
  if (typeof value === "number") return "NUMBER";
  if (typeof value === "boolean") return "BOOLEAN";
  return typeof value === "string" ? "TEXT" : null;
};

/** Every path of an object to something that is no object, with the type of what is there; nothing is told of null. */
const pathsOf = (object: object, before = ""): readonly (readonly [string, PropertyValueType])[] =>
  Object.entries(object).flatMap(([key, value]: [string, unknown]) => {
    const type = typeOf(value);
    if (type !== null) return [[`${before}${key}`, type] as const];
    return typeof value === "object" && value !== null ? pathsOf(value, `${before}${key}.`) : [];
  });

const one = <Key>(counts: Map<Key, number>, key: Key): void => void counts.set(key, (counts.get(key) ?? 0) + 1);

/** The catalogue of events by path. */
export const referenceCatalogue = (events: readonly TestEvent[]): ReadonlyMap<string, ReferenceProperty> => {
  const found = new Map<string, ReferenceProperty>();
  for (const { name, timeMs, properties = {} } of events)
    for (const [path, type] of pathsOf(properties)) {
      const known = found.get(path) ?? {
        ...{ events: 0, firstSeenMs: timeMs, lastSeenMs: timeMs, types: new Map(), names: new Map() },
      };
      known.events += 1;
      known.firstSeenMs = Math.min(known.firstSeenMs, timeMs);
      known.lastSeenMs = Math.max(known.lastSeenMs, timeMs);
      one(known.types, type);
      one(known.names, name);
      found.set(path, known);
    }
  return found;
};
