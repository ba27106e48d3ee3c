import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { createLatestOutbox } from "./latest-outbox.ts";

const reader = () => {
  const taken: string[] = [];
  const underWay: (() => void)[] = [];
  const outbox = createLatestOutbox<number>(
    { send: (text, sent) => void (taken.push(text), underWay.push(sent)) },
    (message, skipped) => `${message}+${skipped}`,
  );
  return { outbox, taken, take: () => underWay.shift()?.(), underWay };
};

describe("the outbox of a stream", () => {
  it("gives a quick reader every message", () => {
    const { outbox, taken, take } = reader();
    for (const message of [1, 2, 3]) {
      outbox.next(message);
      take();
    }
    expect(taken).toEqual(["1+0", "2+0", "3+0"]);
  });

  it("gives a slow reader the newest next, and tells how many it left out", () => {
    const { outbox, taken, take } = reader();
    for (const message of [1, 2, 3, 4]) outbox.next(message);
    expect(taken).toEqual(["1+0"]);
    take();
    expect(taken).toEqual(["1+0", "4+2"]);
    take();
    outbox.next(5);
    expect(taken).toEqual(["1+0", "4+2", "5+0"]);
  });

  it("sends nothing more once closed", () => {
    const { outbox, taken, take } = reader();
    outbox.next(1);
    outbox.next(2);
    outbox.close();
    take();
    outbox.next(3);
    expect(taken).toEqual(["1+0"]);
  });

  it("however messages and reading mix: at most one is under way, order is kept, every message was sent or counted, the last one arrives", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 60 }), (steps) => {
        const { outbox, taken, take, underWay } = reader();
        let made = 0;
        for (const makes of steps) {
          if (makes) outbox.next((made += 1));
          else take();
          expect(underWay.length).toBeLessThanOrEqual(1);
        }
        while (underWay.length > 0) take();
        const sent = taken.map((text) => text.split("+").map(Number));
        const numbers = sent.map(([message = 0]) => message);
        expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
        expect(sent.reduce((total, [, skipped = 0]) => total + skipped + 1, 0)).toBe(made);
        if (made > 0) expect(numbers.at(-1)).toBe(made);
      }),
    );
  });
});
