import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import fc from "fast-check";
import { openPeopleRoom, peopleManager, type PeopleRoom } from "../../../testing/people-room.ts";
import { storeEvents, type TestEvent } from "../../../testing/test-events.ts";
import { userKey, visitorKey } from "../../domain/people/identity.ts";
import type { Person } from "./find-people.ts";

jest.setTimeout(180_000);
const START_MS = Date.UTC(2026, 7, 1, 12);

let room: PeopleRoom;
beforeAll(() => {
  room = openPeopleRoom();
});
afterAll(() => room.close());

const event = (timeMs: number, who: Partial<TestEvent>): TestEvent => ({
  ...{ id: randomUUID(), name: "view", timeMs },
  ...who,
});
const of = async (caller: Caller, input: { userId?: string; anonymousId?: string }): Promise<Person> => {
  const person = await room.operations.personOf(caller, input);
  if (person === null) throw new Error("Nobody of this id has an event.");
  return person;
};
const timelineOf = async (caller: Caller, person: Person, first: number): Promise<readonly string[]> => {
  const ids: string[] = [];
  for (let after: string | null = null; ;) {
    const page = await room.operations.personTimeline(caller, person, { first, after });
    ids.push(...page.edges.map(({ node }) => node.id));
    after = page.pageInfo.endCursor;
    if (!page.pageInfo.hasNextPage) return ids;
  }
};
const seeded = async (tenantId: TenantId, events: readonly TestEvent[]): Promise<void> => {
  await storeEvents(room.world.writer, tenantId, events);
};

