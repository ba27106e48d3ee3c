import { Type, type Static, type TSchemaOptions } from "typebox";
import { provenanceSchema, toProvenance } from "../../answers/provenance.ts";
import { moment, orNull } from "../../answers/schemas.ts";
import { warningsSchema } from "../../answers/warnings.ts";
import type { ColumnPartsFragment, RestRealtimeQueryQuery } from "../../generated/graphql.ts";
import { from } from "../../http/graphql-annotation.ts";
import { toldRangeSchema } from "../../http/question-parts.ts";
import { toFieldName } from "./filter.ts";
import { pivotAnswerSchema, toPivotAnswer } from "./pivot.ts";
import type { Question } from "./question.ts";

const value = orNull(Type.Union([Type.String(), Type.Number(), Type.Boolean()]));
const record = (options: TSchemaOptions) => Type.Record(Type.String(), value, options);

const columnHead = {
  name: Type.String(from("Column.name")),
  role: Type.Enum(["time", "dimension", "measure"], from("Column.role")),
  type: Type.Enum(["text", "integer", "number", "decimal", "boolean", "time"], {
    description: "Type of the values. Decimals are text, so that no digit is lost; integers are text beyond 2^53.",
  }),
};

const common = {
  range: toldRangeSchema("OlapResult.range"),
  row_count: Type.Integer(from("OlapResult.rowCount")),
  has_more: Type.Boolean(from("OlapResult.hasMore")),
  totals: record(from("OlapResult.totals")),
  standard_errors: Type.Array(
    record({ description: "Standard errors by the names of the measures." }),
    from("OlapResult.standardErrors"),
  ),
  total_standard_errors: record(from("OlapResult.totalStandardErrors")),
  filled: Type.Array(Type.Boolean(), from("OlapResult.filled")),
  as_of: moment(from("Provenance.asOf")),
  provenance: provenanceSchema,
  warnings: warningsSchema,
};

const rowsAnswer = Type.Object(
  {
    format: Type.Literal("rows"),
    columns: Type.Array(Type.Object(columnHead), from("OlapResult.columns")),
    rows: Type.Array(record({ description: "Values by the names of their columns." }), {
      description: "The rows, in the order asked for.",
    }),
    pivot: pivotAnswerSchema(
      {
        rows: Type.Array(
          record({ description: "Measures by the names of their columns." }),
          from("PivotColumn.columns"),
        ),
      },
      record(from("PivotColumn.totals")),
    ),
    ...common,
  },
  { title: "RealtimeRows", ...from("OlapResult") },
);

const columnsAnswer = Type.Object(
  {
    format: Type.Literal("columns"),
    columns: Type.Array(
      Type.Object({ ...columnHead, values: Type.Array(value, { description: "Values in order of the rows." }) }),
      from("OlapResult.columns"),
    ),
    pivot: pivotAnswerSchema(
      {
        columns: Type.Array(
          Type.Object({ ...columnHead, values: Type.Array(value, { description: "Values in order of the rows." }) }),
          from("PivotColumn.columns"),
        ),
      },
      record(from("PivotColumn.totals")),
    ),
    ...common,
  },
  { title: "RealtimeColumns", ...from("OlapResult") },
);

/** What the realtime query route answers, by the format asked for. */
export const queryAnswerSchema = Type.Union([rowsAnswer, columnsAnswer], { title: "RealtimeQueryAnswer" });

type Value = Static<typeof value>;
/** A column in REST's words. */
export interface Column {
  readonly name: string;
  readonly role: "time" | "dimension" | "measure";
  readonly type: "text" | "integer" | "number" | "decimal" | "boolean" | "time";
  readonly values: Value[];
}

const ROLES = { TIME: "time", DIMENSION: "dimension", MEASURE: "measure" } as const;

const typed = (column: ColumnPartsFragment): Pick<Column, "type" | "values"> => {
  if ("texts" in column) return { type: "text", values: [...column.texts] };
  if ("integers" in column) return { type: "integer", values: [...column.integers] };
  if ("numbers" in column) return { type: "number", values: [...column.numbers] };
  if ("decimals" in column) return { type: "decimal", values: [...column.decimals] };
  if ("booleans" in column) return { type: "boolean", values: [...column.booleans] };
  return { type: "time", values: [...column.times] };
};

/** Columns in REST's words; a dimension has the name it was asked for by. */
export const toColumns = (columns: readonly ColumnPartsFragment[], asked: readonly string[]): readonly Column[] =>
  columns.map((column) => {
    const named = column.role === "DIMENSION" ? asked.find((name) => toFieldName(name) === column.name) : undefined;
    return { name: named ?? column.name, role: ROLES[column.role], ...typed(column) };
  });

/** The values of a row, by the names of their columns. */
export const rowOf = (columns: readonly Column[], place: number): Record<string, Value> =>
  Object.fromEntries(columns.map(({ name, values }) => [name, values[place] ?? null]));

const rowsOf = (columns: readonly Column[], count: number): Record<string, Value>[] =>
  Array.from({ length: count }, (_row, place) => rowOf(columns, place));

/** The graph's grouped answer in REST's words and in the format asked for. */
export const toQueryAnswer = (
  olap: RestRealtimeQueryQuery["olap"],
  { dimensions = [], format = "rows", pivot: asked }: Pick<Question, "dimensions" | "format" | "pivot">,
): Static<typeof queryAnswerSchema> => {
  const columns = toColumns(olap.columns, dimensions);
  const provenance = toProvenance(olap.provenance);
  const rest = {
    range: { from: olap.range.from, to: olap.range.to },
    row_count: olap.rowCount,
    has_more: olap.hasMore,
    totals: rowOf(toColumns(olap.totals, dimensions), 0),
    standard_errors: olap.standardErrors.length === 0 ? [] : rowsOf(toColumns(olap.standardErrors, []), olap.rowCount),
    total_standard_errors: rowOf(toColumns(olap.totalStandardErrors, []), 0),
    filled: [...olap.filled],
    as_of: provenance.as_of,
    provenance,
  };
  const { pivot } = olap;
  const by = asked?.by ?? [];
  if (format === "columns") {
    const split =
      pivot === null
        ? {}
        : {
            pivot: toPivotAnswer(pivot, by, (one) => ({
              columns: [...toColumns(one.columns, [])],
              totals: rowOf(toColumns(one.totals, []), 0),
            })),
          };
    return { format, columns: [...columns], ...split, ...rest };
  }
  return {
    format,
    columns: columns.map(({ name, role, type }) => ({ name, role, type })),
    rows: rowsOf(columns, olap.rowCount),
    ...(pivot === null
      ? {}
      : {
          pivot: toPivotAnswer(pivot, by, (one) => ({
            rows: rowsOf(toColumns(one.columns, []), olap.rowCount),
            totals: rowOf(toColumns(one.totals, []), 0),
          })),
        }),
    ...rest,
  };
};
