import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import type { DataPolicy } from "@tessera/contracts/data-policy";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import fc from "fast-check";
import { managerOf, openCohortRoom, type CohortRoom } from "../../../testing/cohort-room.ts";
import { differences } from "../../../testing/flatten-answer.ts";
import { allPages, complete, rowsIn } from "../../../testing/paged-answers.ts";
import { openPagedRoom, type PagedRoom } from "../../../testing/paged-room.ts";
import { peopleManager } from "../../../testing/people-room.ts";
import { refusal } from "../../../testing/semantic-room.ts";
import type { TestEvent } from "../../../testing/test-events.ts";
import type { Cohort } from "../../domain/cohort.ts";
import { OF_PEOPLE, type CohortOf } from "../../domain/cohort-unit.ts";
import type { FilterInput } from "../../domain/filter-input.ts";
import { userKey, visitorKey } from "../../domain/people/identity.ts";

jest.setTimeout(240_000);
const RUNS = 5;

let room: PagedRoom;
let cohorts: CohortRoom;
beforeAll(() => {
  room = openPagedRoom();
  cohorts = openCohortRoom(Date.parse(RANGE.to));
});
afterAll(() => Promise.all([room.close(), cohorts.close()]));

const RANGE = { from: "2026-11-19T00:00:00Z", to: "2026-11-20T00:00:00Z" };
const PEOPLE = 12;
const POLICY: DataPolicy = {
  ...{ allow: { country: ["DE", "US"] }, deny: {}, atLeast: {}, lessThan: {}, masks: {} },
  ...{ synthetic: null, salt: "0123456789abcdef0123456789abcdef" },
};

const eventOf = (person: number, country: string, company: string): TestEvent => ({
  ...{ id: randomUUID(), name: "view", timeMs: Date.parse(RANGE.from) + person, userId: `u${person}`, country },
  properties: { amount: person / 10, groups: { company } },
});
/** Two events of each person, in a country and for a company of their own choosing. */
const anyCrowd = fc
  .array(fc.tuple(fc.constantFrom("DE", "US", "FR"), fc.constantFrom("a", "b", "c")), {
    ...{ minLength: PEOPLE, maxLength: PEOPLE },
  })
  .map((people) =>
    people.flatMap(([country, company], person) => [
      eventOf(person, country, company),
      eventOf(person, country, company),
    ]),
  );
/** Everybody has been to Germany, for every company. */
const everybodyEverywhere = (): readonly TestEvent[] =>
  Array.from({ length: PEOPLE + 2 }, (_person, index) => eventOf(index, "DE", ["a", "b", "c"][index % 3] ?? "a"));

const inGermany = { did: { event: { filter: { field: "country", eq: "DE" } } } };
const OF_COMPANIES: CohortOf = { unit: "ACCOUNTS", group: "company" };

/** Makes a cohort of a kind, with the cohort whose change changes it. */
const make = async (
  caller: Caller,
  kind: "DID" | "LIST" | "NESTED" | "ACCOUNTS",
): Promise<readonly [Cohort, Cohort]> => {
  const created = async (...rest: readonly [Parameters<CohortRoom["created"]>[2], CohortOf?]) =>
    cohorts.created(caller, randomUUID(), ...rest);
  if (kind === "NESTED") {
    const inner = await created(inGermany);
    const outer = await created({
      union: [{ cohort: inner.id }, { did: { event: { filter: { field: "country", eq: "US" } } } }],
    });
    return [outer, inner];
  }
  const one = await created(
    kind === "LIST" ? { list: true } : inGermany,
    kind === "ACCOUNTS" ? OF_COMPANIES : OF_PEOPLE,
  );
  if (kind === "LIST") await cohorts.operations.changeCohortList(caller, one.id, { userIds: ["u1", "u2", "u5", "u7"] });
  return [one, one];
};

const filterOf = (cohort: string, where: "IN" | "NOT" | "OR"): FilterInput => {
  const inCohort = { inCohort: { cohort } };
  if (where === "IN") return inCohort;
  return where === "NOT" ? { not: inCohort } : { or: [inCohort, { field: "country", eq: "FR" }] };
};

const CHANGES = ["EVENTS", "REDEFINE", "LIST", "RECOMPUTE", "LINK", "DELETE"] as const;

const change = async (caller: Caller, [outer, inner]: readonly [Cohort, Cohort], what: (typeof CHANGES)[number]) => {
  const { operations } = cohorts;
  const nobody = { did: { event: { events: ["none"] } } };
  switch (what) {
    case "EVENTS":
      return room.store(caller.tenantId, everybodyEverywhere());
    case "REDEFINE":
      return void (await operations.updateCohort(caller, inner.id, { definition: nobody }));
    case "LIST":
      if (inner.group !== null) return;
      await operations.changeCohortList(caller, inner.id, { userIds: ["u3", "u4"] }).catch(() => undefined);
      return;
    case "RECOMPUTE":
      return cohorts.computed(outer).catch(() => undefined);
    case "LINK":
      return room.people.take(caller.tenantId, {
        ...{ kind: "MERGE", from: userKey("u1"), into: userKey("u2") },
      });
    case "DELETE":
      return void (await operations.deleteCohort(caller, outer.id));
  }
};

