import { beforeEach, describe, expect, it } from "@jest/globals";
import { Value } from "typebox/value";
import type { RestFunnelAnalyzeQuery } from "../../generated/graphql.ts";
import { metricsAnswer } from "../../testing/metrics-answer.ts";
import { bridgeOfTests } from "../../testing/bridge-of-tests.ts";
import { OTHER_TENANT } from "../../testing/running-bridge.ts";
import { funnelAnalyzeDescription } from "./description.ts";

const PATH = "/api/v2/analytics/funnel/analyze";
const range = { from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z" };
const question = { range, steps: [{ any_of: [{ events: ["view"] }] }, { any_of: [{ events: ["buy"] }] }] };

const times = {
  count: 1,
  meanSeconds: 5,
  quantilesSeconds: [5, null],
  histogram: [{ fromSeconds: 5, toSeconds: null, count: 1 }],
};
const step = { label: "view", optional: false, fromFirst: 1, fromFirstInterval: { low: 0.3, high: 1 } };
const result = {
  steps: [
    { ...step, number: 1, reached: 2, droppedOff: 1, fromPrevious: null, timeFromPrevious: null },
    { ...step, number: 2, reached: 1, droppedOff: null, fromPrevious: 0.5, timeFromPrevious: times },
  ],
  entered: 2,
  converted: 1,
  conversion: 0.5,
  conversionInterval: { low: 0.1, high: 0.9 },
  timeToConvert: times,
};
const versusRest = { difference: 0.5, interval: null, test: "FISHER", p: 1, pAdjusted: 1 } as const;
const data: RestFunnelAnalyzeQuery = {
  funnel: {
    range,
    result,
    groups: [{ value: "DE", cohort: null, segment: null, result, versusRest }],
    groupCount: 1,
    others: null,
    groupsTest: { chiSquare: 1, degreesOfFreedom: 1, p: 0.3 },
    trend: {
      buckets: [range.from],
      complete: [true],
      steps: [{ number: 1, label: "view", reached: [2] }],
      conversion: [0.5],
    },
    dropOffs: [{ step: 1, label: "view", droppedOff: 1, next: [{ name: null, units: 1 }], others: 0, paths: [] }],
    correlation: [
      {
        ...{ kind: "FIELD", field: "utmSource", value: "mail", test: "CHI_SQUARE", p: 0.1, pAdjusted: 0.2 },
        ...{ convertedWith: 1, convertedWithout: 0, notConvertedWith: 0, notConvertedWithout: 1 },
        ...{ oddsRatio: 9, oddsRatioInterval: { low: 0.1, high: 600 } },
      },
    ],
    attribution: {
      ...{ conversions: 1, attributedConversions: 1, nonConvertingJourneys: 1, cutJourneys: 0 },
      breakdown: {
        ...{ dimension: "channel", roles: [], pathCount: 1 },
        models: [
          {
            ...{ kind: "LAST_NON_DIRECT", chain: null, permutations: null },
            credits: [
              {
                ...{ label: "Paid Search", conversions: 1, value: 0, share: 1, conversionsInterval: null },
                ...{
                  valueInterval: null,
                  standardError: null,
                  samplingError: null,
                  removalEffect: null,
                  spend: null,
                  roas: null,
                  cpa: null,
                },
              },
            ],
            conservation: { creditedConversions: 1, actualConversions: 1, creditedValue: 0, actualValue: 0 },
          },
        ],
        paths: [
          {
            ...{ steps: ["Paid Search"], length: 1, conversions: 1, value: 0, losses: 1 },
            ...{ conversionRate: 0.5, meanSecondsToConvert: 5 },
          },
        ],
      },
    },
    cutUnits: 0,
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

describe("POST /api/v2/analytics/funnel/analyze", () => {
  it("answers the graph's funnel in REST's words, as its description says", async () => {
    const { status, body } = await post({ ...question, correlation: { fields: ["utm_source"] } });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      result: { steps: [{ dropped_off: 1 }, { time_from_previous: { quantiles_seconds: [5, null] } }] },
      groups: [{ value: "DE", versus_rest: { test: "fisher" } }],
      correlation: [{ kind: "field", field: "utm_source", test: "chi_square", odds_ratio: 9 }],
      attribution: {
        attributed_conversions: 1,
        breakdown: { models: [{ kind: "last_non_direct", credits: [{ label: "Paid Search" }] }] },
      },
    });
    expect([...Value.Errors(funnelAnalyzeDescription.answers[200].schema, body)]).toEqual([]);
  });

  it("says every part of a question in the graph's words", async () => {
    await post({
      range,
      steps: [
        { any_of: [{ events: ["view"], filter: { field: "utm_source", eq: "mail" } }], label: "seen" },
        { any_of: [{ events: ["a"] }, { events: ["b"] }], at_least: 2, within: "PT1H" },
        { any_of: [{ events: ["c"] }], optional: true },
        { any_of: [{}] },
      ],
      ...{ order: "ordered", anchor: "first", window: "P7D", levels: [0.5], time_zone: "Europe/Berlin", sample: 0.5 },
      unit: { kind: "field", field: "session_id" },
      exclusions: [{ event: { events: ["x"] }, from_step: 1, to_step: 2 }],
      breakdown: { field: "utm_medium", attribution: "step", step: 2, first: 3 },
      trend: { granularity: "week" },
      ...{ entries_before: "2026-10-05T00:00:00Z", drop_offs: { first: 2, depth: 3 } },
      correlation: { events: 3, fields: ["utm_source", "properties.plan_name"], values: 4 },
      attribution: {
        touchpoints: [{ filter: { field: "utm_source", exists: true } }],
        models: [
          { kind: "time_decay", half_life: "P1D" },
          { kind: "shapley", game: "summed_rates" },
        ],
        channels: [{ channel: "Mail", filter: { field: "utm_medium", eq: "email" } }],
        ...{ otherwise: "?", direct_labels: ["none"], lookback: "P9D", max_path_length: 9, top_paths: 3 },
      },
    });
    expect(bridge.graph.calls[0]?.variables).toEqual({
      input: {
        range,
        steps: [
          { anyOf: [{ events: ["view"], filter: { field: "utmSource", eq: "mail" } }], label: "seen" },
          { anyOf: [{ events: ["a"] }, { events: ["b"] }], atLeast: 2, within: "PT1H" },
          { anyOf: [{ events: ["c"] }], optional: true },
          { anyOf: [{}] },
        ],
        ...{ order: "ORDERED", anchor: "FIRST", window: "P7D", levels: [0.5], timeZone: "Europe/Berlin", sample: 0.5 },
        unit: { kind: "FIELD", field: "sessionId" },
        exclusions: [{ event: { events: ["x"] }, fromStep: 1, toStep: 2 }],
        breakdown: { field: "utmMedium", attribution: "STEP", step: 2, first: 3 },
        trend: { granularity: "WEEK" },
        ...{ entriesBefore: "2026-10-05T00:00:00Z", dropOffs: { first: 2, depth: 3 } },
        correlation: { events: 3, fields: ["utmSource", "properties.plan_name"], values: 4 },
        attribution: {
          touchpoints: [{ filter: { field: "utmSource", exists: true } }],
          models: [
            { kind: "TIME_DECAY", halfLife: "P1D" },
            { kind: "SHAPLEY", game: "SUMMED_RATES" },
          ],
          channels: [{ channel: "Mail", filter: { field: "utmMedium", eq: "email" } }],
          ...{ otherwise: "?", directLabels: ["none"], lookback: "P9D", maxPathLength: 9, topPaths: 3 },
        },
      },
    });
  });

  it.each([
    [{ ...question, steps: [] }, "steps"],
    [{ ...question, steps: [{ any_of: [] }] }, "steps.0.any_of"],
    [{ ...question, order: "any" }, "order"],
    [{ ...question, step: 1 }, "step"],
  ])("refuses %j with 400 and the field, before the graph is asked", async (body, field) => {
    expect(await post(body)).toMatchObject({ status: 400, body: { code: "BAD_INPUT", field } });
    expect(bridge.graph.calls).toEqual([]);
  });

  it("calls the graph's complaint by the name the caller used", async () => {
    const extensions = { code: "BAD_INPUT", field: "input.steps.1.anyOf.0.filter.field" };
    bridge.graph.decide(() => ({ errors: [{ message: "There is no such field.", extensions }], rateLimit: {} }));
    expect(await post(question)).toMatchObject({ status: 400, body: { field: "steps.1.any_of.0.filter.field" } });
  });

  it("another tenant's is refused", async () => {
    expect(await post({ ...question, tenant_id: OTHER_TENANT })).toMatchObject({ status: 403 });
    expect(bridge.graph.calls).toEqual([]);
  });
});
