import { expect, test } from "@jest/globals";
import { z } from "zod";
import { checked } from "./checked.ts";

const schema = z.strictObject({
  name: z.string().min(1).max(5).default("x"),
  of: z.array(z.number()).min(2).max(3).default([1, 2]),
  window: z.number().int().min(10).max(2_016).default(10),
  by: z.number().gt(0).default(1),
  side: z.enum(["ABOVE", "BELOW"]).default("ABOVE"),
  kind: z.literal("STATIC").default("STATIC"),
  high: z.number(),
  on: z.boolean("Say whether it is on.").default(true),
});

test.each([
  [{ name: "" }, "name", "It must not be empty."],
  [{ name: "longer" }, "name", "It has at most 5 characters."],
  [{ of: [1] }, "of", "It has at least 2 entries."],
  [{ of: [1, 2, 3, 4] }, "of", "It has at most 3 entries."],
  [{ of: [1, "2"] }, "of.1", "It must be a number."],
  [{ window: 9 }, "window", "It must be 10 or more."],
  [{ window: 5_000 }, "window", "It must be 2,016 or less."],
  [{ window: 10.5 }, "window", "It must be a whole number."],
  [{ by: 0 }, "by", "It must be more than 0."],
  [{ side: "UP" }, "side", "It must be one of ABOVE, BELOW."],
  [{ kind: "EWMA" }, "kind", "It must be STATIC."],
  [{ high: undefined }, "high", "It is missing."],
  [{ high: Number.NaN }, "high", "It must be a number."],
  [{ low: 3 }, "low", "It has no meaning beside what else is given here: leave it out."],
  [{ on: "yes" }, "on", "Say whether it is on."],
])("What is wrong with %j is told at its place, in words for people", (more, field, message) => {
  const told = checked(schema.safeParse({ high: 1, ...more }));
  expect(told.valid ? [] : told.problems).toEqual([{ field, message }]);
});
