import { linesOfRows } from "../domain/comparison.ts";
import type { Group } from "../domain/olap-answer.ts";
import {
  cellQuery,
  columnQuery,
  eventsOfColumns,
  MAX_PIVOT_CELLS,
  othersColumn,
  othersQuery,
  pivotColumns,
  pivotPlaces,
  refuseTooManyCells,
  type Pivot,
  type PivotColumn,
} from "../domain/pivot.ts";
import type { Provenance } from "../domain/provenance.ts";
import type { AnalyticQuery } from "../domain/query.ts";
import type { LineChoice } from "../store/olap-sql.ts";
import type { BudgetDeps } from "./answer-within-budget.ts";
import { provenanceOfParts, readPart, type Asking } from "./olap-parts.ts";
import type { BudgetedRows } from "./read-sample.ts";

/** An answer's rows split into columns; as in the SDL. */
export interface OlapPivot {
  readonly by: readonly string[];
  readonly columns: readonly PivotColumn[];
  readonly hasMore: boolean;
  readonly provenance: Provenance;
}

interface Rows {
  readonly query: AnalyticQuery;
  readonly rows: readonly Group[];
}

const linesIn = ({ query, rows }: Rows): LineChoice | null =>
  query.dimensions.length === 0 ? null : { kind: "ONLY", lines: linesOfRows(rows) };

/** Reads what none of the columns holds: by the answer's rows, and over all of them. */
const readOthers = async (
  deps: BudgetDeps,
  asking: Asking,
  asked: Rows,
  query: AnalyticQuery,
): Promise<{ readonly cells: BudgetedRows; readonly whole: BudgetedRows }> => {
  const lines = linesIn(asked);
  const everything = { ...query, dimensions: [], buckets: null };
  const whole = await readPart(deps, asking, { query: everything, limit: 1 });
  if (lines?.lines.length === 0) return { cells: whole, whole };
  return { cells: await readPart(deps, asking, { query, limit: MAX_PIVOT_CELLS, lines }), whole };
};

/** Where an answer has one row of everything, its totals are that row. */
const groupsIn = ({ dimensions, buckets }: AnalyticQuery, { rows, totals }: BudgetedRows): readonly Group[] =>
  dimensions.length > 0 || buckets !== null ? rows : [{ bucketMs: null, dimensions: [], measures: totals }];

/** Splits an answer's rows into columns: columns, cells and what no column holds are each measured from the events, so that all of them are right. */
export const measurePivot = async (deps: BudgetDeps, asking: Asking, asked: Rows, pivot: Pivot): Promise<OlapPivot> => {
  const { query, rows } = asked;
  const columns = columnQuery(query, pivot);
  const limit = pivot.buckets?.startsMs.length ?? pivot.maxColumns;
  const found = await readPart(deps, asking, { ...columns, limit });
  const places = pivotPlaces(pivot, query, found.rows);
  const lineCount = new Set(rows.map(({ dimensions }) => JSON.stringify(dimensions))).size;
  refuseTooManyCells(lineCount * (query.buckets?.startsMs.length ?? 1), places.length + 1);
  const chosen = found.hasMore ? eventsOfColumns(places, pivot, query) : null;
  const split = cellQuery(query, pivot, chosen);
  const cells =
    rows.length === 0
      ? found
      : await readPart(deps, asking, { query: split, limit: MAX_PIVOT_CELLS, lines: linesIn(asked) });
  const shown = pivotColumns(query, pivot, places, rows, cells.rows);
  const parts: [BudgetedRows, ...BudgetedRows[]] = [cells, ...(cells === found ? [] : [found])];
  const by = [...pivot.fields.map(({ name }) => name), ...(pivot.buckets === null ? [] : ["time"])];
  if (chosen === null || !pivot.others)
    return { by, columns: shown, hasMore: found.hasMore, provenance: provenanceOfParts(asking, split, parts) };
  const rest = othersQuery(query, chosen);
  const others = await readOthers(deps, asking, asked, rest);
  parts.push(others.whole, ...(others.cells === others.whole ? [] : [others.cells]));
  return {
    by,
    columns: [...shown, othersColumn(query, pivot, rows, groupsIn(rest, others.cells), others.whole.totals)],
    hasMore: true,
    provenance: provenanceOfParts(asking, split, parts),
  };
};
