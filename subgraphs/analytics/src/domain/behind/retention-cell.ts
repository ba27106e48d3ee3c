import { refuse } from "@tessera/platform/errors/refusal";
import type { FieldAccess } from "../fields.ts";
import { countedPeriods, parseRetention, type RetentionInput, type RetentionQuery } from "../retention.ts";

/** Which starts of a cell are meant, as in the SDL. */
export type RetentionOutcome = "STARTED" | "ELIGIBLE" | "RETURNED" | "NOT_RETURNED" | "RETURNED_SO_FAR";

/** A number of a `retention` answer, as the graph delivers it. */
export interface RetentionCellInput {
  readonly start?: string | null | undefined;
  readonly column?: number | null | undefined;
  readonly outcome?: RetentionOutcome;
  readonly dimensions?: readonly (string | null | undefined)[] | null | undefined;
  readonly cohort?: string | null | undefined;
}

/** Which starts a number of a retention answer counts, and by which of their events. */
export interface RetentionCell {
  readonly outcome: RetentionOutcome;
  /** Places of the rows. */
  readonly rows: readonly number[];
  /** Rows whose periods have ended by the calendar; those are the eligible ones on its clock. */
  readonly endedRows: readonly number[];
  /** Elapsed periods that must have ended since a start. */
  readonly elapsed: number;
  /** Return events of these periods count; `to` does not belong to them, null for all after. */
  readonly from: number;
  readonly to: number | null;
  /** Values of `splitBy`, the empty text for none; null for all groups. */
  readonly dimensions: readonly string[] | null;
}

/** A validated question about retention, the number that is asked about, and the cohort whose people it is of; null for everybody. */
export interface RetentionBehind {
  readonly query: RetentionQuery;
  readonly cell: RetentionCell;
  readonly cohortId: string | null;
}

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

const rowsOf = ({ rows }: RetentionQuery, start: string | null): readonly number[] => {
  if (start === null) return rows.startsMs.map((_start, row) => row);
  const row = rows.startsMs.indexOf(Date.parse(start));
  if (row < 0) throw bad("cell.start", "This is the start of no row of the answer: take one as the answer shows it.");
  return [row];
};

const dimensionsOf = (
  { splitBy }: RetentionQuery,
  given: RetentionCellInput["dimensions"],
): readonly string[] | null => {
  if (given === null || given === undefined) return null;
  if (given.length !== splitBy.length || splitBy.length === 0)
    throw bad("cell.dimensions", `\`dimensions\` holds a value for each field of \`splitBy\`: ${splitBy.length}.`);
  return given.map((value) => value ?? "");
};

const cohortOf = ({ cohorts }: RetentionQuery, given: string | null): string | null => {
  if (given === null && cohorts.length === 0) return null;
  const found = cohorts.find((id) => id.toLowerCase() === given?.toLowerCase());
  if (found === undefined)
    throw bad("cell.cohort", "Name one of the question's `cohorts`: each is a group of its own.");
  return found;
};

/** Reads which starts a number of a `retention` answer counts; refuses with BAD_INPUT or FORBIDDEN. */
export const parseRetentionCell = (
  input: RetentionInput,
  cell: RetentionCellInput,
  access: FieldAccess,
  nowMs: number,
): RetentionBehind => {
  const query = parseRetention(input, access, nowMs);
  if (query.asked.kind !== "ALL")
    throw bad("input.sample", "What is behind a number is shown of all persons: leave `sample` and `fast` out.");
  const outcome = cell.outcome ?? "RETURNED";
  const column = query.columns[cell.column ?? (outcome === "STARTED" ? 0 : -1)];
  if (column === undefined)
    throw bad(
      "cell.column",
      `\`column\` is the place of one of the answer's columns: 0 to ${query.columns.length - 1}.`,
    );
  const rows = rowsOf(query, cell.start ?? null);
  const { calendar, asOfMs } = query;
  return {
    query,
    cohortId: cohortOf(query, cell.cohort ?? null),
    cell: {
      ...{ outcome, rows, elapsed: column.to, ...countedPeriods(query.kind, column) },
      endedRows: rows.filter((row) => (calendar.startsMs[row + column.to] ?? calendar.endMs) <= asOfMs),
      dimensions: dimensionsOf(query, cell.dimensions),
    },
  };
};
