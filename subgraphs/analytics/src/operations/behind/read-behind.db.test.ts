import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import fc from "fast-check";
import { anyWorld } from "../../../testing/arbitraries.ts";
import { openBehindRoom, type BehindRoom } from "../../../testing/behind-room.ts";
import { anyActivity, anyRetention, BASES, distinct, peopleAround } from "../../../testing/behaviour-world.ts";
import { rowsOf } from "../../../testing/flatten-answer.ts";
import {
  activeUsersBehind,
  lifecycleBehind,
  stickinessBehind,
  type ReferenceBehind,
} from "../../../testing/reference-behind.ts";
import { personOf } from "../../../testing/reference-behaviour.ts";
import { passes } from "../../../testing/reference-filter.ts";
import { referenceGroups } from "../../../testing/reference-olap.ts";
import { referenceStarts } from "../../../testing/reference-retention.ts";
import { anyPolicy, isVisible, masked } from "../../../testing/reference-policy.ts";
import { queryActiveUsers, queryLifecycle, queryStickiness } from "../query-activity.ts";
import { queryOlap } from "../query-olap.ts";
import { queryRetention } from "../query-retention.ts";
import type { BehindInput } from "./behind-question.ts";
import { behindCounts, behindEvents, behindPeople } from "./read-behind.ts";

jest.setTimeout(180_000);
/** After everything the random worlds hold. */
const NOW_MS = Date.UTC(2027, 0, 2);

let room: BehindRoom;
beforeAll(() => {
  room = openBehindRoom(NOW_MS);
});
afterAll(() => room.close());

const holds = async (...asked: Parameters<BehindRoom["compare"]>): Promise<void> => {
  const { told, expected } = await room.compare(...asked);
  expect(told).toEqual(expected);
};
const asExpected = (behind: ReferenceBehind) => ({ units: behind.size, ids: [...behind.values()].flat() });

