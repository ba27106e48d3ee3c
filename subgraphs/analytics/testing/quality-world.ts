import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { referenceEach, referenceUnique, type ReferenceTested } from "./reference-quality.ts";
import type { TestEvent } from "./test-events.ts";

const MINUTE_MS = 60_000;
/** When the hour begins around which random orders lie: the night in which clocks of Europe were set. */
export const QUALITY_START_MS = Date.parse("2026-03-29T00:00:00Z");

/** A property as text; null where there is none. */
export const textOf = ({ properties }: TestEvent, name: string): string | null => {
  const value = properties?.[name];
  return value === undefined ? null : typeof value === "string" ? value : JSON.stringify(value);
};
/** A property as a number; null where it is none. */
export const numberOf = (event: TestEvent, name: string): number | null => {
  const text = textOf(event, name);
  return text === null || text === "" || !Number.isFinite(Number(text)) ? null : Number(text);
};

/** Orders, some with values that are no numbers, some without, some twice, some late and some ahead of the clock. */
export const orders = fc.array(
  fc
    .record({
      timeMs: fc.integer({ min: -20, max: 70 }).map((minutes) => QUALITY_START_MS + minutes * MINUTE_MS),
      lateMs: fc.constantFrom(-5_000, 0, 0, 900, 60_000, 3_600_000, 7_200_001),
      name: fc.constantFrom("order", "order", "view"),
      country: fc.constantFrom("", "DE", "US", "XX"),
      amount: fc.constantFrom(undefined, 0, 1, 2.5, -3, 1e9, "12", "1e2", "twelve", "", true),
      order: fc.constantFrom(undefined, "a", "b", "c", "d", "e"),
    })
    .map(({ lateMs, amount, order, ...event }): TestEvent => ({
      ...{ ...event, id: randomUUID(), receivedAtMs: event.timeMs + lateMs },
      properties: { ...(amount === undefined ? {} : { amount }), ...(order === undefined ? {} : { order }) },
    })),
  { minLength: 3, maxLength: 60 },
);

/** An expectation of each kind, and more of some. */
export const EXPECTATIONS = [
  { name: "complete", present: { field: "country" } },
  { name: "amount there", present: { field: "properties.amount" }, atLeast: 0.5 },
  { name: "known", valid: { field: "country", in: ["DE", "US"] } },
  { name: "number", valid: { field: "properties.amount", type: "NUMBER" } },
  { name: "in range", valid: { field: "properties.amount", gte: 0, lt: 1_000 } },
  { name: "letters", valid: { field: "properties.order", matches: "^[a-c]$" } },
  {
    name: "sold somewhere",
    holds: {
      or: [
        { field: "country", eq: "DE" },
        { field: "name", eq: "view" },
      ],
    },
  },
  { name: "once", unique: { fields: ["properties.order"] } },
  { name: "once by country", unique: { fields: ["properties.order", "country"] } },
  { name: "soon", timely: { within: "PT1M" }, atLeast: 1 },
] as const;

/** What going through some events one by one says of each of {@link EXPECTATIONS}: of events that share a key the first passes, of one moment the one that comes before in its batch. */
export const referenceTested = (events: readonly TestEvent[]): readonly ReferenceTested<TestEvent>[] => {
  // The events are those of one batch, in its order, which sorting keeps.
  const own = events.toSorted((one, other) => one.timeMs - other.timeMs);
  const all = (): boolean => true;
  const has = (name: string) => (event: TestEvent) => textOf(event, name) !== null;
  const isSomewhere = ({ country }: TestEvent): boolean => country !== "";
  const amount = (event: TestEvent): number => numberOf(event, "amount") ?? Number.NaN;
  const order = (event: TestEvent): string => textOf(event, "order") ?? "";
  return [
    referenceEach(own, all, isSomewhere),
    referenceEach(own, all, has("amount")),
    referenceEach(own, isSomewhere, ({ country }) => country === "DE" || country === "US"),
    referenceEach(own, has("amount"), (event) => numberOf(event, "amount") !== null),
    referenceEach(own, has("amount"), (event) => amount(event) >= 0 && amount(event) < 1_000),
    referenceEach(own, has("order"), (event) => ["a", "b", "c"].includes(order(event))),
    referenceEach(own, all, ({ country, name }) => country === "DE" || name === "view"),
    referenceUnique(own, (event) => [order(event)]),
    referenceUnique(own, (event) => [order(event), event.country ?? ""]),
    referenceEach(own, all, ({ timeMs, receivedAtMs }) => (receivedAtMs ?? timeMs) - timeMs <= MINUTE_MS),
  ];
};

/** Scores, some of which are no numbers and some missing, by a few people. */
export const scores = fc.array(
  fc
    .record({
      timeMs: fc.integer({ min: -20, max: 70 }).map((minutes) => QUALITY_START_MS + minutes * MINUTE_MS),
      userId: fc.constantFrom("ada", "bob", "cem"),
      score: fc.oneof(
        fc.constantFrom(undefined, "high", 0, -0, 1),
        fc.integer({ min: -5, max: 5 }),
        fc.double({ min: -2, max: 2, noNaN: true }),
      ),
    })
    .map(({ score, timeMs, userId }): TestEvent => ({
      ...{ id: randomUUID(), name: "scored", timeMs, userId },
      properties: score === undefined ? {} : { score: Object.is(score, -0) ? 0 : score },
    })),
  { minLength: 40, maxLength: 140 },
);
