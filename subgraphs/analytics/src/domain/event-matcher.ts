import { refuse } from "@tessera/platform/errors/refusal";
import { parseField, type FieldAccess } from "./fields.ts";
import type { Condition, Field } from "./field.ts";
import type { FilterInput } from "./filter-input.ts";
import { fieldsOf, parseFilter } from "./filter.ts";

/** Which events a step, a touchpoint, a conversion or an exclusion is about. */
export interface EventMatcher {
  /** Names of the events, sorted, each once; empty for events of any name. */
  readonly names: readonly string[];
  /** What else must hold of them; null for nothing. */
  readonly filter: Condition | null;
}

/** A matcher as the graph delivers it. */
export interface EventMatcherInput {
  readonly events?: readonly string[] | null | undefined;
  readonly filter?: FilterInput | null | undefined;
}

/** Bounds of a matcher: names travel to the store as one parameter; a name is at most as long as ingest takes one. */
export const MATCHER_LIMITS = { names: 100, nameCharacters: 128 } as const;

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

const parseNames = (names: readonly string[] | null | undefined, where: string): readonly string[] => {
  if (names === null || names === undefined) return [];
  if (names.length === 0 || names.length > MATCHER_LIMITS.names)
    throw bad(where, `\`events\` takes 1 to ${MATCHER_LIMITS.names} names; leave it out for events of any name.`);
  names.forEach((name, index) => {
    if (name === "" || name.length > MATCHER_LIMITS.nameCharacters)
      throw bad(`${where}.${index}`, `The name of an event has 1 to ${MATCHER_LIMITS.nameCharacters} characters.`);
  });
  return [...new Set(names)].toSorted();
};

/** Validates a matcher that stands at `where`; refuses with BAD_INPUT, or FORBIDDEN for personal data the caller may not see. */
export const parseEventMatcher = (input: EventMatcherInput, where: string, access: FieldAccess): EventMatcher => ({
  names: parseNames(input.events, `${where}.events`),
  filter: parseFilter(input.filter, `${where}.filter`, access),
});

/** Every field a matcher looks at; `name` is among them when it asks for names. */
export const fieldsOfMatcher = ({ names, filter }: EventMatcher): readonly Field[] => [
  ...(names.length === 0 ? [] : [parseField("name", "events")]),
  ...fieldsOf(filter),
];
