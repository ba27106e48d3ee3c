import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import fc from "fast-check";
import { openBehindRoom, type BehindRoom } from "../../../testing/behind-room.ts";
import { eventOf, managerOf, openCohortRoom, type CohortRoom } from "../../../testing/cohort-room.ts";
import { storeEvents, type TestEvent } from "../../../testing/test-events.ts";
import type { CohortSizeCellInput, CohortSizeNumber } from "../../domain/behind/cohort-size-cell.ts";
import type { CohortDefinitionInput } from "../../domain/cohort-input.ts";
import type { Uses } from "../../domain/uses.ts";
import { queryCohortSizes } from "../query-cohort-sizes.ts";
import { behindCounts } from "./read-behind.ts";

jest.setTimeout(180_000);
const DAY_MS = 86_400_000;
/** Later than the clocks of other tests, so that none of them computes these cohorts. */
const START_MS = Date.UTC(2036, 2, 10);
const iso = (ms: number): string => new Date(ms).toISOString();

let cohorts: CohortRoom;
let room: BehindRoom;
beforeAll(() => {
  cohorts = openCohortRoom(START_MS);
  room = openBehindRoom(START_MS + 100 * DAY_MS);
});
afterAll(async () => {
  await room.close();
  await cohorts.close();
});

const BUYERS: CohortDefinitionInput = { did: { event: { events: ["buy"] }, within: { last: "P3D" } } };
const NUMBERS: readonly CohortSizeNumber[] = ["SIZE", "ENTERED", "LEFT"];
const NAMES = ["ada", "bob", "cyd", "dan", "eve", "fay", "gus", "hal", "ida"];
/** What people did, in hours around the first computation. */
const deeds = fc.array(
  fc.record({
    userId: fc.constantFrom(...NAMES),
    name: fc.constantFrom("buy", "view"),
    hours: fc.integer({ min: -96, max: 240 }),
  }),
  { minLength: 10, maxLength: 40 },
);

/** Who bought within three days before a moment, event by event. */
const buyersAt = (events: readonly TestEvent[], ms: number): ReadonlySet<string> =>
  new Set(
    events
      .filter(({ name, timeMs }) => name === "buy" && timeMs < ms && timeMs >= ms - 3 * DAY_MS)
      .map(({ userId = "" }) => userId),
  );

/** Whom a number counts, by the members at a computation and at the one before. */
const meantBy = (number: CohortSizeNumber, now: ReadonlySet<string>, before: ReadonlySet<string>) =>
  NAMES.filter(
    (name) =>
      ({
        SIZE: now.has(name),
        ENTERED: now.has(name) && !before.has(name),
        LEFT: before.has(name) && !now.has(name),
      })[number],
  );

