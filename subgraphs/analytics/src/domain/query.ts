import { refuse } from "@tessera/platform/errors/refusal";
import type { Approximate } from "./approximate.ts";
import { parseAskedSample, type AskedSample, type SampleInput } from "./asked-sample.ts";
import { columnsOf } from "./arithmetic.ts";
import { bucketsOf, type Buckets, type Granularity } from "./calendar.ts";
import { accessIn } from "./access-in.ts";
import { parseRevealedField, type FieldAccess } from "./fields.ts";
import type { Comparison, Condition, Field } from "./field.ts";
import type { FilterInput } from "./filter-input.ts";
import { didYouMean } from "./did-you-mean.ts";
import { COMPARISONS, onlyValueOf, parseFilter } from "./filter.ts";
import {
  firstShown,
  numbersOf,
  parseMeasures,
  shownIndex,
  shownMeasures,
  type Measure,
  type MeasureInput,
} from "./measures.ts";
import { parseTimeRange, type TimeRange } from "./time-range.ts";
import { zoneOffset, type OffsetAt } from "@tessera/platform/time/zone";
import type { WithMeanings } from "./semantic/dimension-expression.ts";

/** A validated question: what to measure over which events, grouped how. */
export interface AnalyticQuery {
  readonly range: TimeRange;
  readonly timeZone: string;
  readonly offsetAt: OffsetAt;
  /** Calendar buckets to group by; null without. */
  readonly buckets: Buckets | null;
  readonly dimensions: readonly Field[];
  readonly measures: readonly Measure[];
  readonly filter: Condition | null;
}

/** Place of a column in the answer's order: the bucket, a dimension or a measure, by index. */
export type ColumnPlace =
  | { readonly kind: "TIME" }
  | { readonly kind: "DIMENSION"; readonly index: number }
  | { readonly kind: "MEASURE"; readonly index: number };

/** Which way rows are sorted. */
export type SortDirection = "ASC" | "DESC";

/** One step of an order. */
export interface OrderStep {
  readonly place: ColumnPlace;
  readonly direction: SortDirection;
}

/** A validated test that the groups of an answer pass: a measure by its place, compared with a number. */
export interface MeasureTest {
  readonly index: number;
  readonly comparison: Comparison;
  readonly value: number;
}

/** Tests of a measure as the graph delivers them. */
export type MeasureTestInput = { readonly column: string } & {
  readonly [comparison in Comparison]?: number | null | undefined;
};

/** A validated `olap` question. */
export interface OlapQuery {
  readonly query: AnalyticQuery;
  /** What the groups pass, all of it; totals are of all groups. */
  readonly having: readonly MeasureTest[];
  readonly orderBy: readonly OrderStep[];
  readonly limit: number;
  readonly approximate: Approximate;
  /** What of all persons it is answered from. */
  readonly drawn: AskedSample;
}

/** A validated `timeSeries` question. */
export interface TimeSeriesQuery {
  readonly query: AnalyticQuery & { readonly buckets: Buckets };
  readonly maxLines: number;
  readonly approximate: Approximate;
  /** What of all persons it is answered from. */
  readonly drawn: AskedSample;
}

/** Fields `olap` may group by. */
export const MAX_DIMENSIONS = 8;
/** Fields `timeSeries` may split by: a chart with more is not readable. */
export const MAX_SPLIT_FIELDS = 3;
/** Lines of a time series. */
export const MAX_LINES = 100;
/** Values per measure of a time series, lines times buckets. */
export const MAX_POINTS = 50_000;
/** Rows `olap` gives at once; larger results run as jobs. */
export const MAX_OLAP_ROWS = 10_000;
/** Tests of `having`. */
const MAX_MEASURE_TESTS = 10;
/** Steps of an order. */
const MAX_ORDER_STEPS = 8;
/** Name of the bucket column. */
export const TIME_COLUMN = "time";

/** Defaults of the SDL, for callers that do not come through it. */
const DEFAULTS = {
  timeZone: "UTC",
  granularity: "NONE",
  direction: "DESC",
  limit: 1_000,
  maxLines: 10,
  approximate: "WHEN_OVER_BUDGET",
} as const;

/** Which period an answer is compared with, as in the SDL. */
export type ComparisonPeriod = "PREVIOUS_PERIOD" | "PREVIOUS_YEAR" | "CUSTOM";

/** A period to compare with, as the graph delivers it. */
export interface ComparisonInput {
  readonly period: ComparisonPeriod;
  readonly from?: string | null | undefined;
}

/** What buckets without events hold, as in the SDL. */
export type Fill = "NONE" | "EMPTY" | "PREVIOUS" | "LINEAR";

