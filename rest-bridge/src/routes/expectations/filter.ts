import type { FilterPartsFragment } from "../../generated/graphql.ts";
import { snakeCase } from "../../http/snake-case.ts";
import type { Filter } from "../realtime-query/filter.ts";

type Part = FilterPartsFragment["parts"][number];

/** A field as the routes call it. */
export const asRestField = (name: string): string => (name.startsWith("properties.") ? name : snakeCase(name));

/** Members that say something. */
type Given<Members> = { readonly [Name in keyof Members]?: NonNullable<Members[Name]> };

/** What members say that say something: the graph tells null of the others, which the routes leave out. */
export const given = <Members extends object>(members: Members): Given<Members> =>
  // boundary: members are left out that may be.
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null)) as Given<Members>;

/** A filter that the graph tells in numbered parts, as the routes take one; null where there is none. */
export const asRestFilter = (filter: FilterPartsFragment | null): Filter | null => {
  if (filter === null) return null;
  const partAt = (place: number): Filter => {
    const part: Part | undefined = filter.parts[place];
    if (part === undefined) throw new Error("A part of a filter that is named is there.");
    const { and, or, not, field, eq, in: values, contains, startsWith, matches, exists, ...rest } = part;
    const { gt, gte, lt, lte } = rest;
    return {
      ...(and === null ? {} : { and: and.map(partAt) }),
      ...(or === null ? {} : { or: or.map(partAt) }),
      ...(not === null ? {} : { not: partAt(not) }),
      ...(field === null ? {} : { field: asRestField(field) }),
      ...(values === null ? {} : { in: [...values] }),
      ...given({ eq, contains, starts_with: startsWith, matches, gt, gte, lt, lte, exists }),
    };
  };
  return partAt(0);
};
