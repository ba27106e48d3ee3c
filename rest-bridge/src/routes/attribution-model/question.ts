import { Type, type Static } from "typebox";
import type {
  AttributionCount,
  AttributionIdentity,
  AttributionInput,
  AttributionModelKind,
  AttributionReset,
  ShapleyGame,
} from "../../generated/graphql.ts";
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
import { filterSchema, toFieldName, toFilter } from "../realtime-query/filter.ts";
import { toUnit, unitSchema } from "../realtime-query/matcher.ts";

const KINDS = {
  first: "FIRST",
  last: "LAST",
  last_non_direct: "LAST_NON_DIRECT",
  linear: "LINEAR",
  position: "POSITION",
  position_decay: "POSITION_DECAY",
  time_decay: "TIME_DECAY",
  markov: "MARKOV",
  shapley: "SHAPLEY",
  uplift: "UPLIFT",
} as const satisfies Record<string, AttributionModelKind>;
const GAMES = { conversions: "CONVERSIONS", summed_rates: "SUMMED_RATES", rate: "RATE" } as const satisfies Record<
  string,
  ShapleyGame
>;
const RESETS = { after_conversion: "AFTER_CONVERSION", never: "NEVER" } as const satisfies Record<
  string,
  AttributionReset
>;
const COUNTS = { every: "EVERY", first_per_person: "FIRST_PER_PERSON" } as const satisfies Record<
  string,
  AttributionCount
>;
const OPEN_JOURNEYS = { last: "LAST", every: "EVERY" } as const;
const IDENTITIES = { stitched: "STITCHED", person: "PERSON" } as const satisfies Record<string, AttributionIdentity>;

/** Characters of a name of a field, an event, a channel, and of a duration. */
const MAX_NAME = 512;
/** What the graph takes of each. */
const MAX = { names: 100, touchpoints: 20, models: 12, dimensions: 3, rules: 50, spends: 300 } as const;

const text = (coordinate: string) => Type.String({ maxLength: MAX_NAME, ...from(coordinate) });
const maybe = {
  text: (coordinate: string) => Type.Optional(text(coordinate)),
  whole: (coordinate: string) => Type.Optional(Type.Integer(from(coordinate))),
  number: (coordinate: string) => Type.Optional(Type.Number(from(coordinate))),
};
const closed = (coordinate: string) => ({ additionalProperties: false, ...from(coordinate) });

const matcherSchema = Type.Object(
  {
    events: Type.Optional(
      Type.Array(Type.String({ maxLength: MAX_NAME }), { maxItems: MAX.names, ...from("EventMatcherInput.events") }),
    ),
    filter: Type.Optional(filterSchema),
  },
  closed("EventMatcherInput"),
);

/** A model as REST takes it. */
export const modelSchema = Type.Object(
  {
    kind: Type.Enum(
      [
        ...(["first", "last", "last_non_direct", "linear", "position", "position_decay"] as const),
        ...(["time_decay", "markov", "shapley", "uplift"] as const),
      ],
      from("AttributionModelInput.kind"),
    ),
    first: maybe.number("AttributionModelInput.first"),
    middle: maybe.number("AttributionModelInput.middle"),
    last: maybe.number("AttributionModelInput.last"),
    half_life: maybe.text("AttributionModelInput.halfLife"),
    half_life_steps: maybe.number("AttributionModelInput.halfLifeSteps"),
    order: maybe.whole("AttributionModelInput.order"),
    game: Type.Optional(Type.Enum(["conversions", "summed_rates", "rate"], from("AttributionModelInput.game"))),
    permutations: maybe.whole("AttributionModelInput.permutations"),
    seed: maybe.whole("AttributionModelInput.seed"),
    min_journeys: maybe.whole("AttributionModelInput.minJourneys"),
  },
  closed("AttributionModelInput"),
);

