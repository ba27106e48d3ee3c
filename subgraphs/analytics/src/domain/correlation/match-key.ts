import type { StoredEvent } from "../event.ts";
import { isPersonal, type FieldAccess } from "../fields.ts";

const PERSON = "person";
const PREFIX = "properties.";

/** Whether a key made of fields may be told: those that name a person ask for it. */
export const maySeeKey = (fields: readonly string[], { personalData }: FieldAccess): boolean =>
  personalData || !fields.some((name) => name === PERSON || isPersonal(name));

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;

/** A value by its path; keys of an object may hold dots themselves. */
const atPath = (value: unknown, path: string): unknown => {
  const whole = memberOf(value, path);
  if (whole !== undefined) return whole;
  const [key = "", ...rest] = path.split(".");
  return rest.length === 0 ? undefined : atPath(memberOf(value, key), rest.join("."));
};

const textOf = (value: unknown): string | null =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : null;

/** The values of a key as an event carries them; null when the event is there no more or hidden. */
export const keyOf = (fields: readonly string[], event: StoredEvent | null): readonly (string | null)[] | null => {
  if (event === null || fields.length === 0) return null;
  return fields.map((name) => {
    if (name === PERSON) return event.userId ?? event.anonymousId;
    if (name.startsWith(PREFIX)) return textOf(atPath(event.properties, name.slice(PREFIX.length)));
    return textOf(Reflect.get(event, name));
  });
};
