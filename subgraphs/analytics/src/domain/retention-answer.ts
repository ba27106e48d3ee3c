import { estimated, standardErrorOf } from "./asked-part.ts";
import { formatInZone } from "./zone.ts";
import type { RetentionColumn, RetentionQuery } from "./retention.ts";
import { wilsonInterval } from "./wilson.ts";

/** Starts of one calendar period and one group, as the store counts them; values are in ten-thousandths. */
export interface RetentionLine {
  /** Place of the calendar period among the rows. */
  readonly row: number;
  /** Values of `splitBy`; the empty text for none. */
  readonly dimensions: readonly string[];
  readonly size: number;
  readonly eligible: readonly number[];
  readonly returned: readonly number[];
  readonly returnedSoFar: readonly number[];
  readonly worth: readonly bigint[];
  readonly worthSoFar: readonly bigint[];
}

/** Numbers by column, as in the SDL. */
export interface RetentionCells {
  readonly size: number;
  /** Standard error of `size`; null unless it is estimated. */
  readonly sizeError: number | null;
  readonly eligible: readonly number[];
  readonly returned: readonly number[];
  /** Standard errors of `returned`; null unless they are estimated. */
  readonly returnedErrors: readonly number[] | null;
  readonly rate: readonly (number | null)[];
  readonly low: readonly (number | null)[];
  readonly high: readonly (number | null)[];
  readonly complete: readonly boolean[];
  readonly returnedSoFar: readonly number[];
  readonly value: readonly string[] | null;
  readonly cumulativeValue: readonly string[] | null;
  readonly cumulativeValuePerStart: readonly (number | null)[] | null;
}

/** A group of an answer; `cohort` names the cohort it is, null for one told apart by fields. */
export interface RetentionGroup {
  readonly dimensions: readonly (string | null)[];
  readonly cohortId: string | null;
  readonly rows: readonly { readonly start: string; readonly cells: RetentionCells }[];
  readonly total: RetentionCells;
}

type Sums = Omit<RetentionLine, "row" | "dimensions">;

const zeros = (columns: readonly RetentionColumn[]): Sums => ({
  size: 0,
  eligible: columns.map(() => 0),
  returned: columns.map(() => 0),
  returnedSoFar: columns.map(() => 0),
  worth: columns.map(() => 0n),
  worthSoFar: columns.map(() => 0n),
});

const plus = (a: readonly number[], b: readonly number[]): readonly number[] =>
  a.map((value, index) => value + (b[index] ?? 0));
const plusBig = (a: readonly bigint[], b: readonly bigint[]): readonly bigint[] =>
  a.map((value, index) => value + (b[index] ?? 0n));

const sumOf = (columns: readonly RetentionColumn[], lines: readonly Sums[]): Sums =>
  lines.reduce(
    (sum, line) => ({
      size: sum.size + line.size,
      eligible: plus(sum.eligible, line.eligible),
      returned: plus(sum.returned, line.returned),
      returnedSoFar: plus(sum.returnedSoFar, line.returnedSoFar),
      worth: plusBig(sum.worth, line.worth),
      worthSoFar: plusBig(sum.worthSoFar, line.worthSoFar),
    }),
    zeros(columns),
  );

const SCALE = 10_000n;

/** Writes ten-thousandths as a decimal without trailing zeros. */
export const decimalText = (scaled: bigint): string => {
  const [sign, size] = scaled < 0n ? ["-", -scaled] : ["", scaled];
  const fraction = (size % SCALE).toString().padStart(4, "0").replace(/0+$/, "");
  return `${sign}${size / SCALE}${fraction === "" ? "" : `.${fraction}`}`;
};

/**
 * Standard errors of how many began and came back. A unit begins once in a row, so that it adds 0 or 1 to a row's numbers; over rows of EVERY, where one may begin in
 * each, the error of the sum is at most the sum of the errors.
 */
const errorsOf = (
  { columns, startAt, part }: RetentionQuery,
  lines: readonly RetentionLine[],
): Pick<RetentionCells, "sizeError" | "returnedErrors"> => {
  if (part.fraction === 1) return { sizeError: null, returnedErrors: null };
  const rows = startAt === "EVERY" ? [...new Set(lines.map(({ row }) => row))] : [null];
  const sums = rows.map((row) => sumOf(columns, row === null ? lines : lines.filter((line) => line.row === row)));
  const error = (read: (of: Sums) => number): number =>
    sums.reduce((total, of) => total + (standardErrorOf(part, read(of)) ?? 0), 0);
  return {
    sizeError: error(({ size }) => size),
    returnedErrors: columns.map((_column, index) => error(({ returned }) => returned[index] ?? 0)),
  };
};