const anyCase = fc.record({
  crowd: anyCrowd,
  kind: fc.constantFrom("DID" as const, "LIST" as const, "NESTED" as const, "ACCOUNTS" as const),
  where: fc.constantFrom("IN" as const, "NOT" as const, "OR" as const),
  inMeasure: fc.boolean(),
  computed: fc.boolean(),
  linked: fc.boolean(),
  dataPolicy: fc.constantFrom(null, POLICY),
  changes: fc.shuffledSubarray([...CHANGES], { minLength: 2 }),
});

describe("an answer with too many rows to be kept, whose filters name a cohort", () => {
  test("is of those who were in it at the first page, whatever happens to the cohort, its people and its events between pages", async () => {
    const { page, whole } = room.open();
    await fc.assert(
      fc.asyncProperty(anyCase, async ({ crowd, kind, where, inMeasure, computed, linked, dataPolicy, changes }) => {
        const tenantId = freshTenantId();
        const manager = managerOf(tenantId);
        await room.store(tenantId, crowd);
        const pair = await make(manager, kind);
        if (computed) await cohorts.computed(pair[0]);
        if (linked) await room.people.take(tenantId, { kind: "MERGE", from: userKey("u7"), into: userKey("u8") });
        const filter = filterOf(pair[0].id, where);
        const input = complete({
          ...{ range: RANGE, dimensions: ["userId"], orderBy: [{ column: "amount", direction: "DESC" }] },
          measures: [{ function: "SUM", of: "properties.amount", name: "amount", ...(inMeasure ? { filter } : {}) }],
          ...(inMeasure ? {} : { filter }),
        });
        const caller = { ...manager, dataPolicy };
        const answer = await whole(caller, input);
        let at = 0;
        const pages = await allPages(page, caller, input, 2, async () => {
          const next = changes[at];
          at += 1;
          if (next !== undefined) await change(manager, pair, next);
        });
        expect(differences(rowsIn(pages, input), rowsIn([answer], input))).toEqual([]);
        expect(new Set(pages.map(({ totals }) => JSON.stringify(totals))).size).toBe(1);
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  });

  test("goes on for as long as pages are asked for, and ends when somebody is erased", async () => {
    const { clock, page } = room.open();
    const caller = { ...peopleManager(freshTenantId()), dataPolicy: POLICY };
    const manager = managerOf(caller.tenantId);
    const everybody = Array.from({ length: PEOPLE }, (_person, index) => eventOf(index, "DE", "a"));
    await room.store(caller.tenantId, everybody);
    const [{ id }] = await make(manager, "DID");
    const input = complete({
      ...{
        range: RANGE,
        dimensions: ["userId"],
        measures: [{ function: "COUNT" }],
        filter: { inCohort: { cohort: id } },
      },
    });
    let after: string | null = null;
    const rows: number[] = [];
    for (let pages = 0; pages < 5; pages += 1) {
      const told: Awaited<ReturnType<typeof page>> = await page(caller, { input, rows: 2, after });
      [after] = [told.endCursor];
      rows.push(told.rowCount);
      clock.ms += 2_000_000;
    }
    expect(rows).toEqual([2, 2, 2, 2, 2]);
    await room.people.operations.erasePerson({ ...caller, dataPolicy: null }, { userId: "u7", reason: "asked for it" });
    await room.people.eraseAll();
    expect((await refusal(page(caller, { input, rows: 2, after }))).code).toBe("CURSOR_EXPIRED");
  });

  test("is refused, with how many, where more members would have to be copied than may be", async () => {
    const { page } = room.open(0, 100, 3);
    const manager = managerOf(freshTenantId());
    await room.store(manager.tenantId, everybodyEverywhere());
    const [cohort] = await make(manager, "DID");
    const input = complete({
      ...{ range: RANGE, dimensions: ["userId"], measures: [{ function: "COUNT" }] },
      filter: { inCohort: { cohort: cohort.id } },
    });
    const error = await refusal(page(manager, { input, rows: 2 }));
    expect([error.code, error.message]).toEqual(["RESULT_TOO_LARGE", expect.stringContaining("more than 3 members")]);
    await cohorts.computed(cohort);
    expect(await page(manager, { input, rows: 2 })).toMatchObject({ rowCount: 2, hasNextPage: true });
    await room.people.take(manager.tenantId, {
      ...{ kind: "LINK", visitor: visitorKey("v"), user: userKey("u1"), byHand: true },
    });
    expect((await refusal(page(manager, { input, rows: 2 }))).code).toBe("RESULT_TOO_LARGE");
  });
});
