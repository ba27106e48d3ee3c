import fc from "fast-check";
import type { Granularity } from "../src/domain/calendar.ts";
import type { FilterInput } from "../src/domain/filter-input.ts";
import type { MeasureInput } from "../src/domain/measures.ts";
import type { OlapInput } from "../src/domain/query.ts";
import type { RollupContent, RollupMeasureInput } from "../src/domain/rollups/rollup.ts";
import { anyEvents } from "./arbitraries.ts";
import type { TestEvent } from "./test-events.ts";

const HOUR_MS = 3_600_000;
const BASES = ["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z", "2025-12-31T23:00:00Z"].map((text) => Date.parse(text));
const ZONES = ["UTC", "Europe/Berlin", "Asia/Kathmandu"];
const DIMENSIONS = [
  ...["name", "country", "currency", "device", "source", "synthetic", "schemaVersion"],
  ...["url.host", "url.path.1", "referrer.path", "properties.plan", "properties.cart.total"],
];

/** Measures that rollups can hold; every source fits beside all others. */
const MEASURES: readonly RollupMeasureInput[] = [
  { function: "UNIQUES", of: "persons" },
  { function: "UNIQUES", of: "sessions" },
  { function: "UNIQUES", of: "properties.plan" },
  { function: "UNIQUES", of: "country" },
  { function: "SUM", of: "revenue", currency: "EUR" },
  { function: "MIN", of: "revenue", currency: "USD" },
  { function: "AVG", of: "properties.amount" },
  { function: "MAX", of: "properties.cart.total" },
];

const filterOf = (dimensions: readonly string[]): fc.Arbitrary<FilterInput> => {
  const [field = "name"] = dimensions;
  return fc.oneof(
    fc.record({ field: fc.constant(field), exists: fc.boolean() }),
    fc.record({ field: fc.constant("name"), in: fc.constantFrom(["view"], ["view", "buy"]) }),
    fc.record({ not: fc.record({ field: fc.constant("country"), eq: fc.constant("DE") }) }),
    fc.record({
      field: fc.constantFrom("properties.plan", "url.host"),
      eq: fc.constantFrom("pro", "shop.example", ""),
    }),
    fc.record({ field: fc.constant("synthetic"), eq: fc.constant("true") }),
    fc.record({ field: fc.constant("schemaVersion"), gte: fc.constant(2) }),
  );
};

const rollupOf = fc.record({
  dimensions: fc.subarray(DIMENSIONS, { maxLength: 6, minLength: 1 }),
  measures: fc.subarray([...MEASURES], { minLength: 3 }),
  filter: fc.option(fc.record({ field: fc.constant("name"), in: fc.constant(["view", "buy"]) }), {
    nil: null,
    freq: 3,
  }),
  grain: fc.constantFrom("MINUTE" as const, "HOUR" as const, "DAY" as const),
});

const questionOf = (
  baseMs: number,
  { dimensions, measures, filter }: Pick<RollupContent, "dimensions" | "measures" | "filter">,
) =>
  fc
    .record({
      start: fc.integer({ min: -72, max: 0 }),
      // Some days, or some weeks.
      hours: fc.oneof(fc.integer({ min: 24, max: 144 }), fc.integer({ min: 240, max: 480 })),
      ragged: fc.constantFrom(0, 0, 1),
      by: fc.subarray([...dimensions, "time.hourOfDay"], { maxLength: 2 }),
      asked: fc.subarray([...measures], { maxLength: 3 }),
      // Mostly what the rollup holds, now and then what it does not.
      test: fc.option(fc.oneof({ weight: 3, arbitrary: filterOf(dimensions) }), { nil: null }),
      alike: fc.boolean(),
      granularity: fc.constantFrom<Granularity>("NONE", "HOUR", "DAY", "WEEK", "MONTH"),
      timeZone: fc.constantFrom(...ZONES),
    })
    .map(({ start, hours, ragged, by, asked, test: own, alike, granularity, timeZone }): OlapInput => {
      const fromMs = Math.floor(baseMs / (24 * HOUR_MS)) * 24 * HOUR_MS + start * HOUR_MS + ragged * 754_321;
      const tests = [...(filter === null || !alike ? [] : [filter]), ...(own === null ? [] : [own])];
      const named = asked.map((one, index): MeasureInput => ({ ...one, name: `c${index}` }));
      return {
        range: {
          from: new Date(fromMs).toISOString(),
          to: new Date(fromMs + hours * HOUR_MS - ragged * 111).toISOString(),
        },
        measures: [{ function: "COUNT", name: "n" }, ...named],
        dimensions: by,
        filter: tests.length === 0 ? null : { and: tests },
        ...{ granularity, timeZone },
      };
    });

const distinct = (events: readonly TestEvent[]): readonly TestEvent[] => [
  ...new Map(events.map((event) => [event.id, event])).values(),
];

/** A random rollup, random batches to be stored before, while and after it is built, and random questions that it may hold. */
export const anyRollupWorld = fc.constantFrom(...BASES).chain((baseMs) =>
  rollupOf.chain((rollup) =>
    fc.record({
      rollup: fc.constant(rollup),
      // Whether what was stored first is history when the build begins, or still to be told.
      counts: fc.boolean(),
      batches: anyEvents(baseMs, { min: 20, max: 120 }).map((events) => {
        const all = distinct(events);
        const part = Math.ceil(all.length / 4);
        return [0, 1, 2, 3].map((place) => all.slice(place * part, (place + 1) * part));
      }),
      queries: fc.array(questionOf(baseMs, rollup), { minLength: 5, maxLength: 5 }),
    }),
  ),
);
