import { Type, type TSchema } from "typebox";
import { moment } from "../../answers/schemas.ts";
import { from } from "../../http/graphql-annotation.ts";

/** An object of the graph in the words of the input it is sent as: what it does not say is left out. */
const asSent = (
  type: string,
  members: Readonly<Record<string, (options: { readonly "x-graphql": string }) => TSchema>>,
) =>
  Object.fromEntries(
    Object.entries(members).map(([name, schema]) => [name, Type.Optional(schema(from(`${type}.${name}`)))]),
  );

type Options = { readonly "x-graphql": string };
const text = (options: Options): TSchema => Type.String(options);
const whole = (options: Options): TSchema => Type.Integer(options);
const number = (options: Options): TSchema => Type.Number(options);
const truth = (options: Options): TSchema => Type.Boolean(options);
const anything = (options: Options): TSchema => Type.Unknown(options);
const listOf =
  (item: TSchema) =>
  (options: Options): TSchema =>
    Type.Array(item, options);
const object =
  (type: string, members: Parameters<typeof asSent>[1]) =>
  (options: Options): TSchema =>
    Type.Object(asSent(type, members), options);

const numbers = listOf(Type.Integer());
const filterPart = Type.Object(
  asSent("EventFilterPart", {
    ...{ and: numbers, or: numbers, not: whole, field: text, eq: text, in: listOf(Type.String()), contains: text },
    ...{ startsWith: text, matches: text, gt: number, gte: number, lt: number, lte: number, exists: truth },
  }),
);
const filter = object("EventFilter", { parts: listOf(filterPart) });
const matcher = { events: listOf(Type.String()), filter };
const event = object("EventMatcher", matcher);
const within = object("CohortWindow", {
  ...{ last: text, lastPeriods: whole, period: text, timeZone: text, from: moment, to: moment },
});

const definitionPart = Type.Object(
  asSent("CohortDefinitionPart", {
    did: object("CohortDid", { event, comparison: text, times: whole, within }),
    first: object("CohortFirst", { event, within }),
    sequence: object("CohortSequence", {
      steps: listOf(Type.Object(asSent("EventMatcher", matcher))),
      completedWithin: text,
      within,
    }),
    traits: listOf(Type.Object(asSent("TraitTest", { trait: text, eq: anything, exists: truth }))),
    ...{ latest: filter, list: truth, cohort: text, union: numbers, intersect: numbers },
    except: object("CohortExcept", { of: whole, without: whole }),
  }),
);

/** Who is in a cohort, in the words of the graph's input: a definition can be sent as it is told. */
export const definitionSchema = Type.Object(
  { parts: Type.Array(definitionPart, from("CohortDefinition.parts")) },
  from("Cohort.definition"),
);