describe("a person", () => {
  test("is found by each of its ids, and told by the events of them all", async () => {
    const tenantId = freshTenantId();
    const caller = peopleManager(tenantId);
    await seeded(tenantId, [
      event(START_MS, { anonymousId: "v", sessionId: "s1" }),
      event(START_MS + 5, { userId: "ada", anonymousId: "v", sessionId: "s1", revenue: "3.50", currency: "EUR" }),
      event(START_MS + 9, { userId: "ada@old", sessionId: "s2", revenue: "1.00", currency: "USD" }),
      event(START_MS + 7, { userId: "bob" }),
    ]);
    await room.take(tenantId, { kind: "LINK", visitor: visitorKey("v"), user: userKey("ada"), byHand: true });
    await room.take(tenantId, { kind: "MERGE", from: userKey("ada@old"), into: userKey("ada") });
    const person = await of(caller, { userId: "ada" });
    for (const input of [{ anonymousId: "v" }, { userId: "ada@old" }])
      expect((await of(caller, input)).id).toBe(person.id);
    expect(person.seen).toMatchObject({ events: 3, sessions: 2, firstMs: START_MS, lastMs: START_MS + 9 });
    expect(room.operations.personIdentities(caller, person)).toEqual([
      { kind: "USER", id: "ada" },
      { kind: "USER", id: "ada@old" },
      { kind: "VISITOR", id: "v" },
    ]);
    expect(await room.operations.personRevenue(caller, person)).toEqual([
      { currency: "EUR", amount: "3.5", events: 1 },
      { currency: "USD", amount: "1", events: 1 },
    ]);
    const history = await room.operations.identityHistory(caller, person, { first: 1 });
    expect(history).toMatchObject({
      nodes: [{ action: "MERGED", version: 2, reason: "one person" }],
      hasNextPage: true,
    });
    const rest = await room.operations.identityHistory(caller, person, { first: 9, after: history.endCursor });
    expect(rest).toMatchObject({ nodes: [{ action: "LINKED", identity: "visitor:v" }], hasNextPage: false });
    // Nobody of another tenant, whose events and ids read the same, is found by the number.
    const foreign = freshTenantId();
    await seeded(foreign, [event(START_MS, { userId: "ada" })]);
    expect(await room.operations.findPeople(peopleManager(foreign), [person.id, "0", "x", "9".repeat(20)])).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });

  test("shows a timeline, newest first, each event once, on pages of any size and with many events of one moment", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.constantFrom("u", "v", "w")), {
          minLength: 1,
          maxLength: 24,
        }),
        fc.integer({ min: 1, max: 5 }),
        async (drawn, first) => {
          const tenantId = freshTenantId();
          const caller = peopleManager(tenantId);
          const events = drawn.map(([hours, who]) =>
            event(START_MS + hours * 3_600_000, who === "v" ? { anonymousId: "v" } : { userId: who }),
          );
          await seeded(tenantId, [...events, event(START_MS, { userId: "u" })]);
          await room.take(tenantId, { kind: "LINK", visitor: visitorKey("v"), user: userKey("u"), byHand: true });
          const person = await of(caller, { userId: "u" });
          const ids = await timelineOf(caller, person, first);
          const own = events.filter(({ userId }) => userId !== "w").length + 1;
          expect([ids.length, new Set(ids).size]).toEqual([own, own]);
          const times = new Map(events.map(({ id, timeMs }) => [id, timeMs]));
          const seen = ids.map((id) => times.get(id) ?? START_MS);
          expect(seen).toEqual(seen.toSorted((one, other) => other - one));
        },
      ),
      { numRuns: 8, endOnFailure: true },
    );
  });

  test("has the traits that its facts of every id, in order of time, make at any moment; none of them under a data policy", async () => {
    const tenantId = freshTenantId();
    const caller = peopleManager(tenantId);
    await seeded(tenantId, [event(START_MS, { userId: "ada" }), event(START_MS, { anonymousId: "v" })]);
    const at = (seconds: number): string => new Date(START_MS + seconds * 1_000).toISOString();
    await room.operations.setTraits(caller, {
      userId: "ada",
      at: at(2),
      set: { plan: "pro" },
      increment: { visits: 2 },
    });
    await room.operations.setTraits(caller, { anonymousId: "v", at: at(1), setOnce: { plan: "free", from: "ads" } });
    await room.operations.setTraits(caller, {
      anonymousId: "v",
      at: at(3),
      increment: { visits: 1.5 },
      unset: ["from"],
    });
    await room.take(tenantId, { kind: "LINK", visitor: visitorKey("v"), user: userKey("ada"), byHand: true });
    const person = await of(caller, { userId: "ada" });
    const traits = async (moment: string) =>
      Object.fromEntries(
        (await room.operations.personTraits(caller, person, moment)).map(({ name, value }) => [name, value]),
      );
    expect(await traits(at(0))).toEqual({});
    expect(await traits(at(1))).toEqual({ plan: "free", from: "ads" });
    expect(await traits(at(2))).toEqual({ plan: "pro", from: "ads", visits: 2 });
    expect(await traits(at(3))).toEqual({ plan: "pro", visits: 3.5 });
    const dataPolicy = {
      ...{ allow: {}, deny: {}, atLeast: {}, lessThan: {}, synthetic: null, salt: "0".repeat(32) },
      masks: { user_id: { kind: "CONSTANT", value: "x" } },
    } as const;
    const masked = { ...caller, dataPolicy };
    const [seen] = await room.operations.findPeople(masked, [person.id]);
    if (seen === null || seen === undefined) throw new Error("The person is seen under the policy.");
    expect(await room.operations.personTraits(masked, seen, at(3))).toEqual([]);
    expect(room.operations.personIdentities(masked, seen)).toEqual([
      { kind: "USER", id: "x" },
      { kind: "VISITOR", id: "v" },
    ]);
    expect(await room.operations.identityHistory(masked, seen, { first: 9 })).toMatchObject({ nodes: [] });
    expect(await room.operations.personCohorts(masked, seen)).toBeNull();
  });

  test("is listed by what it did and by its traits now, once however many ids it has", async () => {
    const tenantId = freshTenantId();
    const caller = peopleManager(tenantId);
    await seeded(tenantId, [
      ...["ada", "bob", "cyd"].map((userId) => event(START_MS, { userId })),
      event(START_MS, { anonymousId: "v" }),
    ]);
    await room.take(tenantId, { kind: "LINK", visitor: visitorKey("v"), user: userKey("ada"), byHand: true });
    await room.operations.setTraits(caller, { userId: "ada", set: { plan: "pro" } });
    await room.operations.setTraits(caller, { userId: "bob", set: { plan: "free" }, increment: { visits: 3 } });
    const range = { from: new Date(START_MS).toISOString(), to: new Date(START_MS + 1).toISOString() };
    const listed = async (traits: readonly { trait: string; eq?: unknown; exists?: boolean }[], first = 2) => {
      const found: (string | undefined)[] = [];
      for (let after: string | null = null; ;) {
        const page = await room.operations.people(caller, { input: { range, traits }, first, after });
        found.push(...page.nodes.map(({ seen }) => seen.users[0]));
        after = page.endCursor;
        if (!page.hasNextPage) return found.toSorted((one = "", other = "") => (one < other ? -1 : 1));
      }
    };
    expect(await listed([])).toEqual(["ada", "bob", "cyd"]);
    expect(await listed([{ trait: "plan", eq: "pro" }])).toEqual(["ada"]);
    expect(await listed([{ trait: "plan", exists: true }], 1)).toEqual(["ada", "bob"]);
    expect(await listed([{ trait: "plan", exists: false }])).toEqual(["cyd"]);
    expect(await listed([{ trait: "visits", eq: 3 }])).toEqual(["bob"]);
    await expect(
      room.operations.people(caller, { input: { range, event: { filter: { inCohort: { cohort: "x" } } } }, first: 1 }),
    ).rejects.toMatchObject({ code: "BAD_INPUT", extras: { field: "input.event.filter.inCohort.cohort" } });
  });

  const range = { from: "2026-08-01T00:00:00Z", to: "2026-08-02T00:00:00Z" };
  test.each([
    ["people", { input: { range, traits: [{ trait: "a" }] }, first: 1 }, "input.traits.0"],
    ["people", { input: { range, traits: [{ trait: "", eq: 1 }] }, first: 1 }, "input.traits.0.trait"],
    ["people", { input: { range }, first: 101 }, "first"],
    ["people", { input: { range }, first: 1, after: "x" }, "after"],
    ["setTraits", { userId: "u", set: { a: null } }, "input.set.a"],
    ["setTraits", { userId: "u", set: { a: 1 }, unset: ["a"] }, "input"],
    ["setTraits", { userId: "u", increment: { a: "1" } }, "input.increment.a"],
    ["setTraits", { userId: "u", anonymousId: "v", set: { a: 1 } }, "input"],
    ["setTraits", { userId: "u", at: "2999-01-01T00:00:00Z", set: { a: 1 } }, "input.at"],
  ] as const)("%s of %j is refused, naming %s", async (name, input, field) => {
    const caller = peopleManager(freshTenantId());
    const asked = async () =>
      name === "people" ? room.operations.people(caller, input) : room.operations.setTraits(caller, input);
    await expect(asked()).rejects.toMatchObject({ code: "BAD_INPUT", extras: { field } });
  });
});
