import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { PLAIN_ACCESS, type Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import type { Permission } from "@tessera/contracts/permissions";
import type { WatchedAnswer, WatchedQuestion } from "@tessera/contracts/watched-series";
import { askSubgraph, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { z } from "zod";
import { createCalendarStore, MAX_CALENDARS } from "../../store/calendars/calendar-store.ts";
import { calendarCodec } from "../../domain/calendars/check-calendar.ts";
import { openAnomalyRoom, rest, type AnomalyRoom } from "../../testing/anomaly-room.ts";

// Both engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(120_000);

const HOUR_MS = 3_600_000;
/** Long after the clocks of other tests that evaluate, and long before now: a Saturday evening in Berlin, before its clocks were put forward on Sunday. */
const START_MS = Date.parse("2021-03-27T20:00:00Z");
const MIDNIGHT_MS = Date.parse("2021-03-27T23:00:00Z");
const ALL: readonly Permission[] = ["analytics:read", "anomaly:read", "anomaly:manage", "anomaly:respond"];

/** Counts by the hour, as the analytics room would tell them. */
const world: { count: (atMs: number) => number | null } = { count: () => 10 };
const answered = (question: WatchedQuestion): WatchedAnswer => {
  const first = Math.ceil(Date.parse(question.from) / HOUR_MS);
  const count = Math.max(0, Math.floor(Date.parse(question.to) / HOUR_MS) - first);
  const bucketsMs = Array.from({ length: count }, (_, place) => (first + place) * HOUR_MS);
  const values = bucketsMs.map((ms) => world.count(ms));
  return {
    bucketsMs,
    endsMs: bucketsMs.map((ms) => ms + HOUR_MS),
    complete: bucketsMs.map(() => true),
    ...{ rising: true, emptyValue: 0, others: null, seriesCount: 1 },
    series: [{ group: [], values, samples: values }],
  };
};

const callerOf = (tenantId: TenantId, id: string): Caller => ({
  ...PLAIN_ACCESS,
  ...{ tenantId, permissions: new Set(ALL), expiresAtMs: null },
  subject: { kind: "USER", id },
});
let room: AnomalyRoom;
let tenants: TenantId[] = [];
beforeAll(() => {
  room = openAnomalyRoom({
    askAnalytics: {
      watchedSeries: (_caller, question) => Promise.resolve(answered(question)),
      impactOf: () => Promise.reject(new Error("No impact is asked about.")),
    },
    accessOfSubject: (tenantId, { id }) => Promise.resolve(callerOf(tenantId, id)),
  });
});
afterEach(async () => {
  await rest(room, tenants);
  tenants = [];
});
afterAll(() => room.close());

const openTenant = () => {
  const [tenantId, userId] = [freshTenantId(), randomUUID()];
  tenants.push(tenantId);
  room.clock.ms = START_MS + 60_000;
  const ask = (document: string, variables: object = {}) =>
    askSubgraph(room.subgraph, callerOf(tenantId, userId), document, { ...variables });
  const answer = async (document: string, variables: object = {}) => {
    const { errors, data } = await ask(document, variables);
    expect(errors).toBeUndefined();
    return data?.["result"];
  };
  return { tenantId, ask, answer };
};
type Tenant = ReturnType<typeof openTenant>;

const SAVE = `mutation ($id: ID, $version: Int, $input: EventCalendarInput!) { result: saveEventCalendar(id: $id, version: $version, input: $input) { __typename
  ... on EventCalendarSaved { calendar { id version name timeZone createdAt changedAt entries { label title like days { from to } span { from until }
    date { month day } weekday { month weekday nth } easter { church } offsetDays lasts observed firstYear lastYear } } }
  ... on EventCalendarChangedMeanwhile { calendar { version } } ... on EventCalendarNameTaken { name } ... on EventCalendarLimitReached { limit }
  ... on EventCalendarNotFound { id } } }`;
const DELETE = `mutation ($id: ID!) { result: deleteEventCalendar(id: $id) { __typename ... on EventCalendarInUse { rules } ... on EventCalendarDeleted { id } } }`;
const PREVIEW = `query ($input: EventCalendarInput!, $from: DateTime, $until: DateTime, $first: Int! = 100) {
  result: previewEventCalendar(input: $input, from: $from, until: $until, first: $first) { label title like from until } }`;
const FIND = `query ($id: ID!) { result: eventCalendar(id: $id) { name occurrences(from: "2021-01-01T00:00:00Z", first: 2) { label from } } }`;
const sunday = { label: "fair", days: { from: "2021-03-28" } };
const holidays = { name: "holidays", timeZone: "Europe/Berlin" };
const input = (entries: readonly object[], more: object = {}) => ({ ...holidays, entries, ...more });
const made = z.object({ calendar: z.object({ id: z.string(), version: z.number() }) });
const makeCalendar = async ({ answer }: Tenant, entries: readonly object[]) =>
  made.parse(await answer(SAVE, { input: input(entries) })).calendar;

describe("an event calendar", () => {
  test("is kept as it was written, found again, changed by who read it last, and deleted", async () => {
    const tenant = openTenant();
    const entries = [
      { label: "thanks", title: "Thanksgiving", weekday: { month: 11, weekday: "THURSDAY", nth: 4 }, lasts: 2 },
      { label: "good-friday", easter: { church: "WESTERN" }, offsetDays: -2, like: "SUNDAY", firstYear: 2020 },
      { label: "new-year", date: { month: 1, day: 1 }, observed: "NEXT_MONDAY" },
      { label: "launch", span: { from: "2021-03-01T10:00:00Z", until: "2021-03-01T12:30:00Z" } },
      { ...sunday },
    ];
    const file = ["BEGIN:VCALENDAR", "BEGIN:VEVENT", "UID:1", "DTSTART;VALUE=DATE:20211224", "SUMMARY:Heiligabend"];
    const iCalendar = [...file, "END:VEVENT", "END:VCALENDAR"].join("\r\n");
    const saved = await tenant.answer(SAVE, { input: input(entries, { iCalendar }) });
    expect(saved).toMatchObject({
      calendar: {
        ...{ version: 1, name: "holidays", timeZone: "Europe/Berlin" },
        entries: [
          { ...entries[0], offsetDays: 0, observed: "AS_IT_FALLS", like: null, firstYear: null, date: null },
          { ...entries[1], lasts: 1 },
          entries[2],
          {
            label: "launch",
            span: { from: "2021-03-01T10:00:00.000Z", until: "2021-03-01T12:30:00.000Z" },
            lasts: null,
          },
          { label: "fair", days: { from: "2021-03-28", to: "2021-03-28" } },
          { label: "heiligabend", title: "Heiligabend", days: { from: "2021-12-24", to: "2021-12-24" } },
        ],
      },
    });
    const { id } = made.parse(saved).calendar;
    expect(await tenant.answer(FIND, { id })).toEqual({
      name: "holidays",
      // New Year's Day of 2021 was a Friday and stays.
      occurrences: [
        { label: "new-year", from: "2020-12-31T23:00:00.000Z" },
        { label: "launch", from: "2021-03-01T10:00:00.000Z" },
      ],
    });
    const change = (version: number, name: string) => tenant.answer(SAVE, { id, version, input: input([], { name }) });
    expect(await change(1, "days off")).toMatchObject({ calendar: { id, version: 2, name: "days off", entries: [] } });
    expect(await change(1, "mine")).toEqual({ __typename: "EventCalendarChangedMeanwhile", calendar: { version: 2 } });
    const second = await makeCalendar(tenant, []);
    expect(await change(2, "holidays")).toEqual({ __typename: "EventCalendarNameTaken", name: "holidays" });
    expect(await tenant.answer("{ result: eventCalendars { id } }")).toEqual([{ id }, { id: second.id }]);
    expect(await tenant.answer(DELETE, { id })).toEqual({ __typename: "EventCalendarDeleted", id });
    expect(await tenant.answer(DELETE, { id })).toEqual({ __typename: "EventCalendarNotFound" });
    expect(await change(2, "gone")).toEqual({ __typename: "EventCalendarNotFound", id });
  });

  test("is no other tenant's, and one of as many as a tenant may have", async () => {
    const [alpha, beta] = [openTenant(), openTenant()];
    const { id } = await makeCalendar(alpha, [sunday]);
    expect(await beta.answer(FIND, { id })).toBeNull();
    expect(await beta.answer(DELETE, { id })).toEqual({ __typename: "EventCalendarNotFound" });
    expect(await beta.answer(SAVE, { id, version: 1, input: input([]) })).toMatchObject({
      __typename: "EventCalendarNotFound",
    });
    const store = createCalendarStore({ sql: room.engines.resources.sql, codec: calendarCodec });
    const definition = (name: string) => ({ name, timeZone: "UTC", entries: [] });
    for (let place = 1; place < MAX_CALENDARS; place += 1)
      await store.save(
        alpha.tenantId,
        { id: randomUUID(), version: null, definition: definition(`c${place}`) },
        START_MS,
      );
    expect(await alpha.answer(SAVE, { input: input([], { name: "one more" }) })).toEqual({
      ...{ __typename: "EventCalendarLimitReached", limit: MAX_CALENDARS },
    });
  });

  test("is tried before it is kept, and what makes no sense is refused at its place", async () => {
    const { ask, answer } = openTenant();
    const asked = { from: "2021-01-01T00:00:00Z", until: "2022-01-01T00:00:00Z" };
    expect(await answer(PREVIEW, { input: input([sunday]), ...asked })).toEqual([
      // The day on which clocks were put forward has 23 hours.
      { label: "fair", title: null, like: null, from: "2021-03-27T23:00:00.000Z", until: "2021-03-28T22:00:00.000Z" },
    ]);
    const refused = async (variables: object) => (await ask(PREVIEW, variables)).errors?.[0]?.extensions;
    for (const [variables, field] of [
      [{ input: input([{ label: "a" }]) }, "input.entries.0.days"],
      [{ input: input([], { timeZone: "Mars" }) }, "input.timeZone"],
      [{ input: input([], { iCalendar: "hello" }) }, "input.iCalendar"],
      [{ input: input([]), from: asked.until, until: asked.from }, "until"],
      [{ input: input([]), from: asked.from, until: "2027-01-01T00:00:00Z" }, "until"],
      [{ input: input([]), first: 1_001 }, "first"],
    ] as const)
      expect(await refused(variables)).toMatchObject({ code: "BAD_INPUT", field });
    const stale = await ask(SAVE, { id: randomUUID(), input: input([]) });
    expect(stale.errors?.[0]?.extensions).toMatchObject({ code: "BAD_INPUT", field: "version" });
  });
});

const CREATE = `mutation ($input: CreateRuleInput!) { result: createRule(input: $input) { __typename ... on RuleSaved { rule { id question { calendar } } }
  ... on RuleRejected { problems { field } } } }`;
const ruleWith = (calendar: string | null, detector: object, more: object = {}) => ({
  ...{ name: "orders", evaluationIntervalSeconds: 60, detector },
  question: {
    question: { olap: { range: { sliding: "P1D" }, measures: [{ function: "COUNT" }] } },
    ...{ granularity: "HOUR", timeZone: "Europe/Berlin", calendar },
    ...more,
  },
});
const savedRule = z.object({
  rule: z.object({ id: z.string(), question: z.object({ calendar: z.string().nullable() }) }),
});
const above = (calendar: string) => ({ static: { side: "ABOVE", high: 50, calendar } });
const SIMULATE = `query ($draft: CreateRuleInput!, $from: DateTime!, $to: DateTime!) {
  result: simulateRule(draft: $draft, from: $from, to: $to) { buckets episodes { from } } }`;
const episodes = async (
  { answer }: Tenant,
  draft: object,
  fromMs: number,
  hours: number,
): Promise<readonly string[]> => {
  const [from, to] = [fromMs, fromMs + hours * HOUR_MS].map((ms) => new Date(ms).toISOString());
  const shape = z.object({ episodes: z.array(z.object({ from: z.string() })) });
  return shape.parse(await answer(SIMULATE, { draft, from, to })).episodes.map((episode) => episode.from);
};

const turnAt = async (ms: number): Promise<void> => {
  room.clock.ms = ms + 60_000;
  await room.worker()();
};
const raised = async ({ answer }: Tenant): Promise<readonly unknown[]> => {
  const shape = z.object({ edges: z.array(z.object({ node: z.object({ raisedAt: z.string() }) })) });
  return shape
    .parse(await answer("{ result: anomalies { edges { node { raisedAt } } } }"))
    .edges.map(({ node }) => node.raisedAt);
};

describe("a rule that goes by an event calendar", () => {
  test("leaves its days alone, 23 hours of the one on which clocks are put forward, and judges the hour after", async () => {
    const tenant = openTenant();
    const { id: calendar } = await makeCalendar(tenant, [sunday]);
    world.count = (ms) => (ms >= MIDNIGHT_MS ? 100 : 10);
    const saved = savedRule.parse(await tenant.answer(CREATE, { input: ruleWith(calendar, above("SKIP")) })).rule;
    expect(saved.question.calendar).toBe(calendar);
    for (const hours of [0, 2, 10, 23]) await turnAt(MIDNIGHT_MS + hours * HOUR_MS);
    expect(await raised(tenant)).toEqual([]);
    await turnAt(MIDNIGHT_MS + 24 * HOUR_MS);
    expect(await raised(tenant)).toEqual([new Date(MIDNIGHT_MS + 24 * HOUR_MS).toISOString()]);
    // What it goes by stays while it goes by it.
    expect(await tenant.answer(DELETE, { id: calendar })).toEqual({
      __typename: "EventCalendarInUse",
      rules: [saved.id],
    });
    const change = `mutation ($id: ID!, $input: UpdateRuleInput!) { result: updateRule(id: $id, input: $input) { __typename ... on RuleSaved { rule { openAnomaly { id } } } } }`;
    const changed = await tenant.answer(change, { id: saved.id, input: { question: ruleWith(null, {}).question } });
    // Another calendar is no other rule: its anomaly goes on.
    expect(changed).toMatchObject({ rule: { openAnomaly: { id: expect.any(String) } } });
    expect(await tenant.answer(DELETE, { id: calendar })).toMatchObject({ __typename: "EventCalendarDeleted" });
  });

  test("lets go of its calendar when it is deleted, and can't be made by one that is not there", async () => {
    const tenant = openTenant();
    const { id: calendar } = await makeCalendar(tenant, [sunday]);
    const { id } = savedRule.parse(await tenant.answer(CREATE, { input: ruleWith(calendar, above("SKIP")) })).rule;
    await tenant.answer("mutation ($id: ID!) { result: deleteRule(id: $id) { __typename } }", { id });
    expect(await tenant.answer(DELETE, { id: calendar })).toMatchObject({ __typename: "EventCalendarDeleted" });
    const refused = await tenant.ask(CREATE, { input: ruleWith(calendar, above("SKIP")) });
    expect(refused.errors?.[0]?.extensions).toMatchObject({ code: "NOT_FOUND", field: "input.question.calendar" });
    expect(await tenant.answer(CREATE, { input: ruleWith("mine", above("SKIP")) })).toMatchObject({
      problems: [{ field: "question.calendar" }],
    });
  });

  test("is simulated by it: without it the day is an episode, judged as usual too, and with it none", async () => {
    const tenant = openTenant();
    room.clock.ms = MIDNIGHT_MS + 100 * HOUR_MS;
    const { id: calendar } = await makeCalendar(tenant, [sunday]);
    world.count = (ms) => (ms >= MIDNIGHT_MS && ms < MIDNIGHT_MS + 23 * HOUR_MS ? 100 : 10);
    const simulated = (of: string | null, rule: string) => episodes(tenant, ruleWith(of, above(rule)), START_MS, 60);
    const alone = new Date(MIDNIGHT_MS).toISOString();
    expect(await simulated(null, "SKIP")).toEqual([alone]);
    expect(await simulated(calendar, "AS_USUAL")).toEqual([alone]);
    expect(await simulated(calendar, "SKIP")).toEqual([]);
  });

  test("has a wider band the first time with WIDEN, and is told of what is beyond that", async () => {
    const tenant = openTenant();
    room.clock.ms = MIDNIGHT_MS + 100 * HOUR_MS;
    const { id: calendar } = await makeCalendar(tenant, [sunday]);
    const detector = { robustZ: { window: 60, threshold: 4, calendar: "WIDEN" } };
    // A spread of about 1.5: the usual band reaches to 6 beyond the median, the wide one to 12.
    const usual = (ms: number): number => 100 + ((ms / HOUR_MS) % 5);
    const fair = (value: number) => (ms: number) => (ms === MIDNIGHT_MS + 5 * HOUR_MS ? value : usual(ms));
    const told = async (value: number, of: string | null) => {
      world.count = fair(value);
      return (await episodes(tenant, ruleWith(of, detector), START_MS, 60)).length;
    };
    expect([await told(110, null), await told(110, calendar), await told(130, calendar)]).toEqual([1, 0, 1]);
  });

  test("has the hours of another weekday where a day is like it: nothing is missed on a holiday that is like a Sunday", async () => {
    const tenant = openTenant();
    const from = Date.parse("2021-01-03T23:00:00Z");
    const [weeks, day] = [10, 24 * HOUR_MS];
    const holidayMs = from + (9 * 7 + 2) * day;
    room.clock.ms = from + weeks * 7 * day + HOUR_MS;
    const { id: calendar } = await makeCalendar(tenant, [
      { label: "closed", days: { from: "2021-03-10" }, like: "SUNDAY" },
    ]);
    const isSunday = (ms: number): boolean => Math.floor((ms - from) / day) % 7 === 6;
    world.count = (ms) => (isSunday(ms) || (ms >= holidayMs && ms < holidayMs + day) ? 0 : 10);
    const detector = { missingData: { buckets: 3, expects: "AS_USUAL", zeroIsNothing: true } };
    const onHoliday = async (of: string | null) =>
      (await episodes(tenant, ruleWith(of, detector), from + 7 * day, (weeks - 1) * 7 * 24)).filter(
        (at) => Date.parse(at) >= holidayMs && Date.parse(at) <= holidayMs + day,
      ).length;
    expect([await onHoliday(null), await onHoliday(calendar)]).toEqual([1, 0]);
  });

  test("waits for late data by the calendar all the same, and a gap on its day is none", async () => {
    const tenant = openTenant();
    const { id: calendar } = await makeCalendar(tenant, [sunday]);
    world.count = (ms) => (ms >= MIDNIGHT_MS + 22 * HOUR_MS ? 100 : ms >= MIDNIGHT_MS ? null : 10);
    await tenant.answer(CREATE, { input: ruleWith(calendar, above("SKIP"), { delay: "PT2H" }) });
    for (const hours of [0, 10, 25]) await turnAt(MIDNIGHT_MS + hours * HOUR_MS);
    // The last hour of the day is high as well; the hour after it has ended and is waited for.
    expect(await raised(tenant)).toEqual([]);
    await turnAt(MIDNIGHT_MS + 26 * HOUR_MS);
    expect(await raised(tenant)).toHaveLength(1);
  });
});
