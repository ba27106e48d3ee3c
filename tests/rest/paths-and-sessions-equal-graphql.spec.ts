import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "@jest/globals";
import { openTenant, type SharedTenant } from "../testing/shared-instance.ts";
import { askingOf } from "./asking.ts";
import { inRestWords, PATHS as PATHS_QUESTION, SESSIONS as SESSIONS_QUESTION } from "./graph-words.ts";

const PATHS = "/api/v2/analytics/paths/analyze";
const SESSIONS = "/api/v2/analytics/sessions/analyze";
const minutesAgo = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();
const range = { from: minutesAgo(180), to: minutesAgo(-10) };

let instance: SharedTenant;

const { post, graph } = askingOf(() => instance);

beforeAll(async () => {
  instance = await openTenant();
  const view = { name: "page_view", utmSource: "mail" };
  const events = [
    { ...view, id: randomUUID(), userId: "ada", url: "/", time: minutesAgo(20) },
    { ...view, id: randomUUID(), userId: "ada", url: "/item/1", time: minutesAgo(19) },
    {
      id: randomUUID(),
      name: "purchase",
      userId: "ada",
      url: "/item/1",
      revenue: "12.50",
      currency: "EUR",
      time: minutesAgo(18),
    },
    { id: randomUUID(), name: "page_view", userId: "bob", url: "/", time: minutesAgo(90) },
    { id: randomUUID(), name: "page_view", anonymousId: "x", url: "/item/2", time: minutesAgo(10) },
  ];
  expect((await post("/api/v2/events", events)).status).toBe(200);
}, 120_000);

describe("paths and sessions over REST answer what GraphQL answers", () => {
  it("paths, with every part", async () => {
    const common = { range, groups: [{ wildcard: "/item/*", label: "item" }], gap: "PT30M", repeats: "keep" };
    const { status, body } = await post(PATHS, {
      ...{ ...common, label: ["url"], goal: { event: { events: ["purchase"] } }, top_paths: 5 },
      start: { event: { events: ["page_view"] } },
    });
    const asked = await graph(PATHS_QUESTION, {
      input: {
        ...{ ...common, repeats: "KEEP", label: ["url"], goal: { event: { events: ["purchase"] } }, topPaths: 5 },
        start: { event: { events: ["page_view"] } },
      },
    });
    expect(status).toBe(200);
    const { provenance, range: told, ...parts } = body;
    expect(parts).toEqual(inRestWords(asked["paths"]));
    expect(parts).toMatchObject({
      ...{ paths: 3, converted: 1 },
      top_paths: [{ labels: ["/"] }, { labels: ["/", "item", "item"] }, { labels: ["item"] }],
    });
    expect(told).toMatchObject({ from: expect.stringContaining(range.from.slice(0, 19)) });
    expect(provenance).toMatchObject({ exactness: "exact", tables: [{ table: "events" }] });
  });

  it("sessions, with every part", async () => {
    const common = { range, conversion: { events: ["purchase"] }, currency: "EUR", pages: 5, levels: [0.5] };
    const { status, body } = await post(SESSIONS, { ...common, granularity: "hour", breakdown: ["utm_source"] });
    const asked = await graph(SESSIONS_QUESTION, {
      input: { ...common, granularity: "HOUR", breakdown: ["utmSource"] },
    });
    expect(status).toBe(200);
    const { provenance, range: _told, ...parts } = body;
    expect(parts).toEqual(inRestWords(asked["sessionMetrics"]));
    expect(parts).toMatchObject({
      total: { sessions: 3, people: 3, converted: 1, revenue: "12.5" },
      ...{ group_count: 2, page_count: 3 },
    });
    expect(provenance).toMatchObject({ exactness: "exact" });
  });

  it("for what they can't answer: the same code, said as a problem, and the field by the name it was given", async () => {
    const wrong = await post(PATHS, { range, label: ["cuontry"] });
    expect(wrong).toMatchObject({ status: 400, body: { code: "BAD_INPUT", field: "label.0" } });
    expect(wrong.body["detail"]).toContain("Did you mean `country`?");
    expect(await post(SESSIONS, { range, breakdown: ["user_id", "cuontry"] })).toMatchObject({
      ...{ status: 400, body: { code: "BAD_INPUT", field: "breakdown.1" } },
    });
  });
});
