import type { Params } from "./params.ts";

/** A property as nullable text: null where the event does not carry it. The path is a parameter that the store quotes itself. */
export const propertyText = (path: string, params: Params): string =>
  `CAST(${params.place("Identifier", path)}, 'Nullable(String)')`;

/** The greatest number of a property, on either side of 0, that what is done is worth: 10^10 of them add up exactly in ten-thousandths of 128 bits. */
export const MOST_WORTH = 1e24;

/** A property as a finite number: JSON numbers, and texts that are a number from end to end; null otherwise. */
export const propertyNumber = (path: string, params: Params): string => {
  const number = `toFloat64OrNull(${propertyText(path, params)})`;
  return `if(isFinite(${number}), ${number}, NULL)`;
};