const EXAMPLE = {
  range: { from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z" },
  conversion: { events: ["purchase"] },
  touchpoints: [{ events: ["page_view"] }],
  value: { of: "revenue", currency: "EUR" },
  models: [{ kind: "last" }, { kind: "time_decay", half_life: "P7D" }, { kind: "markov" }],
};

/** A question to the attribution route. */
export const attributionQuestionSchema = Type.Object(
  {
    tenant_id: tenantIdSchema,
    max_staleness: maxStalenessSchema,
    range: rangeSchema("AttributionInput.range"),
    conversion: matcherSchema,
    touchpoints: Type.Array(matcherSchema, { maxItems: MAX.touchpoints, ...from("AttributionInput.touchpoints") }),
    value: Type.Optional(
      Type.Object(
        { of: text("AttributionValueInput.of"), currency: maybe.text("AttributionValueInput.currency") },
        closed("AttributionValueInput"),
      ),
    ),
    models: Type.Array(modelSchema, { maxItems: MAX.models, ...from("AttributionInput.models") }),
    dimensions: Type.Optional(
      Type.Array(Type.String({ maxLength: MAX_NAME }), {
        maxItems: MAX.dimensions,
        ...from("AttributionInput.dimensions"),
      }),
    ),
    channels: Type.Optional(
      Type.Array(
        Type.Object({ channel: text("ChannelRuleInput.channel"), filter: filterSchema }, closed("ChannelRuleInput")),
        { maxItems: MAX.rules, ...from("AttributionInput.channels") },
      ),
    ),
    otherwise: maybe.text("AttributionInput.otherwise"),
    direct_labels: Type.Optional(
      Type.Array(Type.String({ maxLength: MAX_NAME }), {
        maxItems: MAX.rules,
        ...from("AttributionInput.directLabels"),
      }),
    ),
    lookback: maybe.text("AttributionInput.lookback"),
    reset: Type.Optional(Type.Enum(["after_conversion", "never"], from("AttributionInput.reset"))),
    count: Type.Optional(Type.Enum(["every", "first_per_person"], from("AttributionInput.count"))),
    unit: Type.Optional(unitSchema),
    identity: Type.Optional(Type.Enum(["stitched", "person"], from("AttributionInput.identity"))),
    non_converting: Type.Optional(Type.Boolean(from("AttributionInput.nonConverting"))),
    open_journeys: Type.Optional(Type.Enum(["last", "every"], from("AttributionInput.openJourneys"))),
    max_path_length: maybe.whole("AttributionInput.maxPathLength"),
    top_paths: maybe.whole("AttributionInput.topPaths"),
    spend: Type.Optional(
      Type.Array(
        Type.Object(
          {
            dimension: text("AttributionSpendInput.dimension"),
            label: text("AttributionSpendInput.label"),
            amount: Type.Number(from("AttributionSpendInput.amount")),
          },
          closed("AttributionSpendInput"),
        ),
        { maxItems: MAX.spends, ...from("AttributionInput.spend") },
      ),
    ),
    bootstrap: Type.Optional(
      Type.Object(
        {
          samples: maybe.whole("AttributionBootstrapInput.samples"),
          level: maybe.number("AttributionBootstrapInput.level"),
          seed: maybe.whole("AttributionBootstrapInput.seed"),
        },
        closed("AttributionBootstrapInput"),
      ),
    ),
    ...sampleSchemas("AttributionInput"),
    allow_unknown: allowUnknownSchema("AttributionInput"),
  },
  { additionalProperties: false, title: "AttributionQuestion", examples: [EXAMPLE], ...from("AttributionInput") },
);

/** A question as REST takes it. */
export type AttributionQuestion = Static<typeof attributionQuestionSchema>;

const toMatcher = ({ events, filter }: Static<typeof matcherSchema>) => ({
  ...(events === undefined ? {} : { events }),
  ...(filter === undefined ? {} : { filter: toFilter(filter) }),
});

/** A model in the graph's words. */
export const toModel = (model: Static<typeof modelSchema>) => {
  const { kind, game, half_life: halfLife, half_life_steps: halfLifeSteps, min_journeys: minJourneys, ...rest } = model;
  return {
    ...rest,
    kind: KINDS[kind],
    ...(game === undefined ? {} : { game: GAMES[game] }),
    ...(halfLife === undefined ? {} : { halfLife }),
    ...(halfLifeSteps === undefined ? {} : { halfLifeSteps }),
    ...(minJourneys === undefined ? {} : { minJourneys }),
  };
};

/** The name a dimension of the graph was asked for by. */
export const asAsked = (dimension: string, question: AttributionQuestion): string =>
  question.dimensions?.find((name) => toFieldName(name) === dimension) ?? dimension;

const toChoices = ({ reset, count, unit, identity, open_journeys: openJourneys }: AttributionQuestion) => ({
  ...(unit === undefined ? {} : { unit: toUnit(unit) }),
  ...(openJourneys === undefined ? {} : { openJourneys: OPEN_JOURNEYS[openJourneys] }),
  ...(reset === undefined ? {} : { reset: RESETS[reset] }),
  ...(count === undefined ? {} : { count: COUNTS[count] }),
  ...(identity === undefined ? {} : { identity: IDENTITIES[identity] }),
});

const toLists = ({ dimensions, channels, spend, direct_labels: directLabels }: AttributionQuestion) => ({
  ...(dimensions === undefined ? {} : { dimensions: dimensions.map(toFieldName) }),
  ...(channels === undefined
    ? {}
    : { channels: channels.map(({ channel, filter }) => ({ channel, filter: toFilter(filter) })) }),
  ...(directLabels === undefined ? {} : { directLabels }),
  ...(spend === undefined ? {} : { spend: spend.map((one) => ({ ...one, dimension: toFieldName(one.dimension) })) }),
});

/** A question in the graph's words. */
export const toAttributionInput = (question: AttributionQuestion): AttributionInput => {
  const { value, otherwise, lookback, bootstrap, non_converting: nonConverting } = question;
  const { max_path_length: maxPathLength, top_paths: topPaths } = question;
  return {
    range: toRange(question.range),
    conversion: toMatcher(question.conversion),
    touchpoints: question.touchpoints.map(toMatcher),
    models: question.models.map(toModel),
    ...toChoices(question),
    ...toLists(question),
    ...(value === undefined ? {} : { value }),
    ...(otherwise === undefined ? {} : { otherwise }),
    ...(lookback === undefined ? {} : { lookback }),
    ...(nonConverting === undefined ? {} : { nonConverting }),
    ...(maxPathLength === undefined ? {} : { maxPathLength }),
    ...(topPaths === undefined ? {} : { topPaths }),
    ...(bootstrap === undefined ? {} : { bootstrap }),
    ...toSample(question),
    ...toAllowUnknown(question),
  };
};
