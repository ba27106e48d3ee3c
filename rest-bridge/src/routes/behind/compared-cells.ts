import { Type, type Static } from "typebox";
import { moment } from "../../answers/schemas.ts";
import type {
  BehindCohortSizesInput,
  BehindDriftInput,
  CohortSizesInput,
  DriftInput,
  DriftReferenceInput,
} from "../../generated/graphql.ts";
import { from } from "../../http/graphql-annotation.ts";
import { allowUnknownSchema, rangeSchema, toAllowUnknown, toRange } from "../../http/question-parts.ts";
import { toFieldName } from "../realtime-query/filter.ts";
import { matcherSchema, toMatcher } from "../realtime-query/matcher.ts";
import { inCapitals } from "./in-capitals.ts";

/** Characters of a name or a duration. */
const MAX_NAME = 512;

const closed = (coordinate: string) => ({ additionalProperties: false, ...from(coordinate) });
const name = (coordinate: string) => Type.String({ maxLength: MAX_NAME, ...from(coordinate) });
const whole = (coordinate: string) => Type.Optional(Type.Integer(from(coordinate)));

const referenceSchema = Type.Object(
  {
    from: Type.Optional(moment(from("DriftReferenceInput.from"))),
    to: Type.Optional(moment(from("DriftReferenceInput.to"))),
    trailing: Type.Optional(name("DriftReferenceInput.trailing")),
    gap: Type.Optional(name("DriftReferenceInput.gap")),
  },
  closed("DriftReferenceInput"),
);

const driftQuestionSchema = Type.Object(
  {
    range: rangeSchema("DriftInput.range"),
    time_zone: Type.Optional(name("DriftInput.timeZone")),
    event: Type.Optional(matcherSchema),
    field: name("DriftInput.field"),
    kind: Type.Enum(["numeric", "categorical"], from("DriftInput.kind")),
    reference: referenceSchema,
    bins: whole("DriftInput.bins"),
    min_samples: whole("DriftInput.minSamples"),
    allow_unknown: allowUnknownSchema("DriftInput"),
  },
  { additionalProperties: false, title: "DriftQuestion", ...from("DriftInput") },
);

const cohortSizesQuestionSchema = Type.Object(
  {
    cohort: Type.String({ format: "uuid", ...from("CohortSizesInput.cohort") }),
    range: rangeSchema("CohortSizesInput.range"),
    time_zone: Type.Optional(name("CohortSizesInput.timeZone")),
  },
  { additionalProperties: false, title: "CohortSizesQuestion", ...from("CohortSizesInput") },
);

/** A number of a `drift` answer. */
export const ofDriftSchema = Type.Object(
  {
    input: driftQuestionSchema,
    cell: Type.Object(
      {
        side: Type.Optional(Type.Enum(["range", "reference"], from("DriftCellInput.side"))),
        bin: whole("DriftCellInput.bin"),
        missing: Type.Optional(Type.Boolean(from("DriftCellInput.missing"))),
      },
      closed("DriftCellInput"),
    ),
  },
  closed("BehindDriftInput"),
);

/** A number of a `cohortSizes` answer. */
export const ofCohortSizesSchema = Type.Object(
  {
    input: cohortSizesQuestionSchema,
    cell: Type.Object(
      {
        as_of: Type.Optional(moment(from("CohortSizeCellInput.asOf"))),
        number: Type.Optional(Type.Enum(["size", "entered", "left"], from("CohortSizeCellInput.number"))),
      },
      closed("CohortSizeCellInput"),
    ),
  },
  closed("BehindCohortSizesInput"),
);

const toDriftInput = (question: Static<typeof driftQuestionSchema>): DriftInput => {
  const { range, time_zone: timeZone, event, field, kind, bins, min_samples: minSamples } = question;
  const reference: DriftReferenceInput = question.reference;
  return {
    ...{ range: toRange(range), field: toFieldName(field), kind: inCapitals(kind), reference },
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(event === undefined ? {} : { event: toMatcher(event) }),
    ...(bins === undefined ? {} : { bins }),
    ...(minSamples === undefined ? {} : { minSamples }),
    ...toAllowUnknown(question),
  };
};

const toCohortSizesInput = ({
  cohort,
  range,
  time_zone: timeZone,
}: Static<typeof cohortSizesQuestionSchema>): CohortSizesInput => ({
  ...{ cohort, range: toRange(range) },
  ...(timeZone === undefined ? {} : { timeZone }),
});

/** A number of drift in the graph's words. */
export const toOfDrift = ({ input, cell: { side, ...cell } }: Static<typeof ofDriftSchema>): BehindDriftInput => ({
  input: toDriftInput(input),
  cell: { ...cell, ...(side === undefined ? {} : { side: inCapitals(side) }) },
});

/** A number of a cohort's sizes in the graph's words. */
export const toOfCohortSizes = ({
  input,
  cell: { as_of: asOf, number },
}: Static<typeof ofCohortSizesSchema>): BehindCohortSizesInput => ({
  input: toCohortSizesInput(input),
  cell: { ...(asOf === undefined ? {} : { asOf }), ...(number === undefined ? {} : { number: inCapitals(number) }) },
});
