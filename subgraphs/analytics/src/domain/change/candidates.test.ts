import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { candidatesOf } from "./candidates.ts";
import { contributionsOf, divergence } from "./contribution.ts";
import { deviationChance } from "./deviation-test.ts";
import type { Breakdown, Element, Quantity, SliceMeasure } from "./slice-measure.ts";

const sum = (value: number): Quantity => ({ value, base: null, units: value });
const ratio = (value: number, base: number): Quantity => ({ value, base, units: base });
/** A sum that was always the same before. */
const element = (value: string, expected: number, actual: number): Element => ({
  value,
  actual: sum(actual),
  before: [sum(expected), sum(expected), sum(expected), sum(expected)],
});

/** The example of the paper's tables 1 to 4: revenue of 100 was forecast, 50 came. */
const REVENUE: readonly Breakdown[] = [
  { dimension: "data center", elements: [element("X", 94, 47), element("Y", 3, 2), element("Z", 3, 1)] },
  {
    dimension: "advertiser",
    elements: [element("A1", 50, 24), element("A2", 20, 21), element("A3", 20, 4), element("A4", 10, 1)],
  },
  { dimension: "device", elements: [element("PC", 50, 49), element("Mobile", 25, 1), element("Tablet", 25, 0)] },
];
const WHOLE = { actual: sum(50), before: [sum(100), sum(100), sum(100), sum(100)] };

