import { refuse } from "@tessera/platform/errors/refusal";
import { bucketsOf, type Buckets, type Granularity } from "./calendar.ts";
import { dimensionText, emptyCells, measureColumn, type Cell, type Column } from "./columns.ts";
import { accessIn } from "./access-in.ts";
import { parseRevealedField, type FieldAccess } from "./fields.ts";
import type { Condition, Field } from "./field.ts";
import { parseFilter } from "./filter.ts";
import { shownMeasures } from "./measures.ts";
import { unmixed, type Group } from "./olap-answer.ts";
import {
  defaultOrder,
  MAX_DIMENSIONS,
  parseCount,
  type AnalyticQuery,
  type OlapInput,
  type OrderStep,
} from "./query.ts";
import { formatInZone } from "./zone.ts";

/** A validated pivot: fields, or buckets of time, whose values become columns. */
export interface Pivot {
  readonly fields: readonly Field[];
  readonly buckets: Buckets | null;
  readonly maxColumns: number;
  readonly others: boolean;
}

/** A column of a pivot: its bucket or its values of the fields, and its measures over all rows. */
export type PivotPlace = Pick<Group, "bucketMs" | "dimensions" | "measures">;

/** Columns of a pivot: more are not read by anybody, and as rows they are no trouble. */
export const MAX_PIVOT_COLUMNS = 100;
/** Fields whose values together make a column. */
const MAX_PIVOT_FIELDS = 3;
/** Cells of a pivot, its rows times its columns, each of all measures. */
export const MAX_PIVOT_CELLS = 50_000;
const DEFAULTS = { maxColumns: 20, others: true } as const;

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

const parseFields = (names: readonly string[], query: AnalyticQuery, access: FieldAccess): readonly Field[] => {
  const where = "input.pivot.by";
  if (names.length > MAX_PIVOT_FIELDS) throw bad(where, `A pivot is by at most ${MAX_PIVOT_FIELDS} fields.`);
  if (names.length + query.dimensions.length > MAX_DIMENSIONS)
    throw bad(where, `\`dimensions\` and the fields of a pivot are at most ${MAX_DIMENSIONS} together.`);
  return names.map((name, index) => {
    const field = parseRevealedField(name, `${where}.${index}`, access);
    const twice = names.indexOf(name) !== index || query.dimensions.some((one) => one.name === name);
    if (twice) throw bad(`${where}.${index}`, `\`${name}\` makes rows or columns already: name it once.`);
    if (field.kind === "COLUMN" && field.type === "LIST")
      throw bad(`${where}.${index}`, `\`${name}\` holds lists, which no filter tells apart: take another field.`);
    return field;
  });
};

const parseBuckets = (granularity: Granularity, { range, offsetAt, buckets }: AnalyticQuery): Buckets | null => {
  const where = "input.pivot.granularity";
  if (granularity === "NONE") return null;
  if (buckets !== null)
    throw bad(where, "Buckets make rows or columns: leave out `granularity` of the question or of its pivot.");
  const found = bucketsOf(granularity, range, offsetAt, where);
  if (found.startsMs.length > MAX_PIVOT_COLUMNS)
    throw bad(
      where,
      `The range has ${found.startsMs.length} buckets of one ${granularity}; ${MAX_PIVOT_COLUMNS} columns fit: take wider buckets or a shorter range.`,
    );
  return found;
};

/** Validates what the rows of a question are split by into columns; null without. Refuses with BAD_INPUT or FORBIDDEN. */
export const parsePivot = (input: OlapInput, query: AnalyticQuery, caller: FieldAccess): Pivot | null => {
  const pivot = input.pivot ?? null;
  if (pivot === null) return null;
  const { by = [], granularity = "NONE", maxColumns = DEFAULTS.maxColumns, others = DEFAULTS.others } = pivot;
  if (by.length > 0 === (granularity !== "NONE"))
    throw bad("input.pivot", "A pivot is by fields (`by`) or by buckets of time (`granularity`), by one of both.");
  return {
    fields: parseFields(by, query, accessIn(caller, input)),
    buckets: parseBuckets(granularity, query),
    maxColumns: parseCount(maxColumns, "input.pivot.maxColumns", MAX_PIVOT_COLUMNS),
    others: others && by.length > 0,
  };
};

/** The question that measures a pivot's columns over all rows, in the columns' order: time, or the first measure from great to small. */
export const columnQuery = (
  query: AnalyticQuery,
  { fields, buckets }: Pivot,
): { readonly query: AnalyticQuery; readonly orderBy: readonly OrderStep[] } => {
  const columns = { ...query, dimensions: fields, buckets };
  return { query: columns, orderBy: defaultOrder(columns).slice(0, 1) };
};

/** The question that measures the cells: grouped by what makes rows, then by what makes columns. */
export const cellQuery = (
  query: AnalyticQuery,
  { fields, buckets }: Pivot,
  chosen: Condition | null,
): AnalyticQuery => ({
  ...query,
  dimensions: [...query.dimensions, ...fields],
  buckets: query.buckets ?? buckets,
  filter: both(query.filter, chosen),
});

