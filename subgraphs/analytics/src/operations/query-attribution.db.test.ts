import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { DataPolicy } from "@tessera/contracts/data-policy";
import type { TenantId } from "@tessera/contracts/ids";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import fc from "fast-check";
import { anyEvent, anyRules, at, inputOf, iso, written } from "../../testing/attribution-world.ts";
import { referencePaths } from "../../testing/reference-paths.ts";
import { storeEvents, type TestEvent } from "../../testing/test-events.ts";
import { parseAttribution, type AttributionInput } from "../domain/attribution/question.ts";
import { createAttributionStore } from "../store/attribution-store.ts";
import { queryAttribution } from "./query-attribution.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(300_000);

let world: TestResources;
beforeAll(() => {
  world = openTestResources();
});
afterAll(() => world.close());

const ask = (tenantId: TenantId, input: AttributionInput, caller = callerWith(tenantId, ["analytics:read"])) =>
  queryAttribution({ attribution: createAttributionStore(world.resources.eventStore), nowMs: () => Date.now() })(
    caller,
    input,
  );

const byKey = (one: readonly unknown[], other: readonly unknown[]): number =>
  JSON.stringify(one) < JSON.stringify(other) ? -1 : 1;

describe("paths from raw events", () => {
  test("are those of the definition, journey by journey: lookback edges, resets, ties, stitching, open journeys, of people and of companies", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyEvent, { minLength: 1, maxLength: 40 }),
        fc.array(anyRules, { minLength: 2, maxLength: 2 }),
        async (drawn, someRules) => {
          const tenantId = freshTenantId();
          const events = drawn.map(written);
          await storeEvents(world.writer, tenantId, events);
          const store = createAttributionStore(world.resources.eventStore);
          for (const rules of someRules) {
            const question = parseAttribution(inputOf(rules), { personalData: false });
            const [dimension] = question.dimensions;
            if (dimension === undefined) throw new Error("The question has a dimension.");
            const wide = question.stitched || rules.ofCompanies;
            for (const table of wide ? (["events"] as const) : (["events", "events_by_person"] as const)) {
              const asked = table === "events" ? question : { ...question, value: null };
              const request = { question: asked, of: dimension.of, table, stitched: question.stitched, slice: null };
              const { paths } = await store.paths(callerWith(tenantId, ["analytics:read"]), request);
              const found = paths
                .map(({ steps, conversions, losses, value, toConvertMs, timed }) => [
                  ...[steps.join(" > "), conversions, losses, table === "events" ? value : 0, toConvertMs],
                  timed[0]?.conversions.map((share) => share.toFixed(9)) ?? [],
                ])
                .toSorted(byKey);
              const wanted = [...referencePaths(events, rules)]
                .map(([key, { conversions, losses, value, toConvertMs, timed }]) => [
                  ...[key, conversions, losses, table === "events" ? value : 0, toConvertMs],
                  conversions === 0 ? [] : timed.map((share) => share.toFixed(9)),
                ])
                .toSorted(byKey);
              expect(found).toEqual(wanted);
            }
          }
        },
      ),
      { numRuns: 15, endOnFailure: true },
    );
  });
});

const GREAT = [1e300, -1e300, 1e23, -1e23, 1e22, -1e22, 0.1, 7];

describe("values that cancel out", () => {
  test("are credited by every model, and numbers too great to be added up are worth nothing", async () => {
    const tenantId = freshTenantId();
    await storeEvents(
      world.writer,
      tenantId,
      GREAT.flatMap((amount, who) => [
        event({ userId: `u${who}` }, "visit", 1 + who, { source: "ads" }),
        event({ userId: `u${who}` }, "visit", 13 + 2 * who, { source: "mail" }),
        event({ userId: `u${who}` }, "buy", 40, { properties: { amount } }),
      ]),
    );
    const answer = await ask(tenantId, {
      range: { from: iso(0), to: iso(60) },
      conversion: { events: ["buy"] },
      touchpoints: [{ events: ["visit"] }],
      value: { of: "properties.amount" },
      dimensions: ["source"],
      models: (["LINEAR", "TIME_DECAY", "POSITION_DECAY", "MARKOV", "SHAPLEY", "UPLIFT"] as const).map((kind) => ({
        kind,
      })),
    });
    const credits = answer.breakdowns[0]?.models.flatMap((model) => model.credits) ?? [];
    expect(credits.length).toBeGreaterThan(0);
    expect(credits.filter(({ value }) => !Number.isFinite(value) || Math.abs(value) > 1e24)).toEqual([]);
  });
});