describe("contributions of slices", () => {
  test("explain what Adtributor's example says they explain", () => {
    const explained = REVENUE.map(({ elements }) =>
      contributionsOf(elements, WHOLE).map(({ explains }) => Math.round(explains * 100)),
    );
    expect(explained).toEqual([
      [94, 2, 4],
      [52, -2, 32, 18],
      [2, 48, 50],
    ]);
  });

  test("of a sum add up to 1 over all values, of a ratio with what is not shown", () => {
    const counts = fc.array(fc.tuple(fc.nat(1_000), fc.nat(1_000)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(counts, (pairs) => {
        const elements = pairs.map(([expected, actual], at) => element(String(at), expected, actual));
        const total = (pick: (pair: readonly [number, number]) => number): number =>
          pairs.reduce((all, pair) => all + pick(pair), 0);
        const [was, is] = [total(([expected]) => expected), total(([, actual]) => actual)];
        const whole = { actual: sum(is), before: [sum(was), sum(was), sum(was), sum(was)] };
        const explained = contributionsOf(elements, whole).reduce((all, { explains }) => all + explains, 0);
        expect(explained).toBeCloseTo(was === is ? 0 : 1, 9);
      }),
    );
  });

  test("of a ratio are those of one slice changing alone: its own fall in conversion, not a slice's growth that converts as all do", () => {
    const was = [ratio(10, 100), ratio(10, 100), ratio(10, 100)];
    const elements: readonly Element[] = [
      { value: "steady", actual: ratio(30, 300), before: was },
      { value: "falls", actual: ratio(2, 100), before: was },
    ];
    const whole = { actual: ratio(32, 400), before: [ratio(20, 200), ratio(20, 200), ratio(20, 200)] };
    const [steady, falls] = contributionsOf(elements, whole);
    expect(steady?.explains).toBeCloseTo(0, 12);
    expect(falls?.explains).toBeCloseTo(1, 12);
  });

  test("surprise as the Jensen-Shannon divergence, in [0, ln 2] over all values, 0 of equal shares", () => {
    const shares = fc.array(fc.tuple(fc.nat(100), fc.nat(100)), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(shares, (pairs) => {
        const [p, q] = [pairs.reduce((all, [one]) => all + one, 0), pairs.reduce((all, [, one]) => all + one, 0)];
        fc.pre(p > 0 && q > 0);
        const whole = pairs.reduce((all, [one, other]) => all + divergence(one / p, other / q), 0);
        expect(whole).toBeGreaterThanOrEqual(0);
        expect(whole).toBeLessThanOrEqual(Math.LN2 + 1e-12);
      }),
    );
    expect(divergence(0.3, 0.3)).toBe(0);
    expect(divergence(0, 1) + divergence(1, 0)).toBeCloseTo(Math.LN2, 12);
  });
});

describe("the deviation of a slice", () => {
  test("has the chance that Student's t gives it: 3.1824 at three degrees of freedom is 5 %", () => {
    // Shares of four comparable times around 0.5 with a deviation of d: t = (share - 0.5) / (s * sqrt(1 + 1/4)).
    const whole = (value: number): Quantity => ratio(value, 1e12);
    const places = [-3e-3, -1e-3, 1e-3, 3e-3];
    const s = Math.sqrt(places.reduce((all, place) => all + place * place, 0) / 3);
    const of = (place: number): Quantity => ratio((0.5 + place) * 1e9, 1e9);
    const all: SliceMeasure = { actual: whole(0), before: places.map(() => whole(0)) };
    const slice: SliceMeasure = { actual: of(3.182446305284263 * s * Math.sqrt(1.25)), before: places.map(of) };
    expect(deviationChance(slice, all)).toBeCloseTo(0.05, 6);
  });

  test("is chance where all slices change alike, where too few times are comparable, and never less than counting explains", () => {
    const before = [sum(50), sum(52), sum(48), sum(50)];
    const all = [sum(100), sum(104), sum(96), sum(100)];
    expect(deviationChance({ actual: sum(10), before }, { actual: sum(20), before: all })).toBe(1);
    expect(
      deviationChance({ actual: sum(1), before: before.slice(0, 2) }, { actual: sum(99), before: all.slice(0, 2) }),
    ).toBe(1);
    const steady = [sum(5), sum(5), sum(5), sum(5)];
    const ten = [sum(10), sum(10), sum(10), sum(10)];
    expect(deviationChance({ actual: sum(7), before: steady }, { actual: sum(10), before: ten })).toBeGreaterThan(0.2);
  });

  test("is always a chance", () => {
    const count = fc.nat(1_000_000);
    fc.assert(
      fc.property(count, count, fc.array(fc.tuple(count, count), { maxLength: 8 }), (part, rest, before) => {
        const chance = deviationChance(
          { actual: sum(part), before: before.map(([one]) => sum(one)) },
          { actual: sum(part + rest), before: before.map(([one, other]) => sum(one + other)) },
        );
        expect(chance).toBeGreaterThanOrEqual(0);
        expect(chance).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe("candidates", () => {
  test("of Adtributor's example: the devices whose share changed, not the data center that has most of everything", () => {
    const [first, ...others] = candidatesOf(REVENUE, WHOLE);
    expect(first?.dimension).toBe("device");
    expect(first?.elements.map(({ value }) => value).toSorted()).toEqual(["Mobile", "Tablet"]);
    expect(others.map(({ dimension }) => dimension)).not.toContain("data center");
  });

  test("are none where every slice fell by the same half", () => {
    const halved = { dimension: "country", elements: [element("DE", 600, 300), element("FR", 400, 200)] };
    const before = [sum(1_000), sum(1_000), sum(1_000), sum(1_000)];
    expect(candidatesOf([halved], { actual: sum(500), before })).toEqual([]);
  });

  test("name what was planted and nothing that was not, whatever the noise of counting", () => {
    const noise = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 30, maxLength: 30 });
    fc.assert(
      fc.property(noise, fc.nat(5), (jitter, planted) => {
        const counts = (time: number): readonly number[] =>
          Array.from({ length: 6 }, (_, at) => 1_000 + (jitter[(time * 6 + at) % 30] ?? 0));
        const actual = counts(4).map((count, at) => (at === planted ? 100 : count));
        const elements = actual.map((count, at): Element => ({
          value: String(at),
          actual: sum(count),
          before: [0, 1, 2, 3].map((time) => sum(counts(time)[at] ?? 0)),
        }));
        const total = (values: readonly number[]): Quantity => sum(values.reduce((all, value) => all + value, 0));
        const whole = { actual: total(actual), before: [0, 1, 2, 3].map((time) => total(counts(time))) };
        const [found] = candidatesOf([{ dimension: "d", elements }], whole);
        expect(found?.elements.map(({ value }) => value)).toEqual([String(planted)]);
      }),
      { endOnFailure: true },
    );
  });
});
