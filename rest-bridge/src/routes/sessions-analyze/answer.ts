import { Type } from "typebox";
import { provenanceSchema } from "../../answers/provenance.ts";
import { moment, orNull, wholeNumber } from "../../answers/schemas.ts";
import { warningsSchema } from "../../answers/warnings.ts";
import { from } from "../../http/graphql-annotation.ts";
import { toldRangeSchema } from "../../http/question-parts.ts";

const whole = (coordinate: string) => wholeNumber(from(coordinate));
const maybe = (coordinate: string) => orNull(Type.Number(), from(coordinate));

const measures = (coordinate: string) =>
  Type.Object(
    {
      sessions: whole("SessionMeasures.sessions"),
      sessions_error: maybe("SessionMeasures.sessionsError"),
      people: whole("SessionMeasures.people"),
      units: whole("SessionMeasures.units"),
      events: whole("SessionMeasures.events"),
      events_per_session: maybe("SessionMeasures.eventsPerSession"),
      page_views: whole("SessionMeasures.pageViews"),
      pages_per_session: maybe("SessionMeasures.pagesPerSession"),
      mean_duration_seconds: maybe("SessionMeasures.meanDurationSeconds"),
      duration_quantiles_seconds: Type.Array(orNull(Type.Number()), from("SessionMeasures.durationQuantilesSeconds")),
      mean_active_seconds: maybe("SessionMeasures.meanActiveSeconds"),
      bounced: whole("SessionMeasures.bounced"),
      bounce_rate: maybe("SessionMeasures.bounceRate"),
      engaged: whole("SessionMeasures.engaged"),
      engagement_rate: maybe("SessionMeasures.engagementRate"),
      converted: orNull(wholeNumber(), from("SessionMeasures.converted")),
      conversion_rate: maybe("SessionMeasures.conversionRate"),
      revenue: orNull(Type.String(), from("SessionMeasures.revenue")),
      revenue_per_session: maybe("SessionMeasures.revenuePerSession"),
    },
    from(coordinate),
  );

const groupSchema = Type.Object(
  {
    values: Type.Array(orNull(Type.String()), from("SessionGroup.values")),
    measures: measures("SessionGroup.measures"),
    series: Type.Array(measures("SessionMeasures"), from("SessionGroup.series")),
  },
  from("SessionGroup"),
);

const pageSchema = Type.Object(
  {
    page: Type.String(from("SessionPage.page")),
    sessions: whole("SessionPage.sessions"),
    page_views: whole("SessionPage.pageViews"),
    entries: whole("SessionPage.entries"),
    entry_rate: maybe("SessionPage.entryRate"),
    exits: whole("SessionPage.exits"),
    exit_rate: Type.Number(from("SessionPage.exitRate")),
    bounced: whole("SessionPage.bounced"),
    bounce_rate: maybe("SessionPage.bounceRate"),
  },
  from("SessionPage"),
);

/** What the sessions route answers. */
export const sessionsAnswerSchema = Type.Object(
  {
    range: toldRangeSchema("SessionMetrics.range"),
    total: measures("SessionMetrics.total"),
    buckets: Type.Array(moment(), from("SessionMetrics.buckets")),
    series: Type.Array(measures("SessionMeasures"), from("SessionMetrics.series")),
    groups: Type.Array(groupSchema, from("SessionMetrics.groups")),
    group_count: Type.Integer(from("SessionMetrics.groupCount")),
    pages: Type.Array(pageSchema, from("SessionMetrics.pages")),
    page_count: orNull(Type.Integer(), from("SessionMetrics.pageCount")),
    provenance: provenanceSchema,
    warnings: warningsSchema,
  },
  { ...from("SessionMetrics"), title: "SessionsAnswer" },
);
