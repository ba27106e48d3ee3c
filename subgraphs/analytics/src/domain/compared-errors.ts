import type { Cell, Column } from "./columns.ts";
import { keyOf, placeOf } from "./comparison.ts";
import { errorColumns } from "./error-columns.ts";
import { finite } from "./finite.ts";
import type { Group } from "./olap-answer.ts";
import type { AnalyticQuery } from "./query.ts";

type Errors = readonly (number | null)[];

/** Standard errors of what is laid beside an answer; empty where neither it nor the answer was sampled. As in the SDL. */
export interface ComparedErrors {
  readonly standardErrors: readonly Column[];
  readonly changeStandardErrors: readonly Column[];
  readonly totalStandardErrors: readonly Column[];
  readonly totalChangeStandardErrors: readonly Column[];
}

/** The rows of an answer and of a period, with their errors; null errors where nothing was sampled. */
interface ErrorsBeside {
  readonly rows: readonly Group[];
  readonly before: readonly Group[];
  readonly errors: readonly Errors[] | null;
  readonly errorsBefore: readonly Errors[] | null;
  readonly totals: readonly Cell[];
  readonly totalsBefore: readonly Cell[];
  readonly totalErrors: Errors | null;
  readonly totalErrorsBefore: Errors | null;
}

/** A number with its standard error; null where it is unknown. */
interface Uncertain {
  readonly value: Cell;
  readonly error: number | null;
}

/**
 * The most that the standard error of a change (now - then) / |then| can be, whatever the two have to do with each other: the same persons are in both samples, and how
 * much one says of the other is not known. By linearisation and the inequality of Cauchy and Schwarz.
 */
const changeError = (now: Uncertain, then: Uncertain): number | null => {
  if (now.value === null || then.value === null || now.error === null || then.error === null) return null;
  const [value, before] = [Math.abs(Number(now.value)), Math.abs(Number(then.value))];
  return before === 0 ? null : finite(now.error / before + (value * then.error) / before ** 2);
};

const changeErrors = (measures: readonly unknown[], now: readonly Uncertain[], then: readonly Uncertain[]): Errors => {
  const unknown = { value: null, error: null };
  return measures.map((_measure, index) => changeError(now[index] ?? unknown, then[index] ?? unknown));
};

const uncertain = (cells: readonly Cell[], errors: Errors | null): readonly Uncertain[] =>
  // What was read exactly is as it is.
  cells.map((value, index) => ({ value, error: errors === null ? 0 : (errors[index] ?? null) }));

/** The standard errors of a period's measures and of their changes, row by row those of the answer, and of the totals. */
export const comparedErrors = (asked: AnalyticQuery, period: AnalyticQuery, beside: ErrorsBeside): ComparedErrors => {
  const { rows, before, errors, errorsBefore, totals, totalsBefore, totalErrors, totalErrorsBefore } = beside;
  if ([errors, errorsBefore, totalErrors, totalErrorsBefore].every((one) => one === null))
    return { standardErrors: [], changeStandardErrors: [], totalStandardErrors: [], totalChangeStandardErrors: [] };
  const found = new Map(
    before.map((group, place) => [
      keyOf(placeOf(period, group), group.dimensions),
      uncertain(group.measures, errorsBefore === null ? null : (errorsBefore[place] ?? [])),
    ]),
  );
  const then = rows.map((group) => found.get(keyOf(placeOf(asked, group), group.dimensions)) ?? []);
  const now = rows.map(({ measures }, place) => uncertain(measures, errors === null ? null : (errors[place] ?? [])));
  const [totalNow, totalThen] = [uncertain(totals, totalErrors), uncertain(totalsBefore, totalErrorsBefore)];
  const errorsOf = (cells: readonly Uncertain[]): Errors => cells.map(({ error }) => error);
  return {
    standardErrors: errorColumns(asked, then.map(errorsOf)),
    changeStandardErrors: errorColumns(
      asked,
      now.map((cells, place) => changeErrors(asked.measures, cells, then[place] ?? [])),
    ),
    totalStandardErrors: errorColumns(asked, [errorsOf(totalThen)]),
    totalChangeStandardErrors: errorColumns(asked, [changeErrors(asked.measures, totalNow, totalThen)]),
  };
};
