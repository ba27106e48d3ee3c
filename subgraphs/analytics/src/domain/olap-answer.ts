import { dimensionColumn, measureColumn, type Cell, type Column } from "./columns.ts";
import { shownMeasures } from "./measures.ts";
import { mixesCurrencies, TIME_COLUMN, type AnalyticQuery } from "./query.ts";
import { formatInZone } from "./zone.ts";

/** Cells of one group: its bucket, its dimensions and its measures, in the query's order. */
export interface Group {
  readonly bucketMs: number | null;
  readonly dimensions: readonly Cell[];
  readonly measures: readonly Cell[];
}

const column = (groups: readonly Group[], read: (group: Group) => Cell | undefined): readonly Cell[] =>
  groups.map((group) => read(group) ?? null);

/** Writes buckets' moments, each of which many groups have, once. */
const bucketWriter = ({ offsetAt }: AnalyticQuery): ((bucketMs: number) => string) => {
  const written = new Map<number, string>();
  return (bucketMs) => {
    const known = written.get(bucketMs);
    if (known !== undefined) return known;
    const text = formatInZone(bucketMs, offsetAt);
    written.set(bucketMs, text);
    return text;
  };
};

const bucketTimes = (query: AnalyticQuery, groups: readonly Group[]): readonly (string | null)[] => {
  const write = bucketWriter(query);
  return groups.map(({ bucketMs }) => (bucketMs === null ? null : write(bucketMs)));
};

/** Turns groups into columns: time bucket (if asked for), dimensions, measures. */
export const groupColumns = (query: AnalyticQuery, groups: readonly Group[]): readonly Column[] => [
  ...(query.buckets === null
    ? []
    : [
        {
          name: TIME_COLUMN,
          role: "TIME",
          kind: "TIME",
          times: bucketTimes(query, groups),
        } as const,
      ]),
  ...query.dimensions.map((field, index) =>
    dimensionColumn(
      field,
      column(groups, ({ dimensions }) => dimensions[index]),
    ),
  ),
  ...shownMeasures(query.measures).map(([measure, index]) =>
    measureColumn(
      measure,
      column(groups, ({ measures }) => measures[index]),
    ),
  ),
];

/** Measures over groups that may be of several currencies: null where they can't be one number. */
export const unmixed = (query: AnalyticQuery, cells: readonly Cell[]): readonly Cell[] =>
  query.measures.map((measure, index) => (mixesCurrencies(query, measure) ? null : (cells[index] ?? null)));

/** Turns the measures over everything into columns of one value; null where groups of several currencies can't be one number. */
export const totalColumns = (query: AnalyticQuery, totals: readonly Cell[]): readonly Column[] =>
  singleColumns(query, unmixed(query, totals));

/** Turns the measures of one group into columns of one value. */
export const singleColumns = (query: AnalyticQuery, cells: readonly Cell[]): readonly Column[] =>
  shownMeasures(query.measures).map(([measure, index]) => measureColumn(measure, [cells[index] ?? null]));
