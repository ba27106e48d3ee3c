import { cellsOf, type Column } from "../columns.ts";
import type { CommentPoint } from "./comment.ts";

/** What an answer says at a point. */
export type PointValue =
  | { readonly kind: "FOUND"; readonly value: number | null }
  /** The answer has no such group, bucket or measure. */
  | { readonly kind: "ABSENT" }
  /** The answer has more groups than it shows, and the point's is not among those shown. */
  | { readonly kind: "BEYOND" };

type Cells = ReturnType<typeof cellsOf>;

const same = (cell: Cells[number] | undefined, text: string | null): boolean =>
  cell === null || cell === undefined ? text === null : text !== null && String(cell) === text;
/** Times are the same moment, however they are written. */
const sameTime = (cell: Cells[number] | undefined, text: string): boolean =>
  typeof cell === "string" && Date.parse(cell) === Date.parse(text);

const at = (column: Column | undefined, row: number): number | null => {
  const cell = column === undefined ? null : cellsOf(column)[row];
  return typeof cell === "number" ? cell : typeof cell === "string" ? Number(cell) : null;
};

/** An answer in columns, as `olap` gives it. */
export interface Grouped {
  readonly columns: readonly Column[];
  readonly rowCount: number;
  readonly hasMore: boolean;
}

/** The number at a point of an answer in columns. */
export const valueInGroups = ({ columns, rowCount, hasMore }: Grouped, point: CommentPoint): PointValue => {
  const dimensions = columns.filter(({ role }) => role === "DIMENSION").map(cellsOf);
  const times = columns.find(({ role }) => role === "TIME");
  const measure = columns.find(({ role, name }) => role === "MEASURE" && name === point.measure);
  const { time } = point;
  if (measure === undefined || dimensions.length !== point.dimensions.length) return { kind: "ABSENT" };
  if ((times === undefined) !== (time === null)) return { kind: "ABSENT" };
  for (let row = 0; row < rowCount; row += 1) {
    const inBucket = times === undefined || time === null || sameTime(cellsOf(times)[row], time);
    if (inBucket && dimensions.every((cells, index) => same(cells[row], point.dimensions[index] ?? null)))
      return { kind: "FOUND", value: at(measure, row) };
  }
  return { kind: hasMore ? "BEYOND" : "ABSENT" };
};

/** An answer in lines over buckets, as `timeSeries` gives it. */
export interface Lined {
  readonly buckets: readonly string[];
  readonly lines: readonly { readonly values: readonly (string | null)[]; readonly columns: readonly Column[] }[];
  readonly hasMoreLines: boolean;
}

/** The number at a point of an answer in lines. */
export const valueInLines = ({ buckets, lines, hasMoreLines }: Lined, point: CommentPoint): PointValue => {
  const { time } = point;
  const bucket = time === null ? -1 : buckets.findIndex((one) => sameTime(one, time));
  if (bucket < 0) return { kind: "ABSENT" };
  const line = lines.find(
    ({ values }) =>
      values.length === point.dimensions.length &&
      values.every((value, index) => same(value, point.dimensions[index] ?? null)),
  );
  if (line === undefined) return { kind: hasMoreLines ? "BEYOND" : "ABSENT" };
  const measure = line.columns.find(({ name }) => name === point.measure);
  return measure === undefined ? { kind: "ABSENT" } : { kind: "FOUND", value: at(measure, bucket) };
};
