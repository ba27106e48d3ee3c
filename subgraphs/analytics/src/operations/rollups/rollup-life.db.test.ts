import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { TenantId } from "@tessera/contracts/ids";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import type { OlapInput } from "../../domain/query.ts";
import { ENDED_KEPT_MS, makeBuilds, removeEnded } from "../../jobs/build-rollups.ts";
import { createRollupConsumer } from "../../reactions/rollups/count-batches.ts";
import { valuesOf } from "../../../testing/flatten-answer.ts";
import { userKey, visitorKey } from "../../domain/people/identity.ts";
import { openPeopleRoom } from "../../../testing/people-room.ts";
import { openRollupRoom, type RollupRoom } from "../../../testing/rollup-room.ts";
import type { TestEvent } from "../../../testing/test-events.ts";
import { everyFeature } from "@tessera/platform/testing/every-feature";
import { explainOlap } from "../explain-olap.ts";
import { queryOlap } from "../query-olap.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(240_000);

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const FROM = Date.UTC(2026, 8, 1);
const BY_COUNTRY = { dimensions: ["name", "country"], grain: "DAY" } as const;
const QUESTION: OlapInput = {
  range: { from: new Date(FROM).toISOString(), to: new Date(FROM + 5 * DAY_MS).toISOString() },
  measures: [{ function: "COUNT", name: "n" }],
  dimensions: ["country"],
};

const COMING: TestEvent = { id: randomUUID(), name: "view", timeMs: FROM + HOUR_MS, country: "FR" };

let room: RollupRoom;
beforeAll(() => {
  room = openRollupRoom();
});
afterAll(() => room.close());

const events = (count: number, rest: Partial<TestEvent> = {}): readonly TestEvent[] =>
  Array.from({ length: count }, (_event, index) => ({
    ...{ id: randomUUID(), name: index % 2 === 0 ? "view" : "buy", userId: `u${index % 5}` },
    ...{ timeMs: FROM + (index % 96) * HOUR_MS, country: index % 3 === 0 ? "DE" : "FR", ...rest },
  }));

const caller = (tenantId: TenantId) => callerWith(tenantId, ["analytics:read", "analytics:personal-data"]);
const ask = (tenantId: TenantId, part: Partial<OlapInput> = {}) =>
  queryOlap({ features: everyFeature, store: room.eager, nowMs: Date.now })(caller(tenantId), { ...QUESTION, ...part });
const total = async (tenantId: TenantId, part: Partial<OlapInput> = {}): Promise<number> => {
  const [column] = (await ask(tenantId, part)).totals;
  return column === undefined ? -1 : Number(valuesOf(column)[0]);
};
const tables = async (tenantId: TenantId, part: Partial<OlapInput> = {}): Promise<readonly string[]> => [
  ...new Set((await ask(tenantId, part)).provenance.tables.map(({ table }) => table)),
];
const explained = (tenantId: TenantId, part: Partial<OlapInput> = {}) =>
  explainOlap({ store: room.store })(caller(tenantId), { ...QUESTION, ...part }, true);

/** A tenant with some events and a rollup of them that is complete. */
const shop = async (count: number, content: Parameters<RollupRoom["define"]>[2] = BY_COUNTRY) => {
  const tenantId = freshTenantId();
  await room.ingest(tenantId, events(count));
  // What the consumer has passed is history.
  await room.count(tenantId);
  const { id } = await room.define(tenantId, "own", content);
  await room.built(tenantId, id);
  return { tenantId, id };
};

