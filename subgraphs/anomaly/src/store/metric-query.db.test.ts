import { wholeTenant } from "@tessera/platform/store/data-policy";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import fc from "fast-check";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { metricSchema } from "../domain/metric-definition.ts";
import type { FilterDefinition, MetricDefinition } from "../domain/metric.ts";
import { eventRow, LONG_AGO_MS, openAnomalyRoom, storeEvents, type AnomalyRoom } from "../testing/anomaly-room.ts";
import { anyMetricDefinition } from "../testing/definitions.ts";

// Both engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(120_000);

let room: AnomalyRoom;
beforeAll(() => {
  room = openAnomalyRoom();
});
afterAll(() => room.close());

interface Event {
  readonly name: string;
  readonly user: string;
  readonly session: string;
  readonly country: string;
  readonly url: string;
  readonly revenue: number | null;
  readonly currency: string;
  readonly amount: number | string | null;
  readonly synthetic: boolean;
  readonly agoMs: number;
}

const WINDOW_MS = 60_000;
const ODD = "it's \\ `odd`\n%_";
const anyEvent: fc.Arbitrary<Event> = fc.record({
  name: fc.constantFrom("order", "view", ODD),
  user: fc.constantFrom("", "u1", "u2"),
  session: fc.constantFrom("", "s1", "s2"),
  country: fc.constantFrom("", "DE", "FR"),
  url: fc.constantFrom("", "/a", "/a/b", ODD),
  revenue: fc.option(fc.integer({ min: -100, max: 100 }).map((quarters) => quarters / 4)),
  currency: fc.constantFrom("EUR", "USD"),
  amount: fc.oneof(
    fc.constant(null),
    fc.integer({ min: -5, max: 5 }),
    fc.constantFrom("2.5", "nan", "inf", "", "many"),
  ),
  synthetic: fc.boolean(),
  agoMs: fc.constantFrom(0, 1, 30_000, WINDOW_MS, WINDOW_MS + 1),
});

const numberOf = (amount: Event["amount"]): number | null => {
  const number = amount === null || amount === "" ? Number.NaN : Number(amount);
  return Number.isFinite(number) ? number : null;
};
const textOf = (event: Event, field: FilterDefinition["field"]): string => {
  if (field === "COUNTRY") return event.country;
  if (field === "URL") return event.url;
  return field === "PROPERTY" ? String(event.amount ?? "") : "";
};

/** Whether an event passes a filter, by the words of the schema. */
const passes = (event: Event, { field, operator, values, bound }: FilterDefinition): boolean => {
  const text = textOf(event, field);
  const number = field === "REVENUE" ? event.revenue : numberOf(event.amount);
  const limit = bound ?? 0;
  switch (operator) {
    case "IN":
      return values.includes(text);
    case "NOT_IN":
      return !values.includes(text);
    case "CONTAINS":
      return values.some((value) => text.includes(value));
    case "STARTS_WITH":
      return values.some((value) => text.startsWith(value));
    case "GREATER_THAN":
      return number !== null && number > limit;
    case "AT_LEAST":
      return number !== null && number >= limit;
    case "LESS_THAN":
      return number !== null && number < limit;
    case "AT_MOST":
      return number !== null && number <= limit;
  }
};

const present = <T>(values: readonly (T | null)[]): readonly T[] =>
  values.flatMap((value) => (value === null ? [] : [value]));
const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
const ofNumbers = (values: readonly number[], mean: boolean) => ({
  value: mean ? (values.length === 0 ? null : sumOf(values) / values.length) : sumOf(values),
  samples: values.length,
});
const ofKeys = (keys: readonly string[]) => {
  const known = keys.filter((key) => key !== "");
  return { value: new Set(known).size, samples: known.length };
};

/** What a metric is over events in an array: every event asked, one after the other. */
const byDefinition = (events: readonly Event[], metric: MetricDefinition) => {
  const counted = events.filter(
    (event) =>
      event.agoMs > 0 &&
      event.agoMs <= WINDOW_MS &&
      (metric.includeSynthetic || !event.synthetic) &&
      (metric.eventNames.length === 0 || metric.eventNames.includes(event.name)) &&
      (metric.currency === null || event.currency === metric.currency) &&
      metric.filters.every((filter) => passes(event, filter)),
  );
  switch (metric.measure) {
    case "COUNT":
      return { value: counted.length, samples: counted.length };
    case "UNIQUE_USERS":
      return ofKeys(counted.map(({ user }) => user));
    case "UNIQUE_SESSIONS":
      return ofKeys(counted.map(({ session }) => session));
    case "REVENUE_SUM":
    case "REVENUE_AVERAGE":
      return ofNumbers(present(counted.map(({ revenue }) => revenue)), metric.measure === "REVENUE_AVERAGE");
    case "PROPERTY_SUM":
    case "PROPERTY_AVERAGE":
      return ofNumbers(present(counted.map(({ amount }) => numberOf(amount))), metric.measure === "PROPERTY_AVERAGE");
  }
};

const texts = fc.array(fc.constantFrom("", "DE", "/a", "2.5", ODD, "odd"), { minLength: 1, maxLength: 3 });
const filterOver = fc.oneof(
  fc.record({
    field: fc.constantFrom("COUNTRY" as const, "URL" as const, "PROPERTY" as const),
    operator: fc.constantFrom("IN" as const, "NOT_IN" as const, "CONTAINS" as const, "STARTS_WITH" as const),
    values: texts,
    bound: fc.constant(null),
  }),
  fc.record({
    field: fc.constantFrom("REVENUE" as const, "PROPERTY" as const),
    operator: fc.constantFrom("GREATER_THAN" as const, "AT_LEAST" as const, "LESS_THAN" as const, "AT_MOST" as const),
    values: fc.constant([]),
    bound: fc.constantFrom(-1, 0, 2.5),
  }),
);
const anyMetric: fc.Arbitrary<MetricDefinition> = fc
  .record({
    any: anyMetricDefinition,
    eventNames: fc.subarray(["order", ODD]),
    filters: fc.array(filterOver, { maxLength: 2 }),
  })
  .map(({ any, eventNames, filters }) => ({
    ...any,
    eventNames,
    window: `PT${WINDOW_MS / 1_000}S`,
    property: any.property === null ? null : "data.amount",
    filters: filters.map((filter) => ({ ...filter, property: filter.field === "PROPERTY" ? "data.amount" : null })),
  }));

test("A metric read from the event store is what the schema says it is, on any events", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyEvent, { maxLength: 30 }),
      fc.array(anyMetric, { minLength: 8, maxLength: 8 }),
      async (events, metrics) => {
        const tenantId = freshTenantId();
        const rows = events.map(({ name, user, session, amount, agoMs, ...columns }) =>
          eventRow(tenantId, name, LONG_AGO_MS - agoMs, {
            ...columns,
            user_id: user,
            session_id: session,
            properties: amount === null ? {} : { data: { amount } },
          }),
        );
        await storeEvents(room, rows);
        const window = { fromMs: LONG_AGO_MS - WINDOW_MS, toMs: LONG_AGO_MS };
        for (const definition of metrics) {
          const reading = await room.metrics.read(wholeTenant(tenantId), metricSchema.parse(definition), window);
          const expected = byDefinition(events, definition);
          expect([definition, reading.samples]).toEqual([definition, expected.samples]);
          if (expected.value === null) expect(reading.value).toBeNull();
          else expect(reading.value).toBeCloseTo(expected.value, 9);
        }
      },
    ),
    { numRuns: 20, endOnFailure: true },
  );
});
