import { EVENT_FIELDS, isPersonal, isPropertyName, PART_FIELDS } from "../fields.ts";
import type { FieldType } from "../field.ts";

/** What values of a property were seen, as in the SDL. */
export type PropertyValueType = "TEXT" | "NUMBER" | "BOOLEAN" | "TIME" | "LIST" | "OTHER";

/** A field of every event, as in the SDL. */
export interface EventDimension {
  readonly name: string;
  readonly type: FieldType;
  readonly personal: boolean;
}

/** A path seen in properties, as in the SDL. */
export interface PropertyDimension {
  readonly name: string;
  readonly types: readonly PropertyValueType[];
}

/** Every field of events, and every part of one. */
export const EVENT_DIMENSIONS: readonly EventDimension[] = [...EVENT_FIELDS, ...PART_FIELDS].map(({ name, type }) => ({
  ...{ name, type },
  personal: isPersonal(name),
}));

/** The beginnings of ClickHouse's names of the types it finds in JSON. */
const TYPES: readonly (readonly [RegExp, PropertyValueType])[] = [
  [/^String/, "TEXT"],
  [/^(?:U?Int|Float|Decimal)/, "NUMBER"],
  [/^Bool/, "BOOLEAN"],
  [/^Date/, "TIME"],
  [/^Array/, "LIST"],
];

/** What a value of one of the types is that ClickHouse finds in JSON. */
export const valueTypeOf = (name: string): PropertyValueType =>
  TYPES.find(([pattern]) => pattern.test(name))?.[1] ?? "OTHER";

/** Paths with their types by the names questions know them by; paths that no question can name are left out. */
export const propertyDimensions = (
  paths: readonly { readonly path: string; readonly types: readonly string[] }[],
): readonly PropertyDimension[] =>
  paths
    .map(({ path, types }) => ({
      name: `properties.${path}`,
      types: [...new Set(types.map(valueTypeOf))].toSorted(),
    }))
    .filter(({ name }) => isPropertyName(name));
