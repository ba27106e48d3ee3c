import { z } from "zod";
import type { Cell } from "../domain/columns.ts";
import type { SampledSums } from "../domain/estimators.ts";
import type { AnalyticQuery } from "../domain/query.ts";
import type { WindowCells } from "../domain/windows.ts";

/** A row of `olapStatement`: one group, or the row over everything. */
export interface OlapRow {
  readonly isTotal: boolean;
  /** Start of the bucket, milliseconds since the epoch; null without buckets. */
  readonly bucketMs: number | null;
  readonly dimensions: readonly Cell[];
  readonly measures: readonly Cell[];
}

/** A row of `sampleStatement`. */
export interface SampleRow extends OlapRow, SampledSums {
  /** Sampled persons in the group. */
  readonly persons: number;
  /** What was drawn that is in the group: persons, and of `events_sample` sessions and events of nobody known. */
  readonly units: number;
}

/** A row of `realtimeStatement`. */
export interface RealtimeRow extends OlapRow {
  readonly part: "TOTAL" | "BUCKET" | "CURRENCY" | "NAME";
}

const isRecord = (row: unknown): row is Readonly<Record<string, unknown>> => typeof row === "object" && row !== null;

/** The row itself: copies of thousands of rows are what reading them would mostly take. */
const record = (row: unknown): Readonly<Record<string, unknown>> => {
  if (!isRecord(row)) throw new Error("The event store answered a row that is no object.");
  return row;
};

const cellOf = (row: Readonly<Record<string, unknown>>, key: string): Cell => {
  const value = row[key];
  if (value === null || typeof value === "string" || typeof value === "number") return value;
  throw new Error(`The event store answered a row whose \`${key}\` is neither text nor number.`);
};

const NONE: readonly number[] = [];

const numbersOf = (row: Readonly<Record<string, unknown>>, key: string): readonly number[] => {
  const values: unknown = row[key];
  if (!Array.isArray(values)) throw new Error(`The event store answered a row whose \`${key}\` is no list.`);
  return values.length === 0 ? NONE : values.map((value: unknown) => (value === null ? 0 : Number(value)));
};

const groupOf = (row: Readonly<Record<string, unknown>>, query: AnalyticQuery, isTotal: boolean): OlapRow => ({
  isTotal,
  bucketMs: query.buckets === null ? null : Number(cellOf(row, "b")) * 1_000,
  dimensions: query.dimensions.map((_field, index) => cellOf(row, `d${index}`)),
  measures: query.measures.map((_measure, index) => cellOf(row, `m${index}`)),
});

/** Reads a row of `olapStatement`; throws when the store's shape is another. Written by hand: an answer has up to 50,000 rows. */
export const olapRowOf = (raw: unknown, query: AnalyticQuery): OlapRow => {
  const row = record(raw);
  return groupOf(row, query, row["total"] === 1);
};

/** A row of `olapSetsStatement` before it is known of which groups it is. */
export interface SetRow {
  /** The number of its set of groups. */
  readonly set: number;
  /** The row as one of the question's own groups; of coarser ones the keys that are left out mean nothing. */
  readonly row: OlapRow;
}

/** Reads a row of `olapSetsStatement`; throws when the store's shape is another. */
export const setRowOf = (raw: unknown, query: AnalyticQuery): SetRow => ({
  set: Number(cellOf(record(raw), "total")),
  row: groupOf(record(raw), query, false),
});

/** Reads a row of `sampleStatement`; throws when the store's shape is another. */
export const sampleRowOf = (raw: unknown, query: AnalyticQuery): { readonly set: number; readonly row: SampleRow } => {
  const row = record(raw);
  const { isTotal, bucketMs, dimensions, measures } = groupOf(row, query, false);
  const sampled = {
    isTotal,
    bucketMs,
    dimensions,
    measures,
    sums: numbersOf(row, "sums"),
    products: numbersOf(row, "products"),
    rankErrors: numbersOf(row, "ranks"),
    valueErrors: numbersOf(row, "spreads"),
    persons: Number(cellOf(row, "persons")),
    units: Number(cellOf(row, "units")),
  };
  return { set: Number(cellOf(row, "total")), row: sampled };
};

const partName = z.enum(["TOTAL", "BUCKET", "CURRENCY", "NAME"]);

/** Reads a row of `realtimeStatement`; throws when the store's shape is another. */
export const realtimeRowOf = (raw: unknown, query: AnalyticQuery): RealtimeRow => ({
  ...olapRowOf(raw, query),
  part: partName.parse(record(raw)["part"]),
});

const windowRow = z.object({
  window_key: z.union([z.string(), z.number(), z.null()]),
  start: z.coerce.number(),
  end: z.coerce.number(),
  events: z.coerce.number(),
  users: z.coerce.number(),
  amounts: z.record(z.string(), z.string()),
  late: z.coerce.number(),
  too_late: z.coerce.number(),
});

/** Reads a row of `windowsStatement`; throws when the store's shape is another. */
export const windowRowOf = (raw: unknown): WindowCells => {
  const row = windowRow.parse(raw);
  return {
    key: row.window_key,
    startMs: row.start,
    endMs: row.end,
    events: row.events,
    users: row.users,
    amounts: row.amounts,
    late: row.late,
    tooLate: row.too_late,
  };
};
