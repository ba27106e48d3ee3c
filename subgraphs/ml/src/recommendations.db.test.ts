import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import fc from "fast-check";
import { z } from "zod";
import { TENANT_PERMISSIONS } from "@tessera/contracts/permissions";
import type { TenantId } from "@tessera/contracts/ids";
import type { Subgraph } from "@tessera/platform/graphql/subgraph";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { FEEDBACK_BOUNDS, type FeedbackBounds } from "./domain/bounds.ts";
import { recommendations } from "./operations/recommendations.ts";
import { permissions } from "./permissions.ts";
import { createFeedbackStore } from "./store/feedback-store.ts";
import { createMlSubgraph } from "./subgraph.ts";
import { eventRow, NOW_MS, scoresByDefinition, type Touch } from "./testing/touches.ts";

// Both engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(120_000);

let engines: TestResources;
let subgraph: Subgraph;

beforeAll(() => {
  engines = openTestResources({ nowMs: () => NOW_MS });
  subgraph = createMlSubgraph(engines.resources);
});
afterAll(() => engines.close());

const store = (rows: readonly object[]) =>
  engines.writer.insert({ table: "events", values: [...rows], format: "JSONEachRow" });

const storeTouches = async (touches: readonly Touch[]): Promise<TenantId> => {
  const tenantId = freshTenantId();
  if (touches.length > 0) await store(touches.map((touch) => eventRow(tenantId, touch)));
  return tenantId;
};

const DOCUMENT = `query ($input: RecommendationsInput!) { recommendations(input: $input) {
  tenant { id } userId method fallbackReason
  items { itemId score support reasons { itemId similarity sharedUsers } }
  provenance { asOf from table exact sampledShare population ownItemsUsed ownItemsExcluded candidates rowsRead elapsedMs } } }`;

const item = z.object({
  itemId: z.string(),
  score: z.number(),
  support: z.number(),
  reasons: z.array(z.object({ itemId: z.string(), similarity: z.number(), sharedUsers: z.number() })),
});
const told = z.object({
  tenant: z.object({ id: z.string() }),
  method: z.string(),
  fallbackReason: z.string().nullable(),
  items: z.array(item),
  provenance: z.looseObject({ exact: z.boolean(), sampledShare: z.number(), population: z.number() }),
});

const ask = async (tenantId: TenantId, input: object) => {
  const answer = await askSubgraph(subgraph, callerWith(tenantId, ["ml:read"]), DOCUMENT, { input });
  expect(answer.errors).toBeUndefined();
  return told.parse(answer.data?.["recommendations"]);
};
const forUser = (userId: string, more: object = {}) => ({ userId, itemProperty: "productId", first: 100, ...more });

const BASKETS = [
  ["a", ["bread", "milk", "butter"]],
  ["b", ["bread", "milk", "butter"]],
  ["c", ["bread", "butter"]],
  ["d", ["bread", "jam"]],
  ["e", ["milk"]],
  ["x", ["milk", "butter"]],
] as const;
const TOUCHES: readonly Touch[] = BASKETS.flatMap(([user, items]) =>
  items.map((name) => ({ user, item: name, minutesAgo: 5 })),
);

