import type { TestEvent } from "./test-events.ts";

/** What is estimated of a group: one of these, over its events. */
export const SAMPLED_MEASURES = ["events", "persons", "visits", "eur", "mean", "each", "middle"] as const;
/** A name of {@link SAMPLED_MEASURES}. */
type SampledMeasure = (typeof SAMPLED_MEASURES)[number];

/** An estimate with its standard error; null of nothing. */
export interface ReferenceEstimate {
  readonly value: number | null;
  readonly error: number | null;
}

/** Events of one unit of a sample, and one over the probability that it was drawn. */
export interface DrawnUnit {
  readonly weight: number;
  readonly events: readonly TestEvent[];
}

const sum = (values: readonly number[]): number => values.reduce((total, one) => total + one, 0);
const euros = ({ events }: DrawnUnit): readonly number[] =>
  events.flatMap(({ revenue, currency }) => (revenue !== undefined && currency === "EUR" ? [Number(revenue)] : []));
const isKnown = ({ userId, anonymousId }: TestEvent): boolean => userId !== undefined || anonymousId !== undefined;

/** What a unit adds to a sum. */
const ADDS: Readonly<Record<"events" | "persons" | "visits" | "eur" | "numbers", (unit: DrawnUnit) => number>> = {
  events: ({ events }) => events.length,
  persons: ({ events }) => (events.some(isKnown) ? 1 : 0),
  visits: ({ events }) => new Set(events.flatMap(({ sessionId }) => sessionId ?? [])).size,
  eur: (unit) => sum(euros(unit)),
  numbers: (unit) => euros(unit).length,
};

/** The standard deviation of a sum over all units, each of which was drawn by itself, of what was drawn of it. */
const spread = (units: readonly DrawnUnit[], of: (unit: DrawnUnit) => number): number =>
  Math.sqrt(sum(units.map((unit) => unit.weight * (unit.weight - 1) * of(unit) ** 2)));

const total = (units: readonly DrawnUnit[], of: (unit: DrawnUnit) => number): number =>
  sum(units.map((unit) => unit.weight * of(unit)));

const ratio = (
  units: readonly DrawnUnit[],
  above: (unit: DrawnUnit) => number,
  below: (unit: DrawnUnit) => number,
): ReferenceEstimate => {
  const whole = total(units, below);
  if (whole === 0) return { value: null, error: null };
  const value = total(units, above) / whole;
  return { value, error: spread(units, (unit) => above(unit) - value * below(unit)) / whole };
};

/** The least number with a part of all weights at or below it. */
const at = (numbers: readonly { readonly number: number; readonly weight: number }[], level: number): number => {
  const whole = sum(numbers.map(({ weight }) => weight));
  let upTo = 0;
  for (const { number, weight } of numbers) {
    upTo += weight;
    if (upTo >= level * whole * (1 - 1e-9)) return number;
  }
  return numbers.at(-1)?.number ?? NaN;
};

const middle = (units: readonly DrawnUnit[]): ReferenceEstimate & { readonly rank: number | null } => {
  const numbers = units
    .flatMap((unit) => euros(unit).map((number) => ({ number, weight: unit.weight })))
    .toSorted((one, other) => one.number - other.number);
  if (numbers.length === 0) return { value: null, error: null, rank: null };
  const value = at(numbers, 0.5);
  const below = (unit: DrawnUnit): number => euros(unit).filter((number) => number <= value).length;
  const whole = total(units, ADDS.numbers);
  const part = total(units, below) / whole;
  const rank = spread(units, (unit) => below(unit) - part * ADDS.numbers(unit)) / whole;
  const error = (at(numbers, Math.min(1, 0.5 + rank)) - at(numbers, Math.max(0, 0.5 - rank))) / 2;
  return { value, error, rank };
};

/** The estimate of a measure over all units from those that were drawn, as docs/sampling.md defines it. */
export const referenceEstimate = (measure: SampledMeasure, units: readonly DrawnUnit[]): ReferenceEstimate => {
  switch (measure) {
    case "events":
    case "persons":
    case "visits":
    case "eur":
      return { value: total(units, ADDS[measure]), error: spread(units, ADDS[measure]) };
    case "mean":
      return ratio(units, ADDS.eur, ADDS.numbers);
    case "each":
      return ratio(units, ADDS.eur, ADDS.persons);
    case "middle":
      return middle(units);
  }
};
