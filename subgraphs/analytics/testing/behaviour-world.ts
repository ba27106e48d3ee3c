import fc from "fast-check";
import type { TestEvent } from "./test-events.ts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** Moments around which clocks change, a year or a leap day ends. */
export const BASES = [
  "2026-03-29T01:00:00Z",
  "2026-10-25T01:00:00Z",
  "2025-12-31T23:00:00Z",
  "2024-02-29T12:00:00Z",
].map((text) => Date.parse(text));
/** Zones with clock changes, with half-hour offsets, and without either. */
export const ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"];

/** Names of the events of a world. */
export const NAMES = ["view", "buy", "sign up"] as const;

const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });
const defined = <T extends object>(value: T): T =>
  // boundary: leaves out undefined entries, which exact optional properties ask for.
  Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as T;

/** Random events of some people over about six weeks around a base; many at the same moments. */
export const peopleAround = (baseMs: number): fc.Arbitrary<readonly TestEvent[]> =>
  fc.array(
    fc
      .record({
        id: fc.uuid(),
        name: fc.constantFrom(...NAMES),
        timeMs: fc.oneof(
          fc.integer({ min: -20, max: 20 }).map((days) => baseMs + days * DAY_MS),
          fc.integer({ min: -20 * 24, max: 20 * 24 }).map((hours) => baseMs + hours * HOUR_MS),
          fc.integer({ min: -3 * DAY_MS, max: 3 * DAY_MS }).map((ms) => baseMs + ms),
        ),
        userId: maybe(fc.constantFrom("u1", "u2", "u3", "u4")),
        anonymousId: maybe(fc.constantFrom("a1", "u1")),
        sessionId: maybe(fc.constantFrom("s1", "s2", "s3")),
        source: maybe(fc.constantFrom("web", "ios")),
        country: maybe(fc.constantFrom("DE", "US", "")),
        revenue: maybe(fc.integer({ min: -20_000, max: 1_000_000 }).map((value) => (value / 10_000).toFixed(4))),
        currency: maybe(fc.constantFrom("EUR", "USD")),
        properties: fc.record(
          {
            plan: fc.constantFrom("free", "pro", 2, true),
            points: fc.integer({ min: -5, max: 5 }),
            groups: fc.constantFrom({ company: "acme" }, { company: "zeta" }, {}),
          },
          { requiredKeys: [] },
        ),
      })
      // boundary: the record's optional keys are left out when undefined, as TestEvent asks.
      .map((event) => defined(event) as TestEvent),
    { minLength: 10, maxLength: 80 },
  );

/** Events by id, each id once. */
export const distinct = (events: readonly TestEvent[]): readonly TestEvent[] => [
  ...new Map(events.map((event) => [event.id, event])).values(),
];

/** Random matchers over the events of {@link peopleAround}. */
export const anyMatcher = fc.oneof(
  fc.record({ events: fc.constantFrom(["view"], ["buy"], ["view", "buy"]) }),
  fc.record({ events: fc.constant(["view", "sign up"]), filter: fc.constant({ field: "source", eq: "web" }) }),
  fc.record({ filter: fc.constantFrom({ field: "country", eq: "DE" }, { field: "properties.plan", exists: true }) }),
  fc.constant({}),
);

/** What may be counted of the events of {@link peopleAround}: people, sessions, the values of a field, companies. */
export const anyUnit = fc.constantFrom(
  null,
  { kind: "SESSION" } as const,
  { kind: "FIELD", field: "country" } as const,
  { kind: "GROUP", group: "company" } as const,
);

const iso = (ms: number): string => new Date(ms).toISOString();

/** Random questions about activity over the events of {@link peopleAround}. */
export const anyActivity = (baseMs: number) =>
  fc
    .record({
      event: anyMatcher,
      period: fc.constantFrom("DAY", "WEEK", "MONTH"),
      timeZone: fc.constantFrom(...ZONES),
      minimum: fc.integer({ min: 1, max: 2 }),
      days: fc.tuple(fc.integer({ min: -22, max: 15 }), fc.integer({ min: 1, max: 40 }), fc.nat({ max: DAY_MS - 1 })),
    })
    .map(({ days: [from, length, ragged], ...rest }) => ({
      ...rest,
      range: { from: iso(baseMs + from * DAY_MS + ragged), to: iso(baseMs + (from + length) * DAY_MS + ragged) },
    }));

/** Random questions about retention over the events of {@link peopleAround}. */
export const anyRetention = (baseMs: number) =>
  fc
    .record({
      days: fc.tuple(fc.integer({ min: -25, max: 10 }), fc.integer({ min: 1, max: 30 }), fc.nat({ max: DAY_MS })),
      start: anyMatcher,
      returning: anyMatcher,
      startAt: fc.constantFrom("FIRST_IN_RANGE", "FIRST_EVER", "EVERY"),
      kind: fc.constantFrom("EXACT", "ON_OR_AFTER", "ON_OR_BEFORE"),
      layout: fc.constantFrom(
        ["DAY", "CALENDAR"] as const,
        ["WEEK", "CALENDAR"] as const,
        ["MONTH", "CALENDAR"] as const,
        ["DAY", "ELAPSED"] as const,
        ["WEEK", "ELAPSED"] as const,
      ),
      timeZone: fc.constantFrom(...ZONES),
      periods: fc.integer({ min: 1, max: 15 }),
      brackets: fc.option(fc.constantFrom([0, 1, 3, 7], [1, 2, 14], [3, 5]), { nil: null }),
      minimum: fc.integer({ min: 1, max: 3 }),
      value: fc.option(fc.constantFrom({ of: "revenue", currency: "EUR" }, { of: "properties.points" }), { nil: null }),
      unit: anyUnit,
      splitBy: fc.constantFrom([], ["source"], ["country", "properties.plan"]),
      asOfDays: fc.integer({ min: -5, max: 60 }),
    })
    .map(({ days: [from, length, ragged], layout: [period, clock], asOfDays, ...rest }) => ({
      ...rest,
      ...{ period, clock, cohorts: [], confidence: 0.95, maxGroups: 100 },
      range: { from: iso(baseMs + from * DAY_MS + ragged), to: iso(baseMs + (from + length) * DAY_MS) },
      asOf: iso(baseMs + asOfDays * DAY_MS),
    }))
    .filter(({ range }) => range.from < range.to);