describe("recommendations for a known user", () => {
  test("are those computed by hand, with the user's items that led there", async () => {
    const tenantId = await storeTouches([...TOUCHES, ...TOUCHES]);
    const answer = await ask(tenantId, forUser("x"));
    expect(answer).toMatchObject({
      tenant: { id: tenantId },
      method: "ITEM_COLLABORATIVE_FILTERING",
      fallbackReason: null,
      items: [
        {
          itemId: "bread",
          score: 1.25,
          support: 3,
          reasons: [
            { itemId: "butter", similarity: 0.75, sharedUsers: 3 },
            { itemId: "milk", similarity: 0.5, sharedUsers: 2 },
          ],
        },
      ],
      provenance: {
        asOf: "2026-11-20T12:00:00.000Z",
        from: "2026-10-21T12:00:00.000Z",
        table: "events",
        exact: true,
        sampledShare: 1,
        population: 6,
        ownItemsUsed: 2,
        ownItemsExcluded: 2,
        candidates: 1,
      },
    });
  });

  test("equal the definition on any data, with people of too many items passed over", async () => {
    const touch = fc.record({
      user: fc.constantFrom("u0", "u1", "u2", "u3", "u4", "u5"),
      item: fc.constantFrom("a", "b", "c", "d", "e", "f", "it's \\ `odd`\n"),
      minutesAgo: fc.integer({ min: 1, max: 1_000 }),
    });
    const bounds: FeedbackBounds = { ...FEEDBACK_BOUNDS, itemsPerPerson: 4 };
    const recommend = recommendations({
      feedback: createFeedbackStore(engines.resources.eventStore, bounds),
      bounds,
      nowMs: () => NOW_MS,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(touch, { maxLength: 40 }), async (touches) => {
        const tenantId = await storeTouches(touches);
        const input = { ...forUser("u0"), eventNames: [], lookback: "P1D" };
        const answer = await recommend(callerWith(tenantId, ["ml:read"]), input);
        const expected = scoresByDefinition(touches, "u0", bounds.itemsPerPerson);
        if (expected.size === 0) {
          expect(answer.fallbackReason).not.toBeNull();
          return;
        }
        const found = new Map(answer.items.map(({ itemId, score, support }) => [itemId, { score, support }]));
        expect([...found.keys()].toSorted()).toEqual([...expected.keys()].toSorted());
        for (const [itemId, { score, support }] of expected) {
          expect(found.get(itemId)?.score).toBeCloseTo(score, 10);
          expect(found.get(itemId)?.support).toBe(support);
        }
        const scores = answer.items.map(({ score }) => score);
        expect(scores).toEqual(scores.toSorted((a, b) => b - a));
      }),
      { numRuns: 25, endOnFailure: true },
    );
  });

  test("read the events asked for alone: by name, by time, without synthetic ones", async () => {
    const tenantId = await storeTouches(TOUCHES);
    await store([
      eventRow(tenantId, { user: "a", item: "old", minutesAgo: 120 }),
      eventRow(tenantId, { user: "a", item: "future", minutesAgo: 0 }),
      eventRow(tenantId, { user: "a", item: "probe", minutesAgo: 5 }, { synthetic: true }),
      eventRow(tenantId, { user: "a", item: "bought", minutesAgo: 5 }, { name: "buy" }),
      eventRow(tenantId, { user: "a", item: "", minutesAgo: 5 }),
      eventRow(tenantId, { user: "a", item: "none", minutesAgo: 5 }, { properties: { other: 1 } }),
    ]);
    const answer = await ask(tenantId, forUser("x", { lookback: "PT1H", eventNames: ["view"] }));
    expect(answer.items.map(({ itemId }) => itemId)).toEqual(["bread"]);
    const wider = await ask(tenantId, forUser("x", { lookback: "P1D" }));
    expect(wider.items.map(({ itemId }) => itemId).toSorted()).toEqual(["bought", "bread", "old"]);
  });

  test("come from a fixed sample of people when there are too many, and say so", async () => {
    const touches = Array.from({ length: 400 }, (_, index): Touch => ({
      user: `u${index >> 2}`,
      item: `i${(index * 7) % 11}`,
      minutesAgo: 5,
    }));
    const tenantId = await storeTouches(touches);
    const bounds: FeedbackBounds = { ...FEEDBACK_BOUNDS, people: 40 };
    const recommend = recommendations({
      feedback: createFeedbackStore(engines.resources.eventStore, bounds),
      bounds,
      nowMs: () => NOW_MS,
    });
    const answer = await recommend(callerWith(tenantId, ["ml:read"]), {
      ...forUser("u0"),
      eventNames: [],
      lookback: "P1D",
    });
    const rate = Math.ceil(answer.provenance.population / bounds.people);
    expect(rate).toBeGreaterThan(1);
    expect(answer.provenance).toMatchObject({ exact: false, sampledShare: 1 / rate });
    const rows = await engines.storeOwner.query({
      query: "SELECT DISTINCT user_id FROM events WHERE tenant_id = {tenantId:String} AND person % {rate:UInt64} = 0",
      query_params: { tenantId, rate },
      format: "JSONEachRow",
    });
    const sampled = new Set(
      z
        .array(z.object({ user_id: z.string() }))
        .parse(await rows.json())
        .map((row) => row.user_id),
    );
    const expected = scoresByDefinition(touches, "u0", bounds.itemsPerPerson, (user) => sampled.has(user));
    expect(answer.items.map(({ itemId }) => itemId).toSorted()).toEqual([...expected.keys()].toSorted());
    for (const { itemId, score } of answer.items) expect(score).toBeCloseTo(expected.get(itemId)?.score ?? 0, 10);
  });
});

