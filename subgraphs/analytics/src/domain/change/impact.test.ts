import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { affectedOf, impactOf, type SpanImpact } from "./impact.ts";

const currency = fc.constantFrom("EUR", "USD", "JPY");
const span = fc.record({
  units: fc.nat(1_000),
  people: fc.nat(1_000),
  revenue: fc.uniqueArray(fc.tuple(currency, fc.integer({ min: -500, max: 5_000 })), { selector: ([name]) => name }),
});
const spans = fc.array(span, { minLength: 3, maxLength: 8 });
const asSpan = ({ revenue, ...same }: { units: number; people: number; revenue: [string, number][] }): SpanImpact => ({
  ...{ ...same, revenue: new Map(revenue) },
});
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("the impact of a change", () => {
  test("is what each number is, less its mean over the spans that are compared; a currency that a span lacks is 0 there", () => {
    fc.assert(
      fc.property(span, spans, (now, before) => {
        const { people, affectedPeople, revenue } = impactOf(asSpan(now), before.map(asSpan));
        const usual = mean(before.map((one) => one.people));
        expect(people.difference).toBeCloseTo(now.people - usual, 9);
        expect(affectedPeople).toBeCloseTo(Math.abs(now.people - usual), 9);
        const named = new Set([now, ...before].flatMap((one) => one.revenue.map(([name]) => name)));
        expect(new Set(revenue.map((one) => one.currency))).toEqual(named);
        for (const { currency: name, actual, expected } of revenue) {
          const of = (one: { revenue: [string, number][] }): number =>
            one.revenue.find(([own]) => own === name)?.[1] ?? 0;
          expect(actual).toBe(of(now));
          expect(expected).toBeCloseTo(mean(before.map(of)), 9);
        }
        const concerned = revenue.map(affectedOf);
        expect(concerned).toEqual(concerned.toSorted((one, other) => other - one));
      }),
      { numRuns: 300, endOnFailure: true },
    );
  });

  test("is everybody and everything where there is nothing to compare with", () => {
    const now = { units: 9, people: 7, revenue: new Map([["EUR", 12.5]]) };
    expect(impactOf(now, null)).toEqual({
      people: { actual: 7, expected: null, difference: null },
      affectedPeople: 7,
      revenue: [{ currency: "EUR", actual: 12.5, expected: null, difference: null }],
    });
  });
});
