import { describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { readKeyRing } from "./key-ring.ts";

const key = () => randomBytes(32).toString("base64url");

describe("the key ring", () => {
  it("opens what it sealed, for the same purpose alone, and every sealing looks different", async () => {
    const ring = readKeyRing(`a:${key()}`);
    const [one, two] = [await ring.seal("p", "a secret"), await ring.seal("p", "a secret")];
    expect(await ring.open("p", one)).toBe("a secret");
    expect(one).not.toBe(two);
    expect(one).not.toContain(Buffer.from("a secret").toString("base64url"));
    await expect(ring.open("q", one)).rejects.toThrow("another purpose");
  });

  it("rotates: a new key in front seals, the old one still opens until it is dropped", async () => {
    const [old, young] = [`old:${key()}`, `young:${key()}`];
    const sealed = await readKeyRing(old).seal("p", "x");
    expect(await readKeyRing(`${young},${old}`).open("p", sealed)).toBe("x");
    await expect(readKeyRing(young).open("p", sealed)).rejects.toThrow("not in the key ring");
    const anew = await readKeyRing(`${young},${old}`).seal("p", "x");
    expect(await readKeyRing(young).open("p", anew)).toBe("x");
  });

  it("notices every altered character", async () => {
    const ring = readKeyRing(`a:${key()}`);
    const sealed = await ring.seal("p", "x");
    const place = sealed.lastIndexOf(".") + 2;
    const other = sealed[place] === "A" ? "B" : "A";
    await expect(ring.open("p", sealed.slice(0, place) + other + sealed.slice(place + 1))).rejects.toThrow();
  });

  it.each(["", "a", "a:short", `a:${"x".repeat(44)}`, `a b:${key()}`, `a:${key()},a:${key()}`])(
    "%j is no ring, and the error does not repeat it",
    (text) => {
      expect(() => readKeyRing(text)).toThrow(/^A key ring/);
    },
  );
});
