import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import type { DataPolicy } from "@tessera/contracts/data-policy";
import type { TenantId } from "@tessera/contracts/ids";
import { Refusal } from "@tessera/platform/errors/refusal";
import { createLongQueryStore, type LongQueryStore } from "@tessera/platform/store/long-query-store";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { testEngines } from "@tessera/platform/testing/engines";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { storeEvents, type TestEvent } from "../../testing/test-events.ts";
import { computeDueCohorts } from "../jobs/compute-cohorts.ts";
import type { Cohort } from "../domain/cohort.ts";
import type { CohortDefinitionInput } from "../domain/cohort-definition.ts";
import { createCohortStore, type CohortStore } from "../store/cohort-store.ts";
import { createCohortOperations } from "./cohort-operations.ts";
import { closedDefinition } from "./cohort-people.ts";

jest.setTimeout(180_000);
const DAY_MS = 86_400_000;

let world: TestResources;
let longQueries: LongQueryStore;
let cohorts: CohortStore;
/** The tests' own clock: what is due is due by it. It is far behind that of other tests, so that none computes cohorts of another. */
let nowMs = Date.UTC(2020, 0, 10);

beforeAll(() => {
  world = openTestResources();
  const { clickhouse } = testEngines();
  longQueries = createLongQueryStore({
    url: clickhouse.url,
    username: "tessera_jobs",
    password: clickhouse.passwords.tessera_jobs,
  });
  cohorts = createCohortStore({ ...world.resources, nowMs: () => nowMs });
});
afterAll(async () => {
  await longQueries.close();
  await world.close();
});

const operations = () =>
  createCohortOperations({ ...world.resources, cohorts, longQueries, nowMs: () => nowMs, newId: randomUUID });
const compute = () =>
  computeDueCohorts({
    ...{ cohorts, longQueries, nowMs: () => nowMs, newId: randomUUID, logger: world.resources.logger },
    closedDefinition: (cohort) => closedDefinition(cohorts, cohort),
  })();
const computeAll = async (): Promise<void> => {
  for (let rounds = 0; rounds < 50; rounds += 1) if ((await compute()) === 0) return;
  throw new Error("There is always something due.");
};

const MANAGER = ["analytics:read", "analytics:personal-data", "cohorts:manage"] as const;
const callerOf = (tenantId: TenantId): Caller => callerWith(tenantId, [...MANAGER]);
const event = (userId: string, name: string, timeMs: number, rest: Partial<TestEvent> = {}): TestEvent => ({
  ...{ id: randomUUID(), name, timeMs, userId },
  ...rest,
});
const created = async (caller: Caller, name: string, definition: CohortDefinitionInput): Promise<Cohort> => {
  const outcome = await operations().createCohort(caller, { name, definition, recomputeEvery: "P1D" });
  if (outcome.kind !== "SAVED") throw new Error(`The cohort was not kept: ${outcome.kind}.`);
  return outcome.cohort;
};
const now = async (caller: Caller, cohort: Cohort): Promise<Cohort> => {
  const [found] = await operations().findCohorts(caller, [cohort.id]);
  if (found === null || found === undefined) throw new Error("The cohort is gone.");
  return found;
};
const refusalOf = async (work: Promise<unknown>): Promise<{ code: string; field: unknown; detail: string }> => {
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Refusal)) throw new Error("Nothing was refused.");
  return { code: error.code, field: error.extras.field, detail: error.message };
};
const BUYERS: CohortDefinitionInput = { did: { event: { events: ["buy"] }, within: { last: "P3D" } } };
const idsOf = (nodes: readonly { readonly userId: string | null }[]) => nodes.map(({ userId }) => userId).toSorted();

