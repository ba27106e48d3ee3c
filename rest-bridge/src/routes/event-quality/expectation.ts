import { Type, type Static } from "typebox";
import type { ExpectationInput, ExpectedValueType, ValidExpectationInput } from "../../generated/graphql.ts";
import { from } from "../../http/graphql-annotation.ts";
import { filterSchema, toFieldName, toFilter } from "../realtime-query/filter.ts";

const VALUE_TYPES = {
  ...({ number: "NUMBER", integer: "INTEGER", boolean: "BOOLEAN", uuid: "UUID" } as const),
  ...({ date: "DATE", time: "TIME", email: "EMAIL", url: "URL" } as const),
} as const satisfies Record<string, ExpectedValueType>;

/** Characters of a name, a value and a pattern; longer than the graph takes. */
const MAX_NAME = 512;
const MAX_VALUE = 8_192;
/** What the graph takes of each: values of a set, fields of a key. */
const MAX_VALUES = 1_000;
const MAX_KEY_FIELDS = 5;

const closed = (coordinate: string) => ({ additionalProperties: false, ...from(coordinate) });
const field = (coordinate: string) => Type.String({ maxLength: MAX_NAME, ...from(coordinate) });
const number = (name: string) => Type.Optional(Type.Number(from(`ValidExpectationInput.${name}`)));

const validSchema = Type.Object(
  {
    field: field("ValidExpectationInput.field"),
    type: Type.Optional(
      Type.Enum(
        ["number", "integer", "boolean", "uuid", "date", "time", "email", "url"],
        from("ValidExpectationInput.type"),
      ),
    ),
    in: Type.Optional(
      Type.Array(Type.String({ maxLength: MAX_VALUE }), { maxItems: MAX_VALUES, ...from("ValidExpectationInput.in") }),
    ),
    matches: Type.Optional(Type.String({ maxLength: MAX_VALUE, ...from("ValidExpectationInput.matches") })),
    ...{ gt: number("gt"), gte: number("gte"), lt: number("lt"), lte: number("lte") },
  },
  closed("ExpectationInput.valid"),
);

/** Something that is expected of events. */
export const expectationSchema = Type.Object(
  {
    name: Type.String({ maxLength: MAX_NAME, ...from("ExpectationInput.name") }),
    present: Type.Optional(
      Type.Object({ field: field("PresentExpectationInput.field") }, closed("ExpectationInput.present")),
    ),
    valid: Type.Optional(validSchema),
    holds: Type.Optional(filterSchema),
    unique: Type.Optional(
      Type.Object(
        {
          fields: Type.Array(Type.String({ maxLength: MAX_NAME }), {
            maxItems: MAX_KEY_FIELDS,
            ...from("UniqueExpectationInput.fields"),
          }),
        },
        closed("ExpectationInput.unique"),
      ),
    ),
    timely: Type.Optional(
      Type.Object({ within: field("TimelyExpectationInput.within") }, closed("ExpectationInput.timely")),
    ),
    at_least: Type.Optional(Type.Number(from("ExpectationInput.atLeast"))),
  },
  { additionalProperties: false, title: "ExpectationOfEvents", ...from("ExpectationInput") },
);

const toValid = ({ field: name, type, in: values, ...tests }: Static<typeof validSchema>): ValidExpectationInput => ({
  ...tests,
  field: toFieldName(name),
  ...(type === undefined ? {} : { type: VALUE_TYPES[type] }),
  ...(values === undefined ? {} : { in: values }),
});

/** An expectation in the graph's words; the graph refuses unless it is exactly one kind. */
export const toExpectation = (expectation: Static<typeof expectationSchema>): ExpectationInput => {
  const { name, present, valid, holds, unique, timely, at_least: atLeast } = expectation;
  return {
    name,
    ...(present === undefined ? {} : { present: { field: toFieldName(present.field) } }),
    ...(valid === undefined ? {} : { valid: toValid(valid) }),
    ...(holds === undefined ? {} : { holds: toFilter(holds) }),
    ...(unique === undefined ? {} : { unique: { fields: unique.fields.map(toFieldName) } }),
    ...(timely === undefined ? {} : { timely }),
    ...(atLeast === undefined ? {} : { atLeast }),
  };
};
