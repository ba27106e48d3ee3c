import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { beginningOf, storableText } from "./whole-characters.ts";

const symbol = fc.constantFrom("a", "ä", "\u{1F525}", "\u{1F468}\u200D\u{1F469}", "\ud83d", "\udd25", "\0");

test("The beginning of a text is as long as it may be and ends with a whole character", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("a", "ä", "\u{1F525}"), maxLength: 30 }),
      fc.nat(40),
      (text, most) => {
        const beginning = beginningOf(text, most);
        expect(text.startsWith(beginning)).toBe(true);
        expect(Buffer.from(beginning).toString()).toBe(beginning);
        const next = String.fromCodePoint(text.codePointAt(beginning.length) ?? 0);
        expect(beginning === text || beginning.length + next.length > most).toBe(true);
        expect(beginning.length).toBeLessThanOrEqual(most);
      },
    ),
    { numRuns: 1_000, endOnFailure: true },
  );
});

test("A storable text has neither U+0000 nor a half of a surrogate pair, and all else as it was", () => {
  fc.assert(
    fc.property(fc.string({ unit: symbol, maxLength: 30 }), (text) => {
      const kept = storableText(text);
      expect(Buffer.from(kept).toString()).toBe(kept);
      expect(kept).not.toContain("\0");
      // UTF-8 puts the same in place of a half.
      expect(kept).toBe(Buffer.from(text).toString().replaceAll("\0", "\ufffd"));
    }),
    { numRuns: 1_000, endOnFailure: true },
  );
});
