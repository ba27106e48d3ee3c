import type { PropertyPath } from "@tessera/platform/store/property-path";

/** What is measured; revenue names its one currency, because amounts in different currencies can't be added. */
export type Measure =
  | { readonly kind: "COUNT" | "UNIQUE_USERS" | "UNIQUE_SESSIONS" }
  | { readonly kind: "REVENUE_SUM" | "REVENUE_AVERAGE"; readonly currency: string }
  | { readonly kind: "PROPERTY_SUM" | "PROPERTY_AVERAGE"; readonly property: PropertyPath };

/** Parts of an event that hold text and have a column of their own. */
export const TEXT_FIELDS = [
  "SOURCE",
  "COUNTRY",
  "REGION",
  "CITY",
  "DEVICE",
  "OS",
  "BROWSER",
  "URL",
  "REFERRER",
  "UTM_SOURCE",
  "UTM_MEDIUM",
  "UTM_CAMPAIGN",
] as const;
/** One of {@link TEXT_FIELDS}. */
export type TextField = (typeof TEXT_FIELDS)[number];

/** Comparisons of text with a list of texts. */
export const TEXT_OPERATORS = ["IN", "NOT_IN", "CONTAINS", "STARTS_WITH"] as const;
/** One of {@link TEXT_OPERATORS}. */
export type TextOperator = (typeof TEXT_OPERATORS)[number];

/** Comparisons of a number with a bound. */
export const NUMBER_OPERATORS = ["GREATER_THAN", "AT_LEAST", "LESS_THAN", "AT_MOST"] as const;
/** One of {@link NUMBER_OPERATORS}. */
export type NumberOperator = (typeof NUMBER_OPERATORS)[number];

/** What a filter looks at when it compares text. */
export type TextOperand =
  { readonly field: TextField } | { readonly field: "PROPERTY"; readonly property: PropertyPath };
/** What a filter looks at when it compares numbers. */
export type NumberOperand =
  { readonly field: "REVENUE" } | { readonly field: "PROPERTY"; readonly property: PropertyPath };

/** One filter; all filters of a metric must hold. */
export type Filter =
  | {
      readonly kind: "TEXT";
      readonly operand: TextOperand;
      readonly operator: TextOperator;
      readonly values: readonly string[];
    }
  | {
      readonly kind: "NUMBER";
      readonly operand: NumberOperand;
      readonly operator: NumberOperator;
      readonly bound: number;
    };

/** What a rule watches. */
export interface Metric {
  readonly measure: Measure;
  /** Empty means every event. */
  readonly eventNames: readonly string[];
  readonly filters: readonly Filter[];
  /** The window as its author wrote it, an ISO 8601 duration. */
  readonly window: string;
  readonly windowMs: number;
  readonly includeSynthetic: boolean;
}

/** A filter in the flat form callers and the store use; null and empty where a detail does not apply. */
export interface FilterDefinition {
  readonly field: TextField | "REVENUE" | "PROPERTY";
  readonly property: string | null;
  readonly operator: TextOperator | NumberOperator;
  readonly values: readonly string[];
  readonly bound: number | null;
}

/** A metric in the flat form callers and the store use; `parseMetric` of it gives the metric back. */
export interface MetricDefinition {
  readonly measure: Measure["kind"];
  readonly property: string | null;
  readonly currency: string | null;
  readonly eventNames: readonly string[];
  readonly filters: readonly FilterDefinition[];
  readonly window: string;
  readonly includeSynthetic: boolean;
}

const filterDefinitionOf = (filter: Filter): FilterDefinition => ({
  field: filter.operand.field,
  property: filter.operand.field === "PROPERTY" ? filter.operand.property : null,
  operator: filter.operator,
  values: filter.kind === "TEXT" ? filter.values : [],
  bound: filter.kind === "NUMBER" ? filter.bound : null,
});

/** Writes a metric in its flat form. */
export const metricDefinitionOf = (metric: Metric): MetricDefinition => ({
  measure: metric.measure.kind,
  property: "property" in metric.measure ? metric.measure.property : null,
  currency: "currency" in metric.measure ? metric.measure.currency : null,
  eventNames: metric.eventNames,
  filters: metric.filters.map(filterDefinitionOf),
  window: metric.window,
  includeSynthetic: metric.includeSynthetic,
});
