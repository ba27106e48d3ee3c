import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { countHere } from "../../../testing/count-here.ts";
import type { Caller } from "@tessera/contracts/caller";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { everyFeature } from "@tessera/platform/testing/every-feature";
import fc from "fast-check";
import { anyMatcher, BASES, distinct, peopleAround, ZONES } from "../../../testing/behaviour-world.ts";
import { anySteps, openPeopleRoom, rewritten, type PeopleRoom } from "../../../testing/people-room.ts";
import { replayPeople } from "../../../testing/reference-people.ts";
import { storeEvents } from "../../../testing/test-events.ts";
import { COHORT_KEPT } from "../../domain/cohort.ts";
import { DEFAULT_RULES, userKey, visitorKey } from "../../domain/people/identity.ts";
import { createAttributionStore } from "../../store/attribution-store.ts";
import { behaviourStatements } from "../../store/behaviour-statements.ts";
import { createCohortStore } from "../../store/cohort-store.ts";
import { createFunnelStore } from "../../store/funnel-store.ts";
import { createCohortOperations } from "../cohort-operations.ts";
import { withNames } from "../in-cohort.ts";
import { explainOlap } from "../explain-olap.ts";
import { queryAttribution } from "../query-attribution.ts";
import { queryFunnel } from "../query-funnel.ts";
import { queryOlap } from "../query-olap.ts";
import { queryTimeSeries } from "../query-time-series.ts";
import { createDefinitionUserStore } from "../../store/semantic/definition-users.ts";
import { createDefinitionStore } from "../../store/semantic/definition-store.ts";

jest.setTimeout(240_000);
const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2027, 0, 2);

let room: PeopleRoom;
beforeAll(() => {
  room = openPeopleRoom();
});
afterAll(() => room.close());

const iso = (ms: number): string => new Date(ms).toISOString();

const operations = () => {
  const { world, eventStore, longQueries, store } = room;
  const cohorts = createCohortStore({ ...world.resources, kept: COHORT_KEPT });
  const common = { features: everyFeature, store, eventStore, longQueries, cohorts, statements: behaviourStatements };
  const definitions = createDefinitionStore({ ...world.resources, nowMs: () => NOW_MS });
  const deps = {
    ...common,
    definitions,
    users: createDefinitionUserStore(world.resources),
    nowMs: () => NOW_MS,
    newId: () => randomUUID(),
  };
  return {
    ...createCohortOperations(deps),
    olap: queryOlap(deps),
    timeSeries: queryTimeSeries(deps),
    funnel: queryFunnel({ ...deps, funnels: createFunnelStore(eventStore), counting: countHere }),
    attribution: queryAttribution({ ...deps, attribution: createAttributionStore(eventStore) }),
    explain: explainOlap(deps),
    inCohort: withNames(deps, queryOlap(deps)),
  };
};

const anyQuestion = (baseMs: number) =>
  fc.record({
    ...{ one: anyMatcher, other: anyMatcher, timeZone: fc.constantFrom(...ZONES) },
    from: fc.integer({ min: -21, max: 10 }).map((days) => baseMs + days * DAY_MS),
    days: fc.integer({ min: 1, max: 30 }),
    exact: fc.boolean(),
    dimensions: fc.constantFrom([], ["name"], ["country"], ["name", "source"]),
  });
type Question = typeof anyQuestion extends (baseMs: number) => fc.Arbitrary<infer T> ? T : never;

