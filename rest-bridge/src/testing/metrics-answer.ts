import type { RestRealtimeMetricsQuery } from "../generated/graphql.ts";
import { provenanceAnswer } from "./provenance-answer.ts";

/** The graph's metrics of one moment, with so many events and this cursor. */
export const metricsAnswer = (events: number, cursor: string): RestRealtimeMetricsQuery => ({
  realtimeMetrics: {
    timeframe: "PT5M",
    from: "2026-11-20T11:55:00.000Z",
    to: "2026-11-20T12:00:00.000Z",
    events,
    users: 2,
    sessions: 1,
    revenue: [{ currency: "EUR", amount: "3.5" }],
    topNames: [{ name: "buy", events, users: 2 }],
    eventsPerSecond: events / 300,
    series: { bucketWidth: "PT5S", buckets: ["2026-11-20T11:55:00.000Z"], events: [events], users: [2] },
    asOf: "2026-11-20T12:00:00.000Z",
    cursor,
    provenance: { ...provenanceAnswer, rowsRead: events },
  },
});
