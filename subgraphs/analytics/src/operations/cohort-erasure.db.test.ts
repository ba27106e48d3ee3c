import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import { createLongQueryStore, type LongQueryStore } from "@tessera/platform/store/long-query-store";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { testEngines } from "@tessera/platform/testing/engines";
import { z } from "zod";
import { eventOf, managerOf, openCohortRoom, type CohortRoom } from "../../testing/cohort-room.ts";
import { storeEvents } from "../../testing/test-events.ts";
import type { Cohort } from "../domain/cohort.ts";

// Nothing here is about speed: every table is rewritten, and a busy machine may take its time.
jest.setTimeout(300_000);
const DAY_MS = 86_400_000;
const TABLES = ["worker_cohort_changes", "worker_cohort_list", "worker_cohort_accounts"] as const;

let room: CohortRoom;
let longQueries: LongQueryStore;
beforeAll(() => {
  // After all other tests: nothing of this one is ever due by their clocks.
  room = openCohortRoom(Date.UTC(2035, 0, 10));
  const { url, passwords } = testEngines().clickhouse;
  longQueries = createLongQueryStore({ url, username: "tessera_jobs", password: passwords.tessera_jobs });
});
afterAll(async () => {
  await longQueries.close();
  await room.close();
});

/** Two cohorts of a tenant. */
interface Made {
  readonly caller: Caller;
  readonly buyers: Cohort;
  readonly listed: Cohort;
}

const rowsOf = async ({ tenantId }: Caller): Promise<readonly number[]> => {
  const counts: number[] = [];
  for (const table of TABLES) {
    const result = await room.world.storeOwner.query({
      query: `SELECT count() AS rows FROM tessera.${table} WHERE tenant_id = {tenant: String}`,
      query_params: { tenant: tenantId },
      // The owner's row policies read whose rows it sees from the query's id as everybody's do.
      query_id: `${tenantId}:${randomUUID()}`,
      format: "JSONEachRow",
    });
    const [row] = z.array(z.object({ rows: z.coerce.number() })).parse(await result.json());
    counts.push(row?.rows ?? -1);
  }
  return counts;
};

describe("the erasure of a tenant's events", () => {
  test("takes its people and accounts off lists, out of histories and out of every answer about cohorts, and nobody else's", async () => {
    const callers = [managerOf(freshTenantId()), managerOf(freshTenantId())] as const;
    const made: Made[] = [];
    for (const caller of callers) {
      await storeEvents(room.world.writer, caller.tenantId, [eventOf("ada", "buy", room.clock.nowMs - DAY_MS)]);
      const buyers = await room.created(caller, "buyers", { did: { event: { events: ["buy"] } } });
      const listed = await room.created(caller, "listed", { list: true });
      await room.operations.changeCohortList(caller, listed.id, { userIds: ["ada"] });
      const of = { unit: "ACCOUNTS", group: "company" } as const;
      const accounts = await room.created(caller, "accounts", { list: true }, of);
      await room.operations.changeCohortList(caller, accounts.id, { accountIds: ["acme"] });
      made.push({ caller, buyers, listed });
    }
    room.clock.nowMs += 1_000;
    for (const { buyers, listed } of made) for (const cohort of [buyers, listed]) await room.computed(cohort);
    const answers = async ({ caller, buyers, listed }: Made) => {
      const told = [];
      for (const cohort of [await room.now(caller, buyers), await room.now(caller, listed)]) {
        const { nodes } = await room.operations.cohortMembers(caller, cohort, { first: 10 });
        const { member } = await room.operations.cohortMembership(caller, cohort, { userId: "ada" });
        const range = {
          from: new Date(room.clock.nowMs - 3 * DAY_MS).toISOString(),
          to: new Date(room.clock.nowMs).toISOString(),
        };
        const starts = await room.operations.retention(
          caller,
          { range, start: { filter: { inCohort: { cohort: cohort.id } } }, returning: {}, periods: 1 },
          null,
        );
        told.push({ members: nodes.length, member, starts: starts.total.size });
      }
      return { told, rows: await rowsOf(caller) };
    };
    const [erased, kept] = made;
    if (erased === undefined || kept === undefined) throw new Error("Two tenants were made.");
    const there = { members: 1, member: true, starts: 1 };
    expect(await answers(erased)).toEqual({ told: [there, there], rows: [2, 1, 1] });
    await longQueries.eraseTenant(erased.caller.tenantId);
    const gone = { members: 0, member: false, starts: 0 };
    expect(await answers(erased)).toEqual({ told: [gone, gone], rows: [0, 0, 0] });
    expect(await answers(kept)).toEqual({ told: [there, there], rows: [2, 1, 1] });
  });
});

describe("a filter that names a cohort as of a moment", () => {
  test("lets the events of those through who were in it by the last computation until then", async () => {
    const caller = managerOf(freshTenantId());
    const startMs = room.clock.nowMs;
    await storeEvents(room.world.writer, caller.tenantId, [
      eventOf("ada", "buy", startMs - DAY_MS),
      eventOf("bob", "buy", startMs + DAY_MS),
    ]);
    const cohort = await room.created(caller, "recent", {
      did: { event: { events: ["buy"] }, within: { last: "P2D" } },
    });
    room.clock.nowMs = startMs + 1_000;
    await room.computed(cohort);
    room.clock.nowMs = startMs + 2 * DAY_MS;
    await room.operations.computeCohort(caller, cohort.id);
    await room.computed(cohort);
    const range = {
      from: new Date(startMs - 3 * DAY_MS).toISOString(),
      to: new Date(room.clock.nowMs).toISOString(),
    };
    const who = async (asOf: string | null) => {
      const start = { filter: { inCohort: { cohort: cohort.id, asOf } } };
      const question = { range, start, returning: {}, periods: 1, splitBy: ["userId"] };
      const { groups } = await room.operations.retention(caller, question, null);
      return groups.flatMap(({ dimensions, total }) => (total.size > 0 ? dimensions : []));
    };
    expect(await who(null)).toEqual(["bob"]);
    expect(await who(new Date(startMs + DAY_MS).toISOString())).toEqual(["ada"]);
    await expect(who(new Date(startMs - 1).toISOString())).rejects.toMatchObject({
      ...{ code: "BAD_INPUT", extras: { field: "input.start.filter.inCohort.asOf" } },
    });
  });
});
