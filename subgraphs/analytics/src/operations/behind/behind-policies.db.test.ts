import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import type { DataPolicy } from "@tessera/contracts/data-policy";
import type { Permission } from "@tessera/contracts/permissions";
import { callerWith } from "@tessera/platform/testing/ask-subgraph";
import fc from "fast-check";
import { anyWorld } from "../../../testing/arbitraries.ts";
import { anyEvent, anyRules, inputOf, written } from "../../../testing/attribution-world.ts";
import { anyActivity, anyRetention, BASES, distinct, peopleAround } from "../../../testing/behaviour-world.ts";
import { driftNumbers, fraudNumbers, qualityNumbers, type BehindNumbers } from "../../../testing/behind-numbers.ts";
import { openBehindRoom, type BehindRoom } from "../../../testing/behind-room.ts";
import { rowsOf } from "../../../testing/flatten-answer.ts";
import { anyFunnel } from "../../../testing/funnel-arbitraries.ts";
import { manyUnits } from "../../../testing/funnel-world.ts";
import { anyPaths, pathEvents } from "../../../testing/path-arbitraries.ts";
import { anyPolicy, isVisible, masked } from "../../../testing/reference-policy.ts";
import { sessionWorld } from "../../../testing/session-arbitraries.ts";
import type { TestEvent } from "../../../testing/test-events.ts";
import { queryOlap } from "../query-olap.ts";
import { rowsBehind } from "../rows-behind.ts";
import type { BehindInput } from "./behind-question.ts";
import { behindCounts, behindEvents, behindPeople } from "./read-behind.ts";
import { behindJourneys } from "./read-journeys.ts";

jest.setTimeout(240_000);
/** After everything the random worlds hold. */
const NOW_MS = Date.UTC(2027, 0, 2);
const DAY_MS = 86_400_000;

let room: BehindRoom;
beforeAll(() => {
  room = openBehindRoom(NOW_MS);
});
afterAll(() => room.close());

/** Hides nothing. */
const NOTHING: DataPolicy = {
  ...{ allow: {}, deny: {}, atLeast: {}, lessThan: {}, properties: [], synthetic: null, masks: {} },
  salt: "0123456789abcdef0123456789abcdef",
};
/** Random policies, and ones that hide a part of every world of these tests and mask what its questions ask about. */
const policies = fc.oneof(
  anyPolicy,
  fc
    .record({
      deny: fc.constantFrom({}, { name: ["b", "view", "touch"] }, { user_id: ["u1", "ada"] }, { source: ["ads", ""] }),
      hidden: fc.boolean(),
      masks: fc.constantFrom(
        {},
        { source: { kind: "HASH" } },
        { url: { kind: "CONSTANT", value: "/" } },
        { properties: { kind: "NULL" } },
      ),
    })
    .map(({ deny, hidden, masks }): DataPolicy => ({
      ...{ ...NOTHING, deny, masks },
      properties: hidden ? [{ path: "plan", type: "TEXT", operator: "NOT_IN", values: ["pro"], orMissing: true }] : [],
    })),
);

/** Events as a list tells them, but for what differs between two tenants. */
const eventsOf = async (caller: Caller, of: BehindInput) => {
  const { edges } = await behindEvents(room.deps)(caller, of, { first: 1_000 });
  return edges.map(({ node }) => {
    const { tenantId: _tenantId, batchId: _batchId, batchRow: _row, receivedAtMs: _received, ...event } = node;
    return event;
  });
};

/** All that is told behind a number. */
const toldOf = async (caller: Caller, of: BehindInput) => {
  const { units, people, events, credit, creditedValue } = await behindCounts(room.deps)(caller, of);
  const persons = people === null ? [] : (await behindPeople(room.deps)(caller, of, { first: 1_000 })).nodes;
  const journeys = await behindJourneys(room.deps)(caller, of, { first: 100 });
  return {
    counts: { units, people, events, credit, creditedValue },
    // Events of one moment come in the order of numbers that differ between tenants.
    events: (await eventsOf(caller, of)).toSorted((one, other) => (one.id < other.id ? -1 : 1)),
    people: persons.map((one) => JSON.stringify(one)).toSorted(),
    journeys: journeys?.nodes ?? null,
  };
};

/** A caller under a policy, and one without of a tenant that holds only what the first may see, as it sees it. */
const twoTenants = async (events: readonly TestEvent[], policy: DataPolicy) => {
  const shown = events.filter((event) => isVisible(event, policy)).map((event) => masked(event, policy));
  const restricted = { ...(await room.stored(events)), dataPolicy: policy };
  return { restricted, free: await room.stored(shown) };
};

