import { Type, type Static, type TSchema } from "typebox";
import { provenanceSchema, toProvenance } from "../../answers/provenance.ts";
import { moment, orNull } from "../../answers/schemas.ts";
import type { Fill, PivotInput, RestRealtimeQueryQuery } from "../../generated/graphql.ts";
import { from } from "../../http/graphql-annotation.ts";
import { GRANULARITIES } from "../../http/question-parts.ts";
import { toFieldName } from "./filter.ts";

/** What buckets without events hold, by REST's words. */
export const FILLS = { none: "NONE", empty: "EMPTY", previous: "PREVIOUS", linear: "LINEAR" } as const satisfies Record<
  string,
  Fill
>;

/** Characters of a field's name. */
const MAX_NAME = 512;
/** What the graph takes of each: fields that make columns, and columns. */
const MAX_FIELDS = 3;
const MAX_COLUMNS = 100;

/** Width of buckets, described by a coordinate of the graph. */
export const granularitySchema = (coordinate: string) =>
  Type.Optional(
    Type.Enum(["none", "minute", "hour", "day", "week", "month", "quarter", "year"], {
      default: "none",
      ...from(coordinate),
    }),
  );

/** What rows are split by into columns. */
export const pivotSchema = Type.Optional(
  Type.Object(
    {
      by: Type.Optional(
        Type.Array(Type.String({ maxLength: MAX_NAME }), { maxItems: MAX_FIELDS, ...from("PivotInput.by") }),
      ),
      granularity: granularitySchema("PivotInput.granularity"),
      max_columns: Type.Optional(
        Type.Integer({ minimum: 1, maximum: MAX_COLUMNS, default: 20, ...from("PivotInput.maxColumns") }),
      ),
      others: Type.Optional(Type.Boolean({ default: true, ...from("PivotInput.others") })),
    },
    { additionalProperties: false, ...from("OlapInput.pivot") },
  ),
);

/** A pivot as REST takes it. */
export type PivotQuestion = NonNullable<Static<typeof pivotSchema>>;

/** A pivot in the graph's words. */
export const toPivot = ({ by, granularity, max_columns: maxColumns, others }: PivotQuestion): PivotInput => ({
  ...(by === undefined ? {} : { by: by.map(toFieldName) }),
  ...(granularity === undefined ? {} : { granularity: GRANULARITIES[granularity] }),
  ...(maxColumns === undefined ? {} : { maxColumns }),
  ...(others === undefined ? {} : { others }),
});

/** The columns that an answer's rows are split into, their cells in the form of a format. */
export const pivotAnswerSchema = <Cells extends Record<string, TSchema>>(cells: Cells, totals: TSchema) =>
  Type.Optional(
    Type.Object(
      {
        by: Type.Array(Type.String(), from("OlapPivot.by")),
        columns: Type.Array(
          Type.Object(
            {
              time: orNull(moment(from("PivotColumn.time"))),
              values: Type.Array(orNull(Type.String()), from("PivotColumn.values")),
              others: Type.Boolean(from("PivotColumn.others")),
              ...cells,
              totals,
            },
            from("PivotColumn"),
          ),
          from("OlapPivot.columns"),
        ),
        has_more: Type.Boolean(from("OlapPivot.hasMore")),
        provenance: provenanceSchema,
      },
      from("OlapResult.pivot"),
    ),
  );

type Pivot = NonNullable<RestRealtimeQueryQuery["olap"]["pivot"]>;

/** A pivot in REST's words, `cells` and `totals` of a column as the format has them; a field has the name it was asked for by. */
export const toPivotAnswer = <Cells extends object, Totals>(
  { by, columns, hasMore, provenance }: Pivot,
  asked: readonly string[],
  cellsOf: (column: Pivot["columns"][number]) => Cells & { readonly totals: Totals },
) => ({
  by: by.map((name) => asked.find((own) => toFieldName(own) === name) ?? name),
  columns: columns.map((column) => ({
    ...{ time: column.time, values: [...column.values], others: column.others },
    ...cellsOf(column),
  })),
  has_more: hasMore,
  provenance: toProvenance(provenance),
});