/** An `olap` question as the graph delivers it. */
export interface OlapInput extends SampleInput, WithMeanings {
  readonly range: { readonly from: string; readonly to: string };
  readonly measures: readonly MeasureInput[];
  readonly dimensions?: readonly string[];
  readonly filter?: FilterInput | null | undefined;
  readonly granularity?: Granularity;
  readonly timeZone?: string;
  readonly orderBy?: readonly { readonly column: string; readonly direction?: SortDirection }[];
  readonly limit?: number;
  readonly having?: readonly MeasureTestInput[];
  readonly compare?: readonly ComparisonInput[];
  readonly subtotals?: readonly (readonly string[])[];
  readonly others?: boolean;
  readonly fill?: Fill;
  readonly pivot?:
    | {
        readonly by?: readonly string[];
        readonly granularity?: Granularity;
        readonly maxColumns?: number;
        readonly others?: boolean;
      }
    | null
    | undefined;
  readonly approximate?: Approximate;
}

/** A `timeSeries` question as the graph delivers it. */
export interface TimeSeriesInput extends SampleInput, WithMeanings {
  readonly range: { readonly from: string; readonly to: string };
  readonly granularity: Granularity;
  readonly timeZone?: string;
  readonly measures: readonly MeasureInput[];
  readonly filter?: FilterInput | null | undefined;
  readonly splitBy?: readonly string[];
  readonly maxLines?: number;
  readonly approximate?: Approximate;
}

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

/** Refuses a whole number outside its bounds with BAD_INPUT. */
export const parseCount = (value: number, field: string, max: number): number => {
  if (!Number.isInteger(value) || value < 1 || value > max)
    throw bad(field, `\`${field}\` must be between 1 and ${max.toLocaleString("en-US")}.`);
  return value;
};

const parseDimensions = (
  names: readonly string[],
  where: string,
  max: number,
  access: FieldAccess,
): readonly Field[] => {
  if (names.length > max)
    throw bad(
      where,
      `\`${where}\` takes at most ${max} fields: leave some out, or hold them to one value by a filter.`,
    );
  if (new Set(names).size < names.length) throw bad(where, `\`${where}\` names a field twice.`);
  return names.map((name, index) => parseRevealedField(name, `${where}.${index}`, access));
};

const isDimension = (dimensions: readonly Field[], name: string): boolean =>
  dimensions.some((dimension) => dimension.name === name);

/** Revenue of different currencies must not be added or compared: each number must come from one currency. */
const refuseMixedCurrencies = (query: Omit<AnalyticQuery, "buckets">, where: string): void => {
  if (isDimension(query.dimensions, "currency") || onlyValueOf(query.filter, "currency") !== null) return;
  for (const { name, formula, filter } of query.measures) {
    const numbers = numbersOf(formula);
    if (numbers?.kind === "REVENUE" && numbers.currency === null && onlyValueOf(filter, "currency") === null)
      throw bad(
        where,
        `\`${name}\` would mix currencies: give the measure a \`currency\`, filter on \`currency\` or group by it.`,
      );
  }
};

/** True when a measure over all groups would mix currencies, although each group holds one. */
export const mixesCurrencies = (query: AnalyticQuery, measure: Measure): boolean => {
  if (onlyValueOf(query.filter, "currency") !== null) return false;
  if (measure.formula.kind === "FORMULA")
    return columnsOf(measure.formula.of).some((index) => {
      const other = query.measures[index];
      return other !== undefined && mixesCurrencies(query, other);
    });
  const numbers = numbersOf(measure.formula);
  return numbers?.kind === "REVENUE" && numbers.currency === null && onlyValueOf(measure.filter, "currency") === null;
};

const parseQuery = (
  input: Pick<OlapInput, "range" | "granularity" | "timeZone" | "measures" | "filter">,
  dimensions: readonly Field[],
  access: FieldAccess,
): AnalyticQuery => {
  const range = parseTimeRange(input.range, "input.range");
  const timeZone = input.timeZone ?? DEFAULTS.timeZone;
  const granularity = input.granularity ?? DEFAULTS.granularity;
  const offsetAt = zoneOffset(timeZone);
  const measures = parseMeasures(input.measures, "input.measures", access);
  const filter = parseFilter(input.filter, "input.filter", access);
  const taken = new Set([TIME_COLUMN, ...dimensions.map((dimension) => dimension.name)]);
  const clash = measures.find((measure) => taken.has(measure.name));
  if (clash !== undefined)
    throw bad("input.measures", `\`${clash.name}\` is the name of another column: give the measure a \`name\`.`);
  const rest = { range, timeZone, offsetAt, dimensions, measures, filter };
  refuseMixedCurrencies(rest, "input.measures");
  const buckets = granularity === "NONE" ? null : bucketsOf(granularity, range, offsetAt);
  return { ...rest, buckets };
};

