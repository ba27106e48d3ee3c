import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { JsonText } from "./json-text.ts";

const short = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 }).map((codes) => String.fromCharCode(...codes)),
);
const text = fc.oneof(
  short,
  fc.tuple(short, fc.nat(40_000)).map(([unit, times]) => unit.repeat(Math.min(times, 60_000))),
);

describe("JSON written into bytes", () => {
  it("is what JSON.stringify writes, whatever the strings hold and however long they grow", () => {
    const written = new JsonText();
    fc.assert(
      fc.property(fc.array(text, { maxLength: 6 }), (texts) => {
        written.begin();
        written.addByte(0x5b);
        texts.forEach((each, index) => {
          if (index > 0) written.addByte(0x2c);
          written.addString(each);
        });
        written.addJson("]");
        expect(written.end()).toBe(JSON.stringify(texts));
      }),
    );
  });
});
