import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { cosine, MAX_REASONS, recommend, type CoOccurrence, type OwnItem } from "./recommendation.ts";

describe("the cosine of two sets of people", () => {
  test.each([
    [2, 4, 1, 1],
    [3, 9, 4, 0.5],
    [1, 1, 1, 1],
    [0, 3, 5, 0],
    [0, 0, 5, 0],
  ])("%d shared of %d and %d", (shared, one, other, expected) => {
    expect(cosine(shared, one, other)).toBeCloseTo(expected, 12);
  });
});

// U(bread) = {a, b, c, d}, U(milk) = {a, b, e, x}, U(butter) = {a, b, c, x}, U(jam) = {d}; the user x has milk and butter.
const own: readonly OwnItem[] = [
  { itemId: "milk", users: 4 },
  { itemId: "butter", users: 4 },
];
const candidates: readonly CoOccurrence[] = [
  { itemId: "jam", users: 1, support: 0, shared: [0, 0] },
  { itemId: "bread", users: 4, support: 3, shared: [2, 3] },
];

test("A score is the sum of the cosines to the user's items, as computed by hand", () => {
  expect(recommend(own, candidates, 10)).toEqual([
    {
      itemId: "bread",
      score: 1.25, // 2 / sqrt(4 * 4) + 3 / sqrt(4 * 4)
      support: 3,
      reasons: [
        { itemId: "butter", similarity: 0.75, sharedUsers: 3 },
        { itemId: "milk", similarity: 0.5, sharedUsers: 2 },
      ],
    },
  ]);
});

test("Equal scores are ordered by support, then by id, and no more than asked for are given", () => {
  const like = (itemId: string, support: number): CoOccurrence => ({ itemId, users: 4, support, shared: [1, 1] });
  const given = recommend(own, [like("c", 1), like("b", 1), like("a", 2), like("d", 1)], 3);
  expect(given.map(({ itemId }) => itemId)).toEqual(["a", "b", "c"]);
});

const people = fc.integer({ min: 1, max: 50 });
const anyOwn = fc.array(
  people.map((users) => users),
  { minLength: 1, maxLength: 8 },
);

test("The order of the user's items changes nothing, and reasons never add up to more than the score", () => {
  fc.assert(
    fc.property(
      anyOwn,
      fc.array(fc.tuple(people, fc.array(fc.nat(5), { minLength: 8, maxLength: 8 })), { maxLength: 6 }),
      (sizes, rows) => {
        const items = sizes.map((users, index): OwnItem => ({ itemId: `own${index}`, users }));
        const found = rows.map(([users, shared], index): CoOccurrence => ({
          itemId: `item${index}`,
          users,
          support: 1,
          shared,
        }));
        const forwards = recommend(items, found, 100);
        const turned = found.map((row) => ({ ...row, shared: row.shared.slice(0, items.length).toReversed() }));
        expect(recommend(items.toReversed(), turned, 100)).toEqual(forwards);
        for (const { score, reasons } of forwards) {
          expect(reasons.length).toBeLessThanOrEqual(MAX_REASONS);
          expect(reasons.reduce((sum, { similarity }) => sum + similarity, 0)).toBeLessThanOrEqual(score + 1e-9);
        }
      },
    ),
  );
});
