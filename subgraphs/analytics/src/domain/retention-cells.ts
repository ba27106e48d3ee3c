import type { RetentionLine } from "./retention-answer.ts";
import { countedPeriods, type RetentionQuery } from "./retention.ts";

/** Starts and events under one mark; the events' worth is in ten-thousandths. */
export interface MarkedStarts {
  readonly mark: number;
  readonly starts: number;
  readonly worth: bigint;
}

/** What the store tells of the starts of one calendar period and one group after which equally many elapsed periods had ended. */
export interface StoredStarts {
  /** Place of the calendar period among the rows. */
  readonly row: number;
  /** Elapsed periods that had ended since the start, those beyond the last column not counted; 0 on the calendar's clock, where the row tells. */
  readonly ended: number;
  /** Values of `splitBy`; the empty text for none. */
  readonly dimensions: readonly string[];
  readonly marks: readonly MarkedStarts[];
}

/**
 * What a start is counted under, as numbers. A cell is what lies between two neighbouring cuts of the periods, so that each column counts whole cells; its
 * place is added to the mark. `BACK`: by EXACT, enough events lie in the cell; by ON_OR_AFTER, enough lie in it and after, and in no later one; by ON_OR_BEFORE
 * enough lie in it and before, after the start's own period, and in no earlier one. `SINCE_START` is the last with the start's own period. `WORTH` is of what
 * the events in the cell are worth, whether enough or not.
 */
export const RETENTION_MARKS = { START: 0, BACK: 10_000, SINCE_START: 20_000, WORTH: 30_000 } as const;

/** Periods at which cells begin, rising from 0: what counts for a column begins and ends at one of them. */
export const cutsOf = ({ columns, kind }: Pick<RetentionQuery, "columns" | "kind">): readonly number[] => {
  const bounds = columns.flatMap(({ from, to }) => [from, to]);
  const cuts = kind === "ON_OR_BEFORE" ? [0, 1, ...bounds] : [0, ...bounds];
  return [...new Set(cuts)].toSorted((a, b) => a - b);
};

/** Whether starts of a row, after which so many elapsed periods had ended, had all periods before `to`. */
const hadTime = ({ clock, calendar, asOfMs }: RetentionQuery, { row, ended }: StoredStarts, to: number): boolean =>
  clock === "ELAPSED" ? to <= ended : (calendar.startsMs[row + to] ?? calendar.endMs) <= asOfMs;

/** Sums before each cell, of starts and of worth: what lies in cells [a, b) is the difference of two. */
const sumsFrom = (marks: readonly MarkedStarts[], first: number, cells: number) => {
  const [starts, worth] = [Array.from({ length: cells }, () => 0), Array.from({ length: cells }, () => 0n)];
  for (const one of marks) {
    const cell = one.mark - first;
    if (cell < 0 || cell >= cells) continue;
    starts[cell] = (starts[cell] ?? 0) + one.starts;
    worth[cell] = (worth[cell] ?? 0n) + one.worth;
  }
  const [startsBefore, worthBefore] = [[0], [0n]];
  for (let cell = 0; cell < cells; cell += 1) {
    startsBefore.push((startsBefore[cell] ?? 0) + (starts[cell] ?? 0));
    worthBefore.push((worthBefore[cell] ?? 0n) + (worth[cell] ?? 0n));
  }
  return {
    starts: (from: number, to: number): number => (startsBefore[to] ?? 0) - (startsBefore[from] ?? 0),
    worth: (from: number, to: number): bigint => (worthBefore[to] ?? 0n) - (worthBefore[from] ?? 0n),
  };
};

/** One line of the answer from what the store tells. */
export const retentionLineFrom = (query: RetentionQuery, stored: StoredStarts): RetentionLine => {
  const cuts = cutsOf(query);
  const sums = (mark: number) => sumsFrom(stored.marks, mark, cuts.length);
  const [back, sinceStart] = [sums(RETENTION_MARKS.BACK), sums(RETENTION_MARKS.SINCE_START)];
  const worth = sums(RETENTION_MARKS.WORTH);
  const places = new Map(cuts.map((period, cell) => [period, cell]));
  const cellAt = (period: number | null): number =>
    period === null ? cuts.length : (places.get(period) ?? cuts.length);
  const size = sumsFrom(stored.marks, RETENTION_MARKS.START, 1).starts(0, 1);
  const cells = query.columns.map((column) => {
    const { from, to } = countedPeriods(query.kind, column);
    const had = hadTime(query, stored, column.to);
    // By ON_OR_BEFORE a mark tells the first cell that suffices: it counts for every column that reaches beyond it.
    const so =
      query.kind === "ON_OR_BEFORE"
        ? (from === 0 ? sinceStart : back).starts(0, cellAt(to))
        : back.starts(cellAt(from), cellAt(to));
    return {
      ...{ eligible: had ? size : 0, returned: had ? so : 0, returnedSoFar: so },
      worth: had ? worth.worth(cellAt(from), cellAt(to)) : 0n,
      worthSoFar: had ? worth.worth(0, cellAt(column.to)) : 0n,
    };
  });
  return {
    ...{ row: stored.row, dimensions: stored.dimensions, size },
    eligible: cells.map((cell) => cell.eligible),
    returned: cells.map((cell) => cell.returned),
    returnedSoFar: cells.map((cell) => cell.returnedSoFar),
    worth: cells.map((cell) => cell.worth),
    worthSoFar: cells.map((cell) => cell.worthSoFar),
  };
};
