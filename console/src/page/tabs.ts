import ingestEvents from "./tabs/2-ingest-events.graphql?raw";
import liveMetrics from "./tabs/3-live-metrics.graphql?raw";
import olap from "./tabs/4-olap.graphql?raw";
import realtimeMetrics from "./tabs/1-realtime-metrics.graphql?raw";

const DAY_MS = 86_400_000;

const lastWeek = (nowMs: number): string =>
  JSON.stringify(
    {
      input: {
        range: { from: new Date(nowMs - 7 * DAY_MS).toISOString(), to: new Date(nowMs).toISOString() },
        measures: [{ function: "COUNT" }, { function: "UNIQUES", of: "persons" }],
        dimensions: ["name"],
        limit: 20,
      },
    },
    null,
    2,
  );

/** What a newcomer finds open: a query, a mutation, a subscription, a grouped question. */
export const openingTabs = (nowMs: number) => [
  { query: realtimeMetrics },
  { query: ingestEvents },
  { query: liveMetrics },
  { query: olap, variables: lastWeek(nowMs) },
];
