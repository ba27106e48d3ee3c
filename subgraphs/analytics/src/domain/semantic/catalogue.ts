import { MAX_PATH_LENGTH, PATH_PATTERN } from "../fields.ts";
import { valueTypeOf, type PropertyValueType } from "./dimensions.ts";

/** What was ever sent under a name. Times are milliseconds since the epoch. */
export interface Sent {
  readonly events: number;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
}

/** A path into properties as the catalogue holds it: how many events have it by type in the store's words, and by the names of the events. */
export interface CataloguedPath extends Sent {
  readonly path: string;
  readonly types: readonly (readonly [string, number])[];
  /** Those of the most events. */
  readonly names: readonly (readonly [string, number])[];
  readonly nameCount: number;
}

/** A name of events as the catalogue holds it. */
export interface CataloguedName extends Sent {
  readonly name: string;
}

/** A property as it is told, as in the SDL. */
export interface CataloguedProperty extends Sent {
  readonly name: string;
  readonly types: readonly { readonly type: PropertyValueType; readonly events: number }[];
  readonly eventNames: readonly { readonly name: string; readonly events: number }[];
  readonly hasMoreEventNames: boolean;
}

/** Properties or names on a page. */
export const MAX_CATALOGUED_ON_PAGE = 500;
/** Paths that questions can name. */
export const NAMEABLE = { pattern: PATH_PATTERN, characters: MAX_PATH_LENGTH } as const;
/** Names of events told of one property. */
export const MAX_NAMES_OF_PROPERTY = 20;

const fromMany = <Row extends { readonly events: number }>(rows: readonly Row[]): readonly Row[] =>
  rows.toSorted((a, b) => b.events - a.events);

/** The property that a path is, by the name that questions know it by. */
export const cataloguedProperty = ({ path, types, names, nameCount, ...sent }: CataloguedPath): CataloguedProperty => {
  const byType = new Map<PropertyValueType, number>();
  for (const [type, events] of types) byType.set(valueTypeOf(type), (byType.get(valueTypeOf(type)) ?? 0) + events);
  return {
    ...{ ...sent, name: `properties.${path}` },
    types: fromMany([...byType].map(([type, events]) => ({ type, events }))),
    eventNames: fromMany(names.map(([of, events]) => ({ name: of, events }))),
    hasMoreEventNames: nameCount > names.length,
  };
};