describe("recommendations for a user nothing is known of", () => {
  test("are the items most people touched, and say why", async () => {
    const tenantId = await storeTouches(TOUCHES);
    const answer = await ask(tenantId, forUser("nobody", { first: 2 }));
    expect(answer).toMatchObject({ method: "POPULAR_ITEMS", fallbackReason: "UNKNOWN_USER" });
    expect(answer.items).toEqual([
      { itemId: "bread", score: 4 / 6, support: 4, reasons: [] },
      { itemId: "butter", score: 4 / 6, support: 4, reasons: [] },
    ]);
  });

  test("leave out what the user touched when nobody shares an item with them", async () => {
    const tenantId = await storeTouches([...TOUCHES, { user: "y", item: "tea", minutesAgo: 1 }]);
    const answer = await ask(tenantId, forUser("y"));
    expect(answer).toMatchObject({ method: "POPULAR_ITEMS", fallbackReason: "NO_SHARED_ITEMS" });
    expect(answer.items.map(({ itemId }) => itemId)).toEqual(["bread", "butter", "milk", "jam"]);
  });

  test("are none where there are no events", async () => {
    const answer = await ask(freshTenantId(), forUser("x"));
    expect(answer).toMatchObject({ fallbackReason: "UNKNOWN_USER", items: [], provenance: { population: 0 } });
  });
});

test("A tenant's events never lead to another tenant's recommendations", async () => {
  const [tenantId] = [
    await storeTouches(TOUCHES),
    await storeTouches(TOUCHES.map((touch) => ({ ...touch, item: `secret ${touch.item}` }))),
  ];
  for (const user of ["x", "nobody"])
    for (const { itemId } of (await ask(tenantId, forUser(user))).items) expect(itemId).not.toMatch(/secret/);
});

test.each(Object.entries(permissions))("%s is denied without %s", async (_field, needed) => {
  const held = TENANT_PERMISSIONS.filter((permission) => permission !== needed);
  const input = forUser("x");
  const answer = await askSubgraph(subgraph, callerWith(freshTenantId(), held), DOCUMENT, { input });
  expect(answer.errors).toMatchObject([{ extensions: { code: "FORBIDDEN", permission: needed } }]);
});

test("The permission table names every root field", () => {
  const fields = Object.keys(subgraph.schema.getQueryType()?.getFields() ?? {}).filter((name) => !name.startsWith("_"));
  expect(Object.keys(permissions).toSorted()).toEqual(fields.map((name) => `Query.${name}`).toSorted());
});

test("What makes no sense is refused with the field it is about", async () => {
  const caller = callerWith(freshTenantId(), ["ml:read"]);
  const answer = await askSubgraph(subgraph, caller, DOCUMENT, { input: forUser("x", { itemProperty: "a') OR 1" }) });
  expect(answer.errors).toMatchObject([{ extensions: { code: "BAD_INPUT", field: "input.itemProperty" } }]);
});
