import type { Filter, Measure, Metric, TextField } from "../metric.ts";

type Json = Readonly<Record<string, unknown>>;

const TEXT_NAMES: Readonly<Record<TextField, string>> = {
  ...{ SOURCE: "source", COUNTRY: "country", REGION: "region", CITY: "city", DEVICE: "device", OS: "os" },
  ...{ BROWSER: "browser", URL: "url", REFERRER: "referrer", UTM_SOURCE: "utmSource" },
  ...{ UTM_MEDIUM: "utmMedium", UTM_CAMPAIGN: "utmCampaign" },
};
const NUMBER_TESTS = { GREATER_THAN: "gt", AT_LEAST: "gte", LESS_THAN: "lt", AT_MOST: "lte" } as const;

const fieldOf = ({ operand }: Filter): string => {
  if (operand.field === "PROPERTY") return `properties.${operand.property}`;
  return operand.field === "REVENUE" ? "revenue" : TEXT_NAMES[operand.field];
};

const filterOf = (filter: Filter): Json => {
  const field = fieldOf(filter);
  if (filter.kind === "NUMBER") return { field, [NUMBER_TESTS[filter.operator]]: filter.bound };
  switch (filter.operator) {
    case "IN":
      return { field, in: filter.values };
    case "NOT_IN":
      return { not: { field, in: filter.values } };
    case "CONTAINS":
      return { or: filter.values.map((contains) => ({ field, contains })) };
    case "STARTS_WITH":
      return { or: filter.values.map((startsWith) => ({ field, startsWith })) };
  }
};

const measureOf = (measure: Measure): Json => {
  switch (measure.kind) {
    case "COUNT":
      return { function: "COUNT" };
    case "UNIQUE_USERS":
      return { function: "UNIQUES", of: "persons" };
    case "UNIQUE_SESSIONS":
      return { function: "UNIQUES", of: "sessions" };
    case "REVENUE_SUM":
    case "REVENUE_AVERAGE":
      return {
        function: measure.kind === "REVENUE_SUM" ? "SUM" : "AVG",
        of: "revenue",
        currency: measure.currency,
      };
    case "PROPERTY_SUM":
    case "PROPERTY_AVERAGE":
      return { function: measure.kind === "PROPERTY_SUM" ? "SUM" : "AVG", of: `properties.${measure.property}` };
  }
};

const eventFilters = ({ eventNames, includeSynthetic }: Metric): readonly Json[] => [
  ...(eventNames.length === 0 ? [] : [{ field: "name", in: eventNames }]),
  ...(includeSynthetic ? [] : [{ field: "synthetic", eq: "false" }]),
];

/** A metric of a rule's own as a question to `olap` over a range. */
export const metricQuestion = (metric: Metric, range: Json): Json => {
  const filters = [...eventFilters(metric), ...metric.filters.map(filterOf)];
  const filter = filters.length === 0 ? {} : { filter: { and: filters } };
  return { olap: { range, measures: [measureOf(metric.measure)], ...filter } };
};

/** Where a name that stands at a place of {@link metricQuestion} stands in the metric; null: no name of the metric stands there. */
export const placeInMetric = (metric: Metric, place: string): string | null => {
  if (place === "olap.measures.0.of") return "property";
  const [, position, rest = ""] = /^olap\.filter\.and\.(\d+)\.(.+)$/.exec(place) ?? [];
  const index = Number(position) - eventFilters(metric).length;
  if (index >= 0) return rest.endsWith("field") ? `filters.${index}.property` : null;
  const [, name] = /^in\.(\d+)$/.exec(rest) ?? [];
  return name === undefined ? null : `eventNames.${name}`;
};
