import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import { createLongQueryStore, type LongQueryStore } from "@tessera/platform/store/long-query-store";
import { testEngines } from "@tessera/platform/testing/engines";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { untilReadable } from "@tessera/platform/testing/readable-log";
import fc from "fast-check";
import { callerOf, openSemanticRoom, RANGE } from "../../testing/semantic-room.ts";
import { storeAndTell, type TestEvent } from "../../testing/test-events.ts";
import type { CatalogueBound } from "../domain/semantic/catalogue-bound.ts";
import { createCheckNames } from "../operations/known-names/check-names.ts";
import { createForgetRarest } from "../store/semantic/catalogue-bound.ts";
import { createKnownNames } from "../store/semantic/known-names.ts";
import { createCatalogueBound } from "./bound-catalogue.ts";

// Nothing here is about speed: tables are rewritten, and a busy machine may take its time.
jest.setTimeout(300_000);

let world: TestResources;
let room: ReturnType<typeof openSemanticRoom>;
let longQueries: LongQueryStore;
beforeAll(async () => {
  world = openTestResources();
  room = openSemanticRoom(world);
  await world.resources.eventLog.start();
  const { url, passwords } = testEngines().clickhouse;
  longQueries = createLongQueryStore({ url, username: "tessera_jobs", password: passwords.tessera_jobs });
});
afterAll(async () => {
  await longQueries.close();
  await world.resources.eventLog.stop();
  await world.close();
});

const FROM = Date.parse(RANGE.from);
const SMALL: CatalogueBound = { kept: 3, most: 5, batches: 2 };

/** What holds one tenant's catalogue to a small bound, and how often it was looked at: the log is of other tests' tenants too, whose catalogues are left alone. */
const holding = (tenantId: TenantId, bound = SMALL) => {
  const names = createKnownNames(world.resources.eventStore);
  const forget = createForgetRarest(longQueries);
  const looks: number[] = [];
  const knownNames: Pick<typeof names, "size"> = {
    size: async (reader) => {
      if (reader.tenantId !== tenantId) return { names: 0, pairs: 0 };
      const size = await names.size(reader);
      looks.push(size.pairs);
      return size;
    },
  };
  const forgetRarest: typeof forget = (of, kept) => {
    if (of !== tenantId) throw new Error("Only this tenant's catalogue is large.");
    return forget(of, kept);
  };
  const consumer = createCatalogueBound(
    { ...world.resources, knownNames, forgetRarest, bound },
    `test.catalogue-bound.${randomUUID()}`,
  );
  return { consumer, looks };
};
const store = (tenantId: TenantId, events: readonly TestEvent[]) =>
  storeAndTell({ writer: world.writer, eventLog: world.resources.eventLog }, tenantId, events);

/** Rows of the catalogue as they are listed: names of events, and properties with the events of each name and type. */
const listed = async (caller: Caller) => ({
  names: (await room.operations.listEventNames(caller, { prefix: "", first: 500 })).edges.map(({ node }) => node),
  properties: (await room.operations.listProperties(caller, { prefix: "", first: 500 })).edges.map(({ node }) => node),
});

interface Kept {
  readonly name: string;
  readonly events: number;
  readonly lastSeenMs: number;
}
/** Those of the most events; of these the ones seen last, then in order of their names. */
const frequent = <Row extends Kept>(rows: readonly Row[], kept: number): readonly Row[] =>
  rows
    .toSorted((a, b) => b.events - a.events || b.lastSeenMs - a.lastSeenMs || (a.name < b.name ? -1 : 1))
    .slice(0, kept)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));

test("a catalogue that grew beyond its bound keeps what most events have, counted as before, and nobody else's is touched", async () => {
  const name = fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h");
  const batch = fc.array(fc.record({ name, at: fc.nat(9) }), { minLength: 1, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 3 }), async (batches) => {
      const [caller, other] = [callerOf(), callerOf()];
      // Each event has one property, called as it is, so that a property has one name of events and one type.
      const events = batches.map((one) =>
        one.map((event): TestEvent => ({
          ...{ id: randomUUID(), name: event.name, timeMs: FROM + event.at, properties: { [`p_${event.name}`]: 1 } },
        })),
      );
      for (const one of events) {
        await store(caller.tenantId, one);
        await store(
          other.tenantId,
          one.map((event) => ({ ...event, id: randomUUID() })),
        );
      }
      const before = await listed(caller);
      const { consumer } = holding(caller.tenantId);
      await consumer.drain();
      const grown = before.names.length > SMALL.most;
      const expected = {
        names: grown ? frequent(before.names, SMALL.kept) : before.names,
        properties: grown ? frequent(before.properties, SMALL.kept) : before.properties,
      };
      expect([await listed(caller), await listed(other)]).toEqual([expected, before]);
    }),
    { numRuns: 6, endOnFailure: true },
  );
});

test("it is looked at with the first batch that a process sees, and then after every so many", async () => {
  const { tenantId } = callerOf();
  const { consumer, looks } = holding(tenantId, { ...SMALL, batches: 2 });
  const add = async (key: string): Promise<void> => {
    await store(tenantId, [{ id: randomUUID(), name: "view", timeMs: FROM, properties: { [key]: 1 } }]);
    await untilReadable(world.owner);
    await consumer.drain();
  };
  for (const key of ["a", "b", "c", "d", "e", "f", "g"]) await add(key);
  // With a, then with d; with g there are more than five, and it forgets all but three.
  expect(looks).toEqual([1, 4, 7]);
  for (const key of ["h", "i", "j"]) await add(key);
  expect(looks).toEqual([1, 4, 7, 6]);
});

test("what was forgotten is refused to nobody: neither as a slip nor for numbers, and is known again with its next event", async () => {
  const caller = callerOf();
  const events = (key: string, times: number): readonly TestEvent[] =>
    Array.from({ length: times }, () => ({ id: randomUUID(), name: "view", timeMs: FROM, properties: { [key]: "x" } }));
  await store(caller.tenantId, [
    ...["price", "plan", "colour"].flatMap((key) => events(key, 3)),
    ...["prize", "q1", "q2"].flatMap((key) => events(key, 1)),
  ]);
  const knownNames = createKnownNames(world.resources.eventStore);
  const check = (bound: CatalogueBound, question: object) =>
    createCheckNames({ knownNames, nowMs: () => 0, bound })(caller, question, "input").then(
      () => "asked",
      () => "refused",
    );
  const large: CatalogueBound = { kept: 100, most: 200, batches: 2 };
  const slip = { dimensions: ["properties.pric"] };
  expect(await check(large, slip)).toBe("refused");
  await untilReadable(world.owner);
  await holding(caller.tenantId).consumer.drain();
  const properties = async () => (await listed(caller)).properties.map(({ name }) => name);
  expect(await properties()).toEqual(["properties.colour", "properties.plan", "properties.price"]);
  const sum = { measures: [{ function: "SUM", of: "properties.plan" }] };
  expect([
    await check(SMALL, { dimensions: ["properties.prize"] }),
    await check(SMALL, slip),
    await check(SMALL, sum),
  ]).toEqual([...["asked", "asked", "asked"]]);
  await store(caller.tenantId, events("prize", 1));
  expect(await properties()).toContain("properties.prize");
});
