import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import type { DataPolicy } from "@tessera/contracts/data-policy";
import type { TenantId } from "@tessera/contracts/ids";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { eventOf, managerOf, openCohortRoom, type CohortRoom } from "../../testing/cohort-room.ts";
import { openPeopleRoom, peopleManager, type PeopleRoom } from "../../testing/people-room.ts";
import { storeEvents } from "../../testing/test-events.ts";
import { refusedBy } from "../../testing/refused-by.ts";
import type { Cohort } from "../domain/cohort.ts";
import type { CohortDefinitionInput } from "../domain/cohort-input.ts";

jest.setTimeout(180_000);
const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2008, 0, 10);
const OF_COMPANIES = { unit: "ACCOUNTS", group: "company" } as const;
const BUYERS: CohortDefinitionInput = { did: { event: { events: ["buy"] }, times: 2 } };
const iso = (ms: number): string => new Date(ms).toISOString();

let room: CohortRoom;
let people: PeopleRoom;
beforeAll(() => {
  room = openCohortRoom(START_MS);
  people = openPeopleRoom(START_MS);
});
afterAll(() => Promise.all([room.close(), people.close()]));

const inCompany = (company: string, country = "DE") => ({ country, properties: { groups: { company } } });
const made = (caller: Caller, name: string, definition: CohortDefinitionInput): Promise<Cohort> =>
  room.created(caller, name, definition, OF_COMPANIES);
const membersOf = async (caller: Caller, cohort: Cohort): Promise<readonly string[]> => {
  const now = await room.now(caller, cohort);
  const { nodes } = await room.operations.cohortMembers(caller, now, { first: 100 });
  return nodes.map(({ accountId }) => String(accountId)).toSorted();
};

/** Acme buys twice by two people, Zeta once, by somebody who buys besides for no company; Quiet only looks. */
const seeded = async (tenantId: TenantId): Promise<Caller> => {
  await storeEvents(room.world.writer, tenantId, [
    eventOf("ada", "buy", START_MS - DAY_MS, inCompany("acme")),
    eventOf("bob", "buy", START_MS - 2 * DAY_MS, inCompany("acme", "US")),
    eventOf("cyd", "buy", START_MS - DAY_MS, inCompany("zeta")),
    eventOf("cyd", "buy", START_MS - 2 * DAY_MS),
    eventOf("dan", "view", START_MS - DAY_MS, inCompany("quiet")),
  ]);
  return managerOf(tenantId);
};

