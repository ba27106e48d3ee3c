import { beforeEach, describe, expect, it } from "@jest/globals";
import { Value } from "typebox/value";
import type { RestAttributionModelQuery } from "../../generated/graphql.ts";
import { metricsAnswer } from "../../testing/metrics-answer.ts";
import { bridgeOfTests } from "../../testing/bridge-of-tests.ts";
import { OTHER_TENANT } from "../../testing/running-bridge.ts";
import { attributionModelDescription } from "./description.ts";

const PATH = "/api/v2/analytics/attribution/model";
const range = { from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z" };
const least = {
  range,
  conversion: { events: ["purchase"] },
  touchpoints: [{ events: ["page_view"] }],
  models: [{ kind: "last_non_direct" }],
};

const credit = {
  ...{ label: "Paid Search", conversions: 1, value: 9.5, share: 1, conversionsInterval: { low: 0, high: 2 } },
  ...{ valueInterval: null, standardError: null, samplingError: null, removalEffect: 0.5, spend: 3, roas: 3.2, cpa: 3 },
};
const data: RestAttributionModelQuery = {
  attribution: {
    range,
    ...{ conversions: 2, value: 12, attributedConversions: 1, attributedValue: 9.5, nonConvertingJourneys: 1 },
    ...{ cutJourneys: 0, excludedPersons: 0, identity: "STITCHED" },
    breakdowns: [
      {
        dimension: "utmSource",
        models: [
          {
            kind: "LAST_NON_DIRECT",
            credits: [credit],
            conservation: { creditedConversions: 1, actualConversions: 1, creditedValue: 9.5, actualValue: 9.5 },
            ...{ chain: { states: 3, conversionProbability: 0.5 }, permutations: null },
          },
        ],
        roles: [
          {
            ...{ label: "Paid Search", touchpoints: 2, conversionsTouched: 1, firstTouches: 1 },
            ...{ assistedConversions: 0, assistedValue: 0, lastTouches: 1 },
          },
        ],
        paths: [
          {
            ...{ steps: ["Paid Search"], length: 1, conversions: 1, value: 9.5, losses: 1 },
            ...{ conversionRate: 0.5, meanSecondsToConvert: null },
          },
        ],
        pathCount: 1,
      },
    ],
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

describe("POST /api/v2/analytics/attribution/model", () => {
  it("answers the graph's attribution in REST's words, as its description says, dimensions as they were asked for", async () => {
    const { status, body } = await post({ ...least, dimensions: ["utm_source"] });
    expect([status, ...Value.Errors(attributionModelDescription.answers[200].schema, body)]).toEqual([200]);
    expect(body).toMatchObject({
      ...{ attributed_conversions: 1, non_converting_journeys: 1, identity: "stitched" },
      breakdowns: [
        {
          dimension: "utm_source",
          models: [
            { kind: "last_non_direct", credits: [{ removal_effect: 0.5 }], chain: { conversion_probability: 0.5 } },
          ],
          paths: [{ steps: ["Paid Search"], mean_seconds_to_convert: null }],
        },
      ],
    });
  });

  it("says every part of a question in the graph's words", async () => {
    await post({
      range,
      conversion: { events: ["purchase"], filter: { field: "utm_medium", exists: true } },
      touchpoints: [{ events: ["page_view"] }, {}],
      value: { of: "revenue", currency: "EUR" },
      models: [
        { kind: "position", first: 1, middle: 2, last: 3 },
        { kind: "position_decay", half_life_steps: 2 },
        { kind: "time_decay", half_life: "P1D" },
        { kind: "markov", order: 2 },
        { kind: "shapley", game: "summed_rates", permutations: 20, seed: 4 },
        { kind: "uplift", min_journeys: 5 },
      ],
      dimensions: ["channel", "utm_campaign", "properties.plan_name"],
      channels: [{ channel: "Mail", filter: { field: "utm_medium", eq: "email" } }],
      ...{ otherwise: "?", direct_labels: ["none"], lookback: "P9D", max_path_length: 9, top_paths: 3 },
      unit: { kind: "group", group: "company" },
      ...{ reset: "never", count: "first_per_person", identity: "person", non_converting: false },
      open_journeys: "every",
      spend: [{ dimension: "utm_campaign", label: "may", amount: 7 }],
      bootstrap: { samples: 50, level: 0.9, seed: 2 },
      sample: 0.5,
    });
    expect(bridge.graph.calls[0]?.variables).toEqual({
      input: {
        range,
        conversion: { events: ["purchase"], filter: { field: "utmMedium", exists: true } },
        touchpoints: [{ events: ["page_view"] }, {}],
        value: { of: "revenue", currency: "EUR" },
        models: [
          { kind: "POSITION", first: 1, middle: 2, last: 3 },
          { kind: "POSITION_DECAY", halfLifeSteps: 2 },
          { kind: "TIME_DECAY", halfLife: "P1D" },
          { kind: "MARKOV", order: 2 },
          { kind: "SHAPLEY", game: "SUMMED_RATES", permutations: 20, seed: 4 },
          { kind: "UPLIFT", minJourneys: 5 },
        ],
        dimensions: ["channel", "utmCampaign", "properties.plan_name"],
        channels: [{ channel: "Mail", filter: { field: "utmMedium", eq: "email" } }],
        ...{ otherwise: "?", directLabels: ["none"], lookback: "P9D", maxPathLength: 9, topPaths: 3 },
        unit: { kind: "GROUP", group: "company" },
        ...{ reset: "NEVER", count: "FIRST_PER_PERSON", identity: "PERSON", nonConverting: false },
        openJourneys: "EVERY",
        spend: [{ dimension: "utmCampaign", label: "may", amount: 7 }],
        bootstrap: { samples: 50, level: 0.9, seed: 2 },
        sample: 0.5,
      },
    });
  });

  it.each([
    [{ ...least, models: [{ kind: "best" }] }, 400, "models.0.kind"],
    [{ ...least, touchpoints: undefined }, 400, "touchpoints"],
    [{ ...least, more: 1 }, 400, "more"],
    [{ ...least, tenant_id: OTHER_TENANT }, 403, "tenant_id"],
  ])("refuses %j with %i, naming %s, before the graph is asked", async (body, status, field) => {
    const answer = await post(body);
    expect(answer).toMatchObject({ status, body: { field } });
    expect(bridge.graph.calls).toEqual([]);
  });
});
