import { Type, type Static } from "typebox";
import type { SessionBounce, SessionKind, SessionMetricsInput } from "../../generated/graphql.ts";
import { from } from "../../http/graphql-annotation.ts";
import {
  GRANULARITIES,
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
import { matcherSchema, toMatcher, toUnit, unitSchema } from "../realtime-query/matcher.ts";

const KINDS = { sent: "SENT", gap: "GAP" } as const satisfies Record<string, SessionKind>;
const BOUNCES = {
  not_engaged: "NOT_ENGAGED",
  single_page: "SINGLE_PAGE",
  single_event: "SINGLE_EVENT",
} as const satisfies Record<string, SessionBounce>;

/** Characters of a name of a field or a zone, and of a duration. */
const MAX_NAME = 512;
/** What the graph takes of each: matchers of a condition, fields, levels. */
const MAX_MATCHERS = 5;
const MAX_FIELDS = 3;
const MAX_LEVELS = 10;

const text = (coordinate: string) => Type.Optional(Type.String({ maxLength: MAX_NAME, ...from(coordinate) }));
const whole = (coordinate: string) => Type.Optional(Type.Integer(from(coordinate)));
const flag = (coordinate: string) => Type.Optional(Type.Boolean(from(coordinate)));
const several = (coordinate: string) =>
  Type.Optional(Type.Array(matcherSchema, { maxItems: MAX_MATCHERS, ...from(coordinate) }));

const definitionSchema = Type.Object(
  {
    by: Type.Optional(Type.Enum(["sent", "gap"], from("SessionDefinitionInput.by"))),
    gap: text("SessionDefinitionInput.gap"),
    unit: Type.Optional(unitSchema),
    cut_at_midnight: flag("SessionDefinitionInput.cutAtMidnight"),
    cut_at_campaign: flag("SessionDefinitionInput.cutAtCampaign"),
    max_length: text("SessionDefinitionInput.maxLength"),
    by_source: flag("SessionDefinitionInput.bySource"),
  },
  { additionalProperties: false, ...from("SessionDefinitionInput") },
);

const whereSchema = Type.Object(
  {
    entry: Type.Optional(filterSchema),
    exit: Type.Optional(filterSchema),
    has: several("SessionFilterInput.has"),
    has_not: several("SessionFilterInput.hasNot"),
    min_duration: text("SessionFilterInput.minDuration"),
    max_duration: text("SessionFilterInput.maxDuration"),
    min_events: whole("SessionFilterInput.minEvents"),
    max_events: whole("SessionFilterInput.maxEvents"),
    bounced: flag("SessionFilterInput.bounced"),
    engaged: flag("SessionFilterInput.engaged"),
    converted: flag("SessionFilterInput.converted"),
  },
  { additionalProperties: false, ...from("SessionFilterInput") },
);

const EXAMPLE = {
  range: { from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z" },
  definition: { gap: "PT30M", cut_at_midnight: true },
  conversion: { events: ["purchase"] },
  granularity: "day",
  breakdown: ["utm_source"],
  pages: 10,
};

/** A question to the sessions route. */
export const sessionsQuestionSchema = Type.Object(
  {
    tenant_id: tenantIdSchema,
    max_staleness: maxStalenessSchema,
    range: rangeSchema("SessionMetricsInput.range"),
    time_zone: text("SessionMetricsInput.timeZone"),
    definition: Type.Optional(definitionSchema),
    filter: Type.Optional(filterSchema),
    where: Type.Optional(whereSchema),
    page_views: Type.Optional(matcherSchema),
    page: text("SessionMetricsInput.page"),
    conversion: Type.Optional(matcherSchema),
    currency: text("SessionMetricsInput.currency"),
    engaged_after: text("SessionMetricsInput.engagedAfter"),
    engaged_views: whole("SessionMetricsInput.engagedViews"),
    idle: text("SessionMetricsInput.idle"),
    bounce: Type.Optional(
      Type.Enum(["not_engaged", "single_page", "single_event"], from("SessionMetricsInput.bounce")),
    ),
    granularity: Type.Optional(
      Type.Enum(
        ["none", "minute", "hour", "day", "week", "month", "quarter", "year"],
        from("SessionMetricsInput.granularity"),
      ),
    ),
    breakdown: Type.Optional(
      Type.Array(Type.String({ maxLength: MAX_NAME }), {
        maxItems: MAX_FIELDS,
        ...from("SessionMetricsInput.breakdown"),
      }),
    ),
    first: whole("SessionMetricsInput.first"),
    levels: Type.Optional(Type.Array(Type.Number(), { maxItems: MAX_LEVELS, ...from("SessionMetricsInput.levels") })),
    pages: whole("SessionMetricsInput.pages"),
    ...sampleSchemas("SessionMetricsInput"),
    allow_unknown: allowUnknownSchema("SessionMetricsInput"),
  },
  { additionalProperties: false, title: "SessionsQuestion", examples: [EXAMPLE], ...from("SessionMetricsInput") },
);

/** A question as REST takes it. */
export type SessionsQuestion = Static<typeof sessionsQuestionSchema>;

const toDefinition = (definition: Static<typeof definitionSchema>) => {
  const { by, gap, unit, cut_at_midnight: cutAtMidnight, cut_at_campaign: cutAtCampaign } = definition;
  const { max_length: maxLength, by_source: bySource } = definition;
  return {
    ...(by === undefined ? {} : { by: KINDS[by] }),
    ...(gap === undefined ? {} : { gap }),
    ...(unit === undefined ? {} : { unit: toUnit(unit) }),
    ...(cutAtMidnight === undefined ? {} : { cutAtMidnight }),
    ...(cutAtCampaign === undefined ? {} : { cutAtCampaign }),
    ...(maxLength === undefined ? {} : { maxLength }),
    ...(bySource === undefined ? {} : { bySource }),
  };
};

const toWhere = ({ entry, exit, has, has_not: hasNot, ...where }: Static<typeof whereSchema>) => {
  const { min_duration: minDuration, max_duration: maxDuration, min_events: minEvents } = where;
  const { max_events: maxEvents, bounced, engaged, converted } = where;
  return {
    ...(entry === undefined ? {} : { entry: toFilter(entry) }),
    ...(exit === undefined ? {} : { exit: toFilter(exit) }),
    ...(has === undefined ? {} : { has: has.map(toMatcher) }),
    ...(hasNot === undefined ? {} : { hasNot: hasNot.map(toMatcher) }),
    ...(minDuration === undefined ? {} : { minDuration }),
    ...(maxDuration === undefined ? {} : { maxDuration }),
    ...(minEvents === undefined ? {} : { minEvents }),
    ...(maxEvents === undefined ? {} : { maxEvents }),
    ...(bounced === undefined ? {} : { bounced }),
    ...(engaged === undefined ? {} : { engaged }),
    ...(converted === undefined ? {} : { converted }),
  };
};

/** What sessions are and what is meant by the words about them, in the graph's. */
const toWords = (question: SessionsQuestion) => {
  const { definition, filter, where, page_views: pageViews, page, conversion, currency, idle, bounce } = question;
  const { engaged_after: engagedAfter, engaged_views: engagedViews } = question;
  return {
    ...(definition === undefined ? {} : { definition: toDefinition(definition) }),
    ...(filter === undefined ? {} : { filter: toFilter(filter) }),
    ...(where === undefined ? {} : { where: toWhere(where) }),
    ...(pageViews === undefined ? {} : { pageViews: toMatcher(pageViews) }),
    ...(page === undefined ? {} : { page: toFieldName(page) }),
    ...(conversion === undefined ? {} : { conversion: toMatcher(conversion) }),
    ...(currency === undefined ? {} : { currency }),
    ...(engagedAfter === undefined ? {} : { engagedAfter }),
    ...(engagedViews === undefined ? {} : { engagedViews }),
    ...(idle === undefined ? {} : { idle }),
    ...(bounce === undefined ? {} : { bounce: BOUNCES[bounce] }),
  };
};

/** A question in the graph's words. */
export const toSessionMetricsInput = (question: SessionsQuestion): SessionMetricsInput => {
  const { range, time_zone: timeZone, granularity, breakdown, first, levels, pages } = question;
  return {
    range: toRange(range),
    ...toWords(question),
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(granularity === undefined ? {} : { granularity: GRANULARITIES[granularity] }),
    ...(breakdown === undefined ? {} : { breakdown: breakdown.map(toFieldName) }),
    ...(first === undefined ? {} : { first }),
    ...(levels === undefined ? {} : { levels }),
    ...(pages === undefined ? {} : { pages }),
    ...toSample(question),
    ...toAllowUnknown(question),
  };
};
