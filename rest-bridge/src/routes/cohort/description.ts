import { Type } from "typebox";
import { definitionUsesSchema } from "../../answers/definition-uses.ts";
import { provenanceSchema } from "../../answers/provenance.ts";
import { moment, orNull, wholeNumber } from "../../answers/schemas.ts";
import { warningsSchema } from "../../answers/warnings.ts";
import { from } from "../../http/graphql-annotation.ts";
import { definitionSchema } from "./definition-description.ts";
import { maxStalenessSchema, toldRangeSchema } from "../../http/question-parts.ts";
import type { RouteDescription } from "../../http/route-description.ts";

const text = (maxLength: number, description: string) => Type.Optional(Type.String({ maxLength, description }));
const number = (most: number, byDefault: string, description: string) =>
  Type.Optional(Type.String({ pattern: `^[0-9]{1,${most}}$`, default: byDefault, description }));
const names = (description: string) =>
  text(4_000, `${description}; several are separated by commas. Of any name when left out.`);

/** Periods of the calendar, as REST writes them. */
export const PERIODS = ["day", "week", "month"] as const;
/** Units of the calendar of a range, as REST writes them. */
const UNITS = ["minute", "hour", "day", "week", "month", "quarter", "year"] as const;
/** Which unit of the calendar is the last of a range, as REST writes it. */
const ENDINGS = ["before_current", "now", "with_current"] as const;
/** When somebody counts as having come back, as REST writes it. */
export const KINDS = ["exact", "on_or_after", "on_or_before"] as const;
/** How periods are laid out, as REST writes it. */
export const CLOCKS = ["calendar", "elapsed"] as const;
/** Which start event begins, as REST writes it. */
export const STARTS = ["first_in_range", "first_ever", "every"] as const;

/** A range relative to now, flat as a query string is. */
const relativeRange = {
  sliding: text(100, "In place of `from` and `to`: people begin in the time up to now, PT1S on, such as P30D."),
  calendar_unit: Type.Optional(
    Type.Enum([...UNITS], {
      description: "In place of `from` and `to`: people begin in units of the calendar of `time_zone`.",
    }),
  ),
  calendar_count: number(4, "1", "How many units of the calendar, 1 to 5,000."),
  calendar_ending: Type.Optional(
    Type.Enum([...ENDINGS], { default: "before_current", ...from("CalendarRangeInput.ending") }),
  ),
  calendar_ago: number(4, "0", "So many units of the calendar further back, 0 to 5,000; not for now."),
};

const query = Type.Object(
  {
    from: text(
      40,
      "People begin at this moment or later, RFC 3339; as many periods before `to` as there are columns when left out.",
    ),
    to: text(40, "People begin before this moment, RFC 3339; now when left out."),
    ...relativeRange,
    max_staleness: maxStalenessSchema,
    start_events: names("Names of the events that begin"),
    return_events: names("Names of the events that are coming back"),
    start_at: Type.Optional(Type.Enum([...STARTS], { default: "first_in_range", ...from("RetentionInput.startAt") })),
    kind: Type.Optional(Type.Enum([...KINDS], { default: "exact", ...from("RetentionInput.kind") })),
    period: Type.Optional(Type.Enum([...PERIODS], { default: "week", ...from("RetentionInput.period") })),
    clock: Type.Optional(Type.Enum([...CLOCKS], { default: "calendar", ...from("RetentionInput.clock") })),
    time_zone: text(64, "IANA zone of the calendar; UTC when left out."),
    periods: number(3, "12", "Columns of one period each, 1 to 120."),
    minimum: number(4, "1", "Return events it takes to count as having come back, 1 to 1,000."),
    brackets: Type.Optional(
      Type.String({
        pattern: "^[0-9]{1,4}(?:,[0-9]{1,4}){1,60}$",
        description:
          "Columns of several periods in place of `periods`: from each of these numbers up to the next, 2 to 61, rising, separated by commas.",
      }),
    ),
    currency: text(3, "Adds the value of coming back: revenue in this currency, ISO 4217."),
    value_of: text(
      500,
      "Adds the value of coming back: of this property, such as properties.points, in place of revenue.",
    ),
    split_by: text(1_000, "Fields of the start event that tell groups apart, at most 3, separated by commas."),
    max_groups: number(3, "20", "Groups kept, the largest, 1 to 100."),
    cohorts: text(
      400,
      "Ids of cohorts whose members are groups of their own, at most 10, separated by commas; not with `split_by`.",
    ),
    confidence: Type.Optional(
      Type.String({ pattern: "^0?\\.[0-9]{1,9}$", default: "0.95", ...from("RetentionInput.confidence") }),
    ),
    as_of: text(
      40,
      "Events before this moment count, and periods that end later are incomplete, RFC 3339; now when left out.",
    ),
    start_filter: text(
      8_000,
      "What the events that begin pass: a filter as in POST /api/v2/analytics/realtime/query, as JSON.",
    ),
    return_filter: text(
      8_000,
      "What the events that are coming back pass: a filter as in POST /api/v2/analytics/realtime/query, as JSON.",
    ),
    sample: Type.Optional(
      Type.String({ pattern: "^(?:0?\\.[0-9]{1,9}|1(?:\\.0{1,9})?)$", default: "1", ...from("RetentionInput.sample") }),
    ),
    fast: Type.Optional(Type.Enum(["true", "false"], { default: "false", ...from("RetentionInput.fast") })),
    allow_unknown: Type.Optional(
      Type.Enum(["true", "false"], { default: "false", ...from("RetentionInput.allowUnknown") }),
    ),
    history: number(4, "100", "Sizes of the past, 1 to 1,000."),
  },
  { additionalProperties: false },
);
const body = Type.Unknown();

