import { refuse } from "@tessera/platform/errors/refusal";
import { bucketsOf, type Granularity } from "./calendar.ts";
import { emptyCells, measureColumn, type Cell, type Column } from "./columns.ts";
import { finite } from "./finite.ts";
import { shownMeasures } from "./measures.ts";
import { unmixed, type Group } from "./olap-answer.ts";
import { periodFrom, periodYearBefore, precedingPeriod } from "./period.ts";
import type { AnalyticQuery, ComparisonInput, ComparisonPeriod } from "./query.ts";
import { parseTimeRange, type TimeRange } from "./time-range.ts";
import { isoTime } from "./zone.ts";

/** A validated period to compare with: the question, put to that period. */
export interface PeriodQuery {
  readonly period: ComparisonPeriod;
  readonly query: AnalyticQuery;
}

/** Periods one question is compared with: each is read like the question itself. */
const MAX_COMPARISONS = 4;
/** Rows of an answer that is compared: their dimensions travel to the store. */
const MAX_COMPARED_ROWS = 1_000;
/** Groups that are read of a period: the rows' dimensions in each of its buckets. */
const MAX_COMPARED_GROUPS = 50_000;

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

const shifted = ({ period, from }: ComparisonInput, { range, offsetAt }: AnalyticQuery, where: string): TimeRange => {
  const given = from !== null && from !== undefined;
  if (given !== (period === "CUSTOM"))
    throw bad(`${where}.from`, given ? "Only CUSTOM takes `from`." : "CUSTOM needs `from`, where the period begins.");
  if (period === "PREVIOUS_PERIOD") return precedingPeriod(range, offsetAt);
  if (period === "PREVIOUS_YEAR") return periodYearBefore(range, offsetAt);
  return periodFrom(Date.parse(from ?? ""), range, offsetAt);
};

const periodQuery = (
  input: ComparisonInput,
  query: AnalyticQuery,
  granularity: Granularity,
  where: string,
): PeriodQuery => {
  const { fromMs, toMs } = shifted(input, query, where);
  const range = parseTimeRange({ from: isoTime(fromMs), to: isoTime(toMs) }, where);
  const buckets = query.buckets === null ? null : bucketsOf(granularity, range, query.offsetAt);
  return { period: input.period, query: { ...query, range, buckets } };
};

/** Validates the periods a question is compared with; refuses with BAD_INPUT. */
export const parseComparisons = (
  inputs: readonly ComparisonInput[],
  { query, limit }: { readonly query: AnalyticQuery; readonly limit: number },
  granularity: Granularity,
): readonly PeriodQuery[] => {
  if (inputs.length === 0) return [];
  if (inputs.length > MAX_COMPARISONS)
    throw bad("input.compare", `An answer is compared with at most ${MAX_COMPARISONS} periods.`);
  const [rows, buckets] = [query.dimensions.length === 0 ? 1 : limit, query.buckets?.startsMs.length ?? 1];
  if (rows > MAX_COMPARED_ROWS)
    throw bad(
      "input.limit",
      `An answer that is compared has at most ${MAX_COMPARED_ROWS.toLocaleString("en-US")} rows.`,
    );
  if (rows * buckets > MAX_COMPARED_GROUPS)
    throw bad(
      "input.compare",
      `\`limit\` times the buckets is more than ${MAX_COMPARED_GROUPS.toLocaleString("en-US")}.`,
    );
  return inputs.map((input, index) => periodQuery(input, query, granularity, `input.compare.${index}`));
};

/** Characters of the rows' dimensions that travel to the store, in one request with everything else. */
const MAX_LINE_CHARACTERS = 100_000;

/** The distinct dimensions of an answer's rows; refuses with RESULT_TOO_LARGE what is too long to be sent back to the store. */
export const linesOfRows = (rows: readonly Group[]): readonly (readonly Cell[])[] => {
  const lines = [...new Map(rows.map(({ dimensions }) => [JSON.stringify(dimensions), dimensions])).values()];
  const characters = lines.flat().reduce<number>((sum, cell) => sum + String(cell ?? "").length, 0);
  if (characters > MAX_LINE_CHARACTERS)
    throw refuse(
      "RESULT_TOO_LARGE",
      `The dimensions of the rows have more than ${MAX_LINE_CHARACTERS.toLocaleString("en-US")} characters in all, too many to ask for the same rows again: lower \`limit\`.`,
      { field: "input.limit" },
    );
  return lines;
};

/** Measures of a period, row by row those of the answer, with the change from then to now as a part of what was. */
export interface ComparedColumns {
  readonly columns: readonly Column[];
  readonly changes: readonly Column[];
}

const numberOf = (cell: Cell): number | null => (cell === null ? null : Number(cell));

const change = (now: Cell, then: Cell): number | null => {
  const [value, before] = [numberOf(now), numberOf(then)];
  return value === null || before === null || before === 0 ? null : finite((value - before) / Math.abs(before));
};

/** What tells a group of a period by: the place of its bucket, and its dimensions. */
export const keyOf = (place: number, dimensions: readonly Cell[]): string => JSON.stringify([place, dimensions]);

/** The place of a group's bucket among those of its period. */
export const placeOf = ({ buckets }: AnalyticQuery, { bucketMs }: Group): number =>
  buckets === null || bucketMs === null ? 0 : buckets.startsMs.indexOf(bucketMs);

/**
 * Lays a period's groups beside an answer's: the same dimensions in the bucket of the same place. What no event told of then is measured of no
 * events; a bucket the period does not have is unknown.
 */
export const compareGroups = (
  asked: AnalyticQuery,
  groups: readonly Group[],
  period: AnalyticQuery,
  before: readonly Group[],
): ComparedColumns => {
  const found = new Map(before.map((group) => [keyOf(placeOf(period, group), group.dimensions), group.measures]));
  const empty = emptyCells(asked.measures);
  const places = period.buckets?.startsMs.length ?? 1;
  const then = groups.map((group) => {
    const place = placeOf(asked, group);
    return place >= places ? null : (found.get(keyOf(place, group.dimensions)) ?? empty);
  });
  return {
    columns: shownMeasures(asked.measures).map(([measure, index]) =>
      measureColumn(
        measure,
        then.map((cells) => cells?.[index] ?? null),
      ),
    ),
    changes: shownMeasures(asked.measures).map(([{ name }, index]) => ({
      ...{ name, role: "MEASURE", kind: "NUMBER" },
      numbers: groups.map(({ measures }, row) => change(measures[index] ?? null, then[row]?.[index] ?? null)),
    })),
  };
};

/** Lays the measures over a whole period beside those over the whole range; null where currencies can't be one number. */
export const compareTotals = (
  query: AnalyticQuery,
  totals: readonly Cell[],
  before: readonly Cell[],
): ComparedColumns => {
  const one = (cells: readonly Cell[]): readonly Group[] => [{ bucketMs: null, dimensions: [], measures: cells }];
  const whole = { ...query, buckets: null };
  return compareGroups(whole, one(unmixed(query, totals)), whole, one(unmixed(query, before)));
};
