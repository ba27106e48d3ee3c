import type { OlapInput, TimeSeriesInput } from "../query.ts";
import type { MeasureInput } from "../measures.ts";

/** A metric or segment by its name, as it is now or in a version. */
export interface DefinitionRef {
  readonly name: string;
  readonly version?: number | null | undefined;
}

/** What questions may name of the semantic layer. */
export interface Names {
  readonly metrics?: readonly DefinitionRef[];
  readonly segments?: readonly DefinitionRef[];
}

/** A question that may name metrics and segments, as the graph delivers it. */
export type Asked<Plain> = Omit<Plain, "measures"> & Names & { readonly measures?: readonly MeasureInput[] };
/** An `olap` question that may name metrics and segments. */
export type AskedOlap = Asked<OlapInput>;
/** A `timeSeries` question that may name metrics and segments. */
export type AskedTimeSeries = Asked<TimeSeriesInput>;

/** Metrics, and segments, one question may name: more metrics are more measures than an answer has. */
export const MAX_NAMED = 10;
