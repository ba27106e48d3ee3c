import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "@jest/globals";
import { openTenant, type SharedTenant } from "../testing/shared-instance.ts";
import { askingOf } from "./asking.ts";
import { inRestWords } from "./graph-words.ts";

const minutesAgo = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();
const range = { from: minutesAgo(180), to: minutesAgo(-10) };

let instance: SharedTenant;

const { post, graph } = askingOf(() => instance);
const VELOCITY = `query ($input: VelocityInput!) { velocity(input: $input) { range { from to } entities hasMore
  top { entity events peak peakAt stretches firstAt reported } } }`;
const RINGS = `query ($input: RingsInput!) { rings(input: $input) { range { from to } ringCount memberCount largest hubs hasMore
  rings { memberCount members sharedCount shared { field value links { member events firstAt } } links events density newness score
    firstAt lastLinkAt } } }`;

beforeAll(async () => {
  instance = await openTenant();
  const pay = (userId: string, device: string, minutes: number) => ({
    ...{ id: randomUUID(), name: "pay", userId, device, utmSource: "mail", time: minutesAgo(minutes) },
  });
  const events = [pay("ada", "phone", 20), pay("ada", "phone", 19), pay("bob", "phone", 18), pay("bob", "tablet", 90)];
  expect((await post("/api/v2/events", events)).status).toBe(200);
}, 120_000);

describe("patterns of fraud over REST are what GraphQL answers", () => {
  it("whose events were too many", async () => {
    const common = { range, event: { events: ["pay"] }, within: "PT5M", by: "device", first: 1 };
    const { status, body } = await post("/api/v2/analytics/velocity", { ...common, distinct: "user_id", more_than: 1 });
    const asked = await graph(VELOCITY, { input: { ...common, distinct: "userId", moreThan: 1 } });
    const { provenance, ...answer } = body;
    expect([status, answer]).toEqual([200, inRestWords(asked["velocity"])]);
    expect(answer).toMatchObject({ entities: 1, top: [{ entity: "phone", peak: 2, reported: null }] });
    expect(provenance).toMatchObject({ exactness: "exact" });
  });

  it("who is connected", async () => {
    const common = { range, through: ["device"], first: 5 };
    const { status, body } = await post("/api/v2/analytics/rings", { ...common, of: "user_id", min_members: 2 });
    const asked = await graph(RINGS, { input: { ...common, of: "userId", minMembers: 2 } });
    const { provenance, ...answer } = body;
    expect([status, answer]).toEqual([200, inRestWords(asked["rings"])]);
    expect(answer).toMatchObject({ ring_count: 1, rings: [{ members: ["ada", "bob"], shared: [{ value: "phone" }] }] });
    expect(provenance).toMatchObject({ exactness: "exact" });
  });

  it("for what they can't answer: the same code, said as a problem, and the field by the name it was given", async () => {
    const wrong = await post("/api/v2/analytics/velocity", {
      ...{ range, event: {}, by: "cuontry", within: "PT5M", more_than: 1 },
    });
    expect(wrong).toMatchObject({ status: 400, body: { code: "BAD_INPUT", field: "by" } });
    const far = { range, through: ["device"], shared_by_at_most: 1 };
    expect(await post("/api/v2/analytics/rings", far)).toMatchObject({
      ...{ status: 400, body: { code: "BAD_INPUT", field: "shared_by_at_most" } },
    });
  });
});