const activity: BehindNumbers = fc
  .constantFrom(...BASES)
  .chain((baseMs) => fc.tuple(peopleAround(baseMs), anyActivity(baseMs), anyRetention(baseMs), fc.constant(baseMs)))
  .map(([events, asked, retention, baseMs]) => {
    const column = { column: 0 };
    const day = (days: number): string => new Date((Math.floor(baseMs / DAY_MS) + days) * DAY_MS).toISOString();
    const daily = { range: { from: day(-2), to: day(3) }, event: {} };
    return {
      events: distinct(events),
      of: [
        { stickiness: { input: asked, cell: { periods: 1, orMore: true } } },
        { retention: { input: retention, cell: { ...column, outcome: "RETURNED_SO_FAR" } } },
        { lifecycle: { input: { ...daily, period: "DAY" }, cell: { start: day(0), state: "RESURRECTING" } } },
        { activeUsers: { input: daily, cell: { day: day(0), window: "WEEKLY" } } },
      ],
    };
  });

const funnels: BehindNumbers = fc.tuple(manyUnits, anyFunnel, anyFunnel).map(([events, one, other]) => ({
  events,
  of: [
    { funnel: { input: { ...one, unit: { kind: "PERSON" } }, cell: { step: 1 } } },
    {
      funnel: {
        input: { ...one, breakdown: { field: "properties.plan" } },
        cell: { step: 1, group: { value: "pro" } },
      },
    },
    { funnel: { input: { ...other, unit: { kind: "SESSION" } }, cell: { step: 1 } } },
  ],
}));

const sessions: BehindNumbers = sessionWorld.map(({ events, questions }) => ({
  events,
  of: questions.slice(0, 3).map((input) => ({ sessions: { input, cell: { outcome: "NOT_BOUNCED" } } })),
}));

const journeys: BehindNumbers = fc
  .tuple(fc.array(anyEvent, { minLength: 1, maxLength: 40 }), anyRules)
  .map(([drawn, rules]) => {
    const input = { ...inputOf(rules), models: [{ kind: "LINEAR" } as const] };
    return {
      events: drawn.map((one, place) => ({ ...written(one), revenue: String(place + 1) })),
      of: [
        { attribution: { input, cell: { model: 0 } } },
        { attribution: { input, cell: { label: "mail" } } },
        { attribution: { input, cell: { outcome: "NOT_CONVERTED" } } },
      ],
    };
  });

const paths: BehindNumbers = fc.tuple(pathEvents, anyPaths, anyPaths).map(([events, one, other]) => ({
  events,
  of: [
    { paths: { input: one, cell: {} } },
    { paths: { input: other, cell: { outcome: "DROPPED_OFF" } } },
    { paths: { input: { ...one, unit: { kind: "SESSION" } }, cell: { outcome: "GOES_ON" } } },
  ],
}));

const KINDS = {
  "activity and retention": activity,
  funnels,
  sessions,
  attribution: journeys,
  paths,
  "the quality of events": qualityNumbers,
  "velocity and rings": fraudNumbers,
  drift: driftNumbers,
};

