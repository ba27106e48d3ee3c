/** An object of an answer: what subgraphs return and what the executor gathers. */
export type JsonObject = { [key: string]: unknown };

/** Whether a value is an object of an answer (neither list nor null). */
export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The value under a key, where functions inherited from Object.prototype count as absent: aliases may be named like them. */
export const read = (object: JsonObject, key: string): unknown => {
  const value = object[key];
  return typeof value === "function" ? undefined : value;
};