const event = (who: Partial<TestEvent>, name: string, second: number, more: Partial<TestEvent> = {}): TestEvent => ({
  ...{ id: randomUUID(), name, timeMs: at(second) },
  ...who,
  ...more,
});

const STORY = (): readonly TestEvent[] => [
  event({ anonymousId: "v" }, "view", 1, { properties: { campaign: "spring" }, source: "ads" }),
  event({ anonymousId: "v" }, "view", 2, { source: "mail" }),
  event({ userId: "ada", anonymousId: "v" }, "sign_in", 3),
  event({ userId: "ada" }, "buy", 4, { revenue: "30.00", currency: "EUR" }),
  event({ userId: "bob" }, "view", 5, { source: "mail" }),
  event({ userId: "cy" }, "buy", 6, { revenue: "10.00", currency: "EUR" }),
];
const QUESTION: AttributionInput = {
  range: { from: iso(0), to: iso(60) },
  conversion: { events: ["buy"] },
  touchpoints: [{ events: ["view"] }],
  value: { of: "revenue", currency: "EUR" },
  models: [
    { kind: "FIRST" },
    { kind: "LAST" },
    { kind: "LAST_NON_DIRECT" },
    { kind: "LINEAR" },
    { kind: "POSITION", first: 30, middle: 0, last: 70 },
    { kind: "TIME_DECAY", halfLife: "PT1S" },
    { kind: "MARKOV" },
    { kind: "SHAPLEY", game: "RATE" },
    { kind: "UPLIFT" },
  ],
  dimensions: ["channel", "source", "properties.campaign"],
  channels: [
    { channel: "Paid", filter: { field: "source", eq: "ads" } },
    { channel: "Email", filter: { field: "source", eq: "mail" } },
  ],
};

