import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { eventOf, managerOf, openCohortRoom, type CohortRoom } from "../../testing/cohort-room.ts";
import { refusedBy } from "../../testing/refused-by.ts";
import { storeEvents } from "../../testing/test-events.ts";
import type { CohortDefinitionInput } from "../domain/cohort-input.ts";

jest.setTimeout(180_000);
const DAY_MS = 86_400_000;

let room: CohortRoom;
beforeAll(() => {
  room = openCohortRoom(Date.UTC(2020, 0, 10));
});
afterAll(() => room.close());

const BUYERS: CohortDefinitionInput = { did: { event: { events: ["buy"] }, within: { last: "P3D" } } };
const idsOf = (nodes: readonly { readonly userId: string | null }[]) =>
  nodes.map(({ userId }) => String(userId)).toSorted();

describe("a cohort's history", () => {
  test("tells who was in it when, how large it was, who came and who left, computation by computation", async () => {
    const tenantId = freshTenantId();
    const caller = managerOf(tenantId);
    const startMs = room.clock.nowMs;
    await storeEvents(room.world.writer, tenantId, [
      eventOf("ada", "buy", startMs - 1.5 * DAY_MS),
      eventOf("bob", "buy", startMs - 2.5 * DAY_MS),
      eventOf("cyd", "view", startMs - DAY_MS),
      eventOf("cyd", "buy", startMs + DAY_MS),
    ]);
    const cohort = await room.created(caller, "buyers", BUYERS);
    expect(cohort).toMatchObject({ version: 1, size: null, computation: { state: "QUEUED", asOfMs: null } });
    await room.computeAll();
    room.clock.nowMs = startMs + 2 * DAY_MS;
    await room.computeAll();
    room.clock.nowMs = startMs + 6 * DAY_MS;
    await room.computeAll();
    const last = await room.now(caller, cohort);
    expect(last).toMatchObject({
      size: 0,
      computation: { state: "IDLE", runs: 3, version: 1, asOfMs: room.clock.nowMs },
    });
    expect(await room.operations.cohortHistory(caller, last, 10)).toEqual([
      { asOfMs: startMs + 6 * DAY_MS, version: 1, size: 0, entered: 0, left: 1 },
      { asOfMs: startMs + 2 * DAY_MS, version: 1, size: 1, entered: 1, left: 2 },
      { asOfMs: startMs, version: 1, size: 2, entered: 2, left: 0 },
    ]);
    const at = async (userId: string, ms: number) =>
      (await room.operations.cohortMembership(caller, last, { userId, at: new Date(ms).toISOString() })).member;
    expect(await at("ada", startMs - 1)).toBe(false);
    expect(await at("ada", startMs)).toBe(true);
    expect(await at("ada", startMs + 2 * DAY_MS - 1)).toBe(true);
    expect(await at("ada", startMs + 2 * DAY_MS)).toBe(false);
    expect(await at("cyd", startMs + DAY_MS)).toBe(false);
    expect(await at("cyd", startMs + 3 * DAY_MS)).toBe(true);
    expect(await at("cyd", room.clock.nowMs)).toBe(false);
    expect(await at("nobody", startMs)).toBe(false);
    expect(
      await room.operations.cohortMembership(caller, last, {
        userId: "cyd",
        at: new Date(startMs + 3 * DAY_MS).toISOString(),
      }),
    ).toEqual({
      ...{ member: true, basis: "RECORDED", asOfMs: startMs + 2 * DAY_MS, sinceMs: startMs + 2 * DAY_MS },
    });
    const { rows } = await room.world.owner.query(
      "SELECT payload->>'kind' AS kind FROM event_log WHERE tenant_id = $1 AND topic = 'execution.recorded'",
      [tenantId],
    );
    expect(rows).toEqual([{ kind: "JOB" }, { kind: "JOB" }, { kind: "JOB" }]);
  });

  test("of accounts tells which were in it when, by what anybody did in their name", async () => {
    const caller = managerOf(freshTenantId());
    const [startMs, of] = [room.clock.nowMs, { unit: "ACCOUNTS", group: "company" } as const];
    const buys = (userId: string, days: number, company: string) =>
      eventOf(userId, "buy", startMs + days * DAY_MS, { properties: { groups: { company } } });
    await storeEvents(room.world.writer, caller.tenantId, [
      ...[buys("ada", -1, "acme"), buys("bob", -2, "acme"), buys("cyd", -1, "zeta"), buys("dan", 1, "zeta")],
      eventOf("cyd", "buy", startMs - 2 * DAY_MS),
    ]);
    const definition = { did: { event: { events: ["buy"] }, times: 2, within: { last: "P3D" } } };
    const cohort = await room.created(caller, "buyers", definition, of);
    expect(cohort).toMatchObject({ ...of, size: null });
    await room.computeAll();
    const members = async () =>
      (await room.operations.cohortMembers(caller, await room.now(caller, cohort), { first: 10 })).nodes;
    expect(await members()).toEqual([{ userId: null, anonymousId: null, accountId: "acme" }]);
    room.clock.nowMs = startMs + 1.5 * DAY_MS;
    await room.computeAll();
    expect(await members()).toEqual([{ userId: null, anonymousId: null, accountId: "zeta" }]);
    const last = await room.now(caller, cohort);
    expect(await room.operations.cohortHistory(caller, last, 10)).toMatchObject([
      { size: 1, entered: 1, left: 1 },
      { size: 1, entered: 1, left: 0 },
    ]);
    const was = async (accountId: string, ms: number) =>
      (await room.operations.cohortMembership(caller, last, { accountId, at: new Date(ms).toISOString() })).member;
    const then = ["acme", "zeta", "nobody"].map((id) => was(id, startMs));
    const now = ["acme", "zeta", "nobody"].map((id) => was(id, room.clock.nowMs));
    expect([await Promise.all(then), await Promise.all(now)]).toEqual([
      [true, false, false],
      [false, true, false],
    ]);
    const preview = { definition, asOf: new Date(startMs).toISOString(), ...of };
    expect(await room.operations.previewCohort(caller, preview)).toMatchObject({ size: 1, everybody: 2 });
  });

  test("goes on under another version, which counts from its first computation on", async () => {
    const tenantId = freshTenantId();
    const caller = managerOf(tenantId);
    await storeEvents(room.world.writer, tenantId, [
      eventOf("ada", "buy", room.clock.nowMs - DAY_MS),
      eventOf("bob", "view", room.clock.nowMs - DAY_MS),
    ]);
    const cohort = await room.created(caller, "some", BUYERS);
    await room.computeAll();
    const firstMs = room.clock.nowMs;
    room.clock.nowMs += 60_000;
    const viewers = { did: { event: { events: ["view"] } } };
    const saved = await room.operations.updateCohort(caller, cohort.id, { definition: viewers, expectedVersion: 1 });
    expect(saved).toMatchObject({
      kind: "SAVED",
      cohort: { version: 2, size: 1, computation: { version: 1, state: "QUEUED" } },
    });
    await room.computeAll();
    expect(await room.operations.cohortHistory(caller, cohort, 10)).toEqual([
      { asOfMs: room.clock.nowMs, version: 2, size: 1, entered: 1, left: 1 },
      { asOfMs: firstMs, version: 1, size: 1, entered: 1, left: 0 },
    ]);
    expect(
      idsOf((await room.operations.cohortMembers(caller, await room.now(caller, cohort), { first: 10 })).nodes),
    ).toEqual(["bob"]);
    expect((await room.operations.cohortVersions(caller, cohort)).map(({ version }) => version)).toEqual([2, 1]);
    const stale = room.operations.updateCohort(caller, cohort.id, { name: "else", expectedVersion: 1 });
    expect(await refusedBy(stale)).toMatchObject({ code: "CONFLICT", field: "input.expectedVersion" });
  });

  test("has one computation at a time, however many workers look", async () => {
    const tenantId = freshTenantId();
    const caller = managerOf(tenantId);
    await storeEvents(room.world.writer, tenantId, [eventOf("ada", "buy", room.clock.nowMs - DAY_MS)]);
    const cohort = await room.created(caller, "one at a time", BUYERS);
    const claims = await Promise.all(Array.from({ length: 8 }, () => room.cohorts.claimDueAcrossTenants(100, 50)));
    const own = claims.flat().filter((run) => run.cohort.id === cohort.id);
    expect(own).toHaveLength(1);
    const [run] = own;
    if (run === undefined) throw new Error("one");
    room.clock.nowMs += 101_000;
    const again = (await room.cohorts.claimDueAcrossTenants(100, 50)).find((other) => other.cohort.id === cohort.id);
    expect(again).toMatchObject({ run: 2 });
    expect(again?.asOfMs).toBeGreaterThan(run.asOfMs);
    const record = { usage: {} };
    // boundary: the record is not looked at: the run does not count any more.
    const late = room.cohorts.finish(run, { size: 9, entered: 9, left: 0, madeOf: [] }, record as never);
    expect(await late).toBe(false);
    room.clock.nowMs += 101_000;
    await room.computeAll();
    expect(await room.now(caller, cohort)).toMatchObject({ size: 1, computation: { runs: 3, state: "IDLE" } });
  });
});