const placeOf = (query: AnalyticQuery, column: string, where: string): ColumnPlace => {
  if (column === TIME_COLUMN && query.buckets !== null) return { kind: "TIME" };
  const dimension = query.dimensions.findIndex(({ name }) => name === column);
  if (dimension >= 0) return { kind: "DIMENSION", index: dimension };
  const measure = shownIndex(query.measures, column);
  if (measure >= 0) return { kind: "MEASURE", index: measure };
  const known = [
    ...(query.buckets === null ? [] : [TIME_COLUMN]),
    ...query.dimensions.map(({ name }) => name),
    ...shownMeasures(query.measures).map(([{ name }]) => name),
  ];
  throw bad(
    where,
    `The answer has no such column to order by.${didYouMean(column, known)} Its columns are ${known.join(", ")}.`,
  );
};

/** The order of an answer that asks for none: by time, then the first measure from great to small. */
export const defaultOrder = (query: AnalyticQuery): readonly OrderStep[] => [
  ...(query.buckets === null ? [] : [{ place: { kind: "TIME" }, direction: "ASC" } as const]),
  { place: { kind: "MEASURE", index: firstShown(query.measures) }, direction: "DESC" },
];

const noMeasure = (column: string, { measures }: Pick<AnalyticQuery, "measures">): string => {
  const known = shownMeasures(measures).map(([{ name }]) => name);
  return `The answer has no such measure.${didYouMean(column, known)} Its measures are ${known.join(", ")}.`;
};

const parseHaving = (inputs: readonly MeasureTestInput[], query: AnalyticQuery): readonly MeasureTest[] => {
  const tests = inputs.flatMap((input, at) => {
    const where = `input.having.${at}`;
    const index = shownIndex(query.measures, input.column);
    if (index < 0) throw bad(`${where}.column`, noMeasure(input.column, query));
    const own = COMPARISONS.flatMap((comparison) => {
      const value = input[comparison];
      return value === null || value === undefined ? [] : [{ index, comparison, value }];
    });
    if (own.length === 0) throw bad(where, "A measure is tested by gt, gte, lt or lte.");
    return own;
  });
  if (tests.length > MAX_MEASURE_TESTS)
    throw bad("input.having", `\`having\` takes at most ${MAX_MEASURE_TESTS} tests.`);
  return tests;
};

/** Validates an `olap` question; refuses with BAD_INPUT or FORBIDDEN. */
export const parseOlap = (input: OlapInput, caller: FieldAccess): OlapQuery => {
  const access = accessIn(caller, input);
  const dimensions = parseDimensions(input.dimensions ?? [], "input.dimensions", MAX_DIMENSIONS, access);
  const query = parseQuery(input, dimensions, access);
  const steps = input.orderBy ?? [];
  if (steps.length > MAX_ORDER_STEPS) throw bad("input.orderBy", `An order has at most ${MAX_ORDER_STEPS} steps.`);
  const orderBy = steps.map(({ column, direction = DEFAULTS.direction }, index) => ({
    place: placeOf(query, column, `input.orderBy.${index}.column`),
    direction,
  }));
  const limit = parseCount(input.limit ?? DEFAULTS.limit, "input.limit", MAX_OLAP_ROWS);
  const { approximate = DEFAULTS.approximate } = input;
  const having = parseHaving(input.having ?? [], query);
  const drawn = parseAskedSample(input);
  return { query, having, orderBy: orderBy.length === 0 ? defaultOrder(query) : orderBy, limit, approximate, drawn };
};

/** Whether what is beyond the limit is to be measured together; refuses it with BAD_INPUT where groups are no values of dimensions alone. */
export const parseOthers = ({ others = false }: OlapInput, { query, having }: OlapQuery): boolean => {
  if (others && (query.buckets !== null || query.dimensions.length === 0))
    throw bad(
      "input.others",
      "`others` needs `dimensions` and no `granularity`: over time, `timeSeries` answers the greatest lines.",
    );
  if (others && having.length > 0)
    throw bad("input.others", "`others` would hold the groups that `having` leaves out too.");
  return others;
};

/** Validates a `timeSeries` question; refuses with BAD_INPUT or FORBIDDEN. */
export const parseTimeSeries = (input: TimeSeriesInput, caller: FieldAccess): TimeSeriesQuery => {
  const access = accessIn(caller, input);
  const dimensions = parseDimensions(input.splitBy ?? [], "input.splitBy", MAX_SPLIT_FIELDS, access);
  const query = parseQuery(input, dimensions, access);
  const { buckets } = query;
  if (buckets === null)
    throw bad("input.granularity", "A time series needs buckets: take another granularity than NONE.");
  const maxLines = parseCount(input.maxLines ?? DEFAULTS.maxLines, "input.maxLines", MAX_LINES);
  if (dimensions.length > 0 && maxLines * buckets.startsMs.length > MAX_POINTS)
    throw bad(
      "input.maxLines",
      `\`maxLines\` times the ${buckets.startsMs.length} buckets is more than ${MAX_POINTS.toLocaleString("en-US")}.`,
    );
  const { approximate = DEFAULTS.approximate } = input;
  return { query: { ...query, buckets }, maxLines, approximate, drawn: parseAskedSample(input) };
};