describe("what is behind a number", () => {
  test("of stickiness, lifecycle and active users are as many people as it says, with the events by which they were active", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...BASES).chain((baseMs) => fc.tuple(peopleAround(baseMs), anyActivity(baseMs))),
        fc.nat(),
        fc.constantFrom("FRESH", "RETURNING", "RESURRECTING", "DORMANT"),
        fc.constantFrom("DAILY", "WEEKLY", "MONTHLY"),
        async ([events, asked], choice, state, window) => {
          const known = distinct(events);
          const caller = await room.stored(known);
          const sticky = await queryStickiness(room.deps)(caller, asked);
          const most = sticky.units.findLastIndex((units) => units > 0);
          const periods = 1 + (choice % Math.max(1, most + 1));
          const stuck = asExpected(stickinessBehind(known, asked, periods));
          expect(stuck.units).toBe(sticky.units[periods - 1]);
          await holds(caller, known, { stickiness: { input: asked, cell: { periods } } }, stuck);
          const input = { ...asked, minimum: 1 };
          const life = await queryLifecycle(room.deps)(caller, input);
          const place = choice % life.starts.length;
          const living = asExpected(lifecycleBehind(known, input, place, state));
          const told = {
            FRESH: life.fresh,
            RETURNING: life.returning,
            RESURRECTING: life.resurrecting,
            DORMANT: life.dormant,
          };
          expect(living.units).toBe(told[state][place]);
          const start = life.starts[place] ?? "";
          await holds(caller, known, { lifecycle: { input, cell: { start, state } } }, living);
          const users = await queryActiveUsers(room.deps)(caller, input);
          const at = choice % users.days.length;
          const active = asExpected(activeUsersBehind(known, input, at, window));
          expect(active.units).toBe({ DAILY: users.daily, WEEKLY: users.weekly, MONTHLY: users.monthly }[window][at]);
          await holds(caller, known, { activeUsers: { input, cell: { day: users.days[at] ?? "", window } } }, active);
        },
      ),
      { numRuns: 15, endOnFailure: true },
    );
  });

  test("of retention are the starts it counts, with the events by which they came back, for any start, kind, clock, unit and split", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc
          .constantFrom(...BASES)
          .chain((baseMs) =>
            fc.tuple(peopleAround(baseMs), fc.array(anyRetention(baseMs), { minLength: 3, maxLength: 3 })),
          ),
        fc.nat(),
        fc.constantFrom("STARTED", "ELIGIBLE", "RETURNED", "NOT_RETURNED", "RETURNED_SO_FAR"),
        fc.boolean(),
        async ([events, questions], choice, outcome, byRow) => {
          const known = distinct(events);
          const caller = await room.stored(known);
          for (const input of questions) {
            const answer = await queryRetention(room.deps)(caller, input);
            const group = answer.groups[choice % Math.max(1, answer.groups.length)];
            const sized = group?.rows.flatMap(({ cells }, row) => (cells.size === 0 ? [] : [row])) ?? [];
            const row = byRow ? (sized[choice % Math.max(1, sized.length)] ?? 0) : null;
            const column = choice % answer.columns.length;
            const dimensions = input.splitBy.length === 0 || group === undefined ? null : group.dimensions;
            const start = row === null ? null : (group?.rows[row]?.start ?? null);
            const starts = referenceStarts(known, input).filter(
              (one) =>
                (start === null || one.row === row) &&
                (dimensions === null || dimensions.every((value, index) => (value ?? "") === one.dimensions[index])),
            );
            const shown = starts.flatMap(({ startId, cells }) => {
              const { eligible = false, back = false, counted = [] } = cells[column] ?? {};
              const ids = counted.map(({ id }) => id);
              const of = {
                STARTED: [startId],
                ELIGIBLE: eligible ? [startId] : null,
                RETURNED: eligible && back ? ids : null,
                NOT_RETURNED: eligible && !back ? [startId] : null,
                RETURNED_SO_FAR: back ? ids : null,
              }[outcome];
              return of === null ? [] : [of];
            });
            const cells = start === null || row === null ? null : group?.rows[row]?.cells;
            if (cells) {
              const [eligible, returned] = [cells.eligible[column] ?? 0, cells.returned[column] ?? 0];
              const number = {
                STARTED: cells.size,
                ELIGIBLE: eligible,
                RETURNED: returned,
                NOT_RETURNED: eligible - returned,
                RETURNED_SO_FAR: cells.returnedSoFar[column],
              }[outcome];
              expect(shown).toHaveLength(number ?? -1);
            }
            // A return event may be behind several starts of EVERY: it is told once.
            const ids = [...new Set(shown.flat())];
            const of = { retention: { input, cell: { outcome, column, start, dimensions } } };
            await holds(caller, known, of, { units: shown.length, ids });
          }
        },
      ),
      { numRuns: 15, endOnFailure: true },
    );
  });

  test("of an `olap` cell are the people of the events that rowsBehind shows", async () => {
    await fc.assert(
      fc.asyncProperty(anyWorld, fc.nat(), async ({ events, queries }, choice) => {
        const known = distinct(events);
        const caller = await room.stored(known);
        for (const query of queries.slice(0, 2)) {
          const dimensions = (query.dimensions ?? []).filter((name) => name !== "qualityFlags" && name !== "time");
          const filter = query.measures[0]?.filter ?? null;
          const input = {
            ...query,
            dimensions,
            measures: [{ function: "COUNT", name: "n", filter } as const],
            limit: 10_000,
          };
          const answer = await queryOlap(room.deps)(caller, input);
          const [granularity, timeZone] = [input.granularity ?? "NONE", input.timeZone ?? "UTC"];
          const at = choice % Math.max(1, answer.rowCount);
          const row = rowsOf(answer.columns, answer.rowCount, granularity, timeZone)[at];
          if (row === undefined) continue;
          const shown = answer.columns.find(({ role }) => role === "TIME");
          const time = shown?.kind === "TIME" ? (shown.times[at] ?? null) : null;
          const ids = known
            .filter(
              (event) =>
                passes(event, filter, timeZone) &&
                referenceGroups([event], input).some(
                  (group) =>
                    Number(group.measures[0]) === 1 &&
                    group.label === row.label &&
                    JSON.stringify(group.dimensions) === JSON.stringify(row.dimensions),
                ),
            )
            .map(({ id }) => id);
          const people = new Set(known.filter(({ id }) => ids.includes(id)).flatMap((event) => personOf(event) ?? []));
          const cell = {
            dimensions: row.dimensions,
            time,
            measure: "n",
          };
          await holds(caller, known, { olap: { input, cell } }, { units: people.size, ids });
        }
      }),
      { numRuns: 10, endOnFailure: true },
    );
  });

  test("is for a caller under data policies what is behind the number of a store that holds the visible events alone, with masked values", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...BASES).chain((baseMs) => fc.tuple(peopleAround(baseMs), anyActivity(baseMs))),
        anyPolicy,
        fc.nat(),
        async ([events, asked], policy, choice) => {
          const known = distinct(events);
          const caller = { ...(await room.stored(known)), dataPolicy: policy };
          const shown = known.filter((event) => isVisible(event, policy)).map((event) => masked(event, policy));
          const input = { ...asked, minimum: 1, event: {} };
          const { days, monthly } = await queryActiveUsers(room.deps)(caller, input);
          const at = choice % days.length;
          const active = asExpected(activeUsersBehind(shown, input, at, "MONTHLY"));
          expect(active.units).toBe(monthly[at]);
          const cell = { day: days[at] ?? "", window: "MONTHLY" } as const;
          await holds(caller, shown, { activeUsers: { input, cell } }, active);
        },
      ),
      { numRuns: 15, endOnFailure: true },
    );
  });

  const range = { from: "2026-11-01T00:00:00Z", to: "2026-11-08T00:00:00Z" };
  const OF = { input: { range, event: {} }, cell: { day: "2026-11-01T00:00:00Z", window: "DAILY" } } as const;

  test("is of the asker's own tenant, whatever stands in the question: a cohort of another is unknown, and its cursors are places in the own list", async () => {
    const timeMs = Date.parse(range.from) + 1;
    const [own, other] = [randomUUID(), randomUUID()];
    const caller = await room.stored([{ id: own, name: "view", timeMs, userId: "own" }]);
    const stranger = await room.stored([{ id: other, name: "view", timeMs: timeMs + 1, userId: "other" }]);
    const of = { activeUsers: OF };
    expect((await room.readBehind(caller, of)).ids).toEqual([own]);
    const [page, people] = [
      await behindEvents(room.deps)(stranger, of, { first: 1 }),
      await behindPeople(room.deps)(stranger, of, { first: 1 }),
    ];
    expect(people.nodes.map(({ userId }) => userId)).toEqual(["other"]);
    const { edges } = await behindEvents(room.deps)(caller, of, { after: page.pageInfo.endCursor });
    expect(edges.map(({ node }) => node.id)).toEqual([own]);
    const mine = await behindPeople(room.deps)(caller, of, { after: people.endCursor });
    expect(mine.nodes.filter(({ userId }) => userId !== "own")).toEqual([]);
    const cohort = randomUUID();
    await expect(
      behindEvents(room.deps)(caller, { activeUsers: { ...OF, input: { ...OF.input, cohort } } }, {}),
    ).rejects.toMatchObject({ extras: { field: "of.activeUsers.input.cohort" } });
  });

  const retention = { range, start: {}, returning: {} };
  test.each<[string, BehindInput, string]>([
    ["no number", {}, "of"],
    ["two numbers", { activeUsers: OF, stickiness: { input: OF.input, cell: { periods: 1 } } }, "of"],
    [
      "a day that is none",
      { activeUsers: { ...OF, cell: { ...OF.cell, day: "2026-11-01T01:00:00Z" } } },
      "of.activeUsers.cell.day",
    ],
    ["a sample", { activeUsers: { ...OF, input: { ...OF.input, sample: 0.5 } } }, "of.activeUsers.input.sample"],
    ["too many periods", { stickiness: { input: OF.input, cell: { periods: 8 } } }, "of.stickiness.cell.periods"],
    [
      "a row that is none",
      { retention: { input: retention, cell: { start: "2025-01-01T00:00:00Z", column: 0 } } },
      "of.retention.cell.start",
    ],
    ["a column that is none", { retention: { input: retention, cell: { column: 12 } } }, "of.retention.cell.column"],
    [
      "values of no fields",
      { retention: { input: retention, cell: { column: 0, dimensions: ["x"] } } },
      "of.retention.cell.dimensions",
    ],
    [
      "a group that is none",
      { retention: { input: retention, cell: { column: 0, cohort: "x" } } },
      "of.retention.cell.cohort",
    ],
    [
      "a wrong question",
      { retention: { input: { ...retention, periods: 0 }, cell: { column: 0 } } },
      "of.retention.input.periods",
    ],
  ])("%s is refused, with its place", async (_what, of, field) => {
    const caller = callerWith(freshTenantId(), ["analytics:read"]);
    await expect(behindCounts(room.deps)(caller, of)).rejects.toMatchObject({ code: "BAD_INPUT", extras: { field } });
  });

  test.each(["x", "1", "12.x", "12.0190aaaa"])("a cursor this list did not give out is refused: %s", async (after) => {
    const caller = callerWith(freshTenantId(), ["analytics:read"]);
    await expect(behindEvents(room.deps)(caller, { activeUsers: OF }, { after })).rejects.toMatchObject({
      extras: { field: "after" },
    });
  });
});
