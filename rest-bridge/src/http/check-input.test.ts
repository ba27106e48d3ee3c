import { expect, test } from "@jest/globals";
import { Type } from "typebox";
import { createInputCheck } from "./check-input.ts";

const strict = { additionalProperties: false } as const;
const step = Type.Object({ any_of: Type.Array(Type.String()), within: Type.Optional(Type.String()) }, strict);
const check = createInputCheck(
  Type.Object(
    {
      from: Type.String({ format: "date-time" }),
      steps: Type.Optional(Type.Array(step)),
      end: Type.Optional(Type.Union([step, Type.Object({ label: Type.String() }, strict)])),
    },
    strict,
  ),
);
const FROM = "2026-11-20T12:00:00Z";

test.each([
  ["a member of another name", { from: FROM, step: [] }, "step", "Known are `from`, `steps`, `end`."],
  ["one of a part", { from: FROM, steps: [{ anyOf: [] }] }, "steps.0.anyOf", "Known are `any_of`, `within`."],
  ["a day without a time", { from: "2026-11-20" }, "from", "with an offset such as 2026-11-20T12:00:00Z."],
  ["one value for a list", { from: FROM, steps: "a" }, "steps", "`steps` must be a list."],
  ["a text for an object", { from: FROM, steps: ["a"] }, "steps.0", "`steps.0` must be an object."],
])("%s is refused at its place, and what is expected there is told", (_title, input, field, words) => {
  expect(() => check(input)).toThrow(
    expect.objectContaining({ message: expect.stringContaining(words), extras: expect.objectContaining({ field }) }),
  );
});