describe("what is behind a number for a caller under data policies", () => {
  test.each(Object.entries(KINDS))(
    "of %s is, event by event with their masks, what a store tells that holds only what they may see",
    async (_kind, numbers) => {
      await fc.assert(
        fc.asyncProperty(numbers, policies, async ({ events, of }, policy) => {
          const { restricted, free } = await twoTenants(events, policy);
          for (const number of of)
            expect({ number, ...(await toldOf(restricted, number)) }).toEqual({
              number,
              ...(await toldOf(free, number)),
            });
        }),
        { numRuns: 3, endOnFailure: true },
      );
    },
  );

  test("of a cell of `olap` is that too, and so are the events of rowsBehind, whichever group it is", async () => {
    await fc.assert(
      fc.asyncProperty(anyWorld, policies, fc.nat(), async ({ events, queries }, policy, choice) => {
        const { restricted, free } = await twoTenants(distinct(events), policy);
        for (const query of queries.slice(0, 2)) {
          const dimensions = (query.dimensions ?? []).filter((name) => name !== "qualityFlags" && name !== "time");
          const input = { ...query, dimensions, measures: [{ function: "COUNT", name: "n" } as const], limit: 10_000 };
          const answer = await queryOlap(room.deps)(restricted, input);
          const at = choice % Math.max(1, answer.rowCount);
          const row = rowsOf(answer.columns, answer.rowCount, input.granularity ?? "NONE", input.timeZone ?? "UTC")[at];
          if (row === undefined) continue;
          const shown = answer.columns.find(({ role }) => role === "TIME");
          const time = shown?.kind === "TIME" ? (shown.times[at] ?? null) : null;
          const cell = { dimensions: row.dimensions, time, measure: "n" };
          const told = await toldOf(restricted, { olap: { input, cell } });
          expect(told).toEqual(await toldOf(free, { olap: { input, cell } }));
          expect(told.events).toHaveLength(Number(row.measures[0]));
          const page = await rowsBehind(room.deps)(restricted, { input, cell, first: 1_000 });
          expect(page.edges.map(({ node }) => node.id).toSorted()).toEqual(told.events.map(({ id }) => id).toSorted());
        }
      }),
      { numRuns: 3, endOnFailure: true },
    );
  });

  const range = { from: "2026-03-01T00:00:00Z", to: "2026-03-03T00:00:00Z" };
  const steps = [{ anyOf: [{ events: ["view"] }] }];
  const day = "2026-03-01T00:00:00Z";
  /** A number of each kind that names the field in its question. */
  const byField = (field: string): Readonly<Record<string, BehindInput>> => {
    const filter = { field, exists: true };
    const active = { range, event: { filter } };
    return {
      olap: {
        olap: {
          input: { range, measures: [{ function: "COUNT" }], dimensions: [field] },
          cell: { dimensions: ["ada"] },
        },
      },
      funnel: { funnel: { input: { range, steps, breakdown: { field } }, cell: { step: 1, group: { value: "ada" } } } },
      retention: {
        retention: {
          input: { range, start: {}, returning: {}, splitBy: [field] },
          cell: { column: 0, dimensions: ["ada"] },
        },
      },
      stickiness: { stickiness: { input: active, cell: { periods: 1 } } },
      lifecycle: { lifecycle: { input: { ...active, period: "DAY" }, cell: { start: day, state: "FRESH" } } },
      activeUsers: { activeUsers: { input: active, cell: { day, window: "DAILY" } } },
      sessions: {
        sessions: { input: { range, breakdown: [field], definition: { by: "GAP" } }, cell: { values: ["ada"] } },
      },
      attribution: {
        attribution: {
          input: { range, conversion: {}, touchpoints: [{}], models: [{ kind: "LAST" }], dimensions: [field] },
          cell: { label: "ada" },
        },
      },
      eventQuality: {
        eventQuality: {
          input: { range, expect: [{ name: "one", valid: { field, in: ["ada"] } }] },
          cell: { expectation: "one", outcome: "PASSED" },
        },
      },
      drift: { drift: { input: { range, field, kind: "CATEGORICAL", reference: range }, cell: {} } },
      velocity: {
        velocity: { input: { range, event: {}, by: field, within: "PT1H", moreThan: 0 }, cell: { entity: "ada" } },
      },
      paths: { paths: { input: { range, label: [field] }, cell: { node: { depth: 0, label: "ada" } } } },
    };
  };
  const seen = (userId: string): TestEvent => ({
    ...{ id: crypto.randomUUID(), name: "view", timeMs: Date.parse(day) + 3_600_000, userId, country: userId },
  });
  const as = (caller: Caller, permissions: readonly Permission[]) => callerWith(caller.tenantId, permissions);

  test("a place that names personal data is refused to whom that permission lacks, of every kind, and of rowsBehind", async () => {
    const caller = await room.stored([seen("ada")]);
    const reader = as(caller, ["analytics:read"]);
    const open: string[] = [];
    for (const [kind, of] of Object.entries(byField("userId"))) {
      expect((await behindCounts(room.deps)(caller, of)).events).toBe(1);
      const refused = await behindCounts(room.deps)(reader, of).then(
        () => null,
        (error: unknown) => error,
      );
      const listed = await behindEvents(room.deps)(reader, of, {}).then(
        () => null,
        (error: unknown) => error,
      );
      if (refused === null || listed === null) open.push(kind);
      expect(refused).toMatchObject({ code: "FORBIDDEN" });
    }
    expect(open).toEqual([]);
    const input = { range, measures: [{ function: "COUNT" } as const], dimensions: ["userId"] };
    await expect(rowsBehind(room.deps)(reader, { input, cell: { dimensions: ["ada"] } })).rejects.toMatchObject({
      code: "FORBIDDEN",
    });
  });

  test("values that are masked can't be found by naming what they were, and ids of people that are masked stay so in every list", async () => {
    const salt = NOTHING.salt;
    const masks = { user_id: { kind: "HASH" }, country: { kind: "HASH" } } as const;
    const policy: DataPolicy = { ...NOTHING, salt, masks };
    const caller = { ...(await room.stored([seen("ada"), seen("bob")])), dataPolicy: policy };
    const told: string[] = [];
    for (const [kind, of] of Object.entries({ ...byField("userId"), ...byField("country") })) {
      const { counts, ...lists } = await toldOf(caller, of);
      if (JSON.stringify(lists).match(/"(?:ada|bob)"/)) told.push(kind);
      // Those that name no value count both.
      const named = JSON.stringify(of).includes('"ada"');
      expect({ kind, events: counts.events }).toEqual({ kind, events: named ? 0 : 2 });
    }
    expect(told).toEqual([]);
  });
});
