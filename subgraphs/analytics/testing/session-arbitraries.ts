import fc from "fast-check";
import type { SessionsInput } from "../src/domain/sessions/sessions-input.ts";
import type { TestEvent } from "./test-events.ts";

const HOUR_MS = 3_600_000;
/** Around clock changes of some zones, and the end of a year. */
const BASES = ["2026-03-29T00:30:00Z", "2026-10-25T00:30:00Z", "2025-12-31T23:00:00Z"].map((text) => Date.parse(text));

const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });
const nullable = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { nil: null, freq: 1 });
const defined = <T extends object>(value: T): T =>
  // boundary: leaves out undefined entries, which exact optional properties ask for.
  Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as T;

/** Random events of some people within hours of a base, many close to one another and many at the same moment. */
const eventsAround = (baseMs: number): fc.Arbitrary<readonly TestEvent[]> =>
  fc
    .array(
      fc
        .record({
          id: fc.uuid(),
          name: fc.constantFrom("page_view", "page_view", "click", "buy"),
          timeMs: fc.oneof(
            fc.integer({ min: -30, max: 90 }).map((minutes) => baseMs + minutes * 60_000),
            fc.integer({ min: -40, max: 40 }).map((hours) => baseMs + hours * HOUR_MS),
            fc.integer({ min: 0, max: 60 }).map((seconds) => baseMs + seconds * 1_000),
          ),
          userId: maybe(fc.constantFrom("u1", "u2", "u3")),
          anonymousId: maybe(fc.constantFrom("a1", "a2")),
          sessionId: maybe(fc.constantFrom("s1", "s2", "s3")),
          source: maybe(fc.constantFrom("web", "ios")),
          country: maybe(fc.constantFrom("DE", "US")),
          url: maybe(fc.constantFrom("/", "/a", "/b")),
          utmSource: fc.constantFrom("mail", "ads", undefined, undefined, undefined),
          utmCampaign: fc.constantFrom("spring", undefined, undefined, undefined),
          revenue: maybe(fc.integer({ min: -20_000, max: 1_000_000 }).map((value) => (value / 10_000).toFixed(4))),
          currency: maybe(fc.constantFrom("EUR", "USD")),
          properties: maybe(fc.constantFrom({ groups: { company: "acme" } }, { groups: { company: "zeta" } }, {})),
        })
        // boundary: the record's optional keys are left out when undefined, as TestEvent asks.
        .map((event) => defined(event) as TestEvent),
      { minLength: 1, maxLength: 60 },
    )
    .map((events) =>
      [...new Map(events.map((event) => [event.id, event])).values()].toSorted((a, b) => a.timeMs - b.timeMs),
    );

const filter = fc.constantFrom(
  { field: "source", eq: "web" },
  { field: "country", exists: true },
  { not: { field: "name", eq: "click" } },
);
const matcher = fc.constantFrom({ events: ["buy"] }, { events: ["click"], filter: { field: "source", eq: "web" } });

const definition = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ by: "SENT" as const }) },
  {
    weight: 5,
    arbitrary: fc.record({
      by: fc.constant("GAP" as const),
      gap: fc.constantFrom("PT30M", "PT5M", "PT1S", "PT2H"),
      unit: nullable(
        fc.constantFrom(
          { kind: "PERSON" as const },
          { kind: "GROUP" as const, group: "company" },
          { kind: "FIELD" as const, field: "country" },
        ),
      ),
      cutAtMidnight: fc.boolean(),
      cutAtCampaign: fc.boolean(),
      maxLength: nullable(fc.constantFrom("PT5M", "PT20M", "PT3H")),
      bySource: fc.boolean(),
    }),
  },
);

const where = fc.record(
  {
    entry: filter,
    exit: filter,
    has: fc.array(matcher, { maxLength: 1 }),
    hasNot: fc.array(matcher, { maxLength: 1 }),
    minDuration: fc.constant("PT1S"),
    maxDuration: fc.constant("PT30M"),
    minEvents: fc.constant(2),
    maxEvents: fc.constant(6),
    bounced: fc.boolean(),
    engaged: fc.boolean(),
  },
  { requiredKeys: [] },
);

const questionAround = (baseMs: number): fc.Arbitrary<SessionsInput> =>
  fc
    .record({
      from: fc.integer({ min: -30, max: 1 }),
      hours: fc.integer({ min: 1, max: 48 }),
      timeZone: fc.constantFrom("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"),
      definition,
      filter: nullable(filter),
      where: fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: where }),
      pageViews: fc.constantFrom({ events: ["page_view"] }, { filter: { field: "url", exists: true } }),
      conversion: nullable(fc.constant({ events: ["buy"] })),
      currency: nullable(fc.constant("EUR")),
      engagedAfter: fc.constantFrom("PT10S", "PT5M"),
      engagedViews: fc.integer({ min: 1, max: 3 }),
      idle: fc.constantFrom("PT5M", "PT1M"),
      bounce: fc.constantFrom("NOT_ENGAGED", "SINGLE_PAGE", "SINGLE_EVENT"),
    })
    .map(({ from, hours, ...question }) => ({
      ...question,
      range: {
        from: new Date(baseMs + from * HOUR_MS).toISOString(),
        to: new Date(baseMs + (from + hours) * HOUR_MS).toISOString(),
      },
    }));

/** Random events with random questions about their sessions. */
export const sessionWorld = fc.constantFrom(...BASES).chain((baseMs) =>
  fc.record({
    events: eventsAround(baseMs),
    questions: fc.array(questionAround(baseMs), { minLength: 8, maxLength: 8 }),
  }),
);