describe("a cohort of accounts", () => {
  test("is of accounts by their traits and lists, and of cohorts of the same accounts, in pages of any size", async () => {
    const tenantId = freshTenantId();
    const caller = await seeded(tenantId);
    const say = (id: string, set: object, ms: number) =>
      people.operations.setGroupTraits(peopleManager(tenantId), { type: "company", id, set, at: iso(ms) });
    await say("acme", { plan: "pro" }, START_MS - DAY_MS);
    await say("quiet", { plan: "free" }, START_MS - DAY_MS);
    await say("unseen", { plan: "pro" }, START_MS - DAY_MS);
    const pro = await made(caller, "pro", { traits: [{ trait: "plan", eq: "pro" }] });
    const listed = await made(caller, "listed", { list: true });
    const ids = { accountIds: ["zeta", "zeta", "unseen"] };
    expect(await room.operations.changeCohortList(caller, listed.id, ids)).toMatchObject({
      kind: "CHANGED",
      listed: 2,
    });
    const both = await made(caller, "either", { union: [{ cohort: pro.id }, { cohort: listed.id }] });
    const others = await made(caller, "others", {
      except: { of: { did: { event: {} } }, without: { cohort: both.id } },
    });
    for (const cohort of [pro, listed, both, others]) await room.computed(cohort);
    expect(await membersOf(caller, pro)).toEqual(["acme"]);
    expect(await membersOf(caller, listed)).toEqual(["zeta"]);
    expect(await membersOf(caller, both)).toEqual(["acme", "zeta"]);
    expect(await membersOf(caller, others)).toEqual(["quiet"]);
    const first = await room.operations.cohortMembers(caller, await room.now(caller, both), { first: 1 });
    const rest = await room.operations.cohortMembers(caller, await room.now(caller, both), {
      ...{ first: 1, after: first.endCursor },
    });
    expect([first.hasNextPage, rest.hasNextPage]).toEqual([true, false]);
    expect(new Set([...first.nodes, ...rest.nodes].map(({ accountId }) => accountId))).toEqual(
      new Set(["acme", "zeta"]),
    );
    const acme = people.operations.group(peopleManager(tenantId), { type: "company", id: "acme" });
    const named = async (who: Caller) => (await people.operations.groupCohorts(who, acme))?.map(({ name }) => name);
    expect(await named(peopleManager(tenantId))).toEqual(["either", "pro"]);
    expect(await named(peopleManager(freshTenantId()))).toEqual([]);
    expect(
      await room.operations.changeCohortList(caller, listed.id, { listed: false, accountIds: ["zeta"] }),
    ).toMatchObject({ listed: 1 });
  });

  test("is computed anew over what a caller under data policies may see, lists too, and traits are nobody's there", async () => {
    const caller = await seeded(freshTenantId());
    const policy: DataPolicy = {
      ...{ allow: { country: ["DE"] }, deny: {}, atLeast: {}, lessThan: {}, masks: {} },
      ...{ synthetic: null, salt: "0123456789abcdef0123456789abcdef" },
    };
    const restricted: Caller = { ...caller, dataPolicy: policy };
    const buyers = await made(caller, "buyers", BUYERS);
    const listed = await made(caller, "listed", { list: true });
    await room.operations.changeCohortList(caller, listed.id, { accountIds: ["acme", "abroad"] });
    await storeEvents(room.world.writer, caller.tenantId, [
      eventOf("eve", "view", START_MS - DAY_MS, inCompany("abroad", "US")),
    ]);
    for (const cohort of [buyers, listed]) await room.computed(cohort);
    const sizes = async (who: Caller) =>
      Promise.all([buyers, listed].map(async (one) => room.operations.cohortSize(who, await room.now(caller, one))));
    expect([await sizes(caller), await sizes(restricted)]).toEqual([
      [1, 2],
      [0, 1],
    ]);
    const untold = { definition: { traits: [{ trait: "plan", exists: true }] }, ...OF_COMPANIES };
    expect(await room.operations.previewCohort(restricted, untold)).toMatchObject({ size: 0 });
    room.clock.nowMs += 1_000;
    const was = { accountId: "abroad" };
    const now = await room.now(caller, listed);
    expect(await room.operations.cohortMembership(restricted, now, was)).toMatchObject({
      member: false,
      basis: "COMPUTED",
    });
    expect(await room.operations.cohortMembership(caller, now, was)).toMatchObject({ member: true });
  });

  test("tells companies apart where companies are counted, and is refused where people are", async () => {
    const caller = await seeded(freshTenantId());
    const cohort = await made(caller, "buyers", BUYERS);
    await room.computed(cohort);
    const range = { from: iso(START_MS - 5 * DAY_MS), to: iso(START_MS) };
    const unit = { kind: "GROUP", group: "company" } as const;
    const retained = { range, unit, start: {}, returning: {}, periods: 1 };
    const { groups, total } = await room.operations.retention(caller, { ...retained, cohorts: [cohort.id] });
    expect([groups.map((group) => group.total.size), total.size]).toEqual([[1], 3]);
    expect((await room.operations.retention(caller, retained, await room.now(caller, cohort))).total.size).toBe(1);
    const active = { range, unit, event: {}, cohort: cohort.id };
    expect((await room.operations.stickiness(caller, active)).total).toBe(1);
    const field = { kind: "FIELD", field: "properties.groups.company" } as const;
    expect((await room.operations.stickiness(caller, { ...active, unit: field })).total).toBe(1);
    const refusals = [
      await refusedBy(room.operations.stickiness(caller, { ...active, unit: null })),
      await refusedBy(room.operations.stickiness(caller, { ...active, unit: { kind: "GROUP", group: "team" } })),
      await refusedBy(room.operations.stickiness(caller, { ...active, unit: { kind: "SESSION" } })),
      await refusedBy(room.operations.retention(caller, { ...retained, unit: null, cohorts: [cohort.id] })),
    ];
    expect(refusals.map(({ code, field: place }) => [code, place])).toEqual([
      ...Array.from({ length: 3 }, () => ["BAD_INPUT", "input.cohort"]),
      ["BAD_INPUT", "input.cohorts.0"],
    ]);
    expect(refusals[0]?.detail).toContain('take the unit { kind: GROUP, group: "company" }');
  });
});

