import {
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  type GraphQLInputType,
} from "graphql";
import { idPlaces, rootField } from "../api-schema.ts";
import { exampleOf, type OwnThings } from "../examples.ts";

/** Where filters that name a cohort are kept as they were written, or refused: it is looked up when what they stand in is asked, as whoever asks. */
const NEVER_LOOKED_UP: readonly (readonly [RegExp, string])[] = [
  [/^Mutation\.(create|update)Cohort\(|^Query\.previewCohort\(/, "refused: cohorts are made of cohorts by `cohort`"],
  [
    /^(Mutation\.(defineCorrelationRule|defineDimension|defineRollup|saveExpectation|startBacktest)|Query\.backtestCorrelationRule)\(/,
    "refused: who is in a cohort changes with time",
  ],
  [/^(Subscription\.(events|liveWindows)|Query\.liveWindows)\(/, "refused: streams are read event by event"],
  [
    /^Mutation\.saveQuery\(input\.(?!olap\.)/,
    "looked up as that of Mutation.saveQuery(input.olap.filter.inCohort.cohort), whatever the question is",
  ],
  [/^Mutation\.editDashboard\(/, "kept as it was written; looked up as the question's own when the dashboard is read"],
  [
    /^Mutation\.commentOnDashboard\(/,
    "kept as it was written; looked up as the question's own when the value now is asked",
  ],
  [
    /^(Query\.dashboardData|Subscription\.dashboardLive)\(/,
    "asked with each question of the dashboard, as that of the question itself",
  ],
  [
    /^(?:Query\.(?:behind|watchedSeries|explainChange|simulateRule)|Mutation\.(?:createRule|updateRule|saveObjective))\(/,
    "asked as the question's own field asks it, where the same id is tried",
  ],
  [
    /^Mutation\.startQuery\(input\.(?!olap\.)/,
    "asked as the question's own field asks it, where the same id is tried; a job is asked one question",
  ],
  [/\.parts\.inCohort\./, "a part by its number: put in its place, and read as that of the filter without `parts`"],
  [/^Cohort\.retention\(/, "the same input as Query.retention(input.start.filter.inCohort.cohort)"],
];

const inCohort = idPlaces.filter((place) => place.endsWith("inCohort.cohort)"));
const whyNot = (place: string): string | undefined => NEVER_LOOKED_UP.find(([pattern]) => pattern.test(place))?.[1];

/** Places of filters where the id of a cohort is not looked up. */
export const inCohortWords: Readonly<Record<string, string>> = Object.fromEntries(
  inCohort.flatMap((place) => {
    const why = whyNot(place);
    return why === undefined ? [] : [[place, why]];
  }),
);

/** The least a type takes: what it requires, and nothing else. */
const least = (type: GraphQLInputType): unknown => {
  const inner = getNullableType(type);
  if (isListType(inner)) return [least(inner.ofType)];
  if (isEnumType(inner)) return inner.getValues()[0]?.name;
  if (isInputObjectType(inner))
    return Object.fromEntries(
      Object.values(inner.getFields())
        .filter((field) => isNonNullType(field.type) && field.defaultValue === undefined)
        .map((field) => [field.name, least(field.type)]),
    );
  return String(inner) === "Int" ? 1 : "x";
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A value with something put at a place in it; what stands around it is kept, or made as small as its type allows. */
const withAt = (type: GraphQLInputType, value: unknown, path: readonly string[], put: unknown): unknown => {
  const inner = getNullableType(type);
  if (isListType(inner)) return [withAt(inner.ofType, Array.isArray(value) ? value[0] : undefined, path, put)];
  const [name, ...rest] = path;
  if (!isInputObjectType(inner) || name === undefined) return put;
  const field = inner.getFields()[name];
  if (field === undefined) throw new Error(`${inner.name} has no ${name}.`);
  // A filter holds one test, and anchors of paths one of several: what stood there gives way.
  const around = inner.name === "EventFilterInput" ? {} : isRecord(value) ? value : least(inner);
  return {
    ...(isRecord(around) ? around : {}),
    [name]: withAt(field.type, isRecord(value) ? value[name] : undefined, rest, put),
  };
};

const variablesWith = (place: string, own: OwnThings, id: string): Record<string, unknown> => {
  const [coordinate = "", inside = ""] = place.split("(");
  const [argument = "", ...path] = inside.slice(0, -1).split(".");
  const example: Record<string, unknown> = { ...exampleOf(coordinate, own) };
  const type = rootField(coordinate).field.args.find(({ name }) => name === argument)?.type;
  if (type === undefined) throw new Error(`${coordinate} has no argument ${argument}.`);
  return { ...example, [argument]: withAt(type, example[argument], path, id) };
};

/** Places of filters where the id of a cohort is looked up, each asked by the root field's example with the filter put in. */
export const inCohortPlaces = (own: () => OwnThings) =>
  Object.fromEntries(
    inCohort
      .filter((place) => whyNot(place) === undefined)
      .map((place) => [
        place,
        {
          own: ({ cohortId }: OwnThings): string => cohortId,
          variables: (id: string) => variablesWith(place, own(), id),
          selection: "{ __typename }",
        },
      ]),
  );
