import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { TenantId } from "@tessera/contracts/ids";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openPeopleRoom, peopleManager, type PeopleRoom } from "../../../testing/people-room.ts";
import { storeEvents, type TestEvent } from "../../../testing/test-events.ts";
import { userKey, visitorKey, type IdentityKey } from "../../domain/people/identity.ts";
import { peopleStatements } from "../../store/people/people-statements-of-events.ts";
import { learnFromBatch } from "./learn-from-batch.ts";

jest.setTimeout(120_000);
const START_MS = Date.UTC(2026, 8, 1, 12);

let room: PeopleRoom;
beforeAll(() => {
  room = openPeopleRoom();
});
afterAll(() => room.close());

const event = (name: string, second: number, rest: Partial<TestEvent>): TestEvent => ({
  ...{ id: randomUUID(), name, timeMs: START_MS + second * 1_000 },
  ...rest,
});

/** Stores a batch and learns from it, twice: as after a crash between the effects and the consumer's new place. */
const learnt = async (tenantId: TenantId, events: readonly TestEvent[]): Promise<void> => {
  const batchId = await storeEvents(room.world.writer, tenantId, events);
  const times = events.map(({ timeMs }) => timeMs);
  const identifies = events.filter(({ name }) => name === "identify").length;
  const batch = { batchId, identifies, minTimeMs: Math.min(...times), maxTimeMs: Math.max(...times) };
  const { sql } = room.world.resources;
  const learn = learnFromBatch({ ...room, plainEvents: room.world.resources.eventStore, peopleStatements });
  for (let time = 0; time < 2; time += 1)
    await sql.transaction(tenantId, (transaction) => learn(transaction, tenantId, batch));
};
const rootsOf = async (tenantId: TenantId, keys: readonly IdentityKey[]) =>
  (await room.people.find(tenantId, keys)).map(({ key, root }) => [key, root]);

describe("stored events", () => {
  test("link a visitor with the first user they show it as, when they are named identify, and say what is known of people", async () => {
    const tenantId = freshTenantId();
    const caller = peopleManager(tenantId);
    await learnt(tenantId, [
      event("view", 0, { userId: "eve", anonymousId: "v" }),
      event("identify", 9, {
        userId: "ada",
        anonymousId: "v",
        properties: { traits: { plan: "pro" }, traitsAdd: { logins: 2 } },
      }),
      event("identify", 1, { userId: "bob", anonymousId: "v", properties: { traits: "not an object" } }),
      event("identify", 2, { userId: "undefined", anonymousId: "w" }),
    ]);
    // The first to come, whatever time it claims: nobody takes over a visitor by sending an older event.
    expect(await rootsOf(tenantId, [visitorKey("v"), visitorKey("w")])).toEqual([[visitorKey("v"), userKey("ada")]]);
    expect((await room.people.state(tenantId)).version).toBe(1);
    const person = await room.operations.personOf(caller, { anonymousId: "v" });
    if (person === null) throw new Error("The visitor is somebody.");
    const traits = await room.operations.personTraits(caller, person, undefined);
    expect(traits.map(({ name, value }) => [name, value])).toEqual([
      ["logins", 2],
      ["plan", "pro"],
    ]);
  });

  test.each([
    ["ALL_EVENTS", [[visitorKey("v"), userKey("eve")]]],
    ["NOTHING", []],
  ] as const)("link by the rule %s", async (linkFrom, expected) => {
    const tenantId = freshTenantId();
    await room.operations.setIdentityRules(peopleManager(tenantId), { linkFrom });
    await learnt(tenantId, [
      event("view", 0, { userId: "eve", anonymousId: "v" }),
      event("identify", 1, { userId: "ada", anonymousId: "v" }),
    ]);
    expect(await rootsOf(tenantId, [visitorKey("v")])).toEqual(expected);
  });

  test("do not link again what was taken apart by hand", async () => {
    const tenantId = freshTenantId();
    const identify = event("identify", 0, { userId: "ada", anonymousId: "v" });
    await learnt(tenantId, [identify]);
    await room.take(tenantId, { kind: "SEPARATE", key: visitorKey("v") });
    await learnt(tenantId, [{ ...identify, id: randomUUID() }]);
    expect(await rootsOf(tenantId, [visitorKey("v")])).toEqual([[visitorKey("v"), visitorKey("v")]]);
    await room.take(tenantId, { kind: "LINK", visitor: visitorKey("v"), user: userKey("ada"), byHand: true });
    expect(await rootsOf(tenantId, [visitorKey("v")])).toEqual([[visitorKey("v"), userKey("ada")]]);
  });
});