describe("cohorts of people and of accounts", () => {
  test("are made of cohorts of the same alone, list what they hold alone, and stay what they were made as", async () => {
    const caller = managerOf(freshTenantId());
    const accounts = await made(caller, "accounts", BUYERS);
    const persons = await room.created(caller, "people", BUYERS);
    const teams = { name: "teams", unit: "ACCOUNTS", group: "team", definition: { cohort: accounts.id } } as const;
    const { createCohort, changeCohortList, cohortMembership, previewCohort } = room.operations;
    const hidden: Caller = { ...caller, permissions: new Set(["analytics:read", "cohorts:manage"]) };
    const traits = { traits: [{ trait: "plan", exists: true }] };
    const refused: readonly (readonly [string, string, () => Promise<unknown>])[] = [
      ["BAD_INPUT", "input.group", () => createCohort(caller, { name: "x", unit: "ACCOUNTS", definition: BUYERS })],
      ["BAD_INPUT", "input.group", () => createCohort(caller, { name: "x", group: "company", definition: BUYERS })],
      ["BAD_INPUT", "input.group", () => previewCohort(caller, { ...OF_COMPANIES, group: "a.b", definition: BUYERS })],
      ["BAD_INPUT", "input.definition.cohort", () => createCohort(caller, teams)],
      [
        ...(["BAD_INPUT", "input.definition.union.1.cohort"] as const),
        () => createCohort(caller, { name: "x", definition: { union: [BUYERS, { cohort: accounts.id }] } }),
      ],
      [
        ...(["BAD_INPUT", "input.definition.cohort"] as const),
        () => room.operations.updateCohort(caller, accounts.id, { definition: { cohort: persons.id } }),
      ],
      ["BAD_INPUT", "input.accountIds", () => changeCohortList(caller, persons.id, { accountIds: ["acme"] })],
      ["BAD_INPUT", "input.userIds", () => changeCohortList(caller, accounts.id, { userIds: ["ada"] })],
      ["BAD_INPUT", "input.accountIds.0", () => changeCohortList(caller, accounts.id, { accountIds: [""] })],
      ["BAD_INPUT", "input.accountId", () => cohortMembership(caller, persons, { accountId: "acme" })],
      ["BAD_INPUT", "input", () => cohortMembership(caller, accounts, { userId: "ada" })],
      ["BAD_INPUT", "input", () => cohortMembership(caller, accounts, { accountId: "acme", userId: "ada" })],
      ["FORBIDDEN", "input.definition.traits", () => createCohort(hidden, { name: "x", definition: traits })],
      ["BAD_INPUT", "input.definition.traits", () => createCohort(caller, { name: "x", definition: { traits: [] } })],
    ];
    const told = [];
    for (const [, , work] of refused) {
      const { code, field } = await refusedBy(Promise.resolve().then(work));
      told.push([code, field]);
    }
    expect(told).toEqual(refused.map(([code, field]) => [code, field]));
    const byTrait = { name: "told", definition: traits, ...OF_COMPANIES };
    expect(await createCohort(hidden, byTrait)).toMatchObject({ kind: "SAVED", cohort: OF_COMPANIES });
    expect(await room.operations.updateCohort(caller, accounts.id, { definition: traits })).toMatchObject({
      ...{ kind: "SAVED", cohort: { version: 2, ...OF_COMPANIES, definition: traits } },
    });
    expect(await cohortMembership(caller, accounts, { accountId: randomUUID() })).toMatchObject({ member: false });
  });
});
