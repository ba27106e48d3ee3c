import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { DataPolicy } from "@tessera/contracts/data-policy";
import type { TenantId } from "@tessera/contracts/ids";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import fc from "fast-check";
import {
  moneyText,
  type Session,
  type SessionMeasures,
  type SessionMetricsAnswer,
} from "../domain/sessions/session-answer.ts";
import type { SessionMetricsInput, SessionsInput } from "../domain/sessions/sessions-input.ts";
import { createSessionsStore } from "../store/sessions-store.ts";
import { periodNumber } from "../../testing/reference-behaviour.ts";
import { textOf } from "../../testing/reference-filter.ts";
import { referenceSessions, type ReferenceSession } from "../../testing/reference-sessions.ts";
import { sessionWorld } from "../../testing/session-arbitraries.ts";
import { storeEvents, type TestEvent } from "../../testing/test-events.ts";
import { querySessionMetrics, querySessions } from "./query-sessions.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(300_000);

let world: TestResources;
beforeAll(() => {
  world = openTestResources();
});
afterAll(() => world.close());

const deps = () => ({ sessions: createSessionsStore(world.resources.eventStore), nowMs: () => Date.now() });
const reader = (tenantId: TenantId) => callerWith(tenantId, ["analytics:read"]);

/** Every session, page by page. */
const pages = async (tenantId: TenantId, input: SessionsInput, first: number, caller = reader(tenantId)) => {
  const found: Session[] = [];
  let after: string | null = null;
  for (;;) {
    const { edges, pageInfo }: Awaited<ReturnType<ReturnType<typeof querySessions>>> = await querySessions(deps())(
      caller,
      { input, first, after },
    );
    found.push(...edges.map(({ node }) => node));
    expect(edges.length).toBeLessThanOrEqual(first);
    after = pageInfo.endCursor;
    if (!pageInfo.hasNextPage) return found;
  }
};

const told = (session: ReferenceSession, input: SessionsInput) => {
  const [first, last] = [session.events[0], session.events.at(-1)];
  return {
    ...{ startMs: session.startMs, endMs: session.startMs + session.durationMs, activeMs: session.activeMs },
    ...{ events: session.events.length, pageViews: session.views, bounced: session.bounced, engaged: session.engaged },
    ...{ entryName: first?.name, exitName: last?.name },
    ...{ entryPage: session.pages[0] ?? null, exitPage: session.pages.at(-1) ?? null },
    converted: input.conversion === null ? null : session.converted,
    revenue: input.currency === null ? null : moneyText(BigInt(session.money)),
    ...{ sessionId: first?.sessionId ?? null, source: first?.source ?? null, country: first?.country ?? null },
    ...{ utmSource: first?.utmSource ?? null, utmCampaign: first?.utmCampaign ?? null },
    ...{ userId: first?.userId ?? null, anonymousId: first?.anonymousId ?? null },
  };
};

const sorted = (values: readonly unknown[]): readonly string[] =>
  values.map((value) => JSON.stringify(value)).toSorted();
const byName = (one: object) => Object.entries(one).toSorted(([a], [b]) => (a < b ? -1 : 1));
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);

/** R's type 7. */
const quantile = (values: readonly number[], level: number): number | null => {
  const ordered = values.toSorted((a, b) => a - b);
  const place = (ordered.length - 1) * level;
  const [low, high] = [ordered[Math.floor(place)], ordered[Math.ceil(place)]];
  return low === undefined || high === undefined ? null : low + (high - low) * (place - Math.floor(place));
};

const LEVELS = [0.5, 0.9];

/** Numbers that sums of fractions make may differ in their last digits. */
const near = (value: number | null) => (value === null ? null : expect.closeTo(value, 6));

const measured = (sessions: readonly ReferenceSession[], input: SessionsInput) => {
  const count = sessions.length;
  const per = (read: (session: ReferenceSession) => number) => near(ratio(sum(sessions.map(read)), count));
  const which = (read: (session: ReferenceSession) => boolean) => sessions.filter(read).length;
  const money = sum(sessions.map((session) => session.money));
  return {
    sessionsError: null,
    ...{ sessions: count, people: new Set(sessions.flatMap(({ person }) => person ?? [])).size },
    units: new Set(sessions.map(({ unit }) => unit)).size,
    ...{ events: sum(sessions.map(({ events }) => events.length)), pageViews: sum(sessions.map(({ views }) => views)) },
    ...{ eventsPerSession: per(({ events }) => events.length), pagesPerSession: per(({ views }) => views) },
    meanDurationSeconds: per(({ durationMs }) => durationMs / 1_000),
    durationQuantilesSeconds: LEVELS.map((level) =>
      near(
        quantile(
          sessions.map(({ durationMs }) => durationMs / 1_000),
          level,
        ),
      ),
    ),
    meanActiveSeconds: per(({ activeMs }) => activeMs / 1_000),
    ...{ bounced: which(({ bounced }) => bounced), bounceRate: per(({ bounced }) => Number(bounced)) },
    ...{ engaged: which(({ engaged }) => engaged), engagementRate: per(({ engaged }) => Number(engaged)) },
    converted: input.conversion === null ? null : which(({ converted }) => converted),
    conversionRate: input.conversion === null ? null : per(({ converted }) => Number(converted)),
    revenue: input.currency === null ? null : moneyText(BigInt(money)),
    revenuePerSession: input.currency === null ? null : near(ratio(money / 10_000, count)),
  };
};