/** Every question that counts persons, without what its answer says of where it comes from. */
const everything = async (
  caller: Caller,
  cohort: string,
  { one, other, timeZone, from, days, exact, dimensions }: Question,
) => {
  const range = { from: iso(from), to: iso(from + days * DAY_MS) };
  const ask = operations();
  const measures = [
    { name: "people", function: "UNIQUES", of: "persons", exact },
    { name: "n", function: "COUNT" },
  ] as const;
  const answers = [
    await ask.olap(caller, { range, timeZone, measures, dimensions, granularity: "NONE" }),
    await ask.timeSeries(caller, { range, timeZone, measures, granularity: "DAY" }),
    await ask.funnel(caller, { range, steps: [{ anyOf: [one] }, { anyOf: [other] }], window: "P3D" }),
    await ask.retention(caller, { range, timeZone, start: one, returning: other }, null),
    await ask.stickiness(caller, { range, timeZone, event: one }),
    await ask.lifecycle(caller, { range, timeZone, event: one }),
    await ask.activeUsers(caller, { range, timeZone, event: one }),
    await ask.previewCohort(caller, { definition: { did: { event: one, times: 2 } }, asOf: range.to }),
    await ask.inCohort(caller, { range, measures: [{ function: "COUNT" }], filter: { inCohort: { cohort } } }),
    await ask.attribution(caller, {
      ...{ range, conversion: { events: ["buy"] }, touchpoints: [{ events: ["view"] }], models: [{ kind: "LINEAR" }] },
      ...{ dimensions: ["source"], identity: "PERSON", lookback: "P5D" },
    }),
  ];
  return answers.map(({ provenance: _provenance, ...answer }) => answer);
};

/** A cohort of who bought something; not computed yet, it is by its definition. */
const buyersOf = async (caller: Caller): Promise<string> => {
  const definition = { did: { event: { events: ["buy"] } } };
  const made = await operations().createCohort(caller, { name: randomUUID(), definition });
  if (made.kind !== "SAVED") throw new Error(`The cohort was not kept: ${made.kind}.`);
  return made.cohort.id;
};

