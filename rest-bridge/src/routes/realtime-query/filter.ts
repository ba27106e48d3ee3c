import { Type, type Static, type TSchemaOptions } from "typebox";
import type { EventFilterInput, InCohortInput } from "../../generated/graphql.ts";
import { moment } from "../../answers/schemas.ts";
import { from } from "../../http/graphql-annotation.ts";
import { camelCase } from "../../http/snake-case.ts";

/** Characters of a field's name, or of a text an event is compared with; longer than any column holds. */
const MAX_TEXT = 8_192;
/** Filters side by side, and values of `in`: what the graph takes. */
const MAX_FILTERS = 50;
const MAX_VALUES = 1_000;

const scalar = (options: TSchemaOptions) =>
  Type.Union([Type.String({ maxLength: MAX_TEXT }), Type.Number(), Type.Boolean()], options);
const text = (coordinate: string) => Type.Optional(Type.String({ maxLength: MAX_TEXT, ...from(coordinate) }));
const number = (coordinate: string) => Type.Optional(Type.Number(from(coordinate)));
const several = (coordinate: string) =>
  Type.Optional(Type.Array(Type.Ref("EventFilter"), { maxItems: MAX_FILTERS, ...from(coordinate) }));

/** Which events; a field is named in snake case, a property as it was sent. */
export const filterSchema = Type.Cyclic(
  {
    EventFilter: Type.Object(
      {
        and: several("EventFilterInput.and"),
        or: several("EventFilterInput.or"),
        not: Type.Optional(Type.Ref("EventFilter")),
        field: text("EventFilterInput.field"),
        eq: Type.Optional(scalar(from("EventFilterInput.eq"))),
        in: Type.Optional(
          Type.Array(scalar({}), { minItems: 1, maxItems: MAX_VALUES, ...from("EventFilterInput.in") }),
        ),
        contains: text("EventFilterInput.contains"),
        starts_with: text("EventFilterInput.startsWith"),
        matches: text("EventFilterInput.matches"),
        gt: number("EventFilterInput.gt"),
        gte: number("EventFilterInput.gte"),
        lt: number("EventFilterInput.lt"),
        lte: number("EventFilterInput.lte"),
        exists: Type.Optional(Type.Boolean(from("EventFilterInput.exists"))),
        in_cohort: Type.Optional(
          Type.Object(
            {
              cohort: Type.String({ format: "uuid", ...from("InCohortInput.cohort") }),
              as_of: Type.Optional(moment(from("InCohortInput.asOf"))),
            },
            { additionalProperties: false, ...from("EventFilterInput.inCohort") },
          ),
        ),
      },
      { additionalProperties: false, ...from("EventFilterInput") },
    ),
  },
  "EventFilter",
);

/** A filter as REST takes it. */
export type Filter = Static<typeof filterSchema>;

/** A field as the graph names it: `utm_source` is `utmSource`, properties keep the names they were sent with. */
export const toFieldName = (name: string): string => (name.startsWith("properties.") ? name : camelCase(name));

const toInCohort = ({ cohort, as_of: asOf }: NonNullable<Filter["in_cohort"]>): InCohortInput => ({
  cohort,
  ...(asOf === undefined ? {} : { asOf }),
});

/** A filter in the graph's words. */
export const toFilter = ({
  and,
  or,
  not,
  field,
  eq,
  in: values,
  starts_with: startsWith,
  in_cohort: inCohort,
  ...tests
}: Filter): EventFilterInput => ({
  ...tests,
  ...(and === undefined ? {} : { and: and.map(toFilter) }),
  ...(or === undefined ? {} : { or: or.map(toFilter) }),
  ...(not === undefined ? {} : { not: toFilter(not) }),
  ...(field === undefined ? {} : { field: toFieldName(field) }),
  ...(eq === undefined ? {} : { eq: String(eq) }),
  ...(values === undefined ? {} : { in: values.map(String) }),
  ...(startsWith === undefined ? {} : { startsWith }),
  ...(inCohort === undefined ? {} : { inCohort: toInCohort(inCohort) }),
});
