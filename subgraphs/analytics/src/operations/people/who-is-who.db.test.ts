import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { TenantId } from "@tessera/contracts/ids";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import fc from "fast-check";
import { z } from "zod";
import { anySteps, openPeopleRoom, peopleManager, type PeopleRoom } from "../../../testing/people-room.ts";
import { replayPeople } from "../../../testing/reference-people.ts";
import { DEFAULT_RULES, userKey, visitorKey, type IdentityKey } from "../../domain/people/identity.ts";

jest.setTimeout(180_000);
const KEYS: readonly IdentityKey[] = [
  ...["u1", "u2", "u3", "u4", "guest"].map(userKey),
  ...["a1", "a2", "u1"].map(visitorKey),
];

let room: PeopleRoom;
beforeAll(() => {
  room = openPeopleRoom();
});
afterAll(() => room.close());

/** Whom each id counts as, by the control plane. */
const rootsOf = async (tenantId: TenantId): Promise<ReadonlyMap<IdentityKey, IdentityKey>> =>
  new Map((await room.people.find(tenantId, KEYS)).map(({ key, root }) => [key, root]));

/** Whom each number counts as, by the event store. */
const copiedOf = async (tenantId: TenantId): Promise<ReadonlyMap<string, string>> => {
  const row = z.object({ person: z.string(), canonical: z.string() });
  const statement = {
    name: "copied-people",
    text: "SELECT toString(person) AS person, toString(canonical) AS canonical FROM worker_people FINAL WHERE tenant_id = {tenant: String}",
    params: { tenant: tenantId },
  };
  const reader = { tenantId, dataPolicy: null };
  const { rows } = await room.world.resources.eventStore.query(reader, statement, (one) => row.parse(one));
  return new Map(rows.map(({ person, canonical }) => [person, canonical]));
};

const expectCopied = async (tenantId: TenantId): Promise<void> => {
  const known = await room.people.find(tenantId, KEYS);
  const copied = await copiedOf(tenantId);
  const numbers = new Map(known.map(({ key, person }) => [key, person]));
  for (const { person, root } of known) expect(copied.get(person) ?? person).toBe(numbers.get(root));
};

describe("who is who", () => {
  test("is what a replay of the steps says, in both stores, under any rules", async () => {
    let linked = 0;
    await fc.assert(
      fc.asyncProperty(anySteps, fc.constantFrom(null, 2, 3), fc.boolean(), async (steps, sharedFromUsers, blocks) => {
        const tenantId = freshTenantId();
        const rules = { ...DEFAULT_RULES, sharedFromUsers, blockedIds: blocks ? ["u4"] : [] };
        await room.operations.setIdentityRules(peopleManager(tenantId), rules);
        for (const step of steps) await room.take(tenantId, step);
        const [rootOf, found] = [replayPeople(steps, rules), await rootsOf(tenantId)];
        for (const key of KEYS) {
          expect([key, found.get(key) ?? key]).toEqual([key, rootOf(key)]);
          if (rootOf(key) !== key) linked += 1;
        }
        await expectCopied(tenantId);
      }),
      { numRuns: 25, endOnFailure: true },
    );
    expect(linked).toBeGreaterThan(0);
  });

  test("changes made at the same time follow each other: none is lost, nobody is under themselves, and their numbers have no gap", async () => {
    const tenantId = freshTenantId();
    const users = ["u1", "u2", "u3", "u4"];
    const wishes = users.flatMap((from) => users.filter((into) => into !== from).map((into) => ({ from, into })));
    const outcomes = await Promise.all(
      wishes.map(({ from, into }) =>
        room.operations.mergePeople(peopleManager(tenantId), {
          ...{ fromUserId: from, intoUserId: into, reason: "one person" },
        }),
      ),
    );
    // Three merges make one of four; every other wish finds them one already.
    expect(outcomes.filter(({ kind }) => kind === "CHANGED")).toHaveLength(3);
    expect(new Set((await rootsOf(tenantId)).values()).size).toBe(1);
    const history = await room.people.history(tenantId, users.map(userKey), 100, null);
    expect(history.map(({ version }) => version)).toEqual([3, 2, 1]);
    expect(new Set(outcomes.flatMap((one) => (one.kind === "CHANGED" ? [one.change.version] : []))).size).toBe(3);
    await expectCopied(tenantId);
  });

  test("a copy that was interrupted is made up for by whoever looks next", async () => {
    const tenantId = freshTenantId();
    await expect(room.people.copy(tenantId, () => Promise.reject(new Error("nothing to write yet")))).resolves.toBe(
      false,
    );
    await room.take(tenantId, { kind: "MERGE", from: userKey("u1"), into: userKey("u2") });
    const lost = new Error("the event store is gone");
    const { one, other } = { one: userKey("u3"), other: userKey("u2") };
    const [first, second] = [
      { key: one, person: "3" },
      { key: other, person: "2" },
    ];
    await room.people.wish(tenantId, {
      ...{ one: first, other: second, reason: "r", by: "SERVICE:test" },
      decide: (from, into) => ({
        change: { action: "MERGED", identity: from.root, other: into.root },
        ...{ whyNot: null, seenUser: null },
      }),
    });
    await expect(room.people.copy(tenantId, () => Promise.reject(lost))).rejects.toThrow("gone");
    expect(await room.people.behindAcrossTenants(1_000)).toContain(tenantId);
    const state = await room.people.state(tenantId);
    expect([state.version, state.copiedVersion]).toEqual([2, 1]);
    let written = 0;
    await room.people.copy(tenantId, (rows) => {
      written += rows.length;
      return Promise.resolve();
    });
    expect(written).toBe(1);
    expect(await room.people.behindAcrossTenants(1_000)).not.toContain(tenantId);
  });

  test.each([
    ["null", "a1"],
    ["  Guest ", "a1"],
    ["ada", "00000000-0000-0000-0000-000000000000"],
  ])("%j and %j link nobody: an id that names nobody would be everybody", async (userId, anonymousId) => {
    const outcome = await room.operations.identify(peopleManager(freshTenantId()), { userId, anonymousId });
    expect(outcome).toMatchObject({ kind: "UNCHANGED", reason: "BLOCKED" });
  });

  test("a visitor stays the first user's, and says so to the second", async () => {
    const caller = peopleManager(freshTenantId());
    const first = await room.operations.identify(caller, { userId: "ada", anonymousId: "v" });
    const second = await room.operations.identify(caller, { userId: "bob", anonymousId: "v" });
    expect(first).toMatchObject({ kind: "CHANGED", change: { action: "LINKED", version: 1 } });
    expect(second).toMatchObject({ kind: "UNCHANGED", reason: "OF_ANOTHER", person: first.person });
  });

  test.each([
    [{ fromUserId: "a", intoUserId: "b", reason: " " }, "input.reason"],
    [{ fromUserId: "", intoUserId: "b", reason: "r" }, "input.fromUserId"],
    [{ fromUserId: "a", intoUserId: "x".repeat(257), reason: "r" }, "input.intoUserId"],
  ])("%j is refused, naming %s", async (input, field) => {
    const asked = async () => room.operations.mergePeople(peopleManager(freshTenantId()), input);
    await expect(asked()).rejects.toMatchObject({ code: "BAD_INPUT", extras: { field } });
  });
});
