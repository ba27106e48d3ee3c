import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import type { DataPolicy } from "@tessera/contracts/data-policy";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import fc from "fast-check";
import { referenceCatalogue } from "../../../testing/reference-catalogue.ts";
import { callerOf, openSemanticRoom, RANGE, refusal } from "../../../testing/semantic-room.ts";
import { storeEvents, type TestEvent } from "../../../testing/test-events.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(120_000);

let world: TestResources;
let room: ReturnType<typeof openSemanticRoom>;
beforeAll(() => {
  world = openTestResources();
  room = openSemanticRoom(world);
});
afterAll(() => world.close());

const FROM = Date.parse(RANGE.from);
const WHOLE = { prefix: "", first: 500 };

const leaf = fc.oneof(
  fc.constantFrom("free", "pro", "12.5"),
  fc.integer({ min: -3, max: 3 }),
  fc.double({ min: 0.25, max: 0.75, noNaN: true }),
  fc.boolean(),
  fc.constantFrom(["a"], [1, 2], [{ sku: "x" }]),
  fc.constant(null),
);
const key = fc.constantFrom("plan", "amount", "größe", "two words", "v-1");
const nested = fc.dictionary(key, leaf, { maxKeys: 3 });
const properties = fc.dictionary(key, fc.oneof({ weight: 3, arbitrary: leaf }, nested), { maxKeys: 4 });
const event: fc.Arbitrary<TestEvent> = fc.record({
  id: fc.constant("").map(() => randomUUID()),
  name: fc.constantFrom("view", "buy", "sign up"),
  timeMs: fc.integer({ min: FROM, max: FROM + 86_399_999 }),
  country: fc.constantFrom("DE", "US"),
  properties,
});

const policyOf = (part: Partial<DataPolicy>): DataPolicy => ({
  ...{ allow: {}, deny: {}, atLeast: {}, lessThan: {}, synthetic: null, masks: {}, salt: "0".repeat(32) },
  ...part,
});

const byText = (counts: ReadonlyMap<string, number>) => Object.fromEntries(counts);
const told = (events: readonly TestEvent[]) =>
  Object.fromEntries(
    [...referenceCatalogue(events)].map(([path, one]) => [
      `properties.${path}`,
      { ...one, types: byText(one.types), names: byText(one.names) },
    ]),
  );
const listed = async (caller: Caller, event: string | null = null) =>
  Object.fromEntries(
    (await room.operations.listProperties(caller, { ...WHOLE, event })).edges.map(({ node }) => [
      node.name,
      {
        ...{ events: node.events, firstSeenMs: node.firstSeenMs, lastSeenMs: node.lastSeenMs },
        types: byText(new Map(node.types.map((one) => [one.type, one.events]))),
        names: byText(new Map(node.eventNames.map((one) => [one.name, one.events]))),
      },
    ]),
  );

describe("the catalogue", () => {
  test("tells every path with its types, its events by name and its first and last time, of all batches, of one name, and of what a policy shows", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 40 }), fc.nat(40), async (events, cut) => {
        const caller = callerOf();
        for (const batch of [events.slice(0, cut), events.slice(cut)])
          if (batch.length > 0) await storeEvents(world.writer, caller.tenantId, batch);
        const policy = { ...caller, dataPolicy: policyOf({ allow: { country: ["DE"] } }) };
        expect({ all: await listed(caller), buys: await listed(caller, "buy"), seen: await listed(policy) }).toEqual({
          all: told(events),
          buys: told(events.filter(({ name }) => name === "buy")),
          seen: told(events.filter(({ country }) => country === "DE")),
        });
      }),
      { numRuns: 12, endOnFailure: true },
    );
  });

  test("names of events are told with how many there are, in pages and by their beginning", async () => {
    const caller = callerOf();
    const at = (name: string, hours: number): TestEvent => ({
      id: randomUUID(),
      name,
      timeMs: FROM + hours * 3_600_000,
    });
    await storeEvents(world.writer, caller.tenantId, [at("buy", 1), at("view", 2), at("buy", 3), at("búho", 4)]);
    const { edges, hasNextPage } = await room.operations.listEventNames(caller, { prefix: "", first: 2 });
    expect(edges.map(({ node }) => node)).toEqual([
      { name: "buy", events: 2, firstSeenMs: FROM + 3_600_000, lastSeenMs: FROM + 3 * 3_600_000 },
      { name: "búho", events: 1, firstSeenMs: FROM + 4 * 3_600_000, lastSeenMs: FROM + 4 * 3_600_000 },
    ]);
    expect(hasNextPage).toBe(true);
    const next = await room.operations.listEventNames(caller, { prefix: "", first: 2, after: edges[1]?.cursor });
    expect([next.edges.map(({ node }) => node.name), next.hasNextPage]).toEqual([["view"], false]);
    const begun = await room.operations.listEventNames(caller, { prefix: "v", first: 2 });
    expect(begun.edges.map(({ node }) => node.name)).toEqual(["view"]);
  });

  test("pages by path hold each property once, by the beginning of its path; a cursor of another tenant leads to one's own", async () => {
    const caller = await room.shop();
    const names = async (asked: { prefix?: string; after?: string }, first = 2, by = caller) => {
      const page = await room.operations.listProperties(by, { prefix: "", ...asked, first });
      return { names: page.edges.map(({ node }) => node.name), end: page.edges.at(-1)?.cursor, more: page.hasNextPage };
    };
    const one = await names({});
    expect([one.names, one.more]).toEqual([["properties.cart.total", "properties.ok"], true]);
    expect((await names({ after: one.end ?? "" })).names).toEqual(["properties.plan"]);
    for (const prefix of ["cart.", "properties.cart."])
      expect((await names({ prefix })).names).toEqual(["properties.cart.total"]);
    const other = callerOf();
    expect((await names({ after: one.end ?? "" }, 2, other)).names).toEqual([]);
    expect((await refusal(names({}, 0))).extras.field).toBe("dimensions.catalogue.first");
  });

  test("under a mask of properties no path is told", async () => {
    const caller = await room.shop();
    const dataPolicy = policyOf({ masks: { properties: { kind: "NULL" } } });
    expect(await listed({ ...caller, dataPolicy })).toEqual({});
  });

  test("a batch of a thousand names of properties adds those of the most events", async () => {
    const caller = callerOf();
    const of = (name: string, keys: readonly string[]): TestEvent => ({
      ...{ id: randomUUID(), name, timeMs: FROM },
      properties: Object.fromEntries(keys.map((one) => [one, 1])),
    });
    const keys = Array.from({ length: 1_200 }, (_, index) => `k${index}`);
    const parts = [
      keys.slice(0, 240),
      keys.slice(240, 480),
      keys.slice(480, 720),
      keys.slice(720, 960),
      keys.slice(960),
    ];
    await storeEvents(world.writer, caller.tenantId, [
      ...parts.map((part) => of("map", part)),
      of("often", ["zz"]),
      of("often", ["zz"]),
    ]);
    const all: string[] = [];
    let after: string | undefined;
    do {
      const page = await room.operations.listProperties(caller, {
        ...WHOLE,
        ...(after === undefined ? {} : { after }),
      });
      all.push(...page.edges.map(({ node }) => node.name));
      after = page.hasNextPage ? page.edges.at(-1)?.cursor : undefined;
    } while (after !== undefined);
    // Two of the thousand are the names of the events.
    expect([all.length, all.at(-1)]).toEqual([998, "properties.zz"]);
  });
});