describe("a cohort's history", () => {
  test("tells who was in it when, how large it was, who came and who left, computation by computation", async () => {
    const tenantId = freshTenantId();
    const caller = callerOf(tenantId);
    const startMs = nowMs;
    await storeEvents(world.writer, tenantId, [
      event("ada", "buy", startMs - 1.5 * DAY_MS),
      event("bob", "buy", startMs - 2.5 * DAY_MS),
      event("cyd", "view", startMs - DAY_MS),
      event("cyd", "buy", startMs + DAY_MS),
    ]);
    const cohort = await created(caller, "buyers", BUYERS);
    expect(cohort).toMatchObject({ version: 1, size: null, computation: { state: "QUEUED", asOfMs: null } });
    await computeAll();
    nowMs = startMs + 2 * DAY_MS;
    await computeAll();
    nowMs = startMs + 6 * DAY_MS;
    await computeAll();
    const last = await now(caller, cohort);
    expect(last).toMatchObject({ size: 0, computation: { state: "IDLE", runs: 3, version: 1, asOfMs: nowMs } });
    expect(await operations().cohortHistory(caller, last, 10)).toEqual([
      { asOfMs: startMs + 6 * DAY_MS, version: 1, size: 0, entered: 0, left: 1 },
      { asOfMs: startMs + 2 * DAY_MS, version: 1, size: 1, entered: 1, left: 2 },
      { asOfMs: startMs, version: 1, size: 2, entered: 2, left: 0 },
    ]);
    const at = async (userId: string, ms: number) =>
      (await operations().cohortMembership(caller, last, { userId, at: new Date(ms).toISOString() })).member;
    expect(await at("ada", startMs - 1)).toBe(false);
    expect(await at("ada", startMs)).toBe(true);
    expect(await at("ada", startMs + 2 * DAY_MS - 1)).toBe(true);
    expect(await at("ada", startMs + 2 * DAY_MS)).toBe(false);
    expect(await at("cyd", startMs + DAY_MS)).toBe(false);
    expect(await at("cyd", startMs + 3 * DAY_MS)).toBe(true);
    expect(await at("cyd", nowMs)).toBe(false);
    expect(await at("nobody", startMs)).toBe(false);
    expect(
      await operations().cohortMembership(caller, last, {
        userId: "cyd",
        at: new Date(startMs + 3 * DAY_MS).toISOString(),
      }),
    ).toEqual({
      ...{ member: true, basis: "RECORDED", asOfMs: startMs + 2 * DAY_MS, sinceMs: startMs + 2 * DAY_MS },
    });
    const { rows } = await world.owner.query(
      "SELECT payload->>'kind' AS kind FROM event_log WHERE tenant_id = $1 AND topic = 'execution.recorded'",
      [tenantId],
    );
    expect(rows).toEqual([{ kind: "JOB" }, { kind: "JOB" }, { kind: "JOB" }]);
  });

  test("goes on under another version, which counts from its first computation on", async () => {
    const tenantId = freshTenantId();
    const caller = callerOf(tenantId);
    await storeEvents(world.writer, tenantId, [
      event("ada", "buy", nowMs - DAY_MS),
      event("bob", "view", nowMs - DAY_MS),
    ]);
    const cohort = await created(caller, "some", BUYERS);
    await computeAll();
    const firstMs = nowMs;
    nowMs += 60_000;
    const viewers = { did: { event: { events: ["view"] } } };
    const saved = await operations().updateCohort(caller, cohort.id, { definition: viewers, expectedVersion: 1 });
    expect(saved).toMatchObject({
      kind: "SAVED",
      cohort: { version: 2, size: 1, computation: { version: 1, state: "QUEUED" } },
    });
    await computeAll();
    expect(await operations().cohortHistory(caller, cohort, 10)).toEqual([
      { asOfMs: nowMs, version: 2, size: 1, entered: 1, left: 1 },
      { asOfMs: firstMs, version: 1, size: 1, entered: 1, left: 0 },
    ]);
    expect(idsOf((await operations().cohortMembers(caller, await now(caller, cohort), { first: 10 })).nodes)).toEqual([
      "bob",
    ]);
    expect((await operations().cohortVersions(caller, cohort)).map(({ version }) => version)).toEqual([2, 1]);
    const stale = operations().updateCohort(caller, cohort.id, { name: "else", expectedVersion: 1 });
    expect(await refusalOf(stale)).toMatchObject({ code: "CONFLICT", field: "input.expectedVersion" });
  });

  test("has one computation at a time, however many workers look", async () => {
    const tenantId = freshTenantId();
    const caller = callerOf(tenantId);
    await storeEvents(world.writer, tenantId, [event("ada", "buy", nowMs - DAY_MS)]);
    const cohort = await created(caller, "one at a time", BUYERS);
    const claims = await Promise.all(Array.from({ length: 8 }, () => cohorts.claimDueAcrossTenants(100, 50)));
    const own = claims.flat().filter((run) => run.cohort.id === cohort.id);
    expect(own).toHaveLength(1);
    const [run] = own;
    if (run === undefined) throw new Error("one");
    nowMs += 101_000;
    const again = (await cohorts.claimDueAcrossTenants(100, 50)).find((other) => other.cohort.id === cohort.id);
    expect(again).toMatchObject({ run: 2 });
    expect(again?.asOfMs).toBeGreaterThan(run.asOfMs);
    const record = { usage: {} };
    // boundary: the record is not looked at: the run does not count any more.
    const late = cohorts.finish(run, { size: 9, entered: 9, left: 0 }, record as never);
    expect(await late).toBe(false);
    nowMs += 101_000;
    await computeAll();
    expect(await now(caller, cohort)).toMatchObject({ size: 1, computation: { runs: 3, state: "IDLE" } });
  });
});

