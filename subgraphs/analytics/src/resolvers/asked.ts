import { partsOfDefinition } from "../domain/cohort-input.ts";
import { partsOfFilter } from "../domain/filter-input.ts";
import type {
  AskedCalendarRangeResolvers,
  BuiltInMetricResolvers,
  CohortDefinitionResolvers,
  CohortDidResolvers,
  CohortWindowResolvers,
  EventFilterResolvers,
  MetricMeasureResolvers,
} from "../generated/resolvers.ts";

/** Resolvers of `EventFilter`. */
export const EventFilter: EventFilterResolvers = { parts: (filter) => partsOfFilter(filter) };

/** Resolvers of `CohortDefinition`. */
export const CohortDefinition: CohortDefinitionResolvers = { parts: (definition) => partsOfDefinition(definition) };

// What may be left out of an input is told as what it then means.

/** Resolvers of `CohortDid`. */
export const CohortDid: CohortDidResolvers = {
  comparison: ({ comparison = "AT_LEAST" }) => comparison,
  times: ({ times = 1 }) => times,
};

/** Resolvers of `CohortWindow`. */
export const CohortWindow: CohortWindowResolvers = {
  period: ({ period = "DAY" }) => period,
  timeZone: ({ timeZone = "UTC" }) => timeZone,
};

/** Resolvers of `MetricMeasure`. */
export const MetricMeasure: MetricMeasureResolvers = { exact: ({ exact = false }) => exact };

/** Resolvers of `BuiltInMetric`. */
export const BuiltInMetric: BuiltInMetricResolvers = {
  measure: ({ content }) => content.measure,
  formula: ({ content }) => content.formula,
};

/** Resolvers of `AskedCalendarRange`. */
export const AskedCalendarRange: AskedCalendarRangeResolvers = {
  count: ({ count = 1 }) => count,
  ending: ({ ending = "BEFORE_CURRENT" }) => ending,
  ago: ({ ago = 0 }) => ago,
};
