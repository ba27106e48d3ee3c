import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { ByRepresentation } from "./representations.ts";

const text = fc.constantFrom("a", "b", "ab", '"', "1", "");
const representation = fc.oneof(
  fc.record({ __typename: fc.constantFrom("User", "Item"), id: text }),
  fc.record({ __typename: fc.constantFrom("User", "Item"), sku: text }),
  fc.record({ __typename: fc.constantFrom("User", "Item"), id: fc.constantFrom(1, 2, null, true) }),
  fc.record({ __typename: fc.constantFrom("User", "Item"), id: text, org: fc.oneof(text, fc.record({ id: text })) }),
  fc.record({ __typename: fc.constantFrom("User", "Item") }),
);

describe("what belongs to representations", () => {
  it("is shared by equal ones and by no others, however they are keyed", () => {
    fc.assert(
      fc.property(fc.array(representation, { maxLength: 30 }), (all) => {
        const texts = [...new Set(all.map((each) => JSON.stringify(each)))];
        const places = new ByRepresentation<number>();
        let made = 0;
        const numbers = all.map((each) => {
          const number = places.take(each, made);
          if (number === made) made += 1;
          return number;
        });
        expect(numbers).toEqual(all.map((each) => texts.indexOf(JSON.stringify(each))));
      }),
    );
  });
});
