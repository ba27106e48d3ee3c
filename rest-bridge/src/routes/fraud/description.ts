import { Type } from "typebox";
import { provenanceSchema } from "../../answers/provenance.ts";
import { moment, orNull, wholeNumber } from "../../answers/schemas.ts";
import { warningsSchema } from "../../answers/warnings.ts";
import { from } from "../../http/graphql-annotation.ts";
import { toldRangeSchema } from "../../http/question-parts.ts";
import { BEHAVIOUR_REFUSALS } from "../../http/refusals.ts";
import type { RouteDescription } from "../../http/route-description.ts";
import { ringsQuestionSchema, velocityQuestionSchema } from "./question.ts";

const query = Type.Object({}, { additionalProperties: false });
const common = {
  ...({ method: "post", tag: "Analytics", query, authenticated: true } as const),
  refusals: [...BEHAVIOUR_REFUSALS, "FORBIDDEN"],
} as const;

const entity = (name: string) => from(`VelocityEntity.${name}`);
const velocity = (name: string) => from(`VelocityResult.${name}`);
const velocitySchema = Type.Object(
  {
    range: toldRangeSchema("VelocityResult.range"),
    entities: wholeNumber(velocity("entities")),
    top: Type.Array(
      Type.Object(
        {
          entity: Type.String(entity("entity")),
          ...{ events: wholeNumber(entity("events")), peak: wholeNumber(entity("peak")) },
          ...{ peak_at: moment(entity("peakAt")), stretches: wholeNumber(entity("stretches")) },
          first_at: moment(entity("firstAt")),
          reported: orNull(Type.Enum(["few", "some", "many"]), entity("reported")),
        },
        from("VelocityEntity"),
      ),
      velocity("top"),
    ),
    has_more: Type.Boolean(velocity("hasMore")),
    provenance: provenanceSchema,
    warnings: warningsSchema,
  },
  { ...from("VelocityResult"), title: "Velocity" },
);

const ring = (name: string) => from(`Ring.${name}`);
const link = (name: string) => from(`RingLink.${name}`);
const rings = (name: string) => from(`RingsResult.${name}`);
const sharedSchema = Type.Object(
  {
    ...{ field: Type.String(from("RingShared.field")), value: Type.String(from("RingShared.value")) },
    links: Type.Array(
      Type.Object({
        ...{ member: Type.String(link("member")), events: wholeNumber(link("events")) },
        first_at: moment(link("firstAt")),
      }),
      from("RingShared.links"),
    ),
  },
  from("RingShared"),
);
const ringSchema = Type.Object(
  {
    member_count: wholeNumber(ring("memberCount")),
    members: Type.Array(Type.String(), ring("members")),
    shared_count: wholeNumber(ring("sharedCount")),
    shared: Type.Array(sharedSchema, ring("shared")),
    ...{ links: wholeNumber(ring("links")), events: wholeNumber(ring("events")) },
    ...{ density: Type.Number(ring("density")), newness: Type.Number(ring("newness")) },
    score: Type.Number(ring("score")),
    ...{ first_at: moment(ring("firstAt")), last_link_at: moment(ring("lastLinkAt")) },
  },
  from("Ring"),
);
const ringsSchema = Type.Object(
  {
    range: toldRangeSchema("RingsResult.range"),
    ...{ ring_count: wholeNumber(rings("ringCount")), member_count: wholeNumber(rings("memberCount")) },
    ...{ largest: wholeNumber(rings("largest")), hubs: wholeNumber(rings("hubs")) },
    rings: Type.Array(ringSchema, rings("rings")),
    has_more: Type.Boolean(rings("hasMore")),
    provenance: provenanceSchema,
    warnings: warningsSchema,
  },
  { ...from("RingsResult"), title: "Rings" },
);

/** POST /api/v2/analytics/velocity. */
export const velocityDescription = {
  ...{ ...common, path: "/api/v2/analytics/velocity", operationId: "askVelocity", body: velocityQuestionSchema },
  summary: "Whose events were too many within a sliding window",
  graphql: "Query.velocity",
  answers: { 200: { description: "Those with the highest peaks.", schema: velocitySchema } },
} as const satisfies RouteDescription<typeof query, typeof velocityQuestionSchema>;

/** POST /api/v2/analytics/rings. */
export const ringsDescription = {
  ...{ ...common, path: "/api/v2/analytics/rings", operationId: "askRings", body: ringsQuestionSchema },
  summary: "Who is connected by what they share",
  graphql: "Query.rings",
  answers: { 200: { description: "Those with the highest scores.", schema: ringsSchema } },
} as const satisfies RouteDescription<typeof query, typeof ringsQuestionSchema>;

/** Every address about patterns of fraud. */
export const fraudDescriptions: readonly RouteDescription[] = [velocityDescription, ringsDescription];
