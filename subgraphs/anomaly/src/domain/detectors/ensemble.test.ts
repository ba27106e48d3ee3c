import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { createEnsemble, DEFAULT_THRESHOLD, type Point } from "./ensemble.ts";
import { createHabituation } from "./habituation.ts";
import { createProfile } from "./profile.ts";

const DAY = 288;
const pointAt = (place: number, value: number | null): Point => ({ value, hourOfWeek: Math.floor(place / 12) % 168 });
/** A day's rise and fall with a little noise that every run repeats. */
const usual = (place: number): number => 100 + 50 * Math.sin((2 * Math.PI * place) / DAY) + ((place * 7_919) % 13);

describe("the default ensemble", () => {
  test("raises one alarm for a day that stays low, within its first hour, tells what it expected, and none in the week before", () => {
    const ensemble = createEnsemble();
    const alarms: number[] = [];
    for (let place = 0; place < 9 * DAY; place += 1) {
      const value = place >= 8 * DAY && place < 8 * DAY + 120 ? 20 : usual(place);
      const finding = ensemble.judge(pointAt(place, value));
      if (place > 2 * DAY && finding.novelty >= DEFAULT_THRESHOLD) alarms.push(place);
      if (place === 8 * DAY) {
        expect(Math.abs((finding.expected ?? 0) - usual(place))).toBeLessThan(20);
        expect(Math.abs((finding.expected ?? 0) - 20)).toBeGreaterThan(finding.within ?? Infinity);
      }
    }
    const [first, ...later] = alarms.filter((place) => place >= 8 * DAY);
    expect(first).toBeLessThan(8 * DAY + 12);
    expect(later.length).toBeLessThanOrEqual(2);
    expect(alarms.filter((place) => place < 8 * DAY)).toEqual([]);
  });

  test("of whatever it is given, everything it tells is a finite number, and a gap is told as nothing", () => {
    const value = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e150, max: 1e150 }),
      fc.constantFrom(0, -1, 1e-300, null),
    );
    fc.assert(
      fc.property(fc.array(value, { maxLength: 150 }), (values) => {
        const ensemble = createEnsemble();
        values.forEach((one, place) => {
          const { surprise, novelty, parts, expected, within } = ensemble.judge(pointAt(place, one));
          for (const told of [surprise, novelty, ...Object.values(parts)]) {
            expect(Number.isFinite(told)).toBe(true);
            if (one === null) expect(told).toBe(0);
          }
          for (const told of [expected, within]) expect(told === null || Number.isFinite(told)).toBe(true);
        });
      }),
      { numRuns: 60, endOnFailure: true },
    );
  });

  test("goes on after a restart where it was", () => {
    const [whole, before] = [createEnsemble(), createEnsemble()];
    for (let place = 0; place < 3 * DAY; place += 1) before.judge(pointAt(place, usual(place)));
    const after = createEnsemble(DEFAULT_THRESHOLD, structuredClone(before.save()));
    for (let place = 0; place < 4 * DAY; place += 1) {
      const value = place === 3 * DAY + 50 ? 900 : usual(place);
      const expected = whole.judge(pointAt(place, value));
      if (place < 3 * DAY) continue;
      expect(after.judge(pointAt(place, value))).toEqual(expected);
    }
  });
});

test("A profile expects the mean of what was seen at a part of the period, and of everything where nothing was", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: -100, max: 100 }), fc.nat(4))), (seen) => {
      const profile = createProfile(5);
      seen.forEach(([value, part], place) => {
        const before = seen.slice(0, place);
        const there = before.filter(([, other]) => other === part);
        const of = (there.length > 0 ? there : before).map(([one]) => one);
        const { expected } = profile.judge(value, part, 1);
        if (of.length === 0) expect(expected).toBeNull();
        else expect(expected).toBeCloseTo(of.reduce((sum, one) => sum + one, 0) / of.length, 9);
      });
    }),
  );
});

describe("habituation", () => {
  test("tells what lasts once, what grows again, and what comes back after a while", () => {
    const { novelty } = createHabituation(1);
    expect(novelty(2)).toBe(2);
    expect([novelty(2), novelty(2.4), novelty(0)]).toEqual([0, 0, 0]);
    expect(novelty(9)).toBeGreaterThan(7);
    for (let quiet = 0; quiet < 100; quiet += 1) expect(novelty(0)).toBe(0);
    expect(novelty(2)).toBeGreaterThan(1);
  });

  test("wanes with each repetition and recovers with time", () => {
    const { novelty } = createHabituation(1);
    const again = (): number => {
      for (let quiet = 0; quiet < 101; quiet += 1) novelty(0);
      return novelty(3);
    };
    const told = [again(), again(), again(), again()];
    expect(told).toEqual(told.toSorted((one, other) => other - one));
    expect(new Set(told).size).toBe(4);
    for (let quiet = 0; quiet < 20_000; quiet += 1) novelty(0);
    expect(novelty(3)).toBeGreaterThan(2.9);
  });
});
