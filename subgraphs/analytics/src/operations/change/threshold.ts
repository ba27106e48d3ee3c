import { eachOf } from "@tessera/platform/runtime/each-of";
import type { Provenance } from "../../domain/provenance.ts";
import type { TimeRange } from "../../domain/time-range.ts";
import { comparedSpans, type SpanChoices } from "./compared-spans.ts";

/** Questions for a threshold that are asked at a time: a share of what one tenant may have with the store. */
const AT_ONCE = 4;

/** The threshold of a quantile, and what finding it has read. */
export interface OfQuantile {
  /** The median of what the quantile was in the spans that are compared with; null where these are too few. */
  readonly threshold: number | null;
  readonly provenances: readonly Provenance[];
}

/** A quantile in one span; null where it is of nothing. */
export interface QuantileOfSpan {
  readonly value: number | null;
  readonly provenance: Provenance;
}

const medianOf = (numbers: readonly number[]): number => {
  const ordered = numbers.toSorted((one, other) => one - other);
  const [low, high] = [ordered[Math.floor((ordered.length - 1) / 2)], ordered[Math.ceil((ordered.length - 1) / 2)]];
  return ((low ?? 0) + (high ?? 0)) / 2;
};

/** Finds the threshold beyond which the numbers of a quantile are counted: without anything to compare with what it is now, of which nothing is told. */
export const findThreshold = async (
  choices: SpanChoices,
  span: TimeRange,
  ask: (one: TimeRange) => Promise<QuantileOfSpan>,
): Promise<{ readonly beyond: number; readonly quantile: OfQuantile }> => {
  const provenances: Provenance[] = [];
  const read = async (one: TimeRange) => {
    const { value, provenance } = await ask(one);
    provenances.push(provenance);
    return { value: value ?? 0, units: value === null ? 0 : 1 };
  };
  const found = await comparedSpans(choices, (spans) => eachOf(spans, AT_ONCE, read));
  const threshold = found === null ? null : medianOf(found.before.map(({ value }) => value));
  return { beyond: threshold ?? (await read(span)).value, quantile: { threshold, provenances } };
};
