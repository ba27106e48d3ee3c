/** Any value JSON can write, never changed once made. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
/** An object as JSON can write it, never changed once made. */
export type JsonObject = { readonly [key: string]: Json };

/** True for JSON objects. */
export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The items of a JSON list; none when the value is no list. */
export const itemsOf = (value: Json | undefined): readonly Json[] =>
  // boundary: Array.isArray forgets what a readonly list holds.
  Array.isArray(value) ? (value as readonly Json[]) : [];
