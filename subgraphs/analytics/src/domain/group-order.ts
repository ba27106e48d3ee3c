import type { Cell } from "./columns.ts";
import { parseDecimal } from "./decimal.ts";
import type { Field } from "./field.ts";
import type { Group } from "./olap-answer.ts";
import type { AnalyticQuery, ColumnPlace, OrderStep, SortDirection } from "./query.ts";

type Compare = (a: Cell, b: Cell) => number;

const numbers: Compare = (a, b) => Number(a) - Number(b);
/** The store compares the bytes of texts. */
const texts: Compare = (a, b) => Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)));
const decimals: Compare = (a, b) => {
  const [left, right] = [parseDecimal(String(a)), parseDecimal(String(b))];
  return left < right ? -1 : Number(left > right);
};

/** Values in a direction; those that are missing last, either way. */
const missingLast = (compare: Compare, direction: SortDirection, missing: (cell: Cell) => boolean): Compare => {
  const sign = direction === "ASC" ? 1 : -1;
  return (a, b) => {
    const [noA, noB] = [missing(a), missing(b)];
    return noA || noB ? Number(noA) - Number(noB) : sign * compare(a, b);
  };
};

const isNull = (cell: Cell): boolean => cell === null;

const byField = (field: Field, direction: SortDirection): Compare => {
  if (field.kind === "PROPERTY") return missingLast(texts, direction, isNull);
  switch (field.type) {
    case "TEXT":
    case "LIST":
      return missingLast(texts, direction, (cell) => cell === "");
    case "ID":
      return missingLast(texts, direction, isNull);
    case "DECIMAL":
      return missingLast(decimals, direction, isNull);
    case "BOOLEAN":
    case "INTEGER":
    case "TIME":
      return missingLast(numbers, direction, isNull);
  }
};

const cellAt = ({ bucketMs, dimensions, measures }: Group, place: ColumnPlace): Cell => {
  if (place.kind === "TIME") return bucketMs;
  return (place.kind === "DIMENSION" ? dimensions : measures)[place.index] ?? null;
};

const byPlace = ({ dimensions, measures }: AnalyticQuery, { place, direction }: OrderStep): Compare => {
  const field = place.kind === "DIMENSION" ? dimensions[place.index] : undefined;
  if (field !== undefined) return byField(field, direction);
  const type = place.kind === "MEASURE" ? measures[place.index]?.type : "INTEGER";
  return missingLast(type === "DECIMAL" ? decimals : numbers, direction, isNull);
};

/** The order that the store gives groups in: the steps asked for, then bucket and dimensions from small to great, so that it is total. */
export const groupOrder = (query: AnalyticQuery, orderBy: readonly OrderStep[]): ((a: Group, b: Group) => number) => {
  const ties = [
    ...(query.buckets === null ? [] : [{ kind: "TIME" } as const]),
    ...query.dimensions.map((_field, index) => ({ kind: "DIMENSION", index }) as const),
  ].map((place) => ({ place, direction: "ASC" }) as const);
  const steps = [...orderBy, ...ties].map((step) => ({ place: step.place, compare: byPlace(query, step) }));
  return (a, b) => {
    for (const { place, compare } of steps) {
      const found = compare(cellAt(a, place), cellAt(b, place));
      if (found !== 0) return found;
    }
    return 0;
  };
};
