import { Type, type Static } from "typebox";
import type { AnalysisUnitKind } from "../../generated/graphql.ts";
import { from } from "../../http/graphql-annotation.ts";
import { filterSchema, toFieldName, toFilter } from "./filter.ts";

const UNITS = { person: "PERSON", session: "SESSION", field: "FIELD", group: "GROUP" } as const satisfies Record<
  string,
  AnalysisUnitKind
>;

/** Characters of a name of a field or an event. */
const MAX_NAME = 512;
/** What the graph takes: names of a matcher. */
const MAX_NAMES = 100;

/** Which events are meant. */
export const matcherSchema = Type.Object(
  {
    events: Type.Optional(
      Type.Array(Type.String({ maxLength: MAX_NAME }), { maxItems: MAX_NAMES, ...from("EventMatcherInput.events") }),
    ),
    filter: Type.Optional(filterSchema),
  },
  { additionalProperties: false, ...from("EventMatcherInput") },
);

/** A matcher in the graph's words. */
export const toMatcher = ({ events, filter }: Static<typeof matcherSchema>) => ({
  ...(events === undefined ? {} : { events }),
  ...(filter === undefined ? {} : { filter: toFilter(filter) }),
});

/** What is counted. */
export const unitSchema = Type.Object(
  {
    kind: Type.Optional(Type.Enum(["person", "session", "field", "group"], from("AnalysisUnitInput.kind"))),
    field: Type.Optional(Type.String({ maxLength: MAX_NAME, ...from("AnalysisUnitInput.field") })),
    group: Type.Optional(Type.String({ maxLength: MAX_NAME, ...from("AnalysisUnitInput.group") })),
  },
  { additionalProperties: false, ...from("AnalysisUnitInput") },
);

/** A unit in the graph's words. */
export const toUnit = ({ kind, field, group }: Static<typeof unitSchema>) => ({
  ...(kind === undefined ? {} : { kind: UNITS[kind] }),
  ...(field === undefined ? {} : { field: toFieldName(field) }),
  ...(group === undefined ? {} : { group }),
});
