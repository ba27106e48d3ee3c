import { expect, test } from "@jest/globals";
import { tell } from "../../testing/alert-stories.ts";

// Held buckets have a score of 0.8, and 0.5 is normal.
const one = { clear: { score: 0.5 }, flapping: null };
test("a story", () => {
  expect(tell(one, "B")).toMatchObject({ led: ["OK>FIRING BREACHED_LONG_ENOUGH told"] });
  expect(tell(one, "B C")).toMatchObject({ led: ["FIRING>RESOLVED RETURNED_LONG_ENOUGH told"] });
});
