import type {
  RestBehindCountsQuery,
  RestBehindEventsQuery,
  RestBehindJourneysQuery,
  RestBehindPeopleQuery,
} from "../generated/graphql.ts";
import { metricsAnswer } from "./metrics-answer.ts";

const range = { from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z" };
const { provenance } = metricsAnswer(1, "1-1").realtimeMetrics;
const event = { id: "e1", name: "view", time: range.from };
const carried = {
  ...{ receivedAt: range.from, sessionId: null, source: "web", country: "DE", region: null, city: null, device: null },
  ...{ os: null, browser: null, url: null, referrer: null, utmSource: "mail", utmMedium: null, utmCampaign: null },
  ...{ utmTerm: null, utmContent: null, revenue: "1.5", currency: "EUR", correlationId: null, traceId: null },
  ...{
    schemaVersion: 1,
    synthetic: false,
    qualityFlags: ["LATE"],
    properties: { planName: { inDE: 1 } },
    batchId: "b",
  },
};
/** How many there are behind a number, as the graph tells it. */
export const countsBehind: RestBehindCountsQuery = {
  behind: { counts: { units: 2, people: null, events: 3, credit: 0.5, creditedValue: null, range, provenance } },
};
/** A page of one event behind a number, as the graph tells it. */
export const eventsBehind = (hasNextPage: boolean, id = "e1"): RestBehindEventsQuery => ({
  behind: {
    events: {
      ...{ edges: [{ node: { ...event, ...carried, id } }], range, provenance },
      pageInfo: { hasNextPage, endCursor: `1.${id}` },
    },
  },
});
/** A page of one person behind a number, as the graph tells it. */
export const peopleBehind: RestBehindPeopleQuery = {
  behind: {
    people: {
      nodes: [{ userId: "ada", anonymousId: null, events: 2, firstEvent: event, lastEvent: null }],
      ...{ hasNextPage: true, endCursor: "17", range, provenance },
    },
  },
};
/** A page of one journey behind a number of attribution, as the graph tells it. */
export const journeysBehind = (hasNextPage: boolean, value = 2): RestBehindJourneysQuery => ({
  behind: {
    journeys: {
      nodes: [
        {
          ...{ endedAt: range.from, conversion: event, value, credit: 0.5, creditedValue: 1 },
          touchpoints: [{ label: "Mail", time: range.from, credit: 0.5, event }],
        },
      ],
      ...{ hasNextPage, endCursor: `1.${value}`, range, provenance },
    },
  },
});
