import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import fc from "fast-check";
import { openPeopleRoom, peopleManager, type PeopleRoom } from "../../../testing/people-room.ts";
import { storeEvents, type TestEvent } from "../../../testing/test-events.ts";
import { userKey, visitorKey } from "../../domain/people/identity.ts";
import { COHORT_KEPT } from "../../domain/cohort.ts";
import { behaviourStatements } from "../../store/behaviour-statements.ts";
import { createCohortStore } from "../../store/cohort-store.ts";
import { queryRetention } from "../query-retention.ts";

jest.setTimeout(120_000);
const START_MS = Date.UTC(2026, 7, 3);
const DAY_MS = 86_400_000;
const iso = (ms: number): string => new Date(ms).toISOString();
const range = { from: iso(START_MS), to: iso(START_MS + 7 * DAY_MS) };

let room: PeopleRoom;
beforeAll(() => {
  room = openPeopleRoom();
});
afterAll(() => room.close());

const event = (day: number, who: Partial<TestEvent>, company?: string): TestEvent => ({
  ...{ id: randomUUID(), name: "view", timeMs: START_MS + day * DAY_MS },
  ...who,
  ...(company === undefined ? {} : { properties: { groups: { company } } }),
});
const allOf = async (caller: Caller, first: number, traits: readonly { trait: string; eq?: unknown }[] = []) => {
  const found: (readonly [string, number, number])[] = [];
  for (let after: string | null = null; ;) {
    const page = await room.operations.groups(caller, { input: { type: "company", range, traits }, first, after });
    found.push(...page.nodes.map(({ group, events, persons }) => [group.id, events, persons] as const));
    after = page.endCursor;
    if (!page.hasNextPage) return found;
  }
};

describe("groups", () => {
  test("count the events that name them and the people who did them, linked people once, on pages of any size", async () => {
    const anyEvent = fc.record({
      day: fc.integer({ min: 0, max: 6 }),
      who: fc.constantFrom<Partial<TestEvent>>({ userId: "ada" }, { userId: "bob" }, { anonymousId: "v" }, {}),
      company: fc.constantFrom("acme", "zeta", "o'neil", undefined),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyEvent, { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 3 }),
        async (drawn, first) => {
          const tenantId = freshTenantId();
          const events = drawn.map(({ day, who, company }) => event(day, who, company));
          await storeEvents(room.world.writer, tenantId, events);
          await room.take(tenantId, { kind: "LINK", visitor: visitorKey("v"), user: userKey("ada"), byHand: true });
          const companies = [...new Set(drawn.flatMap(({ company }) => company ?? []))].toSorted((a, b) =>
            a < b ? -1 : 1,
          );
          const expected = companies.map((company) => {
            const own = drawn.filter((one) => one.company === company);
            const people = own.flatMap(({ who }) => (who.anonymousId === "v" ? ["ada"] : (who.userId ?? [])));
            return [company, own.length, new Set(people).size];
          });
          expect(await allOf(peopleManager(tenantId), first)).toEqual(expected);
        },
      ),
      { numRuns: 6, endOnFailure: true },
    );
  });

  const seeded = async (tenantId: TenantId): Promise<Caller> => {
    await storeEvents(room.world.writer, tenantId, [
      ...[
        event(0, { userId: "ada" }, "acme"),
        event(1, { userId: "bob" }, "acme"),
        event(2, { userId: "ada" }, "zeta"),
      ],
      event(3, { userId: "cyd" }),
    ]);
    return peopleManager(tenantId);
  };

  test("have traits as of any moment, by which they are found, and tell who is in them, as people tell their groups", async () => {
    const tenantId = freshTenantId();
    const caller = await seeded(tenantId);
    const acme = room.operations.group(caller, { type: "company", id: "acme" });
    const of = { type: "company", id: "acme" };
    await room.operations.setGroupTraits(caller, { ...of, at: iso(START_MS), set: { plan: "free" } });
    await room.operations.setGroupTraits(caller, { ...of, at: iso(START_MS + DAY_MS), set: { plan: "pro" } });
    const plans = async (ms: number) =>
      (await room.operations.groupTraits(caller, acme, iso(ms))).map(({ value }) => value);
    expect([await plans(START_MS - 1), await plans(START_MS), await plans(START_MS + DAY_MS)]).toEqual([
      [],
      ["free"],
      ["pro"],
    ]);
    expect(await allOf(caller, 10, [{ trait: "plan", eq: "pro" }])).toEqual([["acme", 2, 2]]);
    expect(await allOf(caller, 10, [{ trait: "plan", eq: "free" }])).toEqual([]);
    const { nodes } = await room.operations.groupPeople(caller, acme, { range, first: 10 });
    const users = nodes.flatMap(({ seen }) => seen.users);
    expect(new Set(users)).toEqual(new Set(["ada", "bob"]));
    const ada = await room.operations.personOf(caller, { userId: "ada" });
    if (ada === null) throw new Error("Ada has events.");
    const own = await room.operations.personGroups(caller, ada, "company");
    expect(own.map(({ group, events }) => [group.id, events])).toEqual([
      ["zeta", 1],
      ["acme", 1],
    ]);
    expect(await room.operations.groupActivity(caller, acme, range)).toMatchObject({ events: 2, persons: 2 });
    const later = { from: iso(START_MS + 5 * DAY_MS), to: range.to };
    expect(await room.operations.groupActivity(caller, acme, later)).toBeNull();
    // A trait of a group is nobody's and no other tenant's.
    expect(await room.operations.groupTraits(peopleManager(freshTenantId()), acme, undefined)).toEqual([]);
  });

  test("are a unit of analysis: the retention of companies is of companies, whoever acts in their name", async () => {
    const caller = await seeded(freshTenantId());
    const { world, eventStore } = room;
    const cohorts = createCohortStore({ ...world.resources, kept: COHORT_KEPT });
    const ask = queryRetention({
      eventStore,
      cohorts,
      statements: behaviourStatements,
      nowMs: () => Date.UTC(2027, 0, 1),
    });
    const question = { range, start: {}, returning: {}, periods: 2 };
    const { groups } = await ask(caller, { ...question, unit: { kind: "GROUP", group: "company" } }, null);
    const people = await ask(caller, question, null);
    expect(groups[0]?.total.size).toBe(2);
    expect(people.groups[0]?.total.size).toBe(3);
  });

  test.each([
    [{ type: "a.b", id: "x" }, "type"],
    [{ type: "company", id: "" }, "id"],
  ])("named %j are refused at %s", (named, field) => {
    const asked = () => room.operations.group(peopleManager(freshTenantId()), named);
    expect(asked).toThrow(expect.objectContaining({ extensions: expect.objectContaining({ field }) }));
  });
});
