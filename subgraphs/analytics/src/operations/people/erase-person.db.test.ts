import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { TenantId } from "@tessera/contracts/ids";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openOwnEngines, type OwnEngines } from "@tessera/platform/testing/own-engines";
import { openPeopleRoom, peopleManager, type PeopleRoom } from "../../../testing/people-room.ts";
import { knownEvents, numbersOf, placesOf } from "../../../testing/planted-texts.ts";
import { storeEvents, type TestEvent } from "../../../testing/test-events.ts";
import { ERASURE_PASSES_MS, ERASURE_STEPS, type Erasure } from "../../domain/people/erasure.ts";
import { userKey, visitorKey } from "../../domain/people/identity.ts";
import { erasureDigest } from "../../jobs/erase-people.ts";

// Nothing here is about speed: tables are rewritten, and a busy machine may take its time.
jest.setTimeout(300_000);
const START_MS = Date.UTC(2018, 4, 1, 12);
const HOUR_MS = 3_600_000;

let room: PeopleRoom;
let owner: PeopleRoom["world"]["owner"];
let engines: OwnEngines;
beforeAll(async () => {
  engines = await openOwnEngines();
  room = openPeopleRoom(START_MS + HOUR_MS);
  ({ owner } = room.world);
});
afterAll(async () => {
  await room?.close();
  await engines?.close();
});

const event = (timeMs: number, who: Partial<TestEvent>, rest: Partial<TestEvent> = {}): TestEvent => ({
  ...{ id: randomUUID(), name: "view", timeMs },
  ...who,
  ...rest,
});

/** Two people with everything that is kept of somebody; `ada` has three ids, and a device that `bob` used as well. */
const twoPeople = async () => {
  const tenantId = freshTenantId();
  const caller = peopleManager(tenantId);
  const mark = randomUUID().slice(0, 8);
  const [ada, old, phone, bob] = [`ada-${mark}`, `ada-old-${mark}`, `phone-${mark}`, `bob-${mark}`];
  const events = [
    event(START_MS, { anonymousId: phone }, { properties: { note: "first" } }),
    event(START_MS + 1, { userId: ada, anonymousId: phone }, { sessionId: "s1", revenue: "3.50", currency: "EUR" }),
    event(START_MS + 2, { userId: old }, { properties: { email: `${old}@example.org` } }),
    event(START_MS + 3, { userId: bob, anonymousId: phone }),
    event(START_MS + 4, { userId: bob }),
  ];
  await storeEvents(room.world.writer, tenantId, events);
  await room.take(tenantId, { kind: "LINK", visitor: visitorKey(phone), user: userKey(ada), byHand: false });
  // Whom the phone was seen with as well is remembered of it, and of another device that ada was seen with.
  await room.take(tenantId, { kind: "LINK", visitor: visitorKey(`tablet-${mark}`), user: userKey(bob), byHand: false });
  await room.take(tenantId, { kind: "LINK", visitor: visitorKey(`tablet-${mark}`), user: userKey(ada), byHand: false });
  await room.take(tenantId, { kind: "MERGE", from: userKey(old), into: userKey(ada) });
  await room.operations.setTraits(caller, { userId: ada, set: { email: `${ada}@example.org` } });
  await room.operations.setTraits(caller, { userId: bob, set: { city: "Paris" } });
  const texts = [ada, old, phone, ...(await numbersOf(room.world, tenantId, [ada, old], [phone]))];
  return { tenantId, caller, events, ...{ ada, old, phone, bob }, texts };
};
type People = Awaited<ReturnType<typeof twoPeople>>;

/** A report with two runs, of which one was made by who may see personal data. */
const plantReport = async (tenantId: TenantId): Promise<void> => {
  const report = randomUUID();
  await owner.query(
    `INSERT INTO report (tenant_id, id, name, content, formats, time_zone, keep_runs, owner, owner_permissions, created_at, changed_at)
     VALUES ($1, $2, 'r', '{}', '{CSV}', 'UTC', 3, 'USER:x', '{analytics:personal-data}', now(), now())`,
    [tenantId, report],
  );
  for (const [asked, may] of [
    ["one", "{analytics:read,analytics:personal-data}"],
    ["two", "{analytics:read}"],
  ])
    await owner.query(
      `INSERT INTO report_run (tenant_id, id, report_id, due_at, asked_by, state, fair_tag, permissions, created_at)
       VALUES ($1, $2, $3, $4, $5, 'SUCCEEDED', 1, $6, now())`,
      [tenantId, randomUUID(), report, new Date(START_MS), asked, may],
    );
};

