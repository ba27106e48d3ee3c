import type { MetricContent } from "./definition.ts";

/** A metric that every tenant has; its name is that of its column. */
export interface BuiltInMetric {
  readonly kind: "BUILT_IN";
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly content: Pick<MetricContent, "measure" | "formula">;
}

const measured = (
  name: string,
  title: string,
  description: string,
  measure: NonNullable<MetricContent["measure"]>,
): BuiltInMetric => ({
  ...{ kind: "BUILT_IN", name, title, description },
  content: { measure, formula: null },
});
const computed = (name: string, title: string, description: string, formula: string): BuiltInMetric => ({
  ...{ kind: "BUILT_IN", name, title, description },
  content: { measure: null, formula },
});

/** Metrics that every tenant has by name. */
export const BUILT_IN_METRICS: readonly BuiltInMetric[] = [
  measured("events", "Events", "Number of events.", { function: "COUNT" }),
  measured("persons", "Persons", "Distinct people: users when known, else visitors.", {
    function: "UNIQUES",
    of: "persons",
  }),
  measured("sessions", "Sessions", "Distinct sessions.", { function: "UNIQUES", of: "sessions" }),
  measured("revenue", "Revenue", "Sum of revenue.", { function: "SUM", of: "revenue" }),
  measured("average_revenue", "Average revenue", "Revenue of an event that carries any.", {
    function: "AVG",
    of: "revenue",
  }),
  computed("events_per_person", "Events per person", "Events by distinct people.", "events / persons"),
  computed("events_per_session", "Events per session", "Events by distinct sessions.", "events / sessions"),
  computed("sessions_per_person", "Sessions per person", "Distinct sessions by distinct people.", "sessions / persons"),
  computed("revenue_per_person", "Revenue per person", "Revenue by distinct people.", "revenue / persons"),
  computed("revenue_per_session", "Revenue per session", "Revenue by distinct sessions.", "revenue / sessions"),
];

const FUNCTIONS = { sum: "SUM", avg: "AVG", min: "MIN", max: "MAX", uniques: "UNIQUES" } as const;

const CALL = /^(sum|avg|min|max|uniques|p(\d{1,2}(?:\.\d{1,4})?))\(([^()]{1,300})\)$/;
/** Revenue of one currency. */
const REVENUE = /^revenue:([A-Z]{3})$/;
const BY_NAME = new Map(BUILT_IN_METRICS.map((one) => [one.name, one]));

const isFunction = (name: string): name is keyof typeof FUNCTIONS => name in FUNCTIONS;

/** A function of a field, such as `p90(properties.ms)`: its column is `p90_properties_ms`. */
const called = (text: string): BuiltInMetric | null => {
  const [, name, level, of] = CALL.exec(text) ?? [];
  if (name === undefined || of === undefined) return null;
  const column = `${name}_${of}`.replaceAll(/[^A-Za-z0-9_]+/g, "_").slice(0, 64);
  const description = `${name} of \`${of}\`.`;
  const [, currency] = REVENUE.exec(of) ?? [];
  const source = currency === undefined ? { of } : { of: "revenue", currency };
  if (isFunction(name)) return measured(column, text, description, { function: FUNCTIONS[name], ...source });
  const levels = [Number((Number(level) / 100).toFixed(6))];
  return measured(column, text, description, { function: "QUANTILES", ...source, levels });
};

/** The metric that every tenant has by a name, or by a function of a field; null when there is none. */
export const builtInMetric = (name: string): BuiltInMetric | null => BY_NAME.get(name) ?? called(name);
