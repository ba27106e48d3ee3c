import type { Caller } from "@tessera/contracts/caller";
import { eachOf } from "@tessera/platform/runtime/each-of";
import type { ChangeMeasure, QuantileMeasure } from "../../domain/change/change-measure.ts";
import { cellsOf } from "../../domain/columns.ts";
import type { Provenance } from "../../domain/provenance.ts";
import type { TimeRange } from "../../domain/time-range.ts";
import { isoTime } from "../../domain/zone.ts";
import { queryOlap } from "../query-olap.ts";
import { comparedSpans, type SpanChoices } from "./compared-spans.ts";
import type { ChangeAsked, TakeApartDeps } from "./take-apart.ts";

/** Questions for a threshold that are with the store at a time: a share of what one tenant may have there. */
const AT_ONCE = 4;

/** The threshold of a quantile, and what finding it has read. */
export interface OfQuantile {
  /** The median of what the quantile was in the spans that are compared with; null where these are too few. */
  readonly threshold: number | null;
  readonly provenances: readonly Provenance[];
}

interface Asked extends Pick<ChangeAsked, "question" | "span"> {
  readonly caller: Caller;
  readonly choices: SpanChoices;
}

const medianOf = (numbers: readonly number[]): number => {
  const ordered = numbers.toSorted((one, other) => one - other);
  const [low, high] = [ordered[Math.floor((ordered.length - 1) / 2)], ordered[Math.ceil((ordered.length - 1) / 2)]];
  return ((low ?? 0) + (high ?? 0)) / 2;
};

/**
 * A quantile as a number that adds up over slices: the share of its numbers beyond what it was before. To first order a quantile changes as that share does, divided by the
 * density there (Firpo, Fortin and Lemieux, "Unconditional Quantile Regressions", Econometrica 77, 2009: the influence function of a quantile is linear in it).
 */
export const overThreshold = async (
  deps: TakeApartDeps,
  { caller, question, span, choices }: Asked,
  { quantile, beyond }: QuantileMeasure,
): Promise<{ readonly measure: ChangeMeasure; readonly quantile: OfQuantile }> => {
  const provenances: Provenance[] = [];
  const read = async ({ fromMs, toMs }: TimeRange) => {
    const range = { from: isoTime(fromMs), to: isoTime(toMs) };
    const { totals, provenance } = await queryOlap(deps)(caller, { ...question, range, measures: [quantile] });
    provenances.push(provenance);
    const [cell = null] = totals.flatMap((column) => (column.role === "MEASURE" ? cellsOf(column) : []));
    return { value: Number(cell ?? 0), units: cell === null ? 0 : 1 };
  };
  const found = await comparedSpans(choices, (spans) => eachOf(spans, AT_ONCE, read));
  const threshold = found === null ? null : medianOf(found.before.map(({ value }) => value));
  // Without anything to compare with, what is beyond the quantile as it is now is told of it.
  return { measure: beyond(threshold ?? (await read(span)).value), quantile: { threshold, provenances } };
};
