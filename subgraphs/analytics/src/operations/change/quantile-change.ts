import type { Caller } from "@tessera/contracts/caller";
import type { ChangeMeasure, QuantileMeasure } from "../../domain/change/change-measure.ts";
import { cellsOf } from "../../domain/columns.ts";
import { isoTime } from "../../domain/zone.ts";
import { queryOlap } from "../query-olap.ts";
import type { SpanChoices } from "./compared-spans.ts";
import type { ChangeAsked, TakeApartDeps } from "./take-apart.ts";
import { findThreshold, type OfQuantile } from "./threshold.ts";

interface Asked extends Pick<ChangeAsked, "question" | "span"> {
  readonly caller: Caller;
  readonly choices: SpanChoices;
}

/**
 * A quantile as a number that adds up over slices: the share of its numbers beyond what it was before. To first order a quantile changes as that share does, divided by the
 * density there (Firpo, Fortin and Lemieux, "Unconditional Quantile Regressions", Econometrica 77, 2009: the influence function of a quantile is linear in it).
 */
export const overThreshold = async (
  deps: TakeApartDeps,
  { caller, question, span, choices }: Asked,
  { quantile, beyond }: QuantileMeasure,
): Promise<{ readonly measure: ChangeMeasure; readonly quantile: OfQuantile }> => {
  const { beyond: threshold, quantile: found } = await findThreshold(choices, span, async ({ fromMs, toMs }) => {
    const range = { from: isoTime(fromMs), to: isoTime(toMs) };
    const { totals, provenance } = await queryOlap(deps)(caller, { ...question, range, measures: [quantile] });
    const [cell = null] = totals.flatMap((column) => (column.role === "MEASURE" ? cellsOf(column) : []));
    return { value: cell === null ? null : Number(cell), provenance };
  });
  return { measure: beyond(threshold), quantile: found };
};