/** What jobs, cohorts, kept answers, reports and correlation keep, as they write it. */
const plantBesides = async ({ tenantId, ada, bob, events, texts }: People): Promise<void> => {
  const insert = (table: string, values: readonly object[]) =>
    room.world.storeOwner.insert({ table: `tessera.${table}`, values: [...values], format: "JSONEachRow" });
  // Whoever the sample of events holds by their hash: here it holds everybody.
  await room.world.storeOwner.command({
    query: `INSERT INTO tessera.events_sample (* EXCEPT(unit)) SELECT * FROM tessera.events WHERE tenant_id = {tenant: String}
      AND event_id NOT IN (SELECT event_id FROM tessera.events_sample WHERE tenant_id = {tenant: String})`,
    query_params: { tenant: tenantId },
  });
  const at = new Date(START_MS).toISOString().replace("T", " ").replace("Z", "");
  const cohort = { tenant_id: tenantId, cohort_id: randomUUID() };
  const numbers = texts.slice(3);
  await insert(
    "worker_cohort_changes",
    numbers.map((person) => ({ ...cohort, person, at, run: 1, version: 1, entered: true })),
  );
  await room.world.storeOwner.insert({
    table: "tessera.worker_cohort_list",
    values: [{ ...cohort, user_id: ada, at, change: 1, listed: true }],
    columns: ["tenant_id", "cohort_id", "user_id", "at", "change", "listed"],
    format: "JSONEachRow",
  });
  const [told, asked, other] = [randomUUID(), randomUUID(), randomUUID()];
  const result = (job_id: string, who: string) => ({
    tenant_id: tenantId,
    job_id,
    attempt: 1,
    row_number: 1,
    row: JSON.stringify([who, 3]),
  });
  await insert("job_results", [result(told, ada), result(other, bob)]);
  await insert("worker_answer_rows", [
    { tenant_id: tenantId, answer_id: randomUUID(), place: 1, row: JSON.stringify([ada]) },
  ]);
  for (const [id, who] of [
    [told, "x"],
    [asked, ada],
    [other, bob],
  ])
    await owner.query(
      `INSERT INTO job (id, tenant_id, kind, input, created_by, state, fair_tag, expires_at) VALUES ($1, $2, 'OLAP', $3, 'USER:x', 'SUCCEEDED', 1, now() + interval '1 day')`,
      [id, tenantId, JSON.stringify({ olap: { filter: { field: "userId", eq: who } } })],
    );
  await plantReport(tenantId);
  await insert("worker_rollup_rows", [
    { ...{ tenant_id: tenantId, build_id: randomUUID(), bucket: at.slice(0, 19), events: 1 }, k1: `=${ada}` },
    { ...{ tenant_id: tenantId, build_id: randomUUID(), bucket: at.slice(0, 19), events: 1 }, k1: `=${bob}` },
  ]);
  const rule = randomUUID();
  await owner.query(
    "INSERT INTO correlation_rule (id, tenant_id, name, version, created_by, created_at) VALUES ($1, $2, 'r', 1, 'USER:x', now())",
    [rule, tenantId],
  );
  for (const one of [events[2], events[4]])
    await owner.query(
      `INSERT INTO correlation_match (tenant_id, id, rule_id, version, from_at, completed_at, told_at, events) VALUES ($1, $2, $3, 1, now(), now(), now(), $4)`,
      [tenantId, randomUUID(), rule, JSON.stringify([{ part: "a", id: one?.id, timeMs: START_MS }])],
    );
};

const goOn = async ({ caller }: People, id: string): Promise<Erasure> => {
  await room.eraseAll();
  const erasure = await room.operations.personErasure(caller, id);
  if (erasure === null) throw new Error("The erasure is gone.");
  return erasure;
};