const cohort = (name: string) => from(`Cohort.${name}`);
const cell = (name: string) => from(`RetentionCells.${name}`);
const wholes = (name: string) => Type.Array(wholeNumber(), cell(name));
const rates = (name: string) => Type.Array(orNull(Type.Number()), cell(name));
const cells = (coordinate: string) =>
  Type.Object(
    {
      size: wholeNumber(cell("size")),
      size_error: orNull(Type.Number(), cell("sizeError")),
      eligible: wholes("eligible"),
      returned: wholes("returned"),
      returned_errors: orNull(Type.Array(Type.Number()), cell("returnedErrors")),
      rate: rates("rate"),
      low: rates("low"),
      high: rates("high"),
      complete: Type.Array(Type.Boolean(), cell("complete")),
      returned_so_far: wholes("returnedSoFar"),
      value: orNull(Type.Array(Type.String()), cell("value")),
      cumulative_value: orNull(Type.Array(Type.String()), cell("cumulativeValue")),
      cumulative_value_per_start: orNull(Type.Array(orNull(Type.Number())), cell("cumulativeValuePerStart")),
    },
    from(coordinate),
  );

const retention = Type.Object(
  {
    range: toldRangeSchema("RetentionResult.range"),
    columns: Type.Array(
      Type.Object({
        from: Type.Integer(from("RetentionColumn.from")),
        to: Type.Integer(from("RetentionColumn.to")),
      }),
      from("RetentionResult.columns"),
    ),
    groups: Type.Array(
      Type.Object({
        dimensions: Type.Array(orNull(Type.String()), from("RetentionGroup.dimensions")),
        cohort: orNull(
          Type.Object({ id: Type.String(cohort("id")), name: Type.String(cohort("name")) }),
          from("RetentionGroup.cohort"),
        ),
        rows: Type.Array(
          Type.Object({ start: moment(from("RetentionRow.start")), cells: cells("RetentionRow.cells") }),
          from("RetentionGroup.rows"),
        ),
        total: cells("RetentionGroup.total"),
      }),
      from("RetentionResult.groups"),
    ),
    has_more_groups: Type.Boolean(from("RetentionResult.hasMoreGroups")),
    total: cells("RetentionResult.total"),
    provenance: provenanceSchema,
  },
  cohort("retention"),
);

const answer = Type.Object(
  {
    id: Type.String(cohort("id")),
    name: Type.String(cohort("name")),
    description: Type.String(cohort("description")),
    unit: Type.Enum(["people", "accounts"], cohort("unit")),
    group: orNull(Type.String(), cohort("group")),
    version: Type.Integer(cohort("version")),
    definition: definitionSchema,
    definitions: definitionUsesSchema(cohort("definitions")),
    recompute_every: orNull(Type.String(), cohort("recomputeEvery")),
    computation: Type.Object(
      {
        state: Type.Enum(["idle", "queued", "running", "failed"], from("CohortComputation.state")),
        runs: Type.Integer(from("CohortComputation.runs")),
        as_of: orNull(moment(), from("CohortComputation.asOf")),
        version: orNull(Type.Integer(), from("CohortComputation.version")),
        due_at: orNull(moment(), from("CohortComputation.dueAt")),
        error: orNull(
          Type.Object({ code: Type.String(from("JobError.code")), detail: Type.String(from("JobError.detail")) }),
          from("CohortComputation.error"),
        ),
      },
      cohort("computation"),
    ),
    size: orNull(wholeNumber(), cohort("size")),
    history: Type.Array(
      Type.Object({
        as_of: moment(from("CohortSize.asOf")),
        version: Type.Integer(from("CohortSize.version")),
        size: wholeNumber(from("CohortSize.size")),
        entered: wholeNumber(from("CohortSize.entered")),
        left: wholeNumber(from("CohortSize.left")),
      }),
      cohort("history"),
    ),
    retention,
    created_at: moment(cohort("createdAt")),
    updated_at: moment(cohort("updatedAt")),
    warnings: Type.Optional(warningsSchema),
  },
  { title: "Cohort" },
);

/** GET /api/v2/analytics/cohort/{cohort_id}. */
export const cohortDescription = {
  method: "get",
  path: "/api/v2/analytics/cohort/{cohort_id}",
  pathParameters: { cohort_id: "Id of the cohort; one of another tenant is unknown." },
  operationId: "getCohort",
  tag: "Analytics",
  summary: "A cohort: who is in it, how large it was, and whether its people or accounts come back",
  graphql: "Query.cohort",
  query,
  body,
  answers: { 200: { description: "The cohort with its retention.", schema: answer } },
  refusals: ["BAD_INPUT", "NOT_FOUND", "QUERY_TOO_COSTLY", "QUERY_TIMEOUT"],
  authenticated: true,
} as const satisfies RouteDescription<typeof query, typeof body>;
