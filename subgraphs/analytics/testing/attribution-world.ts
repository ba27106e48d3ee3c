import { randomUUID } from "node:crypto";
import fc from "fast-check";
import type { AttributionInput } from "../src/domain/attribution/question.ts";
import { REFERENCE_HALF_LIFE_MS, type JourneyRules } from "./reference-paths.ts";
import type { TestEvent } from "./test-events.ts";

/** A moment so many seconds after the beginning of the world. */
export const at = (seconds: number): number => Date.parse("2026-03-02T10:00:00Z") + seconds * 1_000;
/** The same as text. */
export const iso = (seconds: number): string => new Date(at(seconds)).toISOString();

const SOURCES = ["ads", "mail", "search"] as const;
/** Moments on a coarse grid, so that ties, edges of the lookback and of the range come up all the time. */
const FROM = 10;
const TO = 30;
const LOOKBACK = 8;

/** An event of somebody, before it is written out. */
export const anyEvent = fc.record({
  name: fc.constantFrom("touch", "touch", "buy", "both", "noise"),
  second: fc.integer({ min: 0, max: 32 }),
  user: fc.option(fc.constantFrom("ada", "bob"), { nil: undefined }),
  visitor: fc.option(fc.constantFrom("v1", "v2", "v3"), { nil: undefined }),
  source: fc.constantFrom(...SOURCES),
  company: fc.constantFrom("acme", "zeta", undefined),
  revenue: fc.integer({ min: 1, max: 9 }),
});

/** What {@link anyEvent} draws. */
interface Drawn {
  readonly name: string;
  readonly second: number;
  readonly user: string | undefined;
  readonly visitor: string | undefined;
  readonly source: string;
  readonly company: string | undefined;
  readonly revenue: number;
}

/** The event that was drawn, with an id. */
export const written = ({ name, second, user, visitor, source, company, revenue }: Drawn): TestEvent => ({
  ...{ id: randomUUID(), name, timeMs: at(second), source },
  ...(user === undefined ? {} : { userId: user }),
  ...(visitor === undefined ? {} : { anonymousId: visitor }),
  ...(company === undefined ? {} : { properties: { groups: { company } } }),
  ...{ revenue: String(revenue), currency: "EUR" },
});

/** The question by such rules, of touchpoints told apart by their source. */
export const inputOf = ({
  resets,
  firstOnly,
  stitched,
  ofCompanies,
  longest,
  everyOpen,
}: JourneyRules): AttributionInput => ({
  range: { from: iso(FROM), to: iso(TO) },
  conversion: { events: ["buy", "both"] },
  touchpoints: [{ events: ["touch"] }, { events: ["both"] }],
  value: { of: "revenue", currency: "EUR" },
  models: [{ kind: "LAST" }, { kind: "TIME_DECAY", halfLife: `PT${REFERENCE_HALF_LIFE_MS / 1_000}S` }],
  dimensions: ["source"],
  lookback: `PT${LOOKBACK}S`,
  reset: resets ? "AFTER_CONVERSION" : "NEVER",
  count: firstOnly ? "FIRST_PER_PERSON" : "EVERY",
  identity: stitched ? "STITCHED" : "PERSON",
  ...(ofCompanies ? { unit: { kind: "GROUP", group: "company" } } : {}),
  maxPathLength: longest,
  openJourneys: everyOpen ? "EVERY" : "LAST",
});

/** Rules of journeys, on the grid of {@link anyEvent}. */
export const anyRules: fc.Arbitrary<JourneyRules> = fc.record({
  fromMs: fc.constant(at(FROM)),
  toMs: fc.constant(at(TO)),
  lookbackMs: fc.constant(LOOKBACK * 1_000),
  resets: fc.boolean(),
  firstOnly: fc.boolean(),
  stitched: fc.boolean(),
  ofCompanies: fc.boolean(),
  longest: fc.constantFrom(2, 50),
  everyOpen: fc.boolean(),
});