describe("definitions", () => {
  test("refer to others by their definitions now; cycles are refused with the way, and what is referred to can't be deleted", async () => {
    const tenantId = freshTenantId();
    const caller = callerOf(tenantId);
    await storeEvents(world.writer, tenantId, [
      event("ada", "buy", nowMs - DAY_MS),
      event("bob", "view", nowMs - DAY_MS),
    ]);
    const buyers = await created(caller, "buyers", BUYERS);
    const others = await created(caller, "others", {
      except: { of: { did: { event: {} } }, without: { cohort: buyers.id } },
    });
    const third = await created(caller, "third", { union: [{ cohort: others.id }, { list: true }] });
    await computeAll();
    expect(idsOf((await operations().cohortMembers(caller, await now(caller, third), { first: 10 })).nodes)).toEqual([
      "bob",
    ]);
    const cyclic = operations().updateCohort(caller, buyers.id, {
      definition: { intersect: [BUYERS, { cohort: third.id }] },
    });
    expect(await refusalOf(cyclic)).toEqual({
      code: "BAD_INPUT",
      field: "input.definition.intersect.1.cohort",
      detail: "The definition refers to itself: buyers -> third -> others -> buyers.",
    });
    const unknown = operations().createCohort(caller, { name: "x", definition: { cohort: randomUUID() } });
    expect(await refusalOf(unknown)).toMatchObject({ code: "BAD_INPUT", field: "input.definition.cohort" });
    expect(await operations().deleteCohort(caller, buyers.id)).toMatchObject({
      kind: "IN_USE",
      usedBy: [{ name: "others" }],
    });
    for (const cohort of [third, others, buyers])
      expect(await operations().deleteCohort(caller, cohort.id)).toEqual({ kind: "DELETED", id: cohort.id });
    expect(await operations().deleteCohort(caller, buyers.id)).toEqual({ kind: "NOT_FOUND", id: buyers.id });
  });

  test("names are taken once, and another tenant finds nothing of it", async () => {
    const [caller, stranger] = [callerOf(freshTenantId()), callerOf(freshTenantId())];
    const cohort = await created(caller, "mine", BUYERS);
    expect(await operations().createCohort(caller, { name: "mine", definition: BUYERS })).toEqual({
      ...{ kind: "NAME_TAKEN", name: "mine" },
    });
    expect(await operations().findCohorts(stranger, [cohort.id])).toEqual([null]);
    expect((await operations().listCohorts(stranger, { first: 10 })).edges).toEqual([]);
    expect(await operations().updateCohort(stranger, cohort.id, { name: "theirs" })).toMatchObject({
      kind: "NOT_FOUND",
    });
    expect(await operations().deleteCohort(stranger, cohort.id)).toMatchObject({ kind: "NOT_FOUND" });
    expect(await operations().computeCohort(stranger, cohort.id)).toMatchObject({ kind: "NOT_FOUND" });
    const reference = operations().createCohort(stranger, { name: "x", definition: { cohort: cohort.id } });
    expect(await refusalOf(reference)).toMatchObject({ detail: "The tenant has no cohort of this id." });
    expect((await operations().listCohorts(caller, { first: 10 })).edges.map(({ node }) => node.name)).toEqual([
      "mine",
    ]);
  });
});

