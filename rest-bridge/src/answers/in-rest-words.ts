import { snakeCase } from "../http/snake-case.ts";

/** Fields whose values are names of the graph's enums, which REST writes in small letters. */
const ENUM_FIELDS = new Set([
  "kind",
  "granularity",
  "metric",
  "scope",
  "standing",
  "tier",
  "state",
  "approval",
  "level",
  "test",
]);

/** An answer of the graph in REST's words: names in snake case, enum values in small letters, `__typename` left out. */
export const inRestWords = (value: unknown, name = ""): unknown => {
  if (Array.isArray(value)) return value.map((item: unknown) => inRestWords(item, name));
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(
      Object.entries(value)
        .filter(([key]) => key !== "__typename")
        .map(([key, part]: [string, unknown]) => [snakeCase(key), inRestWords(part, key)]),
    );
  return typeof value === "string" && ENUM_FIELDS.has(name) ? value.toLowerCase() : value;
};
