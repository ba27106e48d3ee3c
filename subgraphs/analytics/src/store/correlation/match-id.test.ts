import { describe, expect, test } from "@jest/globals";
import { matchIdOf } from "./match-id.ts";

describe("the id of a match", () => {
  test("is a UUID of version 8, the same for the same text and another for every other", () => {
    expect(matchIdOf("rule 1 a=x")).toBe(matchIdOf("rule 1 a=x"));
    expect(matchIdOf("rule 1 a=x")).not.toBe(matchIdOf("rule 2 a=x"));
    expect(matchIdOf("")).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
