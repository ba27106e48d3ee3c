import { Type, type Static } from "typebox";
import type {
  BehindAttributionInput,
  BehindFunnelInput,
  BehindOlapInput,
  BehindPathsInput,
  BehindSessionsInput,
} from "../../generated/graphql.ts";
import { moment, orNull } from "../../answers/schemas.ts";
import { from } from "../../http/graphql-annotation.ts";
import { attributionQuestionSchema, toAttributionInput } from "../attribution-model/question.ts";
import { funnelQuestionSchema, toFunnelInput } from "../funnel-analyze/question.ts";
import { pathsQuestionSchema, toPathsInput } from "../paths-analyze/question.ts";
import { toFieldName } from "../realtime-query/filter.ts";
import { questionSchema, toOlapInput } from "../realtime-query/question.ts";
import { sessionsQuestionSchema, toSessionMetricsInput } from "../sessions-analyze/question.ts";
import { inCapitals } from "./in-capitals.ts";

/** Characters of a value of a field, or a label; longer than any column holds. */
const MAX_VALUE = 8_192;
/** Values of a group, and labels of a path: what the graph takes at most. */
const MAX_VALUES = 8;
const MAX_LABELS = 50;

const closed = (coordinate: string) => ({ additionalProperties: false, ...from(coordinate) });
const text = (coordinate: string) => Type.Optional(Type.String({ maxLength: MAX_VALUE, ...from(coordinate) }));
const textOrNull = (coordinate: string) =>
  Type.Optional(orNull(Type.String({ maxLength: MAX_VALUE }), from(coordinate)));
const values = (coordinate: string) =>
  Type.Optional(
    Type.Array(orNull(Type.String({ maxLength: MAX_VALUE })), { maxItems: MAX_VALUES, ...from(coordinate) }),
  );
const labels = (coordinate: string) =>
  Type.Optional(Type.Array(Type.String({ maxLength: MAX_VALUE }), { maxItems: MAX_LABELS, ...from(coordinate) }));
const start = (coordinate: string) => Type.Optional(moment(from(coordinate)));

/** A cell of an `olap` answer. */
export const ofOlapSchema = Type.Object(
  {
    input: questionSchema,
    cell: Type.Object(
      {
        dimensions: values("CellInput.dimensions"),
        time: start("CellInput.time"),
        measure: text("CellInput.measure"),
        others: Type.Optional(Type.Boolean(from("CellInput.others"))),
      },
      closed("CellInput"),
    ),
  },
  closed("BehindOlapInput"),
);

const groupSchema = Type.Object(
  {
    value: textOrNull("FunnelGroupCellInput.value"),
    cohort: Type.Optional(Type.String({ format: "uuid", ...from("FunnelGroupCellInput.cohort") })),
    segment: text("FunnelGroupCellInput.segment"),
  },
  closed("FunnelCellInput.group"),
);

const findingSchema = Type.Object(
  {
    event: text("FunnelFindingCellInput.event"),
    field: text("FunnelFindingCellInput.field"),
    value: textOrNull("FunnelFindingCellInput.value"),
    with: Type.Optional(Type.Boolean(from("FunnelFindingCellInput.with"))),
  },
  closed("FunnelCellInput.finding"),
);

/** A number of a `funnel` answer. */
export const ofFunnelSchema = Type.Object(
  {
    input: funnelQuestionSchema,
    cell: Type.Object(
      {
        step: Type.Optional(Type.Integer(from("FunnelCellInput.step"))),
        outcome: Type.Optional(
          Type.Enum(["reached", "dropped_off", "converted", "not_converted"], from("FunnelCellInput.outcome")),
        ),
        group: Type.Optional(groupSchema),
        entered: start("FunnelCellInput.entered"),
        next: Type.Optional(
          Type.Object({ name: textOrNull("FunnelNextCellInput.name") }, closed("FunnelCellInput.next")),
        ),
        afterwards: Type.Optional(
          Type.Object(
            {
              events: Type.Array(Type.String({ maxLength: MAX_VALUE }), {
                maxItems: MAX_LABELS,
                ...from("FunnelAfterwardsCellInput.events"),
              }),
              ended: Type.Optional(Type.Boolean(from("FunnelAfterwardsCellInput.ended"))),
            },
            closed("FunnelCellInput.afterwards"),
          ),
        ),
        finding: Type.Optional(findingSchema),
      },
      closed("FunnelCellInput"),
    ),
  },
  closed("BehindFunnelInput"),
);

