import { z } from "zod";
import { cellsOf } from "../columns.ts";
import {
  columnShape,
  labelOf,
  numbersIn,
  shortTime,
  sourceShape,
  tableOf,
  type AnswerColumn,
  type Formats,
} from "./read-columns.ts";
import type { AnswerParts, PlotSeries, ReportTable, Shape } from "./section.ts";

const columns = z.array(columnShape);
const olapShape = z.object({
  columns,
  hasMore: z.boolean(),
  totals: columns,
  others: columns.nullable(),
  subtotals: z.array(z.object({ by: z.array(z.string()), columns })),
  comparisons: z.array(z.unknown()),
  pivot: z.unknown(),
});
const timeSeriesShape = z.object({
  buckets: z.array(z.string()),
  complete: z.array(z.boolean()),
  lines: z.array(z.object({ values: z.array(z.string().nullable()), columns })),
  hasMoreLines: z.boolean(),
  totals: columns,
});

const SEPARATOR = " · ";
const labelsOf = (dimensions: readonly AnswerColumn[], rows: number): readonly string[] => {
  const cells = dimensions.map(cellsOf);
  return Array.from({ length: rows }, (_, row) => cells.map((column) => labelOf(column[row] ?? null)).join(SEPARATOR));
};

const seriesName = (line: string, measure: string, measures: number): string =>
  line === "" ? measure : measures === 1 ? line : `${line}${SEPARATOR}${measure}`;

/** Lines over time: one for each value of the dimensions and each measure, with nothing where an answer has no row. */
const overTime = (
  time: AnswerColumn,
  dimensions: readonly AnswerColumn[],
  measures: readonly AnswerColumn[],
  formats: Formats,
): Shape => {
  const times = cellsOf(time).map(labelOf);
  const categories = [...new Set(times)].toSorted((a, b) => Date.parse(a) - Date.parse(b));
  const places = new Map(categories.map((category, place) => [category, place]));
  const lines = labelsOf(dimensions, times.length);
  const series = new Map<string, (number | null)[]>();
  for (const measure of measures)
    for (const [row, value] of numbersIn(measure).entries()) {
      const name = seriesName(lines[row] ?? "", measure.name, measures.length);
      const values = series.get(name) ?? categories.map(() => null);
      values[places.get(times[row] ?? "") ?? 0] = value;
      series.set(name, values);
    }
  return {
    ...{ kind: "SERIES", timed: true, categories: categories.map(shortTime) },
    series: [...series].map(([name, values]): PlotSeries => ({ name, values })),
    format: formats.get(measures[0]?.name ?? "") ?? null,
  };
};

/** A number for each pair of values of two dimensions. */
const matrixOf = (first: AnswerColumn, second: AnswerColumn, measure: AnswerColumn): Shape => {
  const [rowLabels, columnLabels] = [cellsOf(first).map(labelOf), cellsOf(second).map(labelOf)];
  const [rows, across] = [[...new Set(rowLabels)], [...new Set(columnLabels)]];
  const values = rows.map(() => across.map((): number | null => null));
  for (const [index, value] of numbersIn(measure).entries()) {
    const line = values[rows.indexOf(rowLabels[index] ?? "")];
    if (line !== undefined) line[across.indexOf(columnLabels[index] ?? "")] = value;
  }
  return { kind: "MATRIX", rows, columns: across, values, shares: false };
};

const shapeOfRows = (all: readonly AnswerColumn[], formats: Formats): Shape => {
  const time = all.find(({ role }) => role === "TIME");
  const dimensions = all.filter(({ role }) => role === "DIMENSION");
  const measures = all.filter(({ role }) => role === "MEASURE");
  const [measure] = measures;
  if (measure === undefined) return { kind: "NONE" };
  if (time !== undefined) return overTime(time, dimensions, measures, formats);
  const [first, second] = dimensions;
  if (first === undefined) return { kind: "NUMBERS" };
  if (second !== undefined && dimensions.length === 2 && measures.length === 1) return matrixOf(first, second, measure);
  return {
    ...{ kind: "SERIES", timed: false, categories: labelsOf(dimensions, cellsOf(first).length) },
    series: measures.map((one) => ({ name: one.name, values: numbersIn(one) })),
    format: formats.get(measure.name) ?? null,
  };
};

const present = (table: ReportTable): readonly ReportTable[] => (table.columns.length === 0 ? [] : [table]);

/** Reads an answer of `olap`. */
export const readOlap = (answer: unknown, formats: Formats): AnswerParts => {
  const { columns: rows, hasMore, totals, others, subtotals, comparisons, pivot } = olapShape.parse(answer);
  const grouped = rows.some(({ role }) => role !== "MEASURE");
  const left = [
    ...(comparisons.length > 0 ? ["comparisons"] : []),
    ...(pivot === null || pivot === undefined ? [] : ["pivot"]),
  ].join(" and ");
  return {
    tables: [
      tableOf("", rows, formats),
      ...(grouped ? present(tableOf("Total", totals, formats)) : []),
      ...(others === null ? [] : present(tableOf("All others together", others, formats))),
      ...subtotals.map(({ by, columns: coarser }) =>
        tableOf(by.length === 0 ? "Subtotal" : `By ${by.join(", ")}`, coarser, formats),
      ),
    ],
    shape: shapeOfRows(rows, formats),
    notes: [
      ...(hasMore ? ["There are more rows than the question asks for."] : []),
      ...(left === "" ? [] : [`The question's ${left} are not in this report.`]),
    ],
    source: sourceShape.parse(answer),
  };
};

const textColumn = (name: string, texts: readonly (string | null)[]): AnswerColumn => ({
  ...{ name, role: "DIMENSION", kind: "TEXT", texts: [...texts] },
});

/** The columns of all lines under one another, each row with its bucket and the line's values. */
const stacked = (answer: z.infer<typeof timeSeriesShape>): readonly AnswerColumn[] => {
  const { buckets, lines } = answer;
  const [first] = lines;
  if (first === undefined) return [];
  const times = lines.flatMap(() => buckets);
  const dimensions = first.values.map((_value, place) =>
    textColumn(
      first.values.length === 1 ? "line" : `line ${place + 1}`,
      lines.flatMap(({ values }) => buckets.map(() => values[place] ?? null)),
    ),
  );
  const joined = first.columns.map((column, place) => {
    const parts = lines.map((line) => line.columns[place] ?? column);
    switch (column.kind) {
      case "INTEGER":
        return { ...column, integers: parts.flatMap((part) => (part.kind === "INTEGER" ? part.integers : [])) };
      case "DECIMAL":
        return { ...column, decimals: parts.flatMap((part) => (part.kind === "DECIMAL" ? part.decimals : [])) };
      case "NUMBER":
        return { ...column, numbers: parts.flatMap((part) => (part.kind === "NUMBER" ? part.numbers : [])) };
      default:
        return column;
    }
  });
  return [{ name: "time", role: "TIME", kind: "TIME", times }, ...dimensions, ...joined];
};

/** Reads an answer of `timeSeries`. */
export const readTimeSeries = (answer: unknown, formats: Formats): AnswerParts => {
  const read = timeSeriesShape.parse(answer);
  const rows = stacked(read);
  return {
    tables: [tableOf("", rows, formats), ...present(tableOf("Total", read.totals, formats))],
    shape: shapeOfRows(rows, formats),
    notes: [
      ...(read.hasMoreLines ? ["There are more lines than the question asks for."] : []),
      ...(read.complete.every(Boolean)
        ? []
        : ["The range does not cover every bucket to its end, or some have not ended."]),
    ],
    source: sourceShape.parse(answer),
  };
};
