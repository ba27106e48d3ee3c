import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { camelCase, snakeCase } from "./snake-case.ts";

const word = fc.stringMatching(/^[a-z]{1,8}$/);
const camel = fc
  .array(word, { minLength: 1, maxLength: 4 })
  .map(([first = "", ...rest]) => first + rest.map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join(""));

describe("names in snake case and camel case", () => {
  it.each([
    ["utmSource", "utm_source"],
    ["name", "name"],
    ["rowsRead", "rows_read"],
    ["os", "os"],
  ])("%s is %s, there and back", (camelName, snakeName) => {
    expect(snakeCase(camelName)).toBe(snakeName);
    expect(camelCase(snakeName)).toBe(camelName);
  });

  it("come back unchanged, and what is in the right case already stays", () => {
    fc.assert(
      fc.property(camel, (name) => {
        fc.pre(!/[A-Z]{2}/.test(name));
        expect(camelCase(snakeCase(name))).toBe(name);
        expect(camelCase(name)).toBe(name);
        expect(snakeCase(snakeCase(name))).toBe(snakeCase(name));
      }),
    );
  });
});
