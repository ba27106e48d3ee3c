import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import fc from "fast-check";
import { anyRetention, distinct, peopleAround } from "../../testing/behaviour-world.ts";
import { managerOf, openCohortRoom, type CohortRoom } from "../../testing/cohort-room.ts";
import { eventsByUnit, unitOf } from "../../testing/reference-behaviour.ts";
import { referenceRetention } from "../../testing/reference-retention.ts";
import { storeEvents } from "../../testing/test-events.ts";
import { OF_PEOPLE } from "../domain/cohort-unit.ts";

jest.setTimeout(180_000);

/** Before what other files compute cohorts of, so that none is due by this clock but those made here. */
const BASE_MS = Date.parse("2003-03-30T01:00:00Z");
/** After every event and every period that is asked about. */
const NOW_MS = BASE_MS + 200 * 86_400_000;

/** Cohorts of people and of companies, with the unit each tells apart. */
const KINDS = [
  [OF_PEOPLE, null],
  [
    { unit: "ACCOUNTS", group: "company" },
    { kind: "GROUP", group: "company" },
  ],
] as const;

let room: CohortRoom;
beforeAll(() => {
  room = openCohortRoom(NOW_MS);
});
afterAll(() => room.close());

describe("retention broken down by cohorts", () => {
  test("tells of each cohort what retention is of its members' events alone, people or accounts, whoever is in several or in none", async () => {
    await fc.assert(
      fc.asyncProperty(
        peopleAround(BASE_MS),
        fc.array(anyRetention(BASE_MS), { minLength: 4, maxLength: 4 }),
        fc.constantFrom(...KINDS),
        async (drawn, questions, [of, unit]) => {
          const events = distinct(drawn);
          const caller = managerOf(freshTenantId());
          await storeEvents(room.world.writer, caller.tenantId, events);
          const names = ["buy", "view"];
          const cohorts = await Promise.all(
            names.map((name) => room.created(caller, name, { did: { event: { events: [name] } } }, of)),
          );
          await room.computeAll();
          for (const asked of questions) {
            const question = { ...asked, unit, value: null, splitBy: [] };
            const input = { ...question, cohorts: cohorts.map(({ id }) => id) };
            const { groups } = await room.operations.retention(caller, input, null);
            const told = names.map((_name, place) =>
              groups
                .filter(({ cohortId }) => cohortId === cohorts[place]?.id)
                .flatMap(({ rows }) =>
                  rows.flatMap(({ cells: { size, eligible, returned, returnedSoFar: soFar } }, row) =>
                    size === 0 ? [] : [{ row, size, eligible, returned, soFar }],
                  ),
                ),
            );
            const wanted = names.map((name) => {
              const own = [...eventsByUnit(events, (event) => unitOf(event, unit)).values()].filter((all) =>
                all.some((event) => event.name === name),
              );
              return referenceRetention(own.flat(), question)
                .map(({ row, size, eligible, returned, soFar }) => ({ row, size, eligible, returned, soFar }))
                .toSorted((one, other) => one.row - other.row);
            });
            expect({ question, told }).toEqual({ question, told: wanted });
          }
        },
      ),
      { numRuns: 6, endOnFailure: true },
    );
  });
});
