import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { Chain, type Member } from "./chain.ts";

class Link implements Member<Link> {
  before: Link | null = null;
  after: Link | null = null;
}

const membersOf = (chain: Chain<Link>): readonly Link[] => {
  const members: Link[] = [];
  for (let link = chain.first; link !== null; link = link.after) members.push(link);
  return members;
};

describe("a chain", () => {
  it("holds what a Set would, in its order, and forgets whoever left", () => {
    const steps = fc.array(fc.record({ index: fc.nat(7), adds: fc.boolean() }), { maxLength: 60 });
    fc.assert(
      fc.property(steps, (taken) => {
        const links = Array.from({ length: 8 }, () => new Link());
        const chain = new Chain<Link>();
        const model = new Set<Link>();
        for (const { index, adds } of taken) {
          const link = links[index];
          if (link === undefined) continue;
          if (!adds) expect(chain.delete(link)).toBe(model.delete(link));
          else if (!model.has(link)) {
            chain.add(link);
            model.add(link);
          }
          expect(membersOf(chain)).toEqual([...model]);
        }
        const left = links.filter((link) => !model.has(link));
        expect(left.every(({ before, after }) => before === null && after === null)).toBe(true);
      }),
    );
  });
});
