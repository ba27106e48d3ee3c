import { Type, type Static } from "typebox";
import type {
  BehindEventQualityInput,
  BehindRingsInput,
  BehindVelocityInput,
  RingsInput,
  VelocityInput,
} from "../../generated/graphql.ts";
import { from } from "../../http/graphql-annotation.ts";
import { rangeSchema, toRange } from "../../http/question-parts.ts";
import { eventQualityQuestionSchema, toEventQualityInput } from "../event-quality/question.ts";
import { toFieldName } from "../realtime-query/filter.ts";
import { matcherSchema, toMatcher } from "../realtime-query/matcher.ts";
import { inCapitals } from "./in-capitals.ts";

/** Characters of a value of a field, and of a name or a duration. */
const MAX_VALUE = 8_192;
const MAX_NAME = 512;
/** Fields that members of rings are connected through: what the graph takes. */
const MAX_THROUGH = 5;

const closed = (coordinate: string) => ({ additionalProperties: false, ...from(coordinate) });
const name = (coordinate: string) => Type.String({ maxLength: MAX_NAME, ...from(coordinate) });
const value = (coordinate: string) => Type.String({ maxLength: MAX_VALUE, ...from(coordinate) });
const whole = (coordinate: string) => Type.Optional(Type.Integer(from(coordinate)));

const velocityQuestionSchema = Type.Object(
  {
    range: rangeSchema("VelocityInput.range"),
    time_zone: Type.Optional(name("VelocityInput.timeZone")),
    event: matcherSchema,
    by: name("VelocityInput.by"),
    distinct: Type.Optional(name("VelocityInput.distinct")),
    within: name("VelocityInput.within"),
    more_than: Type.Integer(from("VelocityInput.moreThan")),
  },
  { additionalProperties: false, title: "VelocityQuestion", ...from("VelocityInput") },
);

const ringsQuestionSchema = Type.Object(
  {
    range: rangeSchema("RingsInput.range"),
    time_zone: Type.Optional(name("RingsInput.timeZone")),
    event: Type.Optional(matcherSchema),
    of: Type.Optional(name("RingsInput.of")),
    through: Type.Array(Type.String({ maxLength: MAX_NAME }), { maxItems: MAX_THROUGH, ...from("RingsInput.through") }),
    shared_by_at_most: whole("RingsInput.sharedByAtMost"),
    min_members: whole("RingsInput.minMembers"),
    new_within: Type.Optional(name("RingsInput.newWithin")),
  },
  { additionalProperties: false, title: "RingsQuestion", ...from("RingsInput") },
);

/** A number of a `velocity` answer. */
export const ofVelocitySchema = Type.Object(
  {
    input: velocityQuestionSchema,
    cell: Type.Object(
      {
        entity: Type.Optional(value("VelocityCellInput.entity")),
        number: Type.Optional(Type.Enum(["entities", "events", "peak"], from("VelocityCellInput.number"))),
      },
      closed("VelocityCellInput"),
    ),
  },
  closed("BehindVelocityInput"),
);

/** A number of a `rings` answer. */
export const ofRingsSchema = Type.Object(
  {
    input: ringsQuestionSchema,
    cell: Type.Object(
      {
        member: Type.Optional(value("RingCellInput.member")),
        shared: Type.Optional(
          Type.Object(
            { field: name("SharedValueCellInput.field"), value: value("SharedValueCellInput.value") },
            closed("RingCellInput.shared"),
          ),
        ),
        number: Type.Optional(Type.Enum(["rings", "members", "links", "events"], from("RingCellInput.number"))),
      },
      closed("RingCellInput"),
    ),
  },
  closed("BehindRingsInput"),
);

/** A number of an `eventQuality` answer. */
export const ofEventQualitySchema = Type.Object(
  {
    input: eventQualityQuestionSchema,
    cell: Type.Object(
      {
        expectation: name("ExpectationCellInput.expectation"),
        outcome: Type.Optional(Type.Enum(["tested", "passed", "failed"], from("ExpectationCellInput.outcome"))),
      },
      closed("ExpectationCellInput"),
    ),
  },
  closed("BehindEventQualityInput"),
);

const toVelocityInput = (question: Static<typeof velocityQuestionSchema>): VelocityInput => {
  const { range, time_zone: timeZone, event, by, distinct, within, more_than: moreThan } = question;
  return {
    ...{ range: toRange(range), event: toMatcher(event), by: toFieldName(by), within, moreThan },
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(distinct === undefined ? {} : { distinct: toFieldName(distinct) }),
  };
};

const toRingsInput = (question: Static<typeof ringsQuestionSchema>): RingsInput => {
  const { range, time_zone: timeZone, event, of, through, new_within: newWithin } = question;
  const { shared_by_at_most: sharedByAtMost, min_members: minMembers } = question;
  return {
    ...{ range: toRange(range), through: through.map(toFieldName) },
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(event === undefined ? {} : { event: toMatcher(event) }),
    ...(of === undefined ? {} : { of: toFieldName(of) }),
    ...(sharedByAtMost === undefined ? {} : { sharedByAtMost }),
    ...(minMembers === undefined ? {} : { minMembers }),
    ...(newWithin === undefined ? {} : { newWithin }),
  };
};

/** A number of velocity in the graph's words. */
export const toOfVelocity = ({
  input,
  cell: { number, ...cell },
}: Static<typeof ofVelocitySchema>): BehindVelocityInput => ({
  input: toVelocityInput(input),
  cell: { ...cell, ...(number === undefined ? {} : { number: inCapitals(number) }) },
});

/** A number of rings in the graph's words. */
export const toOfRings = ({
  input,
  cell: { number, shared, ...cell },
}: Static<typeof ofRingsSchema>): BehindRingsInput => ({
  input: toRingsInput(input),
  cell: {
    ...cell,
    ...(number === undefined ? {} : { number: inCapitals(number) }),
    ...(shared === undefined ? {} : { shared: { field: toFieldName(shared.field), value: shared.value } }),
  },
});

/** A number of the quality of events in the graph's words. */
export const toOfEventQuality = ({
  input,
  cell: { outcome, ...cell },
}: Static<typeof ofEventQualitySchema>): BehindEventQualityInput => ({
  input: toEventQualityInput(input),
  cell: { ...cell, ...(outcome === undefined ? {} : { outcome: inCapitals(outcome) }) },
});
