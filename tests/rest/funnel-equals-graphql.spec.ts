import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "@jest/globals";
import { openTenant, type SharedTenant } from "../testing/shared-instance.ts";
import { askingOf } from "./asking.ts";
import { FUNNEL as FUNNEL_QUESTION, inRestWords, timeless } from "./graph-words.ts";

const FUNNEL = "/api/v2/analytics/funnel/analyze";
const day = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString();
const range = { from: day(3), to: day(-1) };

let instance: SharedTenant;

const { post, graph } = askingOf(() => instance);

beforeAll(async () => {
  instance = await openTenant();
  const events = [
    { id: randomUUID(), name: "page_view", userId: "ada", utmSource: "mail", country: "DE" },
    { id: randomUUID(), name: "page_view", userId: "bob", country: "FR" },
    { id: randomUUID(), name: "purchase", userId: "ada", country: "DE" },
    { id: randomUUID(), name: "purchase", userId: "eve", time: day(1) },
    { id: randomUUID(), name: "page_view", anonymousId: "x", utmSource: "ads", time: day(2) },
  ];
  expect((await post("/api/v2/events", events)).status).toBe(200);
}, 120_000);

describe("a funnel over REST answers what GraphQL answers", () => {
  it("with every part", async () => {
    const common = { range, window: "P3D", levels: [0.5] };
    const { status, body } = await post(FUNNEL, {
      ...common,
      steps: [{ any_of: [{ events: ["page_view"] }] }, { any_of: [{ events: ["purchase"] }], within: "P2D" }],
      breakdown: { field: "utm_source" },
      trend: { granularity: "day" },
      drop_offs: { depth: 2 },
      correlation: { events: 3, fields: ["country"] },
      attribution: {
        ...{ touchpoints: [{ events: ["page_view"] }], models: [{ kind: "linear" }, { kind: "markov" }], top_paths: 5 },
        channels: [{ channel: "Mail", filter: { field: "utm_source", eq: "mail" } }],
      },
    });
    const asked = await graph(FUNNEL_QUESTION, {
      input: {
        ...common,
        steps: [{ anyOf: [{ events: ["page_view"] }] }, { anyOf: [{ events: ["purchase"] }], within: "P2D" }],
        breakdown: { field: "utmSource" },
        trend: { granularity: "DAY" },
        dropOffs: { depth: 2 },
        correlation: { events: 3, fields: ["country"] },
        attribution: {
          ...{
            touchpoints: [{ events: ["page_view"] }],
            models: [{ kind: "LINEAR" }, { kind: "MARKOV" }],
            topPaths: 5,
          },
          channels: [{ channel: "Mail", filter: { field: "utmSource", eq: "mail" } }],
        },
      },
    });
    expect(status).toBe(200);
    const { provenance, ...parts } = body;
    expect(timeless(parts)).toEqual(timeless(inRestWords(asked["funnel"])));
    expect(parts).toMatchObject({
      result: { entered: 3, converted: 1 },
      drop_offs: [{ dropped_off: 2 }],
      group_count: 3,
      attribution: { conversions: 1, attributed_conversions: 1, non_converting_journeys: 2 },
    });
    // Of the fields asked about only the country is not in the copy in order of persons.
    expect(provenance).toMatchObject({
      exactness: "exact",
      tables: [{ table: "events" }],
      rejected_tables: [{ table: "events_by_person" }],
    });
  });

  it("for what it can't answer: the same code, said as a problem, and the field by the name it was given", async () => {
    const steps = [{ any_of: [{ filter: { field: "cuontry", eq: "DE" } }] }];
    const { status, body } = await post(FUNNEL, { range, steps });
    expect({ status, code: body["code"], field: body["field"] }).toEqual({
      status: 400,
      code: "BAD_INPUT",
      field: "steps.0.any_of.0.filter.field",
    });
    expect(body["detail"]).toContain("country");
  });
});
