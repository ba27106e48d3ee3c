import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { isSlip, slipsBetween, slipsOf } from "./near-name.ts";

test.each([
  ["revneue", "revenue"],
  ["plna", "plan"],
  ["cart.vale", "cart.value"],
  ["planType", "plan_type"],
  ["Plan", "plan"],
  ["check_out", "checkout"],
  ["purchse", "purchase"],
  ["subscription_strated", "subscription_started"],
])("%s is a slip of %s", (asked, known) => expect(isSlip(asked, known)).toBe(true));

test.each([
  ["price2", "price1"],
  ["k10", "k1"],
  ["size", "price"],
  ["id", "is"],
  ["plan", "planTier"],
  ["cart", "cart.value"],
  ["signup", "sign_up_completed"],
])("%s is another name than %s", (asked, known) => expect(isSlip(asked, known)).toBe(false));

/** The definition word by word: the fewest steps from the end of both texts. */
const plainly = (a: string, b: string): number => {
  if (a === "" || b === "") return a.length + b.length;
  const same = a.at(-1) === b.at(-1) ? 0 : 1;
  const steps = [
    plainly(a.slice(0, -1), b) + 1,
    plainly(a, b.slice(0, -1)) + 1,
    plainly(a.slice(0, -1), b.slice(0, -1)) + same,
  ];
  if (a.length > 1 && b.length > 1 && a.at(-1) === b.at(-2) && a.at(-2) === b.at(-1))
    steps.push(plainly(a.slice(0, -2), b.slice(0, -2)) + 1);
  return Math.min(...steps);
};

test("slips between texts are the fewest letters put in, left out, taken for another or swapped", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 5 });
  fc.assert(
    fc.property(text, text, (a, b) => slipsBetween(a, b) === plainly(a, b)),
    { numRuns: 300, endOnFailure: true },
  );
});

test("the nearest is told first, of equally near ones what most events had", () => {
  const known = ["plans", "plan", "plain", "planet"].map((name, index) => ({ name, events: index }));
  expect(slipsOf("plam", known, 3)).toEqual(["plan"]);
  expect(slipsOf("plaan", known, 3)).toEqual(["plain", "plan", "plans"].filter((name) => isSlip("plaan", name)));
});
