import { expectedOf, type Quantity } from "./slice-measure.ts";

/** One span of a change as people and money saw it. */
export interface SpanImpact {
  /** Events of the question, whatever its number counts: a span without any is none to compare with. */
  readonly units: number;
  /** Different persons among the events that the number counts. */
  readonly people: number;
  /** Revenue of those events by currency. */
  readonly revenue: ReadonlyMap<string, number>;
}

/** A number in the span of a change, beside what it was in comparable spans. */
export interface ImpactNumber {
  readonly actual: number;
  /** The mean of the comparable spans; null where too few hold events. */
  readonly expected: number | null;
  /** How much more it was than expected, less where negative; null where nothing was expected. */
  readonly difference: number | null;
}

/** An {@link ImpactNumber} of money. */
export interface RevenueImpact extends ImpactNumber {
  readonly currency: string;
}

/** How far a change reaches. */
export interface ImpactMeasured {
  readonly people: ImpactNumber;
  /** People too many or too few; all of them where there is nothing to compare with. */
  readonly affectedPeople: number;
  /** The currencies that the change concerns most first. */
  readonly revenue: readonly RevenueImpact[];
}

/** A count of nothing but itself, as slices measure it. */
const counted = (value: number): Quantity => ({ value, base: null, units: value });

const numberOf = (actual: number, before: readonly number[] | null): ImpactNumber => {
  if (before === null) return { actual, expected: null, difference: null };
  const expected = expectedOf({ actual: counted(actual), before: before.map(counted) }).value;
  return { actual, expected, difference: actual - expected };
};

/** How much of a number a change concerns: what is too much or too little of it; all of it where nothing was expected. */
export const affectedOf = ({ actual, difference }: ImpactNumber): number => Math.abs(difference ?? actual);

/** How far a change reaches, from the span it lies in and those it is compared with; null: there are too few of these. */
export const impactOf = (actual: SpanImpact, before: readonly SpanImpact[] | null): ImpactMeasured => {
  const people = numberOf(actual.people, before?.map((span) => span.people) ?? null);
  const currencies = new Set([actual, ...(before ?? [])].flatMap(({ revenue }) => [...revenue.keys()]));
  const revenue = [...currencies].map((currency): RevenueImpact => {
    const of = (span: SpanImpact): number => span.revenue.get(currency) ?? 0;
    return { currency, ...numberOf(of(actual), before?.map(of) ?? null) };
  });
  return {
    people,
    affectedPeople: affectedOf(people),
    revenue: revenue.toSorted(
      (one, other) => affectedOf(other) - affectedOf(one) || (one.currency < other.currency ? -1 : 1),
    ),
  };
};
