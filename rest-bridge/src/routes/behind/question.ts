import { Type, type Static } from "typebox";
import type { BehindInput } from "../../generated/graphql.ts";
import type { FieldNaming } from "../../graph/answered.ts";
import { from } from "../../http/graphql-annotation.ts";
import { tenantIdSchema } from "../../http/question-parts.ts";
import {
  ofActiveUsersSchema,
  ofLifecycleSchema,
  ofRetentionSchema,
  ofStickinessSchema,
  toOfActiveUsers,
  toOfLifecycle,
  toOfRetention,
  toOfStickiness,
} from "./activity-cells.ts";
import {
  ofAttributionSchema,
  ofFunnelSchema,
  ofOlapSchema,
  ofPathsSchema,
  ofSessionsSchema,
  toOfAttribution,
  toOfFunnel,
  toOfOlap,
  toOfPaths,
  toOfSessions,
} from "./cells.ts";
import { ofCohortSizesSchema, ofDriftSchema, toOfCohortSizes, toOfDrift } from "./compared-cells.ts";
import {
  ofEventQualitySchema,
  ofRingsSchema,
  ofVelocitySchema,
  toOfEventQuality,
  toOfRings,
  toOfVelocity,
} from "./fraud-cells.ts";

/** Items of a page when nothing is said, as in the graph. */
export const DEFAULT_PAGE = 50;
/** Characters of a cursor. */
const MAX_CURSOR = 500;

const ofSchema = Type.Object(
  {
    olap: Type.Optional(ofOlapSchema),
    funnel: Type.Optional(ofFunnelSchema),
    retention: Type.Optional(ofRetentionSchema),
    stickiness: Type.Optional(ofStickinessSchema),
    lifecycle: Type.Optional(ofLifecycleSchema),
    active_users: Type.Optional(ofActiveUsersSchema),
    sessions: Type.Optional(ofSessionsSchema),
    attribution: Type.Optional(ofAttributionSchema),
    paths: Type.Optional(ofPathsSchema),
    event_quality: Type.Optional(ofEventQualitySchema),
    velocity: Type.Optional(ofVelocitySchema),
    rings: Type.Optional(ofRingsSchema),
    drift: Type.Optional(ofDriftSchema),
    cohort_sizes: Type.Optional(ofCohortSizesSchema),
  },
  { additionalProperties: false, title: "NumberOfAnswer", ...from("BehindInput") },
);

const EXAMPLE = {
  of: {
    funnel: {
      input: {
        range: { from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z" },
        steps: [{ any_of: [{ events: ["page_view"] }] }, { any_of: [{ events: ["purchase"] }] }],
      },
      cell: { step: 1, outcome: "dropped_off" },
    },
  },
};

/** The question whose number it is and the number's place, as a body. */
export const behindQuestionSchema = Type.Object(
  { tenant_id: tenantIdSchema, of: ofSchema },
  { additionalProperties: false, title: "BehindQuestion", examples: [EXAMPLE], description: "A number of an answer." },
);

/** The same with a page of what is behind it; `list` is the graph's field. */
export const behindPageSchema = (title: string, list: string, most: number) =>
  Type.Object(
    {
      ...behindQuestionSchema.properties,
      first: Type.Optional(
        Type.Integer({ minimum: 1, maximum: most, default: DEFAULT_PAGE, ...from(`Behind.${list}.first`) }),
      ),
      after: Type.Optional(
        Type.String({ maxLength: MAX_CURSOR, description: "`next_cursor` of the page before, of the same number." }),
      ),
    },
    { additionalProperties: false, title, examples: [EXAMPLE], description: "A number of an answer, and a page." },
  );

/** The number of an answer that is asked about, as REST takes it. */
export type NumberOfAnswer = Static<typeof ofSchema>;

/** The tenants that a question names within itself. */
export const tenantsNamed = (of: NumberOfAnswer): readonly (string | undefined)[] =>
  [of.olap, of.funnel, of.sessions, of.attribution, of.paths, of.event_quality, of.velocity, of.rings].map(
    (one) => one?.input?.tenant_id,
  );

/** The number in the graph's words; the graph refuses unless exactly one is named. */
export const toBehindInput = (of: NumberOfAnswer): BehindInput => {
  const { olap, funnel, retention, stickiness, lifecycle, active_users: activeUsers } = of;
  const { sessions, attribution, paths, event_quality: eventQuality, velocity, rings } = of;
  const { drift, cohort_sizes: cohortSizes } = of;
  return {
    ...(olap === undefined ? {} : { olap: toOfOlap(olap) }),
    ...(funnel === undefined ? {} : { funnel: toOfFunnel(funnel) }),
    ...(retention === undefined ? {} : { retention: toOfRetention(retention) }),
    ...(stickiness === undefined ? {} : { stickiness: toOfStickiness(stickiness) }),
    ...(lifecycle === undefined ? {} : { lifecycle: toOfLifecycle(lifecycle) }),
    ...(activeUsers === undefined ? {} : { activeUsers: toOfActiveUsers(activeUsers) }),
    ...(sessions === undefined ? {} : { sessions: toOfSessions(sessions) }),
    ...(attribution === undefined ? {} : { attribution: toOfAttribution(attribution) }),
    ...(paths === undefined ? {} : { paths: toOfPaths(paths) }),
    ...(eventQuality === undefined ? {} : { eventQuality: toOfEventQuality(eventQuality) }),
    ...(velocity === undefined ? {} : { velocity: toOfVelocity(velocity) }),
    ...(rings === undefined ? {} : { rings: toOfRings(rings) }),
    ...(drift === undefined ? {} : { drift: toOfDrift(drift) }),
    ...(cohortSizes === undefined ? {} : { cohortSizes: toOfCohortSizes(cohortSizes) }),
  };
};

/** The part of a question the graph complains about, as the route calls it: filters of `olap` stand side by side. */
export const behindFieldOf: FieldNaming = (field) =>
  field.replace(/^of\.olap\.input\.filter\.and(?=\.|$)/, "of.olap.input.filters");

/** The same number over moments in place of a relative range, so that all pages of a stream are of the same time. */
export const atMoments = (
  of: BehindInput,
  range: { readonly from: string; readonly to: string } | null,
): BehindInput => {
  if (range === null) return of;
  const { from: fromMoment, to } = range;
  const numbers = Object.entries(of).map(([kind, one]): [string, unknown] => [
    kind,
    one ? { ...one, input: { ...one.input, range: { from: fromMoment, to } } } : one,
  ]);
  // boundary: each of the numbers has a question with a range, whichever is named.
  return Object.fromEntries(numbers) as BehindInput;
};
