import type { Branded } from "@tessera/contracts/ids";

/** Names a property of an event: up to five names joined by dots, each of letters, digits, `_`, `$` and `-`. */
export type PropertyPath = Branded<"PropertyPath">;

/** Longest path of a property: longer ones are taken for mistakes, since each path becomes part of a query. */
export const MAX_PROPERTY_PATH_CHARACTERS = 128;

const PATH = /^[A-Za-z_$][\w$-]*(?:\.[A-Za-z_$][\w$-]*){0,4}$/;

/** Parses a property's path; null when it is not one. */
export const parsePropertyPath = (text: string): PropertyPath | null =>
  // boundary: the pattern and the length are what the brand stands for.
  text.length <= MAX_PROPERTY_PATH_CHARACTERS && PATH.test(text) ? (text as PropertyPath) : null;

/** The property's own sub-column, so that a query reads it alone and not the whole of `properties`. */
const subColumn = (path: PropertyPath): string => `properties.\`${path.split(".").join("`.`")}\``;

/** SQL of a property as text; empty when an event does not carry it. A path holds no quotation marks, so it needs no parameter. */
export const propertyText = (path: PropertyPath): string => `toString(${subColumn(path)})`;

/** SQL of a property as a finite number; text that reads as one counts. NULL when an event does not carry one. */
export const propertyNumber = (path: PropertyPath): string => {
  const parsed = `toFloat64OrNull(${propertyText(path)})`;
  return `if(isFinite(${parsed}), ${parsed}, NULL)`;
};
