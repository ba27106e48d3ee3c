import { fillGroups, MAX_FILLED_ROWS, refuseTooManyRows, type FilledGroup } from "../domain/fill.ts";
import { groupOrder } from "../domain/group-order.ts";
import type { Group } from "../domain/olap-answer.ts";
import type { OlapQuestion } from "../domain/olap-question.ts";
import type { AnalyticQuery, OrderStep } from "../domain/query.ts";
import type { BudgetDeps } from "./answer-within-budget.ts";
import { readPart, type Asking, type Part } from "./olap-parts.ts";
import type { BudgetedRows } from "./read-sample.ts";

/** The rows of an answer, in order and up to its limit, with those of empty buckets if they were asked for. */
export interface ReadGroups {
  readonly rows: readonly Group[];
  /** For each row, whether its bucket has no events; empty unless such rows were asked for. */
  readonly filled: readonly boolean[];
  readonly hasMore: boolean;
  /** Standard errors of each row, none of those that were filled in; null when nothing was sampled. */
  readonly errors: readonly (readonly (number | null)[])[] | null;
  readonly answer: BudgetedRows;
}

type Ordered = Part & { readonly query: AnalyticQuery; readonly orderBy: readonly OrderStep[] };

const keyOf = ({ bucketMs, dimensions }: Group): string => JSON.stringify([bucketMs, dimensions]);

const errorsOf = ({ rows, errors }: BudgetedRows, filled: readonly FilledGroup[]): ReadGroups["errors"] => {
  if (errors === null) return null;
  const known = new Map(rows.map((row, place) => [keyOf(row), errors.rows[place] ?? []]));
  return filled.map((row) => (row.filled ? [] : (known.get(keyOf(row)) ?? [])));
};

/** Rows that are read of each set of groups. */
export const readLimit = (limit: number, fill: OlapQuestion["fill"], query: AnalyticQuery): number =>
  fill === null || query.buckets === null ? limit : MAX_FILLED_ROWS;

/** The rows of an answer that was read up to {@link readLimit}; empty buckets are filled before the limit cuts, so that it cuts rows in the order that was asked for. */
export const groupsOf = (
  { query, limit, orderBy }: Ordered,
  fill: OlapQuestion["fill"],
  answer: BudgetedRows,
): ReadGroups => {
  if (fill === null || query.buckets === null)
    return { ...answer, filled: [], errors: answer.errors?.rows ?? null, answer };
  refuseTooManyRows(query, answer.rows, answer.hasMore);
  const all = fillGroups(query, query.buckets, answer.rows, fill).toSorted(groupOrder(query, orderBy));
  const rows = all.slice(0, limit);
  return {
    rows,
    filled: rows.map((row) => row.filled),
    hasMore: all.length > limit,
    errors: errorsOf(answer, rows),
    answer,
  };
};

/** Reads the groups of a question. */
export const readGroups = async (
  deps: BudgetDeps,
  asking: Asking,
  part: Ordered,
  fill: OlapQuestion["fill"],
): Promise<ReadGroups> => {
  const limit = readLimit(part.limit, fill, part.query);
  return groupsOf(part, fill, await readPart(deps, asking, { ...part, limit }));
};
