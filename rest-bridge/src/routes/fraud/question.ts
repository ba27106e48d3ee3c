import { Type, type Static } from "typebox";
import type { RingsInput, SharedIndicatorBand, VelocityInput } from "../../generated/graphql.ts";
import { from } from "../../http/graphql-annotation.ts";
import { allowUnknownSchema, rangeSchema, tenantIdSchema, toAllowUnknown, toRange } from "../../http/question-parts.ts";
import { toFieldName } from "../realtime-query/filter.ts";
import { matcherSchema, toMatcher } from "../realtime-query/matcher.ts";

/** Characters of a name of a field, of a zone, and of a duration. */
const MAX_NAME = 512;
/** Fields that members of rings are connected through: what the graph takes. */
const MAX_THROUGH = 5;
/** Entities and rings that are told: what the graph takes. */
const MAX_ENTITIES = 1_000;
const MAX_RINGS = 100;

const BANDS = { few: "FEW", some: "SOME", many: "MANY" } as const satisfies Record<string, SharedIndicatorBand>;
const RANGE = { from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z" };

const name = (coordinate: string) => Type.String({ maxLength: MAX_NAME, ...from(coordinate) });
const whole = (coordinate: string) => Type.Optional(Type.Integer(from(coordinate)));
const first = (maximum: number, byDefault: number, coordinate: string) =>
  Type.Optional(Type.Integer({ minimum: 1, maximum, default: byDefault, ...from(coordinate) }));

/** A question about whose events were too many within a window. */
export const velocityQuestionSchema = Type.Object(
  {
    tenant_id: tenantIdSchema,
    range: rangeSchema("VelocityInput.range"),
    time_zone: Type.Optional(name("VelocityInput.timeZone")),
    event: matcherSchema,
    by: name("VelocityInput.by"),
    distinct: Type.Optional(name("VelocityInput.distinct")),
    within: name("VelocityInput.within"),
    more_than: Type.Integer(from("VelocityInput.moreThan")),
    first: first(MAX_ENTITIES, 100, "VelocityInput.first"),
    reported: Type.Optional(
      Type.Object(
        {
          at_least: Type.Optional(
            Type.Enum(["few", "some", "many"], { default: "few", ...from("ReportedEntitiesInput.atLeast") }),
          ),
        },
        { additionalProperties: false, ...from("VelocityInput.reported") },
      ),
    ),
    allow_unknown: allowUnknownSchema("VelocityInput"),
  },
  {
    ...{ additionalProperties: false, title: "VelocityQuestion", ...from("VelocityInput") },
    examples: [
      {
        range: RANGE,
        event: { events: ["payment"] },
        by: "device",
        distinct: "properties.card.hash",
        within: "PT1H",
        more_than: 3,
      },
    ],
  },
);

/** A question about who is connected by what they share. */
export const ringsQuestionSchema = Type.Object(
  {
    tenant_id: tenantIdSchema,
    range: rangeSchema("RingsInput.range"),
    time_zone: Type.Optional(name("RingsInput.timeZone")),
    event: Type.Optional(matcherSchema),
    of: Type.Optional(name("RingsInput.of")),
    through: Type.Array(Type.String({ maxLength: MAX_NAME }), { maxItems: MAX_THROUGH, ...from("RingsInput.through") }),
    shared_by_at_most: whole("RingsInput.sharedByAtMost"),
    min_members: whole("RingsInput.minMembers"),
    new_within: Type.Optional(name("RingsInput.newWithin")),
    first: first(MAX_RINGS, 20, "RingsInput.first"),
    allow_unknown: allowUnknownSchema("RingsInput"),
  },
  {
    ...{ additionalProperties: false, title: "RingsQuestion", ...from("RingsInput") },
    examples: [{ range: RANGE, of: "user_id", through: ["device", "properties.card.hash"], min_members: 3 }],
  },
);

const toReported = ({ at_least: atLeast }: { readonly at_least?: keyof typeof BANDS }) =>
  atLeast === undefined ? {} : { atLeast: BANDS[atLeast] };

/** A question of velocity in the graph's words. */
export const toVelocityInput = (question: Static<typeof velocityQuestionSchema>): VelocityInput => {
  const {
    range,
    time_zone: timeZone,
    event,
    by,
    distinct,
    within,
    more_than: moreThan,
    first: count,
    reported,
  } = question;
  return {
    ...{ range: toRange(range), event: toMatcher(event), by: toFieldName(by), within, moreThan },
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(distinct === undefined ? {} : { distinct: toFieldName(distinct) }),
    ...(count === undefined ? {} : { first: count }),
    ...(reported === undefined ? {} : { reported: toReported(reported) }),
    ...toAllowUnknown(question),
  };
};

/** A question of rings in the graph's words. */
export const toRingsInput = (question: Static<typeof ringsQuestionSchema>): RingsInput => {
  const { range, time_zone: timeZone, event, of, through, new_within: newWithin, first: count } = question;
  const { shared_by_at_most: sharedByAtMost, min_members: minMembers } = question;
  return {
    ...{ range: toRange(range), through: through.map(toFieldName) },
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(event === undefined ? {} : { event: toMatcher(event) }),
    ...(of === undefined ? {} : { of: toFieldName(of) }),
    ...(sharedByAtMost === undefined ? {} : { sharedByAtMost }),
    ...(minMembers === undefined ? {} : { minMembers }),
    ...(newWithin === undefined ? {} : { newWithin }),
    ...(count === undefined ? {} : { first: count }),
    ...toAllowUnknown(question),
  };
};
