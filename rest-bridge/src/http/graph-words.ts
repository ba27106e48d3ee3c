import { snakeCase } from "./snake-case.ts";

/** Writes an answer of the graph in REST's words: names in snake case, and words of enums in lower case where the member is named in `enums`. */
export const wordsOf = (enums: ReadonlySet<string>): ((value: unknown) => unknown) => {
  const word = (name: string, part: unknown): unknown => {
    if (!enums.has(name)) return inWords(part);
    if (typeof part === "string") return part.toLowerCase();
    return Array.isArray(part) ? part.map((one: unknown) => word(name, one)) : inWords(part);
  };
  const inWords = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(inWords);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .filter(([name]) => name !== "__typename")
        .map(([name, part]: [string, unknown]) => [snakeCase(name), word(name, part)]),
    );
  };
  return inWords;
};
