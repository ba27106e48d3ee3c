import fc from "fast-check";
import { MAX_WINDOW_MS, MIN_WINDOW_MS } from "../domain/metric-definition.ts";
import { NUMBER_OPERATORS, TEXT_FIELDS, TEXT_OPERATORS, type MetricDefinition } from "../domain/metric.ts";

const property = fc.constantFrom("amount", "cart.total", "product-id", "$plan");
const textFilter = fc.record({
  field: fc.constantFrom(...TEXT_FIELDS),
  property: fc.constant(null),
  operator: fc.constantFrom(...TEXT_OPERATORS),
  values: fc.array(fc.string({ maxLength: 20 }), { minLength: 1, maxLength: 3 }),
  bound: fc.constant(null),
});
const propertyTextFilter = textFilter.chain((filter) =>
  property.map((name) => ({ ...filter, field: "PROPERTY" as const, property: name })),
);
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? 0 : value));
const numberFilter = fc
  .record({
    operand: fc.oneof(
      fc.record({ field: fc.constant("REVENUE" as const), property: fc.constant(null) }),
      fc.record({ field: fc.constant("PROPERTY" as const), property }),
    ),
    operator: fc.constantFrom(...NUMBER_OPERATORS),
    bound: number,
  })
  .map(({ operand, operator, bound }) => ({ ...operand, operator, values: [], bound }));

const measure = fc.oneof(
  fc.constantFrom("COUNT" as const, "UNIQUE_USERS" as const, "UNIQUE_SESSIONS" as const).map((name) => ({
    measure: name,
    property: null,
    currency: null,
  })),
  fc.constantFrom("REVENUE_SUM" as const, "REVENUE_AVERAGE" as const).map((name) => ({
    measure: name,
    property: null,
    currency: "EUR",
  })),
  fc
    .tuple(fc.constantFrom("PROPERTY_SUM" as const, "PROPERTY_AVERAGE" as const), property)
    .map(([name, path]) => ({ measure: name, property: path, currency: null })),
);

/** Any metric that makes sense, in its flat form. */
export const anyMetricDefinition: fc.Arbitrary<MetricDefinition> = fc
  .record({
    what: measure,
    eventNames: fc.array(fc.string({ minLength: 1, maxLength: 20 }), { maxLength: 3 }),
    filters: fc.array(fc.oneof(textFilter, propertyTextFilter, numberFilter), { maxLength: 4 }),
    seconds: fc.integer({ min: MIN_WINDOW_MS / 1_000, max: MAX_WINDOW_MS / 1_000 }),
    includeSynthetic: fc.boolean(),
  })
  .map(({ what, seconds, ...same }) => ({ ...what, ...same, window: `PT${seconds}S` }));

/** A metric that counts the events named `name`, in its flat form. */
export const countOf = (name: string): MetricDefinition => ({
  measure: "COUNT",
  property: null,
  currency: null,
  eventNames: [name],
  filters: [],
  window: "PT5M",
  includeSynthetic: false,
});