describe("a rollup", () => {
  test("is told and explained: which one is taken, what each would read, and why every other one is not", async () => {
    const { tenantId } = await shop(3_000, { dimensions: ["name", "properties.plan"], grain: "DAY" });
    const idle = await room.define(tenantId, "by_device", { dimensions: ["device"], grain: "MINUTE" });
    await room.built(tenantId, idle.id);
    const byPlan = { dimensions: ["properties.plan"] };
    const { candidates, actual } = await explained(tenantId, byPlan);
    expect(candidates.map(({ table, chosen }) => [table, chosen])).toEqual([
      ["rollups.by_device", false],
      ["rollups.own", true],
      ["rollup_hour_name", false],
      ["rollup_day_dimensions", false],
      ["events", false],
    ]);
    const lacks = "It does not hold properties.plan, which is grouped by.";
    expect(candidates.map(({ reason }) => reason)).toEqual([
      ...[lacks, null, lacks, lacks],
      expect.stringContaining("holds the answer too"),
    ]);
    // The engine reads whole blocks, in which rows of others lie too.
    expect(actual?.rows).toBeLessThan(3_000);
    const answer = await queryOlap({ features: everyFeature, store: room.store, nowMs: Date.now })(caller(tenantId), {
      ...{ ...QUESTION, ...byPlan },
    });
    expect(answer.provenance.tables).toMatchObject([{ table: "rollups.own" }]);
    expect(answer.provenance.rejectedTables).toEqual(
      ["rollup_hour_name", "rollup_day_dimensions", "rollups.by_device"].map((table) => ({ table, reason: lacks })),
    );
  });

  test("is not taken where the shared rollups read fewer rows", async () => {
    const tenantId = freshTenantId();
    await room.ingest(tenantId, events(960));
    const { id } = await room.define(tenantId, "own", { dimensions: ["name", "country", "device"], grain: "MINUTE" });
    await room.ingest(tenantId, events(96, { device: "phone" }));
    await room.built(tenantId, id);
    const { candidates } = await explained(tenantId, { dimensions: ["name"] });
    const chosen = candidates.find((one) => one.chosen);
    expect(chosen?.table).toBe("rollup_hour_name");
    expect(candidates[0]).toMatchObject({
      table: "rollups.own",
      reason: expect.stringContaining("holds the answer too"),
    });
  });

  test("counts every event once when who builds it dies after any step, and when the log tells of a batch twice", async () => {
    const tenantId = freshTenantId();
    await room.ingest(tenantId, events(50));
    await room.count(tenantId);
    const { id } = await room.define(tenantId, "own", BY_COUNTRY);
    const { deps } = room;
    const dying = (step: "layOut" | "advance" | "finish") => ({
      ...deps,
      builds: { ...deps.builds, [step]: () => Promise.reject(new Error("killed")) },
    });
    for (const step of ["layOut", "advance", "finish"] as const) {
      await expect(makeBuilds(dying(step))()).rejects.toThrow("killed");
      if (step === "advance") await room.ingest(tenantId, events(7), Date.now());
    }
    expect(await room.built(tenantId, id)).toMatchObject({
      build: { state: "READY", eventsTotal: 50, eventsDone: 50 },
    });
    await room.count(tenantId);
    expect([await total(tenantId), await room.counted(tenantId)]).toEqual([57, 57]);
    // The consumer dies after its effects and before its place has moved: everything comes again, to a consumer that begins anew.
    const anew = createRollupConsumer(deps, `${room.consumerName}.anew`);
    await anew.drain();
    expect(await room.counted(tenantId)).toBe(57);
  });

  test("is built anew when the log tells late of a batch that its history claims", async () => {
    const { tenantId, id } = await shop(20);
    const receivedAtMs = Date.now() - 3 * HOUR_MS;
    const late = events(5);
    const batchId = await room.put(tenantId, late, receivedAtMs);
    await room.tell(tenantId, batchId, late, receivedAtMs);
    await room.count(tenantId);
    expect(await tables(tenantId)).not.toContain("rollups.own");
    expect(await room.built(tenantId, id)).toMatchObject({ build: { state: "READY" } });
    // A process that found no rollup takes it for a second that there is none.
    room.clock.aheadMs += 1_001;
    expect(await tables(tenantId)).toEqual(["rollups.own"]);
    expect(await total(tenantId)).toBe(25);
  });

  test("answers of an event that was acknowledged before the question, whether it is counted or not, and of late ones", async () => {
    const { tenantId } = await shop(30);
    for (const rest of [{ timeMs: FROM + 2 * DAY_MS + 5 }, { timeMs: FROM + 7 }]) {
      const before = await total(tenantId);
      await room.ingest(tenantId, events(1, rest));
      expect(await total(tenantId)).toBe(before + 1);
      expect(await tables(tenantId)).toEqual(expect.arrayContaining(["rollups.own", "events"]));
      await room.count(tenantId);
      expect(await total(tenantId)).toBe(before + 1);
      expect(await tables(tenantId)).toEqual(["rollups.own"]);
    }
  });

  test("fails with what is to be changed when a bucket has too many rows: while it is built, and later on", async () => {
    const tenantId = freshTenantId();
    const wide = (from: number) =>
      Array.from({ length: 40 }, (_event, index) => events(1, { properties: { key: `k${from + index}` } })).flat();
    await room.ingest(tenantId, wide(0));
    await room.count(tenantId);
    const content = { dimensions: ["properties.key"], grain: "DAY" } as const;
    const { id } = await room.define(tenantId, "own", content);
    await makeBuilds({ ...room.deps, maxRowsPerBucket: 30 })();
    const failed = await room.rollups.find(tenantId, id);
    expect(failed?.build).toMatchObject({
      state: "FAILED",
      failure: { code: "RESULT_TOO_LARGE", detail: expect.stringContaining("properties.key") },
    });
    expect(await tables(tenantId)).toEqual(["rollup_day_dimensions"]);
    // Defined again it is built again; and it ends when it grows.
    await room.define(tenantId, "own", content);
    expect(await room.built(tenantId, id)).toMatchObject({ version: 2, answering: 2 });
    await room.ingest(tenantId, wide(40));
    const narrow = createRollupConsumer({ ...room.deps, maxRowsPerBucket: 60 }, room.consumerName);
    for (let look = 0; look < 600 && (await room.rollups.find(tenantId, id))?.answering !== null; look += 1)
      await narrow.drain();
    expect(await room.rollups.find(tenantId, id)).toMatchObject({ answering: null, build: { state: "FAILED" } });
    expect(await total(tenantId, { dimensions: [] })).toBe(80);
  });

  test("goes on answering as the version it is of until the next one is complete; once archived it answers nothing, and is removed", async () => {
    const { tenantId, id } = await shop(24);
    await room.define(tenantId, "own", { ...BY_COUNTRY, dimensions: ["name", "country", "device"] });
    expect(await room.rollups.find(tenantId, id)).toMatchObject({
      version: 2,
      answering: 1,
      build: { state: "BUILDING" },
    });
    expect(await tables(tenantId)).toEqual(["rollups.own"]);
    expect(await room.built(tenantId, id)).toMatchObject({ version: 2, answering: 2 });
    expect((await room.rollups.versions(tenantId, id, 10)).map(({ version }) => version)).toEqual([2, 1]);
    expect(await room.counted(tenantId)).toBe(48);
    await room.rollups.archive(tenantId, id);
    expect(await tables(tenantId)).not.toContain("rollups.own");
    // Who had planned to read it may still do so for a while.
    await removeEnded(room.deps)();
    expect(await room.counted(tenantId)).toBe(48);
    room.clock.aheadMs = ENDED_KEPT_MS + 60_000;
    for (let look = 0; look < 100 && (await removeEnded(room.deps)()) > 0; look += 1);
    room.clock.aheadMs = 0;
    for (let look = 0; look < 600 && (await room.counted(tenantId)) > 0; look += 1)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await room.counted(tenantId)).toBe(0);
  });

  test("is one tenant's alone, and is erased with it", async () => {
    const [alpha, beta] = [await shop(12), await shop(18)];
    expect([await total(alpha.tenantId), await total(beta.tenantId)]).toEqual([12, 18]);
    expect(await room.rollups.find(beta.tenantId, alpha.id)).toBeNull();
    expect(await room.rollups.archive(beta.tenantId, alpha.id)).toBeNull();
    expect(await tables(alpha.tenantId)).toEqual(["rollups.own"]);
    await room.longQueries.eraseTenant(alpha.tenantId);
    expect([await room.counted(alpha.tenantId), await room.counted(beta.tenantId)]).toEqual([0, 18]);
  });

  test("keeps away from who is under a data policy, from linked people, from cohorts and from what is to be exact", async () => {
    const { tenantId } = await shop(40, { ...BY_COUNTRY, measures: [{ function: "UNIQUES", of: "persons" }] });
    const persons: Partial<OlapInput> = { measures: [{ function: "UNIQUES", of: "persons", name: "people" }] };
    const reasonOf = async (part: Partial<OlapInput>): Promise<string | null | undefined> =>
      (await explained(tenantId, part)).candidates.find(({ table }) => table === "rollups.own")?.reason;
    expect(await tables(tenantId, persons)).toEqual(["rollups.own"]);
    expect(await reasonOf({ measures: [{ function: "UNIQUES", of: "persons", exact: true, name: "people" }] })).toBe(
      "people is to be exact; the rollup holds sketches.",
    );
    const dataPolicy = {
      ...{ allow: { country: ["FR"] }, deny: {}, atLeast: {}, lessThan: {} },
      ...{ synthetic: null, masks: {}, salt: "0".repeat(32) },
    };
    const restricted = { ...caller(tenantId), dataPolicy };
    const seen = await explainOlap({ store: room.store })(restricted, QUESTION, true);
    expect(seen.candidates[0]?.reason).toMatch(/data policy/);
    expect(seen.candidates.find(({ chosen }) => chosen)?.table).not.toBe("rollups.own");
    expect(await tables(tenantId, { ...persons, filter: { field: "country", eq: "FR" } })).toEqual(["rollups.own"]);
    await room.ingest(tenantId, [
      { ...COMING, anonymousId: "v" },
      { ...COMING, id: randomUUID(), userId: "ada" },
    ]);
    await room.count(tenantId);
    expect(await total(tenantId, persons)).toBe(7);
    const people = openPeopleRoom();
    try {
      await people.take(tenantId, { kind: "LINK", visitor: visitorKey("v"), user: userKey("ada"), byHand: true });
    } finally {
      await people.close();
    }
    room.people.versions.forget(tenantId);
    expect(await total(tenantId, persons)).toBe(6);
    expect(await reasonOf(persons)).toMatch(/People were linked/);
    expect(await tables(tenantId)).toEqual(["rollups.own"]);
  });
});
