import { Type, type Static } from "typebox";
import type { PathLoops, PathOccurrence, PathRepeats, PathsInput } from "../../generated/graphql.ts";
import { from } from "../../http/graphql-annotation.ts";
import {
  allowUnknownSchema,
  maxStalenessSchema,
  rangeSchema,
  sampleSchemas,
  tenantIdSchema,
  toAllowUnknown,
  toRange,
  toSample,
} from "../../http/question-parts.ts";
import { toFieldName } from "../realtime-query/filter.ts";
import { matcherSchema, toMatcher, toUnit, unitSchema } from "../realtime-query/matcher.ts";

const OCCURRENCES = { first: "FIRST", any: "ANY" } as const satisfies Record<string, PathOccurrence>;
const REPEATS = { collapse: "COLLAPSE", keep: "KEEP" } as const satisfies Record<string, PathRepeats>;
const LOOPS = { keep: "KEEP", cut: "CUT" } as const satisfies Record<string, PathLoops>;

/** Characters of a name of a field or a zone, of a label, and of a duration. */
const MAX_NAME = 512;
/** Characters of a pattern. */
const MAX_PATTERN = 1_000;
/** What the graph takes of each: matchers, fields of a label, rules. */
const MAX_MATCHERS = 20;
const MAX_FIELDS = 3;
const MAX_RULES = 50;

const text = (coordinate: string) => Type.Optional(Type.String({ maxLength: MAX_NAME, ...from(coordinate) }));
const whole = (coordinate: string) => Type.Optional(Type.Integer(from(coordinate)));

const anchorSchema = (coordinate: string) =>
  Type.Object(
    { event: Type.Optional(matcherSchema), label: text("PathAnchorInput.label") },
    { additionalProperties: false, ...from(coordinate) },
  );

const groupSchema = Type.Object(
  {
    pattern: Type.Optional(Type.String({ maxLength: MAX_PATTERN, ...from("PathGroupInput.pattern") })),
    wildcard: Type.Optional(Type.String({ maxLength: MAX_PATTERN, ...from("PathGroupInput.wildcard") })),
    label: Type.String({ maxLength: MAX_NAME, ...from("PathGroupInput.label") }),
  },
  { additionalProperties: false, ...from("PathGroupInput") },
);

const goalSchema = Type.Object(
  { event: matcherSchema, within: text("PathGoalInput.within") },
  { additionalProperties: false, ...from("PathsInput.goal") },
);

const EXAMPLE = {
  range: { from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z" },
  label: ["url"],
  groups: [{ wildcard: "/item/*", label: "item" }],
  start: { event: { events: ["page_view"], filter: { field: "url", eq: "/" } } },
  gap: "PT30M",
  goal: { event: { events: ["purchase"] }, within: "P1D" },
};

/** A question to the paths route. */
export const pathsQuestionSchema = Type.Object(
  {
    tenant_id: tenantIdSchema,
    max_staleness: maxStalenessSchema,
    range: rangeSchema("PathsInput.range"),
    unit: Type.Optional(unitSchema),
    steps: Type.Optional(
      Type.Array(matcherSchema, { minItems: 1, maxItems: MAX_MATCHERS, ...from("PathsInput.steps") }),
    ),
    exclude: Type.Optional(Type.Array(matcherSchema, { maxItems: MAX_MATCHERS, ...from("PathsInput.exclude") })),
    label: Type.Optional(
      Type.Array(Type.String({ maxLength: MAX_NAME }), {
        minItems: 1,
        maxItems: MAX_FIELDS,
        ...from("PathsInput.label"),
      }),
    ),
    groups: Type.Optional(Type.Array(groupSchema, { maxItems: MAX_RULES, ...from("PathsInput.groups") })),
    start: Type.Optional(anchorSchema("PathsInput.start")),
    end: Type.Optional(anchorSchema("PathsInput.end")),
    occurrence: Type.Optional(Type.Enum(["first", "any"], from("PathsInput.occurrence"))),
    repeats: Type.Optional(Type.Enum(["collapse", "keep"], from("PathsInput.repeats"))),
    loops: Type.Optional(Type.Enum(["keep", "cut"], from("PathsInput.loops"))),
    max_depth: whole("PathsInput.maxDepth"),
    max_nodes: whole("PathsInput.maxNodes"),
    min_link: whole("PathsInput.minLink"),
    gap: text("PathsInput.gap"),
    window: text("PathsInput.window"),
    goal: Type.Optional(goalSchema),
    top_paths: whole("PathsInput.topPaths"),
    time_zone: text("PathsInput.timeZone"),
    ...sampleSchemas("PathsInput"),
    allow_unknown: allowUnknownSchema("PathsInput"),
  },
  { additionalProperties: false, title: "PathsQuestion", examples: [EXAMPLE], ...from("PathsInput") },
);

/** A question as REST takes it. */
export type PathsQuestion = Static<typeof pathsQuestionSchema>;

const toAnchor = ({ event, label }: Static<ReturnType<typeof anchorSchema>>) => ({
  ...(event === undefined ? {} : { event: toMatcher(event) }),
  ...(label === undefined ? {} : { label }),
});

const toGoal = ({ event, ...goal }: Static<typeof goalSchema>) => ({ ...goal, event: toMatcher(event) });

/** Which events make paths, where they are anchored and what labels them, in the graph's words. */
const toEvents = ({ unit, steps, exclude, label, start, end, goal }: PathsQuestion) => ({
  ...(unit === undefined ? {} : { unit: toUnit(unit) }),
  ...(steps === undefined ? {} : { steps: steps.map(toMatcher) }),
  ...(exclude === undefined ? {} : { exclude: exclude.map(toMatcher) }),
  ...(label === undefined ? {} : { label: label.map(toFieldName) }),
  ...(start === undefined ? {} : { start: toAnchor(start) }),
  ...(end === undefined ? {} : { end: toAnchor(end) }),
  ...(goal === undefined ? {} : { goal: toGoal(goal) }),
});

/** A question in the graph's words. */
export const toPathsInput = (question: PathsQuestion): PathsInput => {
  const { range, occurrence, repeats, loops, groups, gap, window, time_zone: timeZone } = question;
  const { max_depth: maxDepth, max_nodes: maxNodes, min_link: minLink, top_paths: topPaths } = question;
  return {
    range: toRange(range),
    ...toEvents(question),
    ...(groups === undefined ? {} : { groups }),
    ...(occurrence === undefined ? {} : { occurrence: OCCURRENCES[occurrence] }),
    ...(repeats === undefined ? {} : { repeats: REPEATS[repeats] }),
    ...(loops === undefined ? {} : { loops: LOOPS[loops] }),
    ...(maxDepth === undefined ? {} : { maxDepth }),
    ...(maxNodes === undefined ? {} : { maxNodes }),
    ...(minLink === undefined ? {} : { minLink }),
    ...(gap === undefined ? {} : { gap }),
    ...(window === undefined ? {} : { window }),
    ...(topPaths === undefined ? {} : { topPaths }),
    ...(timeZone === undefined ? {} : { timeZone }),
    ...toSample(question),
    ...toAllowUnknown(question),
  };
};