describe("attribution", () => {
  const tenantId = freshTenantId();
  beforeAll(() => storeEvents(world.writer, tenantId, STORY()));
  const creditsOf = async (input: AttributionInput, dimension = 0) => {
    const { breakdowns } = await ask(tenantId, input);
    return (breakdowns[dimension]?.models ?? []).map(({ kind, credits }) => [
      kind,
      Object.fromEntries(credits.map(({ label, conversions, value }) => [label, [conversions, value]])),
    ]);
  };

  test("gives a stitched journey's conversion and value to its channels, by every model over the same paths", async () => {
    const third = expect.closeTo(1 / 3, 9);
    expect(await creditsOf(QUESTION)).toEqual([
      ["FIRST", { Paid: [1, 30], Email: [0, 0] }],
      ["LAST", { Paid: [0, 0], Email: [1, 30] }],
      ["LAST_NON_DIRECT", { Paid: [0, 0], Email: [1, 30] }],
      ["LINEAR", { Paid: [0.5, 15], Email: [0.5, 15] }],
      ["POSITION", { Paid: [expect.closeTo(0.3, 9), expect.closeTo(9, 9)], Email: [0.7, 21] }],
      [
        "TIME_DECAY",
        { Paid: [third, expect.closeTo(10, 9)], Email: [expect.closeTo(2 / 3, 9), expect.closeTo(20, 9)] },
      ],
      // Half of the journeys convert no more without Paid, all of them without Email.
      ["MARKOV", { Paid: [third, expect.closeTo(10, 9)], Email: [expect.closeTo(2 / 3, 9), expect.closeTo(20, 9)] }],
      ["SHAPLEY", { Paid: [0.5, 15], Email: [0.5, 15] }],
      // So few journeys say only that all convert with Paid and none without it, and half of them with Email.
      ["UPLIFT", { Paid: [expect.closeTo(2 / 3, 9), expect.closeTo(20, 9)], Email: [third, expect.closeTo(10, 9)] }],
    ]);
  });

  test("tells what the models do not give out, where labels stand, the paths, and where the answer comes from", async () => {
    const answer = await ask(tenantId, QUESTION);
    expect(answer).toMatchObject({
      ...{ conversions: 2, value: 40, attributedConversions: 1, attributedValue: 30, nonConvertingJourneys: 1 },
      ...{ cutJourneys: 0, excludedPersons: 0, identity: "STITCHED" },
      provenance: { exactness: "EXACT", tables: [{ table: "events" }] },
    });
    const [byChannel, bySource, byCampaign] = answer.breakdowns;
    expect(byChannel?.roles).toEqual([
      expect.objectContaining({ label: "Email", touchpoints: 2, assistedConversions: 0, lastTouches: 1 }),
      expect.objectContaining({ label: "Paid", touchpoints: 1, assistedConversions: 1, assistedValue: 30 }),
    ]);
    expect(byChannel?.paths).toEqual([
      expect.objectContaining({
        steps: ["Paid", "Email"],
        conversions: 1,
        value: 30,
        length: 2,
        meanSecondsToConvert: 3,
      }),
      expect.objectContaining({ steps: ["Email"], conversions: 0, losses: 1, conversionRate: 0 }),
    ]);
    expect(bySource?.paths[0]?.steps).toEqual(["ads", "mail"]);
    expect(byCampaign?.paths[0]?.steps).toEqual(["spring", "(none)"]);
  });

  test("tells return and price of what was spent, and the same intervals for the same seed", async () => {
    const input: AttributionInput = {
      ...{ ...QUESTION, dimensions: ["channel"], models: [{ kind: "LINEAR" }] },
      spend: [{ dimension: "channel", label: "Paid", amount: 5 }],
      bootstrap: { samples: 50, seed: 4 },
    };
    const [one, other] = await Promise.all([ask(tenantId, input), ask(tenantId, input)]);
    const credits = one.breakdowns[0]?.models[0]?.credits ?? [];
    expect(credits.find(({ label }) => label === "Paid")).toMatchObject({ spend: 5, roas: 3, cpa: 10 });
    expect(credits.find(({ label }) => label === "Email")).toMatchObject({ spend: null, roas: null, cpa: null });
    for (const { conversions, conversionsInterval } of credits) {
      expect(conversionsInterval?.low).toBeLessThanOrEqual(conversions);
      expect(conversionsInterval?.high).toBeGreaterThan(conversions);
    }
    expect(other.breakdowns).toEqual(one.breakdowns);
  });

  test("without stitching the visitor's touchpoints are not the user's", async () => {
    const { attributedConversions, nonConvertingJourneys } = await ask(tenantId, { ...QUESTION, identity: "PERSON" });
    expect([attributedConversions, nonConvertingJourneys]).toEqual([0, 2]);
  });

  test("ids that a data policy masks are not stitched by, and the answer says so", async () => {
    const caller = {
      ...callerWith(tenantId, ["analytics:read"]),
      dataPolicy: {
        ...{ allow: {}, deny: {}, atLeast: {}, lessThan: {}, synthetic: null },
        ...{ masks: { user_id: { kind: "NULL" } }, salt: "00".repeat(16) },
      } satisfies DataPolicy,
    };
    expect((await ask(tenantId, QUESTION, caller)).identity).toBe("PERSON");
  });

  test("another tenant's events are no part of it", async () => {
    const { conversions, breakdowns } = await ask(freshTenantId(), QUESTION);
    expect([conversions, breakdowns.map(({ pathCount }) => pathCount)]).toEqual([0, [0, 0, 0]]);
    expect(breakdowns[0]?.models.every(({ credits }) => credits.length === 0)).toBe(true);
  });

  test("the default grouping names the usual channels", async () => {
    const own = freshTenantId();
    const touch = (user: string, second: number, more: Partial<TestEvent>): TestEvent =>
      event({ userId: user }, "view", second, more);
    await storeEvents(world.writer, own, [
      touch("a", 1, { referrer: "https://www.google.com/" }),
      touch("a", 2, { utmSource: "google", utmMedium: "cpc" }),
      touch("a", 3, { utmMedium: "email" }),
      touch("a", 4, { referrer: "https://blog.example/post" }),
      touch("a", 5, { referrer: "https://m.facebook.com/" }),
      touch("a", 6, { utmCampaign: "only" }),
      touch("a", 7, {}),
      event({ userId: "a" }, "buy", 8),
    ]);
    const { channels: _own, value: _value, ...rest } = QUESTION;
    const { breakdowns } = await ask(own, { ...rest, dimensions: ["channel"], models: [{ kind: "LAST_NON_DIRECT" }] });
    expect(breakdowns[0]?.paths[0]?.steps).toEqual([
      "Organic Search",
      "Paid Search",
      "Email",
      "Referral",
      "Organic Social",
      "Other",
      "Direct",
    ]);
    expect(breakdowns[0]?.models[0]?.credits[0]).toMatchObject({ label: "Other", conversions: 1 });
  });
});
