import { Type, type Static } from "typebox";
import type {
  BehindActiveUsersInput,
  BehindLifecycleInput,
  BehindRetentionInput,
  BehindStickinessInput,
} from "../../generated/graphql.ts";
import { moment, orNull } from "../../answers/schemas.ts";
import { from } from "../../http/graphql-annotation.ts";
import {
  activeUsersQuestionSchema,
  lifecycleQuestionSchema,
  retentionQuestionSchema,
  stickinessQuestionSchema,
  toActiveUsersInput,
  toLifecycleInput,
  toRetentionInput,
  toStickinessInput,
} from "./activity-question.ts";
import { inCapitals } from "./in-capitals.ts";

/** Characters of a value of a field. */
const MAX_VALUE = 8_192;
/** Values of a group at most: those of the fields that tell groups apart. */
const MAX_VALUES = 3;

const closed = (coordinate: string) => ({ additionalProperties: false, ...from(coordinate) });

/** A number of a `retention` answer. */
export const ofRetentionSchema = Type.Object(
  {
    input: retentionQuestionSchema,
    cell: Type.Object(
      {
        start: Type.Optional(moment(from("RetentionCellInput.start"))),
        column: Type.Optional(Type.Integer(from("RetentionCellInput.column"))),
        outcome: Type.Optional(
          Type.Enum(
            ["started", "eligible", "returned", "not_returned", "returned_so_far"],
            from("RetentionCellInput.outcome"),
          ),
        ),
        dimensions: Type.Optional(
          Type.Array(orNull(Type.String({ maxLength: MAX_VALUE })), {
            maxItems: MAX_VALUES,
            ...from("RetentionCellInput.dimensions"),
          }),
        ),
        cohort: Type.Optional(Type.String({ format: "uuid", ...from("RetentionCellInput.cohort") })),
      },
      closed("RetentionCellInput"),
    ),
    cohort: Type.Optional(Type.String({ format: "uuid", ...from("BehindRetentionInput.cohort") })),
  },
  closed("BehindRetentionInput"),
);

/** A number of a `stickiness` answer. */
export const ofStickinessSchema = Type.Object(
  {
    input: stickinessQuestionSchema,
    cell: Type.Object(
      {
        periods: Type.Integer(from("StickinessCellInput.periods")),
        or_more: Type.Optional(Type.Boolean(from("StickinessCellInput.orMore"))),
      },
      closed("StickinessCellInput"),
    ),
  },
  closed("BehindStickinessInput"),
);

/** A number of a `lifecycle` answer. */
export const ofLifecycleSchema = Type.Object(
  {
    input: lifecycleQuestionSchema,
    cell: Type.Object(
      {
        start: moment(from("LifecycleCellInput.start")),
        state: Type.Enum(["fresh", "returning", "resurrecting", "dormant"], from("LifecycleCellInput.state")),
      },
      closed("LifecycleCellInput"),
    ),
  },
  closed("BehindLifecycleInput"),
);

/** A number of an `activeUsers` answer. */
export const ofActiveUsersSchema = Type.Object(
  {
    input: activeUsersQuestionSchema,
    cell: Type.Object(
      {
        day: moment(from("ActiveUsersCellInput.day")),
        window: Type.Enum(["daily", "weekly", "monthly"], from("ActiveUsersCellInput.window")),
      },
      closed("ActiveUsersCellInput"),
    ),
  },
  closed("BehindActiveUsersInput"),
);

/** A number of retention in the graph's words. */
export const toOfRetention = ({
  input,
  cell: { outcome, ...cell },
  cohort,
}: Static<typeof ofRetentionSchema>): BehindRetentionInput => ({
  input: toRetentionInput(input),
  cell: { ...cell, ...(outcome === undefined ? {} : { outcome: inCapitals(outcome) }) },
  ...(cohort === undefined ? {} : { cohort }),
});

/** A number of stickiness in the graph's words. */
export const toOfStickiness = ({
  input,
  cell: { periods, or_more: orMore },
}: Static<typeof ofStickinessSchema>): BehindStickinessInput => ({
  input: toStickinessInput(input),
  cell: { periods, ...(orMore === undefined ? {} : { orMore }) },
});

/** A number of a lifecycle in the graph's words. */
export const toOfLifecycle = ({ input, cell }: Static<typeof ofLifecycleSchema>): BehindLifecycleInput => ({
  input: toLifecycleInput(input),
  cell: { ...cell, state: inCapitals(cell.state) },
});

/** A number of active users in the graph's words. */
export const toOfActiveUsers = ({ input, cell }: Static<typeof ofActiveUsersSchema>): BehindActiveUsersInput => ({
  input: toActiveUsersInput(input),
  cell: { ...cell, window: inCapitals(cell.window) },
});
