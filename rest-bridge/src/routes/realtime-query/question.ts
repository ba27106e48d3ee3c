import { Type, type Static } from "typebox";
import type { Approximate, MeasureFunction, OlapInput, SortDirection } from "../../generated/graphql.ts";
import { refuse } from "@tessera/platform/errors/refusal";
import { from } from "../../http/graphql-annotation.ts";
import {
  GRANULARITIES,
  allowUnknownSchema,
  maxStalenessSchema,
  rangeSchema,
  sampleSchemas,
  tenantIdSchema,
  toAllowUnknown,
  toRange,
  toSample,
} from "../../http/question-parts.ts";
import { filterSchema, toFieldName, toFilter } from "./filter.ts";
import { FILLS, granularitySchema, pivotSchema, toPivot } from "./pivot.ts";

const FUNCTIONS = {
  count: "COUNT",
  uniques: "UNIQUES",
  sum: "SUM",
  avg: "AVG",
  min: "MIN",
  max: "MAX",
  quantiles: "QUANTILES",
  formula: "FORMULA",
} as const satisfies Record<string, MeasureFunction>;

const APPROXIMATE = { when_over_budget: "WHEN_OVER_BUDGET", never: "NEVER" } as const satisfies Record<
  string,
  Approximate
>;

const DIRECTIONS = { asc: "ASC", desc: "DESC" } as const satisfies Record<string, SortDirection>;

/** Characters of a name of a field, a column or a zone. */
const MAX_NAME = 512;
/** What the graph takes of each: measures of a question, dimensions, levels, order columns, filters side by side, rows. */
const MAX_MEASURES = 10;
const MAX_DIMENSIONS = 8;
const MAX_LEVELS = 10;
const MAX_ORDER = 20;
const MAX_FILTERS = 50;
const MAX_ROWS = 10_000;

const name = (coordinate: string) => Type.String({ maxLength: MAX_NAME, ...from(coordinate) });

const measureSchema = Type.Object(
  {
    name: Type.Optional(name("MeasureInput.name")),
    function: Type.Enum(
      ["count", "uniques", "sum", "avg", "min", "max", "quantiles", "formula"],
      from("MeasureInput.function"),
    ),
    of: Type.Optional(name("MeasureInput.of")),
    currency: Type.Optional(name("MeasureInput.currency")),
    levels: Type.Optional(Type.Array(Type.Number(), { maxItems: MAX_LEVELS, ...from("MeasureInput.levels") })),
    exact: Type.Optional(Type.Boolean({ default: false, ...from("MeasureInput.exact") })),
    filter: Type.Optional(filterSchema),
    formula: Type.Optional(name("MeasureInput.formula")),
  },
  { additionalProperties: false, ...from("MeasureInput") },
);

