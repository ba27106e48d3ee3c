import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "@jest/globals";
import { z } from "zod";
import { openTenant, type SharedTenant } from "../testing/shared-instance.ts";
import { askingOf } from "./asking.ts";
import { ATTRIBUTION as ATTRIBUTION_QUESTION, inRestWords, timeless } from "./graph-words.ts";

const ATTRIBUTION = "/api/v2/analytics/attribution/model";
const day = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString();
const range = { from: day(3), to: day(-1) };
const common = {
  range,
  lookback: "P3D",
  conversion: { events: ["purchase"] },
  touchpoints: [{ events: ["page_view"] }],
  bootstrap: { samples: 20, seed: 3 },
};

let instance: SharedTenant;

const record = z.record(z.string(), z.unknown());
const { post } = askingOf(() => instance);

beforeAll(async () => {
  instance = await openTenant();
  const events = [
    { id: randomUUID(), name: "page_view", anonymousId: "v", utmSource: "ads", utmMedium: "cpc", time: day(2) },
    { id: randomUUID(), name: "page_view", userId: "ada", anonymousId: "v", utmMedium: "email", time: day(1) },
    { id: randomUUID(), name: "purchase", userId: "ada" },
    { id: randomUUID(), name: "purchase", userId: "eve" },
    { id: randomUUID(), name: "page_view", userId: "bob", time: day(1) },
  ];
  expect((await post("/api/v2/events", events)).status).toBe(200);
}, 120_000);

describe("attribution over REST answers what GraphQL answers", () => {
  it("by several models and dimensions, names and enums in REST's words", async () => {
    const { status, body } = await post(ATTRIBUTION, {
      ...common,
      models: [
        { kind: "last" },
        { kind: "time_decay", half_life: "P1D" },
        { kind: "markov" },
        { kind: "shapley", game: "rate" },
      ],
      dimensions: ["channel", "utm_source"],
    });
    expect(status).toBe(200);
    const models = [
      { kind: "LAST" },
      { kind: "TIME_DECAY", halfLife: "P1D" },
      { kind: "MARKOV" },
      { kind: "SHAPLEY", game: "RATE" },
    ];
    const input = { ...common, models, dimensions: ["channel", "utmSource"] };
    const asked = await post("/graphql", { query: ATTRIBUTION_QUESTION, variables: { input } });
    const { attribution } = z.object({ attribution: record }).parse(asked.body["data"]);
    const text = JSON.stringify(inRestWords(attribution))
      .replaceAll('"utmSource"', '"utm_source"')
      .replaceAll(/"kind":"[A-Z_]+"/g, (kind) => kind.toLowerCase());
    const { provenance, identity, ...parts } = body;
    expect(timeless(parts)).toEqual(timeless(record.parse(JSON.parse(text))));
    expect(parts).toMatchObject({
      ...{ conversions: 2, attributed_conversions: 1, non_converting_journeys: 1 },
      breakdowns: [
        { dimension: "channel", paths: [{ steps: ["Paid Other", "Email"] }, { steps: ["Direct"] }] },
        { dimension: "utm_source", paths: [{ steps: ["ads", "(none)"] }, { steps: ["(none)"] }] },
      ],
    });
    expect(identity).toBe("stitched");
    // Sources are read from the narrow copy; channels' rules look at referrers, which it does not hold.
    const tables = [{ table: "events" }, { table: "events_by_person" }];
    expect(provenance).toMatchObject({ exactness: "exact", tables });
  });

  it("for what it can't answer: the same code, said as a problem, with the place of the mistake", async () => {
    const { status, body } = await post(ATTRIBUTION, { ...common, models: [{ kind: "markov", order: 9 }] });
    expect([status, body["code"]]).toEqual([400, "BAD_INPUT"]);
    expect(JSON.stringify(body)).toContain("order");
  });
});