/** A number of a `sessionMetrics` answer. */
export const ofSessionsSchema = Type.Object(
  {
    input: sessionsQuestionSchema,
    cell: Type.Object(
      {
        start: start("SessionCellInput.start"),
        values: values("SessionCellInput.values"),
        outcome: Type.Optional(
          Type.Enum(
            ["all", "bounced", "not_bounced", "engaged", "not_engaged", "converted", "not_converted"],
            from("SessionCellInput.outcome"),
          ),
        ),
        page: Type.Optional(
          Type.Object(
            {
              page: Type.String({ maxLength: MAX_VALUE, ...from("SessionPageCellInput.page") }),
              role: Type.Optional(Type.Enum(["any", "entry", "exit"], from("SessionPageCellInput.role"))),
            },
            closed("SessionCellInput.page"),
          ),
        ),
      },
      closed("SessionCellInput"),
    ),
  },
  closed("BehindSessionsInput"),
);

/** A number of an `attribution` answer. */
export const ofAttributionSchema = Type.Object(
  {
    input: attributionQuestionSchema,
    cell: Type.Object(
      {
        outcome: Type.Optional(Type.Enum(["converted", "not_converted"], from("AttributionCellInput.outcome"))),
        dimension: text("AttributionCellInput.dimension"),
        label: text("AttributionCellInput.label"),
        role: Type.Optional(Type.Enum(["any", "first", "last", "assisted"], from("AttributionCellInput.role"))),
        model: Type.Optional(Type.Integer(from("AttributionCellInput.model"))),
        path: labels("AttributionCellInput.path"),
      },
      closed("AttributionCellInput"),
    ),
  },
  closed("BehindAttributionInput"),
);

const pointSchema = (coordinate: string) =>
  Type.Object(
    { depth: Type.Integer(from("PathPointInput.depth")), label: textOrNull("PathPointInput.label") },
    closed(coordinate),
  );

/** A number of a `paths` answer. */
export const ofPathsSchema = Type.Object(
  {
    input: pathsQuestionSchema,
    cell: Type.Object(
      {
        outcome: Type.Optional(
          Type.Enum(
            ["all", "dropped_off", "goes_on", "converted", "not_converted", "unreached"],
            from("PathCellInput.outcome"),
          ),
        ),
        node: Type.Optional(pointSchema("PathCellInput.node")),
        link: Type.Optional(
          Type.Object(
            { from: pointSchema("PathLinkCellInput.from"), to: pointSchema("PathLinkCellInput.to") },
            closed("PathCellInput.link"),
          ),
        ),
        path: labels("PathCellInput.path"),
        followed: labels("PathCellInput.followed"),
      },
      closed("PathCellInput"),
    ),
  },
  closed("BehindPathsInput"),
);

/** A cell of an `olap` answer in the graph's words. */
export const toOfOlap = ({ input, cell }: Static<typeof ofOlapSchema>): BehindOlapInput => ({
  input: toOlapInput(input),
  cell,
});

const toFinding = ({ field, ...finding }: Static<typeof findingSchema>) => ({
  ...finding,
  ...(field === undefined ? {} : { field: toFieldName(field) }),
});

/** A number of a funnel in the graph's words. */
export const toOfFunnel = ({
  input,
  cell: { outcome, finding, ...cell },
}: Static<typeof ofFunnelSchema>): BehindFunnelInput => ({
  input: toFunnelInput(input),
  cell: {
    ...cell,
    ...(outcome === undefined ? {} : { outcome: inCapitals(outcome) }),
    ...(finding === undefined ? {} : { finding: toFinding(finding) }),
  },
});

/** A number of sessions in the graph's words. */
export const toOfSessions = ({
  input,
  cell: { outcome, page, ...cell },
}: Static<typeof ofSessionsSchema>): BehindSessionsInput => ({
  input: toSessionMetricsInput(input),
  cell: {
    ...cell,
    ...(outcome === undefined ? {} : { outcome: inCapitals(outcome) }),
    ...(page === undefined
      ? {}
      : { page: { page: page.page, ...(page.role === undefined ? {} : { role: inCapitals(page.role) }) } }),
  },
});

/** A number of attribution in the graph's words. */
export const toOfAttribution = ({
  input,
  cell: { outcome, role, dimension, ...cell },
}: Static<typeof ofAttributionSchema>): BehindAttributionInput => ({
  input: toAttributionInput(input),
  cell: {
    ...cell,
    ...(dimension === undefined ? {} : { dimension: toFieldName(dimension) }),
    ...(outcome === undefined ? {} : { outcome: inCapitals(outcome) }),
    ...(role === undefined ? {} : { role: inCapitals(role) }),
  },
});

/** A number of paths in the graph's words. */
export const toOfPaths = ({ input, cell: { outcome, ...cell } }: Static<typeof ofPathsSchema>): BehindPathsInput => ({
  input: toPathsInput(input),
  cell: { ...cell, ...(outcome === undefined ? {} : { outcome: inCapitals(outcome) }) },
});