const EXAMPLE = {
  range: { from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z" },
  measures: [{ function: "count" }, { function: "uniques", of: "persons", name: "people" }],
  dimensions: ["country"],
  filters: [
    { field: "name", eq: "page_view" },
    { field: "utm_source", exists: true },
  ],
  granularity: "day",
  time_zone: "Europe/Berlin",
  order_by: [{ column: "time", direction: "asc" }],
  limit: 100,
};

/** A question to the realtime query route. */
export const questionSchema = Type.Object(
  {
    tenant_id: tenantIdSchema,
    max_staleness: maxStalenessSchema,
    range: rangeSchema("OlapInput.range"),
    measures: Type.Array(measureSchema, { minItems: 1, maxItems: MAX_MEASURES, ...from("OlapInput.measures") }),
    dimensions: Type.Optional(
      Type.Array(Type.String({ maxLength: MAX_NAME }), { maxItems: MAX_DIMENSIONS, ...from("OlapInput.dimensions") }),
    ),
    filters: Type.Optional(
      Type.Array(filterSchema, { maxItems: MAX_FILTERS, description: "Which events: those that pass all of these." }),
    ),
    granularity: granularitySchema("OlapInput.granularity"),
    time_zone: Type.Optional(Type.String({ maxLength: MAX_NAME, default: "UTC", ...from("OlapInput.timeZone") })),
    order_by: Type.Optional(
      Type.Array(
        Type.Object(
          {
            column: name("OlapOrderInput.column"),
            direction: Type.Optional(
              Type.Enum(["asc", "desc"], { default: "desc", ...from("OlapOrderInput.direction") }),
            ),
          },
          { additionalProperties: false, ...from("OlapOrderInput") },
        ),
        { maxItems: MAX_ORDER, ...from("OlapInput.orderBy") },
      ),
    ),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_ROWS, default: 1_000, ...from("OlapInput.limit") })),
    fill: Type.Optional(
      Type.Enum(["none", "empty", "previous", "linear"], { default: "none", ...from("OlapInput.fill") }),
    ),
    pivot: pivotSchema,
    approximate: Type.Optional(
      Type.Enum(["when_over_budget", "never"], { default: "when_over_budget", ...from("OlapInput.approximate") }),
    ),
    ...sampleSchemas("OlapInput"),
    allow_unknown: allowUnknownSchema("OlapInput"),
    format: Type.Optional(
      Type.Enum(["rows", "columns"], {
        default: "rows",
        description: "`rows`: one object per row. `columns`: one list of values per column, which is shorter.",
      }),
    ),
  },
  { additionalProperties: false, title: "RealtimeQuestion", examples: [EXAMPLE], ...from("OlapInput") },
);

/** A question as REST takes it. */
export type Question = Static<typeof questionSchema>;

const toMeasure = ({ function: fn, of, levels, filter, ...measure }: Question["measures"][number]) => ({
  ...measure,
  function: FUNCTIONS[fn],
  ...(of === undefined ? {} : { of: toFieldName(of) }),
  ...(levels === undefined ? {} : { levels }),
  ...(filter === undefined ? {} : { filter: toFilter(filter) }),
});

/** In rows, values stand under the names of their columns: two of the same name would hide one another. */
const requireDistinctNames = (dimensions: readonly string[], measures: Question["measures"]): void => {
  const place = measures.findIndex(({ name: own }) => own !== undefined && dimensions.includes(own));
  if (place < 0) return;
  const field = `measures.${place}.name`;
  throw refuse("BAD_INPUT", `\`${field}\` is the name of a dimension; give the measure another one.`, { field });
};

/** A question in the graph's words; columns are ordered by the names the answer shows. Refuses two columns of one name with BAD_INPUT. */
export const toOlapInput = (question: Question): OlapInput => {
  const {
    range,
    measures,
    dimensions = [],
    filters = [],
    granularity,
    time_zone: timeZone,
    order_by: orderBy,
    limit,
    fill,
    pivot,
    approximate,
  } = question;
  requireDistinctNames(dimensions, measures);
  const columnOf = (column: string): string => (dimensions.includes(column) ? toFieldName(column) : column);
  return {
    range: toRange(range),
    measures: measures.map(toMeasure),
    dimensions: dimensions.map(toFieldName),
    ...(filters.length === 0 ? {} : { filter: { and: filters.map(toFilter) } }),
    ...(granularity === undefined ? {} : { granularity: GRANULARITIES[granularity] }),
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(orderBy === undefined
      ? {}
      : {
          orderBy: orderBy.map(({ column, direction }) => ({
            column: columnOf(column),
            ...(direction === undefined ? {} : { direction: DIRECTIONS[direction] }),
          })),
        }),
    ...(limit === undefined ? {} : { limit }),
    ...(fill === undefined ? {} : { fill: FILLS[fill] }),
    ...(pivot === undefined ? {} : { pivot: toPivot(pivot) }),
    ...(approximate === undefined ? {} : { approximate: APPROXIMATE[approximate] }),
    ...toSample(question),
    ...toAllowUnknown(question),
  };
};

/** The part of a question the graph complains about, in REST's words: `input.filter.and.0.field` is `filters.0.field`. */
export const questionFieldOf = (restField: string): string => restField.replace(/^filter\.and(?=\.|$)/, "filters");