describe("what is behind a number of the sizes of a cohort", () => {
  test("are the members whom each computation counted, who came and who left, as the definition says event by event, with what they did in the range", async () => {
    await fc.assert(
      fc.asyncProperty(deeds, fc.integer({ min: -48, max: 120 }), async (done, sinceHours) => {
        const caller = managerOf(freshTenantId());
        const startMs = cohorts.clock.nowMs;
        const events = done.map(({ userId, name, hours }) => eventOf(userId, name, startMs + hours * 3_600_000));
        await storeEvents(cohorts.world.writer, caller.tenantId, events);
        const cohort = await cohorts.created(caller, "buyers", BUYERS);
        const moments: number[] = [];
        for (const days of [0, 2, 6, 9]) {
          cohorts.clock.nowMs = Math.max(cohorts.clock.nowMs, startMs + days * DAY_MS);
          await cohorts.computed(cohort);
        }
        const range = { from: iso(startMs + sinceHours * 3_600_000), to: iso(startMs + 12 * DAY_MS) };
        const inRange = events.filter(({ timeMs }) => timeMs >= Date.parse(range.from));
        const input = { cohort: cohort.id, range };
        const { before, computations } = await queryCohortSizes(room.deps)(caller, input);
        const every = await queryCohortSizes(room.deps)(caller, {
          ...input,
          range: { ...range, from: iso(START_MS - 365 * DAY_MS) },
        });
        moments.push(...every.computations.map(({ asOfMs }) => asOfMs));
        for (const one of before === null ? computations : [before, ...computations]) {
          const earlierMs = moments.findLast((ms) => ms < one.asOfMs);
          const members = buyersAt(events, one.asOfMs);
          const earlier = earlierMs === undefined ? new Set<string>() : buyersAt(events, earlierMs);
          for (const number of NUMBERS) {
            const meant = meantBy(number, members, earlier);
            expect(meant).toHaveLength({ SIZE: one.size, ENTERED: one.entered, LEFT: one.left }[number]);
            const theirs = inRange.filter(({ userId = "" }) => meant.includes(userId));
            const of = { cohortSizes: { input, cell: { asOf: iso(one.asOfMs), number } } };
            const { ids, people, counts } = await room.readBehind(caller, of);
            expect(counts).toEqual({ units: meant.length, people: meant.length, events: theirs.length });
            expect(ids.toSorted()).toEqual(theirs.map(({ id }) => id).toSorted());
            const timeOf = (id: string | null) => events.find((event) => event.id === id)?.timeMs;
            const told = people.map((person) =>
              [person.userId, person.events, timeOf(person.firstEventId), timeOf(person.lastEventId)].join(" "),
            );
            const wanted = meant.map((name) => {
              const own = theirs.filter(({ userId }) => userId === name).map(({ timeMs }) => timeMs);
              const [first, last] = own.length === 0 ? [undefined, undefined] : [Math.min(...own), Math.max(...own)];
              return [name, own.length, first, last].join(" ");
            });
            expect(told.toSorted()).toEqual(wanted.toSorted());
          }
        }
      }),
      { numRuns: 2, endOnFailure: true },
    );
  });

  test("of accounts are the accounts, with what anybody did in their name and by whom", async () => {
    const caller = managerOf(freshTenantId());
    const startMs = cohorts.clock.nowMs;
    const in_ = (userId: string, name: string, days: number, company: string): TestEvent =>
      eventOf(userId, name, startMs + days * DAY_MS, { properties: { groups: { company } } });
    const events = [in_("ada", "buy", -1, "acme"), in_("bob", "view", -1, "acme"), in_("cyd", "view", -1, "zeta")];
    await storeEvents(cohorts.world.writer, caller.tenantId, [...events, eventOf("ada", "buy", startMs - DAY_MS)]);
    const cohort = await cohorts.created(caller, "firms", BUYERS, { unit: "ACCOUNTS", group: "company" });
    await cohorts.computed(cohort);
    const range = { from: iso(startMs - 2 * DAY_MS), to: iso(startMs + DAY_MS) };
    const { ids, people, counts } = await room.readBehind(caller, {
      cohortSizes: { input: { cohort: cohort.id, range }, cell: {} },
    });
    expect(counts).toEqual({ units: 1, people: 2, events: 2 });
    expect(new Set(ids)).toEqual(new Set(events.slice(0, 2).map(({ id }) => id)));
    expect(new Set(people.map(({ userId }) => userId))).toEqual(new Set(["ada", "bob"]));
  });

  test("is of the last computation where none is named, of nobody before the first, and notes by which version of the definition", async () => {
    const caller = managerOf(freshTenantId());
    const startMs = cohorts.clock.nowMs;
    await storeEvents(cohorts.world.writer, caller.tenantId, [eventOf("ada", "buy", startMs - DAY_MS)]);
    const cohort = await cohorts.created(caller, "buyers", BUYERS);
    const range = { from: iso(startMs - 2 * DAY_MS), to: iso(startMs + DAY_MS) };
    const of = { cohortSizes: { input: { cohort: cohort.id, range }, cell: {} } } as const;
    expect(await behindCounts(room.deps)(caller, of)).toMatchObject({ units: 0, people: 0, events: 0 });
    await cohorts.computed(cohort);
    const noted: Partial<Uses>[] = [];
    const deps = { ...room.deps, noteUses: (uses: Partial<Uses>) => void noted.push(uses) };
    expect(await behindCounts(deps)(caller, of)).toMatchObject({ units: 1, people: 1, events: 1 });
    const uses = { id: cohort.id, name: "buyers", version: 1, basis: "RECORDED", named: true };
    expect(noted).toMatchObject([{ cohorts: [uses] }]);
  });

  test.each<[string, { readonly id?: string; readonly cell?: CohortSizeCellInput }, string]>([
    ["a computation that the answer has not", { cell: { asOf: iso(START_MS + 1) } }, "cell.asOf"],
    ["another tenant's cohort, and one that is none", { id: "00000000-0000-4000-8000-000000000000" }, "input.cohort"],
  ])("%s is refused, with its place", async (_what, { id, cell = {} }, field) => {
    const caller = managerOf(freshTenantId());
    const cohort = await cohorts.created(caller, "buyers", BUYERS);
    const range = { from: iso(START_MS - DAY_MS), to: iso(START_MS + 90 * DAY_MS) };
    const asking = (by: typeof caller, of: string) =>
      behindCounts(room.deps)(by, { cohortSizes: { input: { cohort: of, range }, cell } });
    const refusal = { code: "BAD_INPUT", extras: { field: `of.cohortSizes.${field}` } };
    await expect(asking(caller, id ?? cohort.id)).rejects.toMatchObject(refusal);
    if (id !== undefined) await expect(asking(managerOf(freshTenantId()), cohort.id)).rejects.toMatchObject(refusal);
  });

  test("is refused under a data policy, as the question is: what is kept is of everybody", async () => {
    const caller = managerOf(freshTenantId());
    const cohort = await cohorts.created(caller, "buyers", BUYERS);
    const dataPolicy = {
      ...{ allow: { country: ["DE"] }, deny: {}, atLeast: {}, lessThan: {}, synthetic: null },
      ...{ masks: {}, salt: "00".repeat(16) },
    };
    const restricted = { ...callerWith(caller.tenantId, ["analytics:read"]), dataPolicy };
    const range = { from: iso(START_MS), to: iso(START_MS + DAY_MS) };
    await expect(
      behindCounts(room.deps)(restricted, { cohortSizes: { input: { cohort: cohort.id, range }, cell: {} } }),
    ).rejects.toMatchObject({ code: "FORBIDDEN", extras: { field: "of.cohortSizes.input.cohort" } });
  });
});
