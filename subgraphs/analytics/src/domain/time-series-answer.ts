import type { Buckets } from "./calendar.ts";
import { dimensionText, emptyCells, measureColumn, type Cell, type Column } from "./columns.ts";
import { shownMeasures } from "./measures.ts";
import { errorColumns } from "./error-columns.ts";
import { singleColumns, type Group } from "./olap-answer.ts";
import type { AnalyticQuery } from "./query.ts";
import type { TimeRange } from "./time-range.ts";

/** One line of a time series, as in the SDL. */
export interface TimeSeriesLine {
  readonly values: readonly (string | null)[];
  readonly columns: readonly Column[];
  readonly totals: readonly Column[];
  /** Standard errors of both; empty where nothing was sampled. */
  readonly standardErrors: readonly Column[];
  readonly totalStandardErrors: readonly Column[];
}

/** Standard errors of a group's measures, null where there is no value; null when nothing was sampled. */
type Errors = readonly (number | null)[] | null;

/** A line's dimensions with its measures over the whole range. */
export interface LineTotals {
  readonly dimensions: readonly Cell[];
  readonly totals: readonly Cell[];
  readonly errors: Errors;
}

/** For each bucket: whether the range covers it wholly and it has ended at `nowMs`. */
export const completeBuckets = ({ startsMs, endMs }: Buckets, range: TimeRange, nowMs: number): readonly boolean[] =>
  startsMs.map((start, index) => {
    const end = startsMs[index + 1] ?? endMs;
    return start >= range.fromMs && end <= range.toMs && end <= nowMs;
  });

/** Tells lines apart: a missing value and an empty text are different, a number and its text are the same. */
const lineKey = (dimensions: readonly Cell[]): string =>
  JSON.stringify(dimensions.map((cell) => (cell === null ? null : String(cell))));

/** Lays groups of buckets and dimensions out as lines, with the empty value of each measure in buckets without events. */
export const timeSeriesLines = (
  query: AnalyticQuery & { readonly buckets: Buckets },
  lines: readonly LineTotals[],
  groups: readonly Group[],
  errors: readonly Exclude<Errors, null>[] | null,
): readonly TimeSeriesLine[] => {
  const byLine = new Map<string, Map<number, readonly Cell[]>>();
  const errorsOf = new Map<readonly Cell[], Errors>();
  for (const [place, { dimensions, bucketMs, measures }] of groups.entries()) {
    const key = lineKey(dimensions);
    const buckets = byLine.get(key) ?? new Map<number, readonly Cell[]>();
    if (bucketMs !== null) buckets.set(bucketMs, measures);
    byLine.set(key, buckets);
    errorsOf.set(measures, errors?.[place] ?? null);
  }
  const empty = emptyCells(query.measures);
  return lines.map(({ dimensions, totals, errors: ofTotals }) => {
    const buckets = byLine.get(lineKey(dimensions));
    const inBuckets = query.buckets.startsMs.map((start) => errorsOf.get(buckets?.get(start) ?? []) ?? []);
    return {
      values: query.dimensions.map((field, index) => dimensionText(field, dimensions[index] ?? null)),
      columns: shownMeasures(query.measures).map(([measure, index]) =>
        measureColumn(
          measure,
          query.buckets.startsMs.map((start) => {
            const cell = buckets?.get(start)?.[index];
            return cell === undefined ? (empty[index] ?? null) : cell;
          }),
        ),
      ),
      totals: singleColumns(query, totals),
      standardErrors: errors === null ? [] : errorColumns(query, inBuckets),
      totalStandardErrors: ofTotals === null ? [] : errorColumns(query, [ofTotals]),
    };
  });
};
