import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { partMsOf, WINDOW_PARTS } from "./budget.ts";
import { createMemoryBudgetStore } from "./memory-budget-store.ts";
import { SlidingWindow } from "./sliding-window.ts";

const WINDOW_SECONDS = 6;
const WINDOW_MS = WINDOW_SECONDS * 1_000;
const PART_MS = partMsOf(WINDOW_SECONDS);

/** The obvious reference: every charge is kept for ever, and counts until its part of the window is older than the window. */
const createReference = () => {
  const spent: { atMs: number; units: number }[] = [];
  return {
    spent: (nowMs: number) =>
      spent
        .filter(({ atMs }) => Math.floor(nowMs / PART_MS) - Math.floor(atMs / PART_MS) <= WINDOW_PARTS)
        .reduce((sum, { units }) => sum + units, 0),
    add: (units: number, atMs: number) => void spent.push({ atMs, units }),
    all: spent,
  };
};

const steps = fc.array(fc.record({ waitMs: fc.nat({ max: 3_000 }), units: fc.integer({ min: 1, max: 40 }) }), {
  maxLength: 120,
});
const START_MS = 1_795_000_000_123;

describe("a sliding window", () => {
  it("counts exactly what the obvious reference counts", () => {
    fc.assert(
      fc.property(steps, (all) => {
        const [window, reference] = [new SlidingWindow(WINDOW_SECONDS), createReference()];
        let now = START_MS;
        for (const { waitMs, units } of all) {
          now += waitMs;
          expect(window.spent(now)).toBe(reference.spent(now));
          window.add(units, now);
          reference.add(units, now);
        }
      }),
    );
  });

  it("gives back the newest units first and never below nothing", () => {
    fc.assert(
      fc.property(steps, fc.nat({ max: 100 }), (all, back) => {
        const window = new SlidingWindow(WINDOW_SECONDS);
        let now = START_MS;
        for (const { waitMs, units } of all) {
          now += waitMs;
          window.add(units, now);
        }
        const before = window.spent(now);
        window.add(-back, now);
        expect(window.spent(now)).toBe(Math.max(0, before - back));
      }),
    );
  });

  it("does not count less when the clock is set back", () => {
    const window = new SlidingWindow(WINDOW_SECONDS);
    window.add(5, START_MS);
    window.add(5, START_MS - 60_000);
    expect(window.spent(START_MS)).toBe(10);
  });
});

describe("a budget over a sliding window", () => {
  it("is never overdrawn in any stretch of time as long as the window, and refuses nothing that fits a window one part longer", () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 20, max: 100 }), (all, limit) => {
        let now = START_MS;
        const store = createMemoryBudgetStore(() => now);
        const taken: { atMs: number; units: number }[] = [];
        const within = (lengthMs: number) =>
          taken.filter(({ atMs }) => atMs > now - lengthMs).reduce((sum, { units }) => sum + units, 0);
        for (const { waitMs, units } of all) {
          now += waitMs;
          const { charged } = store.charge([{ key: "one", limit, windowSeconds: WINDOW_SECONDS, amount: units }]);
          if (charged) taken.push({ atMs: now, units });
          else expect(within(WINDOW_MS + PART_MS) + units).toBeGreaterThan(limit);
          expect(within(WINDOW_MS)).toBeLessThanOrEqual(limit);
        }
      }),
    );
  });

  it("tells truly when an amount will fit", () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 40, max: 100 }), (all, limit) => {
        let now = START_MS;
        const store = createMemoryBudgetStore(() => now);
        const ask = (amount: number) => store.charge([{ key: "one", limit, windowSeconds: WINDOW_SECONDS, amount }]);
        for (const { waitMs, units } of all) {
          now += waitMs;
          const { charged, states } = ask(units);
          const fitsInMs = states[0]?.fitsInMs ?? 0;
          if (charged) continue;
          now += fitsInMs - 1;
          expect(ask(units).charged).toBe(false);
          now += 1;
          expect(ask(units).charged).toBe(true);
        }
      }),
    );
  });

  it("takes from all budgets or from none", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat({ max: 9 }), fc.nat({ max: 9 })), { maxLength: 40 }), (all) => {
        const store = createMemoryBudgetStore(() => START_MS);
        const left: [number, number] = [50, 30];
        for (const [a, b] of all) {
          const charges = [
            { key: "a", limit: 50, windowSeconds: 60, amount: a },
            { key: "b", limit: 30, windowSeconds: 60, amount: b },
          ];
          const { charged, states } = store.charge(charges);
          expect(charged).toBe(a <= left[0] && b <= left[1]);
          if (charged) [left[0], left[1]] = [left[0] - a, left[1] - b];
          expect(states.map(({ remaining }) => remaining)).toEqual(left);
        }
      }),
    );
  });

  it("can be overdrawn by what was spent already, and lets nobody on until it is made up for", () => {
    let now = START_MS;
    const store = createMemoryBudgetStore(() => now);
    const charge = { key: "a", limit: 10, windowSeconds: WINDOW_SECONDS, amount: 1 };
    store.adjust([{ key: "a", windowSeconds: WINDOW_SECONDS, amount: 25 }]);
    const refused = store.charge([charge]);
    expect(refused).toMatchObject({ charged: false, states: [{ remaining: 0 }] });
    now += refused.states[0]?.fitsInMs ?? 0;
    expect(store.charge([charge]).charged).toBe(true);
  });

  it("says that an amount above the whole limit never fits", () => {
    const store = createMemoryBudgetStore(() => START_MS);
    const outcome = store.charge([{ key: "a", limit: 10, windowSeconds: 60, amount: 11 }]);
    expect(outcome).toMatchObject({ charged: false, states: [{ fitsInMs: null, remaining: 10 }] });
  });
});