/** Numbers of columns in which nobody begins before its periods could end are there too: a row without starts has size 0. */
const cellsOf = (query: RetentionQuery, lines: readonly RetentionLine[], ended: readonly boolean[]): RetentionCells => {
  const sums = sumOf(query.columns, lines);
  const scale = (counts: readonly number[]): readonly number[] => counts.map((count) => estimated(query.part, count));
  const intervals = sums.eligible.map((trials, index) =>
    wilsonInterval(sums.returned[index] ?? 0, trials, query.confidence),
  );
  const perEligible = (total: number, index: number): number | null => {
    const trials = sums.eligible[index] ?? 0;
    return trials === 0 ? null : total / trials;
  };
  const valued = query.value !== null;
  return {
    size: estimated(query.part, sums.size),
    eligible: scale(sums.eligible),
    returned: scale(sums.returned),
    ...errorsOf(query, lines),
    rate: sums.returned.map(perEligible),
    low: intervals.map((interval) => interval?.low ?? null),
    high: intervals.map((interval) => interval?.high ?? null),
    complete: sums.eligible.map((trials, index) => trials === sums.size && (ended[index] ?? false)),
    returnedSoFar: scale(sums.returnedSoFar),
    value: valued ? sums.worth.map(decimalText) : null,
    cumulativeValue: valued ? sums.worthSoFar.map(decimalText) : null,
    cumulativeValuePerStart: valued
      ? sums.worthSoFar.map((worth, index) => perEligible(Number(worth) / Number(SCALE), index))
      : null,
  };
};

/** Whether a column's periods had all ended for whoever begins in a row, by the row's own end. */
const endedOf = (query: RetentionQuery, row: number): readonly boolean[] => {
  const { rows, calendar, columns, clock, asOfMs } = query;
  const rowEndMs = rows.startsMs[row + 1] ?? rows.endMs;
  if (clock === "ELAPSED") return columns.map(() => rowEndMs <= asOfMs);
  return columns.map(({ to }) => (calendar.startsMs[row + to] ?? calendar.endMs) <= asOfMs);
};

const everyColumn = (lists: readonly (readonly boolean[])[], columns: readonly RetentionColumn[]): readonly boolean[] =>
  columns.map((_column, index) => lists.every((list) => list[index] ?? false));

/** All lines together, as one list of cells. */
export const totalCells = (query: RetentionQuery, lines: readonly RetentionLine[]): RetentionCells => {
  const ended = query.rows.startsMs.map((_start, row) => endedOf(query, row));
  return cellsOf(query, lines, everyColumn(ended, query.columns));
};

/** One group of an answer from its lines: every row of the range, those without starts too. */
export const groupOf = (
  query: RetentionQuery,
  lines: readonly RetentionLine[],
  names: { readonly dimensions: readonly string[]; readonly cohortId: string | null },
): RetentionGroup => ({
  dimensions: names.dimensions.map((text) => (text === "" ? null : text)),
  cohortId: names.cohortId,
  rows: query.rows.startsMs.map((startMs, row) => ({
    start: formatInZone(startMs, query.offsetAt),
    cells: cellsOf(
      query,
      lines.filter((line) => line.row === row),
      endedOf(query, row),
    ),
  })),
  total: totalCells(query, lines),
});

/** Groups told apart by fields: the largest first, those of one size by their fields. */
export const groupsByFields = (query: RetentionQuery, lines: readonly RetentionLine[]): readonly RetentionGroup[] => {
  const byKey = new Map<string, RetentionLine[]>();
  for (const line of lines) {
    const key = JSON.stringify(line.dimensions);
    byKey.set(key, [...(byKey.get(key) ?? []), line]);
  }
  const sized = [...byKey].map(([key, own]) => ({ key, own, size: own.reduce((sum, { size }) => sum + size, 0) }));
  return sized
    .toSorted((a, b) => b.size - a.size || (a.key < b.key ? -1 : 1))
    .slice(0, query.maxGroups)
    .map(({ own }) => groupOf(query, own, { dimensions: own[0]?.dimensions ?? [], cohortId: null }));
};

/** How many groups the fields tell apart. */
export const countGroups = (lines: readonly RetentionLine[]): number =>
  new Set(lines.map(({ dimensions }) => JSON.stringify(dimensions))).size;