describe("a list", () => {
  test("holds who was put on it, at any moment; doing it twice changes nothing", async () => {
    const tenantId = freshTenantId();
    const caller = callerOf(tenantId);
    const seen = { timeMs: nowMs - DAY_MS };
    await storeEvents(world.writer, tenantId, [
      event("ada", "view", seen.timeMs),
      event("bob", "view", seen.timeMs),
      { id: randomUUID(), name: "view", timeMs: seen.timeMs, anonymousId: "ada" },
    ]);
    const cohort = await created(caller, "listed", { list: true });
    const put = () =>
      operations().changeCohortList(caller, cohort.id, {
        userIds: ["ada", "ada", "nobody yet"],
        anonymousIds: ["ada"],
      });
    expect(await put()).toMatchObject({ kind: "CHANGED", listed: 3 });
    nowMs += 1_000;
    expect(await put()).toMatchObject({ kind: "CHANGED", listed: 3 });
    await computeAll();
    expect(await now(caller, cohort)).toMatchObject({ size: 2 });
    nowMs += 60_000;
    expect(
      await operations().changeCohortList(caller, cohort.id, { listed: false, anonymousIds: ["ada"] }),
    ).toMatchObject({ listed: 2 });
    await computeAll();
    expect(idsOf((await operations().cohortMembers(caller, await now(caller, cohort), { first: 10 })).nodes)).toEqual([
      "ada",
    ]);
    expect(await operations().changeCohortList(caller, randomUUID(), { userIds: ["ada"] })).toMatchObject({
      kind: "NOT_FOUND",
    });
    expect(await refusalOf(operations().changeCohortList(caller, cohort.id, {}))).toMatchObject({ code: "BAD_INPUT" });
  });
});

describe("a caller from whom data policies hide events", () => {
  const policy: DataPolicy = {
    ...{ allow: { country: ["DE"] }, deny: {}, atLeast: {}, lessThan: {}, masks: { user_id: { kind: "HASH" } } },
    ...{ synthetic: null, salt: "0123456789abcdef0123456789abcdef" },
  };

  test("gets the definition over what may be seen: sizes, members, moments, lists and retention", async () => {
    const tenantId = freshTenantId();
    const caller = callerOf(tenantId);
    const restricted: Caller = { ...caller, dataPolicy: policy };
    await storeEvents(world.writer, tenantId, [
      event("ada", "buy", nowMs - DAY_MS, { country: "DE" }),
      event("bob", "buy", nowMs - DAY_MS, { country: "US" }),
    ]);
    const buyers = await created(caller, "buyers", BUYERS);
    const listed = await created(caller, "listed", { list: true });
    await operations().changeCohortList(caller, listed.id, { userIds: ["ada", "bob"] });
    await computeAll();
    for (const cohort of [await now(caller, buyers), await now(caller, listed)]) {
      expect(await operations().cohortSize(caller, cohort)).toBe(2);
      expect(await operations().cohortSize(restricted, cohort)).toBe(1);
      expect(idsOf((await operations().cohortMembers(caller, cohort, { first: 1 })).nodes)).toHaveLength(1);
      const { nodes, hasNextPage } = await operations().cohortMembers(restricted, cohort, { first: 10 });
      expect({ count: nodes.length, hasNextPage, hashed: /^[0-9a-f]{32}$/.test(nodes[0]?.userId ?? "") }).toEqual({
        ...{ count: 1, hasNextPage: false, hashed: true },
      });
      expect(await operations().cohortHistory(restricted, cohort, 10)).toEqual([]);
      nowMs += 1_000;
      const was = async (who: Caller, userId: string) =>
        (await operations().cohortMembership(who, cohort, { userId })).member;
      expect([await was(caller, "bob"), await was(restricted, "bob"), await was(restricted, "ada")]).toEqual([
        true,
        false,
        true,
      ]);
      const question = {
        range: { from: new Date(nowMs - 3 * DAY_MS).toISOString(), to: new Date(nowMs).toISOString() },
        ...{ start: {}, returning: {}, periods: 1 },
      };
      expect((await operations().retention(caller, question, cohort)).total.size).toBe(2);
      expect((await operations().retention(restricted, question, cohort)).total.size).toBe(1);
      const grouped = await operations().retention(restricted, { ...question, cohorts: [cohort.id] });
      expect(grouped.groups.map(({ total }) => total.size)).toEqual([1]);
    }
    const preview = await operations().previewCohort(restricted, { definition: BUYERS });
    expect(preview).toMatchObject({ size: 1, everybody: 1, provenance: { rowsFilteredBy: ["country"] } });
  });
});
