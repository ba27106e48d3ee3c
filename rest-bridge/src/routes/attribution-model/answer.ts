import { Type } from "typebox";
import { provenanceSchema } from "../../answers/provenance.ts";
import { orNull, wholeNumber } from "../../answers/schemas.ts";
import { warningsSchema } from "../../answers/warnings.ts";
import { from } from "../../http/graphql-annotation.ts";
import { toldRangeSchema } from "../../http/question-parts.ts";

const interval = Type.Object(
  {
    low: Type.Number(from("AttributionInterval.low")),
    high: Type.Number(from("AttributionInterval.high")),
  },
  from("AttributionInterval"),
);

const chain = Type.Object(
  {
    states: Type.Integer(from("AttributionChain.states")),
    conversion_probability: Type.Number(from("AttributionChain.conversionProbability")),
  },
  from("AttributionChain"),
);

const conservationSchema = Type.Object(
  {
    credited_conversions: Type.Number(from("AttributionConservation.creditedConversions")),
    actual_conversions: Type.Number(from("AttributionConservation.actualConversions")),
    credited_value: Type.Number(from("AttributionConservation.creditedValue")),
    actual_value: Type.Number(from("AttributionConservation.actualValue")),
  },
  from("AttributionConservation"),
);

const creditSchema = Type.Object(
  {
    label: Type.String(from("AttributionCredit.label")),
    conversions: Type.Number(from("AttributionCredit.conversions")),
    value: Type.Number(from("AttributionCredit.value")),
    share: orNull(Type.Number(), from("AttributionCredit.share")),
    conversions_interval: orNull(interval, from("AttributionCredit.conversionsInterval")),
    value_interval: orNull(interval, from("AttributionCredit.valueInterval")),
    standard_error: orNull(Type.Number(), from("AttributionCredit.standardError")),
    sampling_error: orNull(Type.Number(), from("AttributionCredit.samplingError")),
    removal_effect: orNull(Type.Number(), from("AttributionCredit.removalEffect")),
    spend: orNull(Type.Number(), from("AttributionCredit.spend")),
    roas: orNull(Type.Number(), from("AttributionCredit.roas")),
    cpa: orNull(Type.Number(), from("AttributionCredit.cpa")),
  },
  from("AttributionCredit"),
);

const modelSchema = Type.Object(
  {
    kind: Type.Enum(
      [
        "first",
        "last",
        "last_non_direct",
        "linear",
        "position",
        "position_decay",
        "time_decay",
        "markov",
        "shapley",
        "uplift",
      ],
      from("AttributionModelAnswer.kind"),
    ),
    credits: Type.Array(creditSchema, from("AttributionModelAnswer.credits")),
    conservation: conservationSchema,
    chain: orNull(chain, from("AttributionModelAnswer.chain")),
    permutations: orNull(Type.Integer(), from("AttributionModelAnswer.permutations")),
  },
  from("AttributionModelAnswer"),
);

const rolesSchema = Type.Object(
  {
    label: Type.String(from("AttributionRoles.label")),
    touchpoints: wholeNumber(from("AttributionRoles.touchpoints")),
    conversions_touched: wholeNumber(from("AttributionRoles.conversionsTouched")),
    first_touches: wholeNumber(from("AttributionRoles.firstTouches")),
    assisted_conversions: wholeNumber(from("AttributionRoles.assistedConversions")),
    assisted_value: Type.Number(from("AttributionRoles.assistedValue")),
    last_touches: wholeNumber(from("AttributionRoles.lastTouches")),
  },
  from("AttributionRoles"),
);

const pathSchema = Type.Object(
  {
    steps: Type.Array(Type.String(), from("AttributionPath.steps")),
    length: Type.Integer(from("AttributionPath.length")),
    conversions: wholeNumber(from("AttributionPath.conversions")),
    value: Type.Number(from("AttributionPath.value")),
    losses: wholeNumber(from("AttributionPath.losses")),
    conversion_rate: orNull(Type.Number(), from("AttributionPath.conversionRate")),
    mean_seconds_to_convert: orNull(Type.Number(), from("AttributionPath.meanSecondsToConvert")),
  },
  from("AttributionPath"),
);

/** Credits and paths by one dimension. */
export const breakdownSchema = Type.Object(
  {
    dimension: Type.String(from("AttributionBreakdown.dimension")),
    models: Type.Array(modelSchema, from("AttributionBreakdown.models")),
    roles: Type.Array(rolesSchema, from("AttributionBreakdown.roles")),
    paths: Type.Array(pathSchema, from("AttributionBreakdown.paths")),
    path_count: Type.Integer(from("AttributionBreakdown.pathCount")),
  },
  from("AttributionBreakdown"),
);

/** What the attribution route answers. */
export const attributionAnswerSchema = Type.Object(
  {
    range: toldRangeSchema("AttributionAnswer.range"),
    conversions: wholeNumber(from("AttributionAnswer.conversions")),
    value: Type.Number(from("AttributionAnswer.value")),
    attributed_conversions: wholeNumber(from("AttributionAnswer.attributedConversions")),
    attributed_value: Type.Number(from("AttributionAnswer.attributedValue")),
    non_converting_journeys: wholeNumber(from("AttributionAnswer.nonConvertingJourneys")),
    cut_journeys: wholeNumber(from("AttributionAnswer.cutJourneys")),
    excluded_persons: wholeNumber(from("AttributionAnswer.excludedPersons")),
    identity: Type.Enum(["stitched", "person"], from("AttributionAnswer.identity")),
    breakdowns: Type.Array(breakdownSchema, from("AttributionAnswer.breakdowns")),
    provenance: provenanceSchema,
    warnings: warningsSchema,
  },
  { ...from("AttributionAnswer"), title: "AttributionAnswer" },
);