/** The question of what none of the columns holds, by rows. */
export const othersQuery = (query: AnalyticQuery, chosen: Condition): AnalyticQuery => ({
  ...query,
  filter: both(query.filter, { kind: "NOT", part: chosen }),
});

const both = (one: Condition | null, other: Condition | null): Condition | null => {
  const parts = [one, other].filter((part) => part !== null);
  return parts.length > 1 ? { kind: "AND", parts } : (parts[0] ?? null);
};

const holds = (field: Field, cell: Cell, access: FieldAccess): Condition => {
  const text = dimensionText(field, cell);
  const test = text === null ? { field: field.name, exists: false } : { field: field.name, eq: text };
  const found = parseFilter(test, "input.pivot.by", access);
  if (found === null) throw new Error("A test of a field is a condition.");
  return found;
};

/** The events of the columns that are shown. */
export const eventsOfColumns = (
  places: readonly PivotPlace[],
  { fields }: Pivot,
  { timeZone }: AnalyticQuery,
): Condition => {
  // The asker was asked for the permission when the fields were read.
  const access = { personalData: true, timeZone };
  return {
    kind: "OR",
    parts: places.map(({ dimensions }) => ({
      kind: "AND",
      parts: fields.map((field, index) => holds(field, dimensions[index] ?? null, access)),
    })),
  };
};

/** Refuses with RESULT_TOO_LARGE more cells than an answer holds. */
export const refuseTooManyCells = (rows: number, columns: number): void => {
  if (rows * columns <= MAX_PIVOT_CELLS) return;
  throw refuse(
    "RESULT_TOO_LARGE",
    `${rows.toLocaleString("en-US")} rows times ${columns} columns are more than ${MAX_PIVOT_CELLS.toLocaleString("en-US")} cells: lower \`limit\` or \`maxColumns\`.`,
    { field: "input.pivot", limit: MAX_PIVOT_CELLS },
  );
};

/** A column of a pivot, as in the SDL. */
export interface PivotColumn {
  /** Start of its bucket; null unless columns are buckets. */
  readonly time: string | null;
  readonly values: readonly (string | null)[];
  readonly others: boolean;
  readonly columns: readonly Column[];
  readonly totals: readonly Column[];
}

/** The places of a pivot's columns in their order: every bucket of time, or the values that were found. */
export const pivotPlaces = (
  { buckets }: Pivot,
  { measures }: AnalyticQuery,
  found: readonly Group[],
): readonly PivotPlace[] => {
  if (buckets === null) return found;
  const known = new Map(found.map((group) => [group.bucketMs, group.measures]));
  const empty = emptyCells(measures);
  return buckets.startsMs.map((bucketMs) => ({ bucketMs, dimensions: [], measures: known.get(bucketMs) ?? empty }));
};

const keyOf = (bucketMs: number | null, dimensions: readonly Cell[]): string =>
  JSON.stringify([bucketMs, dimensions.map((cell) => (cell === null ? null : String(cell)))]);

const columnsOf = (query: AnalyticQuery, cells: readonly (readonly Cell[])[]): readonly Column[] =>
  shownMeasures(query.measures).map(([measure, index]) =>
    measureColumn(
      measure,
      cells.map((one) => one[index] ?? null),
    ),
  );

/** Lays cells out beside an answer's rows, one column of the pivot after the other; where no event told of a cell, it is measured of no events. */
export const pivotColumns = (
  query: AnalyticQuery,
  pivot: Pivot,
  places: readonly PivotPlace[],
  rows: readonly Group[],
  cells: readonly Group[],
): readonly PivotColumn[] => {
  const found = new Map(cells.map((cell) => [keyOf(cell.bucketMs, cell.dimensions), cell.measures]));
  const empty = emptyCells(query.measures);
  const single = pivot.fields.some(({ name }) => name === "currency");
  return places.map(({ bucketMs, dimensions, measures }) => ({
    time: bucketMs === null ? null : formatInZone(bucketMs, query.offsetAt),
    values: pivot.fields.map((field, index) => dimensionText(field, dimensions[index] ?? null)),
    others: false,
    columns: columnsOf(
      query,
      rows.map((row) => found.get(keyOf(row.bucketMs ?? bucketMs, [...row.dimensions, ...dimensions])) ?? empty),
    ),
    totals: columnsOf(query, [single ? measures : unmixed(query, measures)]),
  }));
};

/** Lays out what none of the columns holds, by the rows of an answer and over all. */
export const othersColumn = (
  query: AnalyticQuery,
  pivot: Pivot,
  rows: readonly Group[],
  cells: readonly Group[],
  totals: readonly Cell[],
): PivotColumn => {
  const found = new Map(cells.map((cell) => [keyOf(cell.bucketMs, cell.dimensions), cell.measures]));
  const empty = emptyCells(query.measures);
  return {
    time: null,
    values: pivot.fields.map(() => null),
    others: true,
    columns: columnsOf(
      query,
      rows.map((row) => found.get(keyOf(row.bucketMs, row.dimensions)) ?? empty),
    ),
    totals: columnsOf(query, [unmixed(query, totals)]),
  };
};
