import { parsePropertyPath, type PropertyPath } from "@tessera/platform/store/property-path";
import { parseDurationMs } from "@tessera/platform/time/duration";
import { z } from "zod";
import { NUMBER_OPERATORS, TEXT_FIELDS, TEXT_OPERATORS, type Filter, type Measure, type Metric } from "./metric.ts";

/** Shortest window, milliseconds: a shorter one sees the batches of ingest and not the metric. */
export const MIN_WINDOW_MS = 10_000;
/** Longest window, milliseconds: a longer one reads too much every time. */
export const MAX_WINDOW_MS = 31 * 86_400_000;
/** Event names one metric may list; more are better told by a filter. */
const MAX_EVENT_NAMES = 50;
/** Filters one metric may have: they become part of every evaluation's query. */
const MAX_FILTERS = 20;
/** Texts one filter may list, for the same reason. */
const MAX_FILTER_VALUES = 100;
/** Characters a filter's text or an event's name may have. */
const MAX_TEXT_CHARACTERS = 500;

const text = z.string().min(1).max(MAX_TEXT_CHARACTERS);
const MEASURES = [
  "COUNT",
  "UNIQUE_USERS",
  "UNIQUE_SESSIONS",
  "REVENUE_SUM",
  "REVENUE_AVERAGE",
  "PROPERTY_SUM",
  "PROPERTY_AVERAGE",
] as const;

type Issue = (path: readonly string[], message: string) => void;

const issueInto =
  (context: z.RefinementCtx): Issue =>
  (path, message) =>
    context.addIssue({ code: "custom", path: [...path], message });

const isGiven = (value: unknown): boolean => value !== null && value !== undefined;

const PROPERTY_EXPECTED = "Name a property: up to five names joined by dots, of letters, digits, `_`, `$` and `-`.";

const propertyOf = (value: string | null | undefined, issue: Issue): PropertyPath | null => {
  const property = parsePropertyPath(value ?? "");
  if (property === null) issue(["property"], PROPERTY_EXPECTED);
  return property;
};

const isOneOf = <Name extends string>(names: readonly Name[], name: string): name is Name =>
  names.some((known) => known === name);

const flatFilter = z.object({
  field: z.enum([...TEXT_FIELDS, "REVENUE", "PROPERTY"]),
  property: z.string().nullish(),
  operator: z.enum([...TEXT_OPERATORS, ...NUMBER_OPERATORS]),
  values: z.array(z.string().max(MAX_TEXT_CHARACTERS)).max(MAX_FILTER_VALUES).default([]),
  bound: z.number().nullish(),
});

const textFilterOf = (flat: z.infer<typeof flatFilter>, issue: Issue): Filter | null => {
  const { field, operator, values } = flat;
  if (!isOneOf(TEXT_OPERATORS, operator)) return null;
  if (values.length === 0) issue(["values"], `${operator} compares with 1 to ${MAX_FILTER_VALUES} texts.`);
  if (isGiven(flat.bound)) issue(["bound"], `${operator} compares with no number.`);
  if (field === "REVENUE") {
    issue(["operator"], "Revenue is a number; compare it with GREATER_THAN, AT_LEAST, LESS_THAN or AT_MOST.");
    return null;
  }
  if (field !== "PROPERTY") return { kind: "TEXT", operand: { field }, operator, values };
  const property = propertyOf(flat.property, issue);
  return property === null ? null : { kind: "TEXT", operand: { field, property }, operator, values };
};

const numberFilterOf = (flat: z.infer<typeof flatFilter>, issue: Issue): Filter | null => {
  const { field, operator, bound } = flat;
  if (!isOneOf(NUMBER_OPERATORS, operator)) return null;
  if (flat.values.length > 0) issue(["values"], `${operator} compares with no texts.`);
  if (bound === null || bound === undefined) {
    issue(["bound"], `${operator} needs a number to compare with.`);
    return null;
  }
  if (field === "REVENUE") return { kind: "NUMBER", operand: { field }, operator, bound };
  if (field !== "PROPERTY") {
    issue(["operator"], `${field} is text; compare it with IN, NOT_IN, CONTAINS or STARTS_WITH.`);
    return null;
  }
  const property = propertyOf(flat.property, issue);
  return property === null ? null : { kind: "NUMBER", operand: { field, property }, operator, bound };
};

const filterSchema = flatFilter.transform((flat, context): Filter => {
  const issue = issueInto(context);
  if (flat.field !== "PROPERTY" && isGiven(flat.property)) issue(["property"], "Only PROPERTY names a property.");
  return textFilterOf(flat, issue) ?? numberFilterOf(flat, issue) ?? z.NEVER;
});

const flatMetric = z.object({
  measure: z.enum(MEASURES),
  property: z.string().nullish(),
  currency: z.string().nullish(),
  eventNames: z.array(text).max(MAX_EVENT_NAMES).default([]),
  filters: z.array(filterSchema).max(MAX_FILTERS).default([]),
  window: z.string(),
  includeSynthetic: z.boolean().default(false),
});

const measureOf = (flat: z.infer<typeof flatMetric>, issue: Issue): Measure | null => {
  const kind = flat.measure;
  const ofRevenue = kind === "REVENUE_SUM" || kind === "REVENUE_AVERAGE";
  const ofProperty = kind === "PROPERTY_SUM" || kind === "PROPERTY_AVERAGE";
  if (!ofProperty && isGiven(flat.property)) issue(["property"], `${kind} measures no property.`);
  if (!ofRevenue && isGiven(flat.currency)) issue(["currency"], `${kind} measures no money.`);
  if (ofProperty) {
    const property = propertyOf(flat.property, issue);
    return property === null ? null : { kind, property };
  }
  if (!ofRevenue) return { kind };
  const currency = flat.currency ?? "";
  if (/^[A-Z]{3}$/.test(currency)) return { kind, currency };
  issue(["currency"], "Name the one ISO 4217 currency to measure, such as EUR.");
  return null;
};

const windowMsOf = (window: string, issue: Issue): number | null => {
  const windowMs = parseDurationMs(window);
  if (windowMs !== null && windowMs >= MIN_WINDOW_MS && windowMs <= MAX_WINDOW_MS) return windowMs;
  issue(["window"], "The window must be an ISO 8601 duration from PT10S to P31D, without years and months.");
  return null;
};

/** Reads a metric from its flat form; refuses what does not make sense, naming each place. */
export const metricSchema = flatMetric.transform((flat, context): Metric => {
  const issue = issueInto(context);
  const [measure, windowMs] = [measureOf(flat, issue), windowMsOf(flat.window, issue)];
  if (measure === null || windowMs === null) return z.NEVER;
  const { eventNames, filters, window, includeSynthetic } = flat;
  return { measure, eventNames, filters, window, windowMs, includeSynthetic };
});
