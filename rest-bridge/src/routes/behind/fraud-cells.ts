import { Type, type Static } from "typebox";
import type { BehindEventQualityInput, BehindRingsInput, BehindVelocityInput } from "../../generated/graphql.ts";
import { from } from "../../http/graphql-annotation.ts";
import { eventQualityQuestionSchema, toEventQualityInput } from "../event-quality/question.ts";
import { ringsQuestionSchema, toRingsInput, toVelocityInput, velocityQuestionSchema } from "../fraud/question.ts";
import { toFieldName } from "../realtime-query/filter.ts";
import { inCapitals } from "./in-capitals.ts";

/** Characters of a value of a field, and of a name or a duration. */
const MAX_VALUE = 8_192;
const MAX_NAME = 512;

const closed = (coordinate: string) => ({ additionalProperties: false, ...from(coordinate) });
const name = (coordinate: string) => Type.String({ maxLength: MAX_NAME, ...from(coordinate) });
const value = (coordinate: string) => Type.String({ maxLength: MAX_VALUE, ...from(coordinate) });

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
