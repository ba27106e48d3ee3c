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

/** Writes an answer of the graph in REST's words: names in snake case, values of the members named in `enums` in small letters, `__typename` left out. */
export const wordsOf = (enums: ReadonlySet<string>): ((value: unknown, name?: string) => unknown) => {
  const inWords = (value: unknown, name = ""): unknown => {
    if (Array.isArray(value)) return value.map((item: unknown) => inWords(item, name));
    if (typeof value === "object" && value !== null)
      return Object.fromEntries(
        Object.entries(value)
          .filter(([key]) => key !== "__typename")
          .map(([key, part]: [string, unknown]) => [snakeCase(key), inWords(part, key)]),
      );
    return typeof value === "string" && enums.has(name) ? value.toLowerCase() : value;
  };
  return inWords;
};

/** {@link wordsOf} for answers whose enums are among those that most addresses share. */
export const inRestWords = wordsOf(ENUM_FIELDS);
