import { Type, type Static } from "typebox";
import type { RealtimeMetricsPartsFragment } from "../generated/graphql.ts";
import { from } from "../http/graphql-annotation.ts";
import { provenanceSchema, toProvenance } from "./provenance.ts";
import { moment, orNull, wholeNumber } from "./schemas.ts";

/** The present moment, in REST's words. */
export const metricsSchema = Type.Object(
  {
    timeframe: Type.String(from("RealtimeMetrics.timeframe")),
    from: moment(from("RealtimeMetrics.from")),
    to: moment(from("RealtimeMetrics.to")),
    events: wholeNumber(from("RealtimeMetrics.events")),
    users: wholeNumber(from("RealtimeMetrics.users")),
    sessions: wholeNumber(from("RealtimeMetrics.sessions")),
    revenue: Type.Array(
      Type.Object(
        { currency: orNull(Type.String(), from("Money.currency")), amount: Type.String(from("Money.amount")) },
        from("Money"),
      ),
      from("RealtimeMetrics.revenue"),
    ),
    top_names: Type.Array(
      Type.Object(
        {
          name: Type.String(from("NameCount.name")),
          events: wholeNumber(from("NameCount.events")),
          users: wholeNumber(from("NameCount.users")),
        },
        from("NameCount"),
      ),
      from("RealtimeMetrics.topNames"),
    ),
    events_per_second: Type.Number(from("RealtimeMetrics.eventsPerSecond")),
    series: Type.Object(
      {
        bucket_width: Type.String(from("RealtimeSeries.bucketWidth")),
        buckets: Type.Array(moment(), from("RealtimeSeries.buckets")),
        events: Type.Array(wholeNumber(), from("RealtimeSeries.events")),
        users: Type.Array(wholeNumber(), from("RealtimeSeries.users")),
      },
      from("RealtimeMetrics.series"),
    ),
    as_of: moment(from("RealtimeMetrics.asOf")),
    cursor: Type.String(from("RealtimeMetrics.cursor")),
    provenance: provenanceSchema,
  },
  { ...from("RealtimeMetrics"), title: "RealtimeMetrics" },
);

/** What both realtime routes answer about the present moment. */
export type Metrics = Static<typeof metricsSchema>;

/** The graph's metrics in REST's words. */
export const toMetrics = (metrics: RealtimeMetricsPartsFragment): Metrics => ({
  timeframe: metrics.timeframe,
  from: metrics.from,
  to: metrics.to,
  events: metrics.events,
  users: metrics.users,
  sessions: metrics.sessions,
  revenue: metrics.revenue.map(({ currency, amount }) => ({ currency, amount })),
  top_names: metrics.topNames.map(({ name, events, users }) => ({ name, events, users })),
  events_per_second: metrics.eventsPerSecond,
  series: {
    bucket_width: metrics.series.bucketWidth,
    buckets: [...metrics.series.buckets],
    events: [...metrics.series.events],
    users: [...metrics.series.users],
  },
  as_of: metrics.asOf,
  cursor: metrics.cursor,
  provenance: toProvenance(metrics.provenance),
});
