import { Type, type Static } from "typebox";
import { wholeNumber } from "../../answers/schemas.ts";
import type { FunnelAttributionInput } from "../../generated/graphql.ts";
import { from } from "../../http/graphql-annotation.ts";
import { breakdownSchema } from "../attribution-model/answer.ts";
import { modelSchema, toModel } from "../attribution-model/question.ts";
import { filterSchema, toFilter } from "../realtime-query/filter.ts";
import { matcherSchema, toMatcher } from "../realtime-query/matcher.ts";

/** Characters of a name of a channel, and of a duration. */
const MAX_NAME = 512;
/** What the graph takes of each. */
const MAX_TOUCHPOINTS = 20;
const MAX_MODELS = 12;
const MAX_RULES = 50;

const text = (coordinate: string) => Type.String({ maxLength: MAX_NAME, ...from(coordinate) });
const closed = (coordinate: string) => ({ additionalProperties: false, ...from(coordinate) });

/** To which touchpoints a funnel's conversions are owed, as REST asks for it. */
export const attributionSchema = Type.Object(
  {
    touchpoints: Type.Array(matcherSchema, {
      maxItems: MAX_TOUCHPOINTS,
      ...from("FunnelAttributionInput.touchpoints"),
    }),
    models: Type.Array(modelSchema, { maxItems: MAX_MODELS, ...from("FunnelAttributionInput.models") }),
    channels: Type.Optional(
      Type.Array(
        Type.Object({ channel: text("ChannelRuleInput.channel"), filter: filterSchema }, closed("ChannelRuleInput")),
        { maxItems: MAX_RULES, ...from("FunnelAttributionInput.channels") },
      ),
    ),
    otherwise: Type.Optional(text("FunnelAttributionInput.otherwise")),
    direct_labels: Type.Optional(
      Type.Array(Type.String({ maxLength: MAX_NAME }), {
        maxItems: MAX_RULES,
        ...from("FunnelAttributionInput.directLabels"),
      }),
    ),
    lookback: Type.Optional(text("FunnelAttributionInput.lookback")),
    max_path_length: Type.Optional(Type.Integer(from("FunnelAttributionInput.maxPathLength"))),
    top_paths: Type.Optional(Type.Integer(from("FunnelAttributionInput.topPaths"))),
  },
  closed("FunnelAttributionInput"),
);

/** The same in the graph's words. */
export const toAttribution = ({
  touchpoints,
  models,
  channels,
  direct_labels: directLabels,
  max_path_length: maxPathLength,
  top_paths: topPaths,
  ...rest
}: Static<typeof attributionSchema>): FunnelAttributionInput => ({
  ...rest,
  touchpoints: touchpoints.map(toMatcher),
  models: models.map(toModel),
  ...(channels === undefined
    ? {}
    : { channels: channels.map(({ channel, filter }) => ({ channel, filter: toFilter(filter) })) }),
  ...(directLabels === undefined ? {} : { directLabels }),
  ...(maxPathLength === undefined ? {} : { maxPathLength }),
  ...(topPaths === undefined ? {} : { topPaths }),
});

/** What a funnel's conversions are owed to, as REST answers it. */
export const creditsSchema = Type.Object(
  {
    conversions: wholeNumber(from("FunnelCredits.conversions")),
    attributed_conversions: wholeNumber(from("FunnelCredits.attributedConversions")),
    non_converting_journeys: wholeNumber(from("FunnelCredits.nonConvertingJourneys")),
    cut_journeys: wholeNumber(from("FunnelCredits.cutJourneys")),
    breakdown: breakdownSchema,
  },
  from("FunnelCredits"),
);
