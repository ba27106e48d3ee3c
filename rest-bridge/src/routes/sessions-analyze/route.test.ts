import { beforeEach, describe, expect, it } from "@jest/globals";
import { Value } from "typebox/value";
import type { RestSessionsAnalyzeQuery } from "../../generated/graphql.ts";
import { metricsAnswer } from "../../testing/metrics-answer.ts";
import { bridgeOfTests } from "../../testing/bridge-of-tests.ts";
import { OTHER_TENANT } from "../../testing/running-bridge.ts";
import { sessionsAnalyzeDescription } from "./description.ts";

const PATH = "/api/v2/analytics/sessions/analyze";
const range = { from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z" };

const measures = {
  ...{
    sessions: 2,
    sessionsError: null,
    people: 1,
    units: 1,
    events: 5,
    eventsPerSession: 2.5,
    pageViews: 3,
    pagesPerSession: 1.5,
  },
  ...{ meanDurationSeconds: 4, durationQuantilesSeconds: [4, null], meanActiveSeconds: 4, bounced: 1, bounceRate: 0.5 },
  ...{
    engaged: 1,
    engagementRate: 0.5,
    converted: null,
    conversionRate: null,
    revenue: "12.5",
    revenuePerSession: 6.25,
  },
};
const data: RestSessionsAnalyzeQuery = {
  sessionMetrics: {
    range,
    total: measures,
    buckets: [range.from],
    series: [measures],
    groups: [{ values: ["mail", null], measures, series: [measures] }],
    groupCount: 1,
    pages: [
      {
        ...{ page: "/", sessions: 2, pageViews: 3, entries: 1, entryRate: 0.5, exits: 1, exitRate: 0.5 },
        ...{ bounced: 0, bounceRate: 0 },
      },
    ],
    pageCount: 1,
    provenance: metricsAnswer(1, "1-1").realtimeMetrics.provenance,
  },
};

const bridge = bridgeOfTests();
beforeEach(() => {
  bridge.graph.calls.length = 0;
  bridge.graph.decide(() => ({ data, rateLimit: {} }));
});

const post = async (body: unknown) => {
  const headers = { "content-type": "application/json" };
  const answer = await bridge.ask(PATH, { method: "POST", headers, body: JSON.stringify(body) });
  const told: unknown = await answer.json();
  return { status: answer.status, body: told };
};

describe("POST /api/v2/analytics/sessions/analyze", () => {
  it("answers the graph's numbers in REST's words, as its description says", async () => {
    const { status, body } = await post({ range });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      total: { events_per_session: 2.5, duration_quantiles_seconds: [4, null], revenue: "12.5" },
      groups: [{ values: ["mail", null], series: [{ bounce_rate: 0.5 }] }],
      pages: [{ page: "/", exit_rate: 0.5 }],
    });
    expect([...Value.Errors(sessionsAnalyzeDescription.answers[200].schema, body)]).toEqual([]);
  });

  it("says every part of a question in the graph's words", async () => {
    const plain = { currency: "EUR", idle: "PT1M", first: 3, levels: [0.5], pages: 2, fast: true };
    const filter = { field: "country", exists: true };
    await post({
      ...{ range, ...plain, filter, time_zone: "Europe/Berlin" },
      definition: {
        unit: { kind: "group", group: "company" },
        ...{ by: "gap", gap: "PT10M", cut_at_midnight: true, cut_at_campaign: true },
        ...{ max_length: "PT1H", by_source: true },
      },
      where: {
        ...{ entry: filter, exit: filter, has: [{ events: ["a"] }], has_not: [{ events: ["b"] }] },
        ...{ min_duration: "PT1S", max_duration: "PT1H", min_events: 2, max_events: 9 },
        ...{ bounced: false, engaged: true, converted: true },
      },
      ...{ page_views: { events: ["view"] }, page: "properties.page_name", conversion: { events: ["buy"] } },
      ...{ engaged_after: "PT5S", engaged_views: 3, bounce: "single_page" },
      ...{ granularity: "week", breakdown: ["utm_source"] },
    });
    expect(bridge.graph.calls[0]?.variables).toEqual({
      input: {
        ...{ range, ...plain, filter, timeZone: "Europe/Berlin" },
        definition: {
          unit: { kind: "GROUP", group: "company" },
          ...{ by: "GAP", gap: "PT10M", cutAtMidnight: true, cutAtCampaign: true },
          ...{ maxLength: "PT1H", bySource: true },
        },
        where: {
          ...{ entry: filter, exit: filter, has: [{ events: ["a"] }], hasNot: [{ events: ["b"] }] },
          ...{ minDuration: "PT1S", maxDuration: "PT1H", minEvents: 2, maxEvents: 9 },
          ...{ bounced: false, engaged: true, converted: true },
        },
        ...{ pageViews: { events: ["view"] }, page: "properties.page_name", conversion: { events: ["buy"] } },
        ...{ engagedAfter: "PT5S", engagedViews: 3, bounce: "SINGLE_PAGE" },
        ...{ granularity: "WEEK", breakdown: ["utmSource"] },
      },
    });
  });

  it.each([
    [{ range, bounce: "never" }, "bounce"],
    [{ range, definition: { by: "day" } }, "definition.by"],
    [{ range, breakdown: ["a", "b", "c", "d"] }, "breakdown"],
    [{ range, session: 1 }, "session"],
  ])("refuses %j with 400 and the field, before the graph is asked", async (body, field) => {
    expect(await post(body)).toMatchObject({ status: 400, body: { code: "BAD_INPUT", field } });
    expect(bridge.graph.calls).toEqual([]);
  });

  it("calls the graph's complaint by the name the caller used, and refuses another tenant's", async () => {
    const extensions = { code: "BAD_INPUT", field: "input.where.minDuration" };
    bridge.graph.decide(() => ({ errors: [{ message: "Too short.", extensions }], rateLimit: {} }));
    expect(await post({ range })).toMatchObject({ status: 400, body: { field: "where.min_duration" } });
    expect(await post({ range, tenant_id: OTHER_TENANT })).toMatchObject({ status: 403 });
  });
});
