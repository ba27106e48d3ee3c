import { beforeEach, describe, expect, it } from "@jest/globals";
import { Value } from "typebox/value";
import type { RestRingsQuery, RestVelocityQuery } from "../../generated/graphql.ts";
import { bridgeOfTests } from "../../testing/bridge-of-tests.ts";
import { provenanceAnswer } from "../../testing/provenance-answer.ts";
import { OTHER_TENANT } from "../../testing/running-bridge.ts";
import { ringsDescription, velocityDescription } from "./description.ts";

const [VELOCITY, RINGS] = ["/api/v2/analytics/velocity", "/api/v2/analytics/rings"];
const range = { from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z" };
const AT = "2026-11-20T12:00:00.000Z";

const velocity: RestVelocityQuery = {
  velocity: {
    ...{ range, entities: 1, hasMore: false, provenance: provenanceAnswer },
    top: [
      // A value of an entity is nobody's enum: it stays as it was sent.
      { entity: "FEW", events: 4, peak: 3, peakAt: AT, stretches: 1, firstAt: AT, reported: "FEW" },
    ],
  },
};
const rings: RestRingsQuery = {
  rings: {
    ...{ range, ringCount: 1, memberCount: 2, largest: 2, hubs: 0, hasMore: true, provenance: provenanceAnswer },
    rings: [
      {
        ...{ memberCount: 2, members: ["ada", "bob"], sharedCount: 1, links: 2, events: 3 },
        ...{ density: 1, newness: 0.5, score: 0, firstAt: AT, lastLinkAt: AT },
        shared: [{ field: "device", value: "FEW", links: [{ member: "ada", events: 2, firstAt: AT }] }],
      },
    ],
  },
};

const bridge = bridgeOfTests();
beforeEach(() => {
  bridge.graph.calls.length = 0;
  bridge.graph.decide(() => ({ data: velocity, rateLimit: {} }));
});

const post = async (path: string, body: unknown) => {
  const headers = { "content-type": "application/json" };
  const answer = await bridge.ask(path, { method: "POST", headers, body: JSON.stringify(body) });
  const told: unknown = await answer.json();
  return { status: answer.status, body: told };
};
const tooMany = { range, event: {}, by: "device", within: "PT1H", more_than: 2 };

describe("addresses about patterns of fraud", () => {
  it("answer what the graph answers in REST's words, as their descriptions say", async () => {
    const fast = await post(VELOCITY, tooMany);
    expect([fast.status, ...Value.Errors(velocityDescription.answers[200].schema, fast.body)]).toEqual([200]);
    expect(fast.body).toMatchObject({ entities: 1, top: [{ entity: "FEW", peak_at: AT, reported: "few" }] });
    bridge.graph.decide(() => ({ data: rings, rateLimit: {} }));
    const connected = await post(RINGS, { range, through: ["device"] });
    expect([connected.status, ...Value.Errors(ringsDescription.answers[200].schema, connected.body)]).toEqual([200]);
    expect(connected.body).toMatchObject({
      ...{ ring_count: 1, has_more: true },
      rings: [{ last_link_at: AT, shared: [{ value: "FEW", links: [{ first_at: AT }] }] }],
    });
  });

  it("say every part of a question in the graph's words", async () => {
    await post(VELOCITY, {
      ...{ ...tooMany, time_zone: "Europe/Berlin", by: "utm_source", distinct: "user_id", first: 7 },
      ...{ event: { events: ["pay"] }, reported: { at_least: "many" }, allow_unknown: true },
    });
    bridge.graph.decide(() => ({ data: rings, rateLimit: {} }));
    await post(RINGS, {
      ...{
        range,
        time_zone: "UTC",
        event: { events: ["pay"] },
        of: "session_id",
        through: ["utm_source", "properties.a_b"],
      },
      ...{ shared_by_at_most: 5, min_members: 2, new_within: "PT2H", first: 9, allow_unknown: false },
    });
    expect(bridge.graph.calls.map(({ variables }) => variables)).toEqual([
      {
        input: {
          ...{ range, timeZone: "Europe/Berlin", event: { events: ["pay"] }, by: "utmSource", distinct: "userId" },
          ...{ within: "PT1H", moreThan: 2, first: 7, reported: { atLeast: "MANY" }, allowUnknown: true },
        },
      },
      {
        input: {
          ...{ range, timeZone: "UTC", event: { events: ["pay"] }, of: "sessionId" },
          ...{ through: ["utmSource", "properties.a_b"], sharedByAtMost: 5, minMembers: 2, newWithin: "PT2H" },
          ...{ first: 9, allowUnknown: false },
        },
      },
    ]);
  });

  it.each([
    [VELOCITY, { ...tooMany, more_than: "2" }, "more_than"],
    [VELOCITY, { ...tooMany, first: 1_001 }, "first"],
    [VELOCITY, { ...tooMany, reported: { at_least: "all" } }, "reported.at_least"],
    [RINGS, { range }, "through"],
    [RINGS, { range, through: ["device"], first: 101 }, "first"],
  ])("%s refuses %j with 400 and the field, before the graph is asked", async (path, body, field) => {
    expect(await post(path, body)).toMatchObject({ status: 400, body: { code: "BAD_INPUT", field } });
    expect(bridge.graph.calls).toEqual([]);
  });

  it("call the graph's complaint by the name the caller used, and refuse another tenant's", async () => {
    const extensions = { code: "BAD_INPUT", field: "input.moreThan" };
    bridge.graph.decide(() => ({ errors: [{ message: "Too few.", extensions }], rateLimit: {} }));
    expect(await post(VELOCITY, tooMany)).toMatchObject({ status: 400, body: { field: "more_than" } });
    expect(await post(VELOCITY, { ...tooMany, tenant_id: OTHER_TENANT })).toMatchObject({ status: 403 });
    expect(await post(RINGS, { range, through: ["device"], tenant_id: OTHER_TENANT })).toMatchObject({ status: 403 });
  });
});
