import type { Params } from "./params.ts";

/** A property as nullable text: null where the event does not carry it. The path is a parameter that the store quotes itself. */
export const propertyText = (path: string, params: Params): string =>
  `CAST(${params.place("Identifier", path)}, 'Nullable(String)')`;

/** A property as a finite number: JSON numbers, and texts that are a number from end to end; null otherwise. */
export const propertyNumber = (path: string, params: Params): string => {
  const number = `toFloat64OrNull(${propertyText(path, params)})`;
  return `if(isFinite(${number}), ${number}, NULL)`;
};
