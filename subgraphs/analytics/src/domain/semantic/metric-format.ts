import { refuse } from "@tessera/platform/errors/refusal";

/** How numbers of a metric are meant, as in the SDL. */
export type MetricFormatKind = "NUMBER" | "PERCENT" | "CURRENCY" | "DURATION";
/** What one of a duration's numbers is, as in the SDL. */
export type DurationUnit = "MILLISECONDS" | "SECONDS" | "MINUTES" | "HOURS" | "DAYS";

/** How a metric's numbers are to be shown: a number of digits, and what they are of. */
export interface MetricFormat {
  readonly kind: MetricFormatKind;
  readonly decimals: number;
  readonly currency: string | null;
  readonly unit: DurationUnit | null;
}

/** A format as the graph delivers it. */
export interface MetricFormatInput {
  readonly kind?: MetricFormatKind;
  readonly decimals?: number;
  readonly currency?: string | null | undefined;
  readonly unit?: DurationUnit | null | undefined;
}

/** Digits behind the point: a double has no more. */
const MAX_DECIMALS = 15;
const CURRENCY = /^[A-Z]{3}$/;

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

/** Reads a format; refuses with BAD_INPUT what a kind needs and is missing, and what it has no use for. */
export const parseMetricFormat = (input: MetricFormatInput | null | undefined): MetricFormat => {
  const { kind = "NUMBER", decimals = 2, currency = null, unit = null } = input ?? {};
  if (!Number.isInteger(decimals) || decimals < 0 || decimals > MAX_DECIMALS)
    throw bad("input.format.decimals", `\`decimals\` is between 0 and ${MAX_DECIMALS}.`);
  if ((currency !== null) !== (kind === "CURRENCY"))
    throw bad("input.format.currency", "CURRENCY has a `currency`, and nothing else has one.");
  if (currency !== null && !CURRENCY.test(currency))
    throw bad("input.format.currency", "A currency is three letters, ISO 4217.");
  if ((unit !== null) !== (kind === "DURATION"))
    throw bad("input.format.unit", "DURATION has a `unit`, and nothing else has one.");
  return { kind, decimals, currency, unit };
};