describe("definitions", () => {
  test("refer to others by their definitions now; cycles are refused with the way, and what is referred to can't be deleted", async () => {
    const tenantId = freshTenantId();
    const caller = managerOf(tenantId);
    await storeEvents(room.world.writer, tenantId, [
      eventOf("ada", "buy", room.clock.nowMs - DAY_MS),
      eventOf("bob", "view", room.clock.nowMs - DAY_MS),
    ]);
    const buyers = await room.created(caller, "buyers", BUYERS);
    const others = await room.created(caller, "others", {
      except: { of: { did: { event: {} } }, without: { cohort: buyers.id } },
    });
    const third = await room.created(caller, "third", { union: [{ cohort: others.id }, { list: true }] });
    await room.computeAll();
    expect(
      idsOf((await room.operations.cohortMembers(caller, await room.now(caller, third), { first: 10 })).nodes),
    ).toEqual(["bob"]);
    const cyclic = room.operations.updateCohort(caller, buyers.id, {
      definition: { intersect: [BUYERS, { cohort: third.id }] },
    });
    expect(await refusedBy(cyclic)).toEqual({
      code: "BAD_INPUT",
      field: "input.definition.intersect.1.cohort",
      detail: "The definition refers to itself: buyers -> third -> others -> buyers.",
    });
    const unknown = room.operations.createCohort(caller, { name: "x", definition: { cohort: randomUUID() } });
    expect(await refusedBy(unknown)).toMatchObject({ code: "BAD_INPUT", field: "input.definition.cohort" });
    expect(await room.operations.deleteCohort(caller, buyers.id)).toMatchObject({
      kind: "IN_USE",
      usedBy: [{ name: "others" }],
    });
    for (const cohort of [third, others, buyers])
      expect(await room.operations.deleteCohort(caller, cohort.id)).toEqual({ kind: "DELETED", id: cohort.id });
    expect(await room.operations.deleteCohort(caller, buyers.id)).toEqual({ kind: "NOT_FOUND", id: buyers.id });
  });

  test("names are taken once, and another tenant finds nothing of it", async () => {
    const [caller, stranger] = [managerOf(freshTenantId()), managerOf(freshTenantId())];
    const cohort = await room.created(caller, "mine", BUYERS);
    expect(await room.operations.createCohort(caller, { name: "mine", definition: BUYERS })).toEqual({
      ...{ kind: "NAME_TAKEN", name: "mine" },
    });
    expect(await room.operations.findCohorts(stranger, [cohort.id])).toEqual([null]);
    expect((await room.operations.listCohorts(stranger, { first: 10 })).edges).toEqual([]);
    const [place] = (await room.operations.listCohorts(caller, { first: 10 })).edges;
    const behind = { first: 10, after: place?.cursor ?? "" };
    expect((await room.operations.listCohorts(stranger, behind)).edges).toEqual([]);
    await room.created(stranger, "their own", BUYERS);
    expect((await room.operations.listCohorts(stranger, behind)).edges.map(({ node }) => node.name)).toEqual([
      "their own",
    ]);
    expect(await room.operations.updateCohort(stranger, cohort.id, { name: "theirs" })).toMatchObject({
      kind: "NOT_FOUND",
    });
    expect(await room.operations.deleteCohort(stranger, cohort.id)).toMatchObject({ kind: "NOT_FOUND" });
    expect(await room.operations.computeCohort(stranger, cohort.id)).toMatchObject({ kind: "NOT_FOUND" });
    const reference = room.operations.createCohort(stranger, { name: "x", definition: { cohort: cohort.id } });
    expect(await refusedBy(reference)).toMatchObject({ detail: "The tenant has no cohort of this id." });
    expect((await room.operations.listCohorts(caller, { first: 10 })).edges.map(({ node }) => node.name)).toEqual([
      "mine",
    ]);
  });
});