/** What every page is to the sessions that have it. */
const expectPages = ({ pages: told }: SessionMetricsAnswer, known: readonly ReferenceSession[]): void => {
  for (const { page, ...use } of told) {
    const having = known.filter((one) => one.pages.includes(page));
    const entering = having.filter((one) => one.pages[0] === page);
    const exits = having.filter((one) => one.pages.at(-1) === page).length;
    expect({ page, ...use }).toMatchObject({
      ...{ page, sessions: having.length, entries: entering.length, exits },
      ...{ bounced: entering.filter(({ bounced }) => bounced).length, exitRate: exits / having.length },
      entryRate: near(ratio(entering.length, known.length)),
    });
  }
};

describe("sessions of stored events", () => {
  test("are those of a reference that walks event by event, on pages without gap or duplicate", async () => {
    await fc.assert(
      fc.asyncProperty(sessionWorld, fc.integer({ min: 1, max: 4 }), async ({ events, questions }, first) => {
        const tenantId = freshTenantId();
        await storeEvents(world.writer, tenantId, events);
        for (const input of questions) {
          const found = await pages(tenantId, input, first);
          const known = referenceSessions(input, events).map((session) => told(session, input));
          const shown = found.map(({ id: _id, device: _device, utmMedium: _medium, ...session }) => session);
          expect({ input, sessions: sorted(shown.map((one) => byName(one))) }).toEqual({
            input,
            sessions: sorted(known.map((one) => byName(one))),
          });
          expect(new Set(found.map(({ id }) => id)).size).toBe(found.length);
          expect(found.map(({ startMs }) => startMs)).toEqual(
            found.map(({ startMs }) => startMs).toSorted((a, b) => b - a),
          );
        }
      }),
      { numRuns: 5, endOnFailure: true },
    );
  });

  test("metrics, over time, by group and by page, are those of the same reference", async () => {
    await fc.assert(
      fc.asyncProperty(
        sessionWorld,
        fc.subarray(["country", "source"]),
        fc.constantFrom("NONE", "HOUR", "DAY"),
        async ({ events, questions }, breakdown, granularity) => {
          const tenantId = freshTenantId();
          await storeEvents(world.writer, tenantId, events);
          for (const question of questions) {
            const input: SessionMetricsInput = {
              ...question,
              breakdown,
              granularity,
              first: 100,
              levels: LEVELS,
              pages: 50,
            };
            const answer = await querySessionMetrics(deps())(reader(tenantId), input);
            const known = referenceSessions(input, events);
            expect({ input, total: answer.total }).toEqual({ input, total: measured(known, input) });
            const valuesOf = ({ events: own }: ReferenceSession) =>
              breakdown.map((field) => (own[0] === undefined ? null : textOf(own[0], field)));
            const groups = new Map(answer.groups.map(({ values, measures }) => [JSON.stringify(values), measures]));
            if (breakdown.length > 0)
              expect([...groups.keys()].toSorted()).toEqual(
                [...new Set(known.map((one) => JSON.stringify(valuesOf(one))))].toSorted(),
              );
            for (const [values, measures] of groups)
              expect(measures).toEqual(
                measured(
                  known.filter((one) => JSON.stringify(valuesOf(one)) === values),
                  input,
                ),
              );
            const inBuckets = (series: readonly SessionMeasures[]): number =>
              sum(series.map(({ sessions }) => sessions));
            if (granularity !== "NONE") expect(inBuckets(answer.series)).toBe(known.length);
            if (granularity === "DAY")
              answer.buckets.forEach((start, place) => {
                const day = (ms: number): number => periodNumber(ms, "DAY", input.timeZone ?? "UTC");
                const own = known.filter(({ startMs }) => day(startMs) === day(Date.parse(start)));
                expect(answer.series[place]).toEqual(measured(own, input));
              });
            expectPages(answer, known);
            expect(answer.pageCount).toBe(new Set(known.flatMap((one) => one.pages)).size);
          }
        },
      ),
      { numRuns: 5, endOnFailure: true },
    );
  });

  const at = (minutes: number): number => Date.parse("2026-03-02T10:00:00Z") + minutes * 60_000;
  const event = (userId: string, minutes: number, more: Partial<TestEvent> = {}): TestEvent => ({
    ...{ id: randomUUID(), name: "page_view", userId, timeMs: at(minutes) },
    ...more,
  });
  const range = { from: "2026-03-02T00:00:00Z", to: "2026-03-03T00:00:00Z" };

  test("a session belongs to where it starts: what straddles the start of the range is not in it, what straddles its end is whole", async () => {
    const tenantId = freshTenantId();
    await storeEvents(world.writer, tenantId, [event("ada", 0), event("ada", 20), event("ada", 40), event("eve", 40)]);
    const of = (from: number, to: number) => ({
      range: { from: new Date(at(from)).toISOString(), to: new Date(at(to)).toISOString() },
    });
    expect(await pages(tenantId, of(10, 30), 10)).toEqual([]);
    expect((await pages(tenantId, of(0, 10), 10)).map(({ events }) => events)).toEqual([3]);
    const { total } = await querySessionMetrics(deps())(reader(tenantId), of(10, 60));
    expect(total).toMatchObject({ sessions: 1, people: 1, events: 1 });
  });

  test("of accounts are those of whoever acts in their name, and of events that name none there are none", async () => {
    const tenantId = freshTenantId();
    const of = (company: string) => ({ properties: { groups: { company } } });
    await storeEvents(world.writer, tenantId, [
      ...[event("ada", 0, of("acme")), event("eve", 20, of("acme")), event("ada", 30, of("zeta"))],
      ...[event("bob", 45, of("acme")), event("bob", 90, of("acme")), event("cyd", 95)],
    ]);
    const definition = { unit: { kind: "GROUP", group: "company" } } as const;
    const found = await pages(tenantId, { range, definition }, 2);
    expect(found.map(({ events, userId }) => [events, userId])).toEqual([
      [1, "bob"],
      [1, "ada"],
      [3, "ada"],
    ]);
    const { total } = await querySessionMetrics(deps())(reader(tenantId), { range, definition });
    expect(total).toMatchObject({ sessions: 3, units: 2, people: 2, events: 5 });
    for (const [input, field] of [
      [{ definition, sample: 0.5 }, "input.sample"],
      [{ definition: { unit: { kind: "SESSION" } } }, "input.definition.unit.kind"],
      [{ definition: { by: "SENT", unit: { kind: "PERSON" } } }, "input.definition.unit"],
      [{ definition: { unit: { kind: "GROUP", group: "a.b" } } }, "input.definition.unit.group"],
    ] as const)
      await expect(querySessionMetrics(deps())(reader(tenantId), { range, ...input })).rejects.toMatchObject({
        extensions: { code: "BAD_INPUT", field },
      });
  });

  test("of nobody there are none, and no mean, rate or quantile of none is told", async () => {
    const {
      total,
      groups,
      pages: used,
    } = await querySessionMetrics(deps())(reader(freshTenantId()), {
      ...{ range, breakdown: ["country"], granularity: "DAY", pages: 5, conversion: { events: ["buy"] } },
    });
    expect(total).toMatchObject({
      ...{ sessions: 0, meanDurationSeconds: null, bounceRate: null, converted: 0, conversionRate: null },
      durationQuantilesSeconds: [null, null],
    });
    expect([groups, used]).toEqual([[], []]);
  });

  test("a data policy hides rows and masks what is told, and another tenant's sessions are not there", async () => {
    const [tenantId, other] = [freshTenantId(), freshTenantId()];
    await storeEvents(world.writer, other, [event("eve", 0, { country: "DE" })]);
    await storeEvents(world.writer, tenantId, [
      event("ada", 0, { country: "DE", url: "/a" }),
      event("ada", 1, { country: "FR", url: "/b" }),
    ]);
    const dataPolicy: DataPolicy = {
      ...{ allow: { country: ["DE"] }, deny: {}, atLeast: {}, lessThan: {} },
      masks: { url: { kind: "CONSTANT", value: "hidden" }, user_id: { kind: "NULL" } },
      ...{ synthetic: null, salt: "0123456789abcdef0123456789abcdef" },
    };
    const caller = { ...reader(tenantId), dataPolicy };
    expect(await pages(tenantId, { range }, 10)).toMatchObject([{ events: 2, exitPage: "/b", userId: "ada" }]);
    expect(await pages(tenantId, { range }, 10, caller)).toMatchObject([
      { events: 1, entryPage: "hidden", exitPage: "hidden", userId: null },
    ]);
    const { total, provenance } = await querySessionMetrics(deps())(caller, { range });
    expect(total.events).toBe(1);
    expect(provenance).toMatchObject({ rowsFilteredBy: ["country"], maskedColumns: ["url", "user_id"] });
  });

  test("are read from the copy in order of persons while it holds what is asked about", async () => {
    const { provenance } = await querySessionMetrics(deps())(reader(freshTenantId()), { range });
    expect(provenance).toMatchObject({ tables: [{ table: "events_by_person", from: "2026-03-01T00:00:00.000Z" }] });
    const wide = await querySessionMetrics(deps())(reader(freshTenantId()), { range, breakdown: ["country"] });
    expect(wide.provenance.rejectedTables).toEqual([
      { table: "events_by_person", reason: "It does not hold country, which is asked about." },
    ]);
  });
});