describe("linked people", () => {
  test("are counted as if every event had come with the id its person goes by, by every question that counts persons", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc
          .constantFrom(...BASES)
          .chain((baseMs) =>
            fc.tuple(peopleAround(baseMs), anySteps, fc.array(anyQuestion(baseMs), { minLength: 1, maxLength: 1 })),
          ),
        async ([events, steps, questions]) => {
          const [linked, plain] = [freshTenantId(), freshTenantId()];
          const known = distinct(events);
          await storeEvents(room.world.writer, linked, known);
          const rootOf = replayPeople(steps, DEFAULT_RULES);
          await storeEvents(room.world.writer, plain, rewritten(known, rootOf));
          for (const step of steps) await room.take(linked, step);
          for (const question of questions) {
            const [found, wanted] = await Promise.all(
              [linked, plain].map(async (tenantId) => {
                const caller = callerWith(tenantId, ["analytics:read", "cohorts:manage"]);
                return everything(caller, await buyersOf(caller), question);
              }),
            );
            expect(found).toEqual(wanted);
          }
        },
      ),
      { numRuns: 5, endOnFailure: true },
    );
  });

  const MONDAY_MS = Date.UTC(2026, 7, 3);
  const question = (days: number, measure: "UNIQUES" | "COUNT") => ({
    ...{ range: { from: iso(MONDAY_MS), to: iso(MONDAY_MS + days * DAY_MS) }, granularity: "NONE" as const },
    measures: [{ name: "m", function: measure, ...(measure === "COUNT" ? {} : { of: "persons" }) }],
  });

  test("keep a question for persons from a rollup in ranges that hold them, and from nothing else; the answer tells why, and by which version", async () => {
    const tenantId = freshTenantId();
    const caller = callerWith(tenantId, ["analytics:read"]);
    const seen = (day: number, who: { userId?: string; anonymousId?: string }) => ({
      ...{ id: randomUUID(), name: "view", timeMs: MONDAY_MS + day * DAY_MS },
      ...who,
    });
    await storeEvents(room.world.writer, tenantId, [
      ...[seen(0, { userId: "ada" }), seen(1, { userId: "bob" }), seen(3, { anonymousId: "v" })],
      seen(3, { userId: "ada" }),
    ]);
    const ask = operations();
    const facts = async (days: number, measure: "UNIQUES" | "COUNT" = "UNIQUES") => {
      const { columns, provenance } = await ask.olap(caller, question(days, measure));
      const { tables, rejectedTables, peopleVersion } = provenance;
      const [column] = columns;
      return {
        values: column !== undefined && "integers" in column ? column.integers : column,
        tables: tables.map(({ table }) => table),
        rejectedTables,
        peopleVersion,
      };
    };
    const unlinked = await facts(5);
    expect(unlinked).toMatchObject({ tables: ["rollup_hour_name"], peopleVersion: null });
    await room.take(tenantId, { kind: "LINK", visitor: visitorKey("v"), user: userKey("ada"), byHand: true });
    expect(await facts(2)).toMatchObject({ tables: ["rollup_hour_name"], rejectedTables: [], peopleVersion: null });
    const linked = await facts(5);
    expect(linked).toMatchObject({
      ...{ tables: ["events"], peopleVersion: 1 },
      rejectedTables: [{ table: "rollup_hour_name", reason: expect.stringContaining("People were linked") }],
    });
    expect(linked.values).not.toEqual(unlinked.values);
    expect(await facts(5, "COUNT")).toMatchObject({ tables: ["rollup_hour_name"], rejectedTables: [] });
    const { candidates } = await ask.explain(caller, question(5, "UNIQUES"), true);
    expect(candidates.map(({ table, chosen }) => [table, chosen])).toEqual([
      ["rollup_hour_name", false],
      ["rollup_day_dimensions", false],
      ["events", true],
    ]);
    await room.take(tenantId, { kind: "SEPARATE", key: visitorKey("v") });
    expect(await facts(5)).toEqual(unlinked);
  });

  test("are in a sample or left out as a whole: who was stored under several ids is not counted from the table that holds ids", async () => {
    const tenantId = freshTenantId();
    const caller = callerWith(tenantId, ["analytics:read"]);
    const visitors = Array.from({ length: 600 }, (_visitor, place) => `v${place}`);
    await storeEvents(
      room.world.writer,
      tenantId,
      [...visitors.map((anonymousId) => ({ anonymousId })), { userId: "ada" }].map((who, place) => ({
        ...{ id: randomUUID(), name: "view", timeMs: MONDAY_MS + place * 1_000, country: "DE" },
        ...who,
      })),
    );
    const input = { ...question(1, "UNIQUES"), filter: { field: "country", eq: "DE" } };
    const ask = operations();
    const { provenance: before } = await ask.olap(caller, { ...input, sample: 0.5 });
    expect(before).toMatchObject({ sampling: { reason: "ASKED" }, peopleVersion: null });
    const linked = visitors.slice(0, 40);
    for (const visitor of linked)
      await room.take(tenantId, { kind: "LINK", visitor: visitorKey(visitor), user: userKey("ada"), byHand: true });
    const { provenance, columns } = await ask.olap(caller, { ...input, sample: 0.5 });
    expect(provenance).toMatchObject({ tables: [{ table: "events" }], peopleVersion: linked.length });
    const result = await room.world.storeOwner.query({
      query: `SELECT toUInt32(uniqExact(if(has({linked: Array(String)}, anonymous_id), cityHash64(tenant_id, 'ada', toUInt8(1)), person))) AS drawn
        FROM tessera.events WHERE tenant_id = {tenant: String} AND if(has({linked: Array(String)}, anonymous_id), cityHash64(tenant_id, 'ada', toUInt8(1)), person) < 9223372036854775808`,
      query_params: { tenant: tenantId, linked },
      format: "JSONEachRow",
    });
    const [found] = await result.json<{ readonly drawn: number }>();
    const [column] = columns;
    expect(column !== undefined && "integers" in column ? column.integers : column).toEqual([
      2 * (found?.drawn ?? NaN),
    ]);
    const small = await ask.olap(caller, { ...input, sample: 1 / 16 });
    expect(small.provenance.tables).toEqual([expect.objectContaining({ table: "events" })]);
    const fast = await ask.olap(caller, { ...input, fast: true });
    expect(fast.provenance).toMatchObject({ sampling: null });
    expect(fast.provenance.rejectedTables).toContainEqual({
      ...{ table: "events_sample", reason: expect.stringContaining("People are linked") },
    });
  });
});
