import type { StepsOnTheWay } from "./step-effects.ts";
import type { Quantity } from "./slice-measure.ts";

/** Numbers of a funnel, as they are watched. */
export type FunnelNumber = "conversionRate" | "converted" | "entered" | "reached";
/** Numbers of retention, as they are watched. */
export type RetentionNumber = "rate" | "returned" | "eligible" | "size";

/** Starts of a slice, and of those of one column how many had all their time and came back. */
export interface CountedStarts {
  readonly size: number;
  readonly eligible: number;
  readonly returned: number;
}

const countOf = (value: number): Quantity => ({ value, base: null, units: value });
const shareOf = (value: number, base: number): Quantity => ({ value, base, units: base });

/** A number of a funnel, up to a step by its index, of how many units reached each. */
export const funnelQuantity = (name: FunnelNumber, step: number, reached: readonly number[]): Quantity => {
  const [entered, arrived] = [reached[0] ?? 0, reached[step] ?? 0];
  if (name === "conversionRate") return shareOf(arrived, entered);
  return countOf(name === "entered" ? entered : arrived);
};

/** A number of retention, of the starts of a slice. */
export const retentionQuantity = (name: RetentionNumber, starts: CountedStarts): Quantity =>
  name === "rate" ? shareOf(starts.returned, starts.eligible) : countOf(starts[name]);

/** The required steps of a funnel that lead to one of its steps, that one included; `number` counts all steps from 1. */
export const stepsOnTheWay = (
  name: FunnelNumber,
  target: number,
  steps: readonly { readonly label: string; readonly optional: boolean }[],
): StepsOnTheWay => ({
  isCount: name !== "conversionRate",
  steps: steps.flatMap(({ label, optional }, index) => {
    const leads = name === "entered" ? index === 0 : index === target || (index < target && !optional);
    return leads ? [{ number: index + 1, label }] : [];
  }),
});