describe("a list", () => {
  test("holds who was put on it, at any moment; doing it twice changes nothing", async () => {
    const tenantId = freshTenantId();
    const caller = managerOf(tenantId);
    const seen = { timeMs: room.clock.nowMs - DAY_MS };
    await storeEvents(room.world.writer, tenantId, [
      eventOf("ada", "view", seen.timeMs),
      eventOf("bob", "view", seen.timeMs),
      { id: randomUUID(), name: "view", timeMs: seen.timeMs, anonymousId: "ada" },
    ]);
    const cohort = await room.created(caller, "listed", { list: true });
    const put = () =>
      room.operations.changeCohortList(caller, cohort.id, {
        userIds: ["ada", "ada", "nobody yet"],
        anonymousIds: ["ada"],
      });
    expect(await put()).toMatchObject({ kind: "CHANGED", listed: 3 });
    room.clock.nowMs += 1_000;
    expect(await put()).toMatchObject({ kind: "CHANGED", listed: 3 });
    await room.computeAll();
    expect(await room.now(caller, cohort)).toMatchObject({ size: 2 });
    room.clock.nowMs += 60_000;
    expect(
      await room.operations.changeCohortList(caller, cohort.id, { listed: false, anonymousIds: ["ada"] }),
    ).toMatchObject({ listed: 2 });
    await room.computeAll();
    expect(
      idsOf((await room.operations.cohortMembers(caller, await room.now(caller, cohort), { first: 10 })).nodes),
    ).toEqual(["ada"]);
    expect(await room.operations.changeCohortList(caller, randomUUID(), { userIds: ["ada"] })).toMatchObject({
      kind: "NOT_FOUND",
    });
    expect(await refusedBy(room.operations.changeCohortList(caller, cohort.id, {}))).toMatchObject({
      code: "BAD_INPUT",
    });
  });
});