/** Tables that hold an id or a number of somebody before an erasure. */
const PLACES_BEFORE = [
  ...["event_ids", "events", "events_by_person", "events_sample", "job", "job_results", "people_change"],
  ...["people_identity", "worker_answer_rows", "worker_cohort_changes", "worker_cohort_list", "worker_people"],
  ...["worker_traits", "worker_rollup_rows"],
].toSorted();

describe("the erasure of a person", () => {
  test("leaves no id and no number of them in any table of either store, and everything of everybody else", async () => {
    const people = await twoPeople();
    const { tenantId, caller, ada, old, phone, bob, texts } = people;
    await plantBesides(people);
    const before = await placesOf(room.world, tenantId, texts);
    expect(Object.keys(before).toSorted()).toEqual(PLACES_BEFORE);
    const bobsBefore = await placesOf(room.world, tenantId, [bob]);
    const { id } = await room.operations.erasePerson(caller, { userId: old, reason: "Asked by letter 7." });
    expect(await goOn(people, id)).toMatchObject({
      ...{ state: "SETTLING", passes: 1, reason: "Asked by letter 7.", requestedBy: expect.stringContaining(":") },
      erased: {
        ...{
          ...{ rollupRows: 1, reportRuns: 1 },
          correlationMatches: 1,
          jobs: 2,
          keptAnswers: 1,
          events: 3,
          idsInEventsOfOthers: 1,
          eventsByPerson: 3,
          eventsInSample: 3,
          idsInSampleOfOthers: 1,
          eventIds: 3,
        },
        ...{ traits: 1, cohortFacts: 3, cohortLists: 1, links: 3 },
      },
    });
    // Until the last pass the erasure itself knows whom to look for.
    expect(await placesOf(room.world, tenantId, texts)).toEqual({ person_erasure: 1 });
    for (const after of ERASURE_PASSES_MS) {
      room.clock.nowMs += after;
      await room.eraseAll();
    }
    const done = await goOn(people, id);
    expect(done).toMatchObject({ state: "DONE", passes: ERASURE_PASSES_MS.length });
    expect(done.digests.toSorted()).toEqual(
      [userKey(ada), userKey(old), visitorKey(phone)].map((key) => erasureDigest(id, key)).toSorted(),
    );
    expect(await placesOf(room.world, tenantId, texts)).toEqual({});
    expect(await placesOf(room.world, tenantId, [bob])).toEqual(bobsBefore);
    const found = await room.operations.personOf(caller, { userId: bob });
    expect(found?.seen.events).toBe(2);
    for (const input of [{ userId: ada }, { userId: old }, { anonymousId: phone }])
      expect(await room.operations.personOf(caller, input)).toBeNull();
    // The ids of erased events stay known, so that ingest takes none of them again.
    expect(await knownEvents(room.world, tenantId)).toBe(5);
  });

  test("is one, however often it is asked for until it is done, and is told newest first, to its tenant alone", async () => {
    const people = await twoPeople();
    const { caller, ada, phone } = people;
    const first = await room.operations.erasePerson(caller, { userId: ada, reason: "once" });
    const again = await room.operations.erasePerson(caller, { userId: ada, reason: "twice" });
    expect(again).toEqual(first);
    const device = await room.operations.erasePerson(caller, { anonymousId: phone, reason: "the device" });
    await room.eraseAll();
    const page = await room.operations.personErasures(caller, { first: 1 });
    expect(page).toMatchObject({ nodes: [{ state: "SETTLING" }], hasNextPage: true });
    const rest = await room.operations.personErasures(caller, { first: 5, after: page.endCursor });
    expect([...page.nodes, ...rest.nodes].map(({ id }) => id).toSorted()).toEqual([first.id, device.id].toSorted());
    const foreign = peopleManager(freshTenantId());
    expect(await room.operations.personErasure(foreign, first.id)).toBeNull();
    expect((await room.operations.personErasures(foreign, { first: 5 })).nodes).toEqual([]);
  });

  test("is gone on with at the step where whoever did it was killed, and by one at a time", async () => {
    const people = await twoPeople();
    const { caller, tenantId, ada, texts } = people;
    for (let step = 0; step < ERASURE_STEPS.length; step += 3) {
      const { id } = await room.operations.erasePerson(caller, { userId: ada, reason: "killed on the way" });
      // Whoever holds the lease does nothing more; nobody else begins before it has run out.
      await owner.query(
        "UPDATE person_erasure SET attempt = attempt + 1, lease_until = $2, state = 'RUNNING', cut_off = $3 WHERE id = $1",
        [...[id, new Date(room.clock.nowMs + 30_000), new Date(room.clock.nowMs)]],
      );
      expect((await goOn(people, id)).state).toBe("RUNNING");
      room.clock.nowMs += 30_000;
      expect((await goOn(people, id)).state).toBe("SETTLING");
      expect(Object.keys(await placesOf(room.world, tenantId, texts))).toEqual(["person_erasure"]);
      // Done up to some step, and killed there.
      await owner.query(
        "UPDATE person_erasure SET state = 'RUNNING', passes = 0, step = $2, due_at = $3, erased_at = NULL WHERE id = $1",
        [...[id, step, new Date(room.clock.nowMs)]],
      );
      expect(await goOn(people, id)).toMatchObject({ state: "SETTLING", passes: 1, step: 0 });
      room.clock.nowMs += ERASURE_PASSES_MS.reduce((sum, ms) => sum + ms, 0);
      expect((await goOn(people, id)).state).not.toBe("RUNNING");
      room.clock.nowMs += ERASURE_PASSES_MS.reduce((sum, ms) => sum + ms, 0);
      expect((await goOn(people, id)).state).toBe("DONE");
    }
    expect(await placesOf(room.world, tenantId, texts)).toEqual({});
  });

  test("takes what was received before the cut-off and stored after the first pass, and leaves what came later", async () => {
    const people = await twoPeople();
    const { caller, tenantId, ada, phone } = people;
    const { id } = await room.operations.erasePerson(caller, { userId: ada, reason: "on its way" });
    const erasure = await goOn(people, id);
    const cutOffMs = erasure.cutOffMs ?? 0;
    // A batch that was on its way, and somebody who comes back under the same ids.
    await storeEvents(room.world.writer, tenantId, [
      event(START_MS + 9, { userId: ada }, { receivedAtMs: cutOffMs - 1 }),
    ]);
    expect((await room.operations.personOf(caller, { userId: ada }))?.seen.events).toBe(1);
    const back = event(START_MS + 10, { userId: ada, anonymousId: phone }, { receivedAtMs: cutOffMs + 1 });
    await storeEvents(room.world.writer, tenantId, [back]);
    await room.take(tenantId, { kind: "LINK", visitor: visitorKey(phone), user: userKey(ada), byHand: false });
    await room.operations.setTraits(caller, { userId: ada, set: { plan: "free" } });
    room.clock.nowMs += ERASURE_PASSES_MS[1] ?? 0;
    expect((await goOn(people, id)).passes).toBe(2);
    room.clock.nowMs += ERASURE_PASSES_MS[2] ?? 0;
    expect((await goOn(people, id)).state).toBe("DONE");
    const person = await room.operations.personOf(caller, { userId: ada });
    expect(person?.seen).toMatchObject({ events: 1, firstMs: START_MS + 10 });
    expect(person?.keys.toSorted()).toEqual([userKey(ada), visitorKey(phone)]);
    expect(person === null ? [] : await room.operations.personTraits(caller, person, null)).toMatchObject([
      { name: "plan" },
    ]);
    // Somebody who came back is erased by an erasure of their own.
    const second = await room.operations.erasePerson(caller, { userId: ada, reason: "again" });
    expect(second.id).not.toBe(id);
    await goOn(people, second.id);
    expect(await room.operations.personOf(caller, { userId: ada })).toBeNull();
  });

  test.each([
    ["no id", { reason: "x" }, "input"],
    ["two ids", { userId: "a", anonymousId: "b", reason: "x" }, "input"],
    ["no reason", { userId: "a", reason: " " }, "input.reason"],
    ["a reason that names the person", { userId: "Ada", reason: "ada wrote to us" }, "input.reason"],
  ])("is refused with %s", async (_title, input, field) => {
    await expect(room.operations.erasePerson(peopleManager(freshTenantId()), input)).rejects.toMatchObject({
      ...{ code: "BAD_INPUT", extras: { field } },
    });
  });
});
