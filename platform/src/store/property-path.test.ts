import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { parsePropertyPath, propertyNumber, propertyText } from "./property-path.ts";

test.each(["amount", "product-id", "$plan", "_x", "cart.items.first.price.net"])("%s names a property", (text) => {
  expect(parsePropertyPath(text)).toBe(text);
});

test.each(["", ".", "a.", ".a", "1a", "a b", "a`b", "a'b", "a..b", "a.b.c.d.e.f", "x".repeat(129)])(
  "%j names no property",
  (text) => expect(parsePropertyPath(text)).toBeNull(),
);

test("Whatever text is taken for a path, its SQL holds no quotation mark but those around each name", () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[a-z$_.`'"\\-]{1,20}$/));
  fc.assert(
    fc.property(text, (candidate) => {
      const path = parsePropertyPath(candidate);
      if (path !== null) expect(propertyText(path)).toMatch(/^toString\(properties(\.`[\w$-]+`)+\)$/);
    }),
  );
});

test("A number is read from the same place as the text", () => {
  const path = parsePropertyPath("cart.total");
  expect(path).not.toBeNull();
  if (path !== null) expect(propertyNumber(path)).toContain(propertyText(path));
});
