import { refuse } from "@tessera/platform/errors/refusal";
import type { HttpServer } from "@tessera/platform/http/server";
import type { Static } from "typebox";
import { Value } from "typebox/value";
import { inRestWords } from "../../answers/in-rest-words.ts";
import { toProvenance } from "../../answers/provenance.ts";
import { RestCohortDocument, type TimeRangeInput } from "../../generated/graphql.ts";
import { graphQuestion, type GraphRouteDeps } from "../../graph/graph-question.ts";
import { toMaxStaleness, toRange } from "../../http/question-parts.ts";
import { serveRoute } from "../../http/serve-route.ts";
import { snakeCase } from "../../http/snake-case.ts";
import { momentParameter } from "../audit-log/moment.ts";
import { filterSchema, toFieldName, toFilter } from "../realtime-query/filter.ts";
import { cohortDescription } from "./description.ts";

type Query = Static<typeof cohortDescription.query>;

const DEFAULTS = { periods: "12", minimum: "1", history: "100", period: "week" } as const;
const DAY_MS = 86_400_000;
/** Milliseconds a default range reaches back for each column. */
const LENGTH_MS = { day: DAY_MS, week: 7 * DAY_MS, month: 30 * DAY_MS } as const;

const listOf = (text: string | undefined): readonly string[] =>
  (text ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");

/** A filter as it stands in a query string: as JSON, in the words of the routes that take one in their body. */
const filterParameter = (text: string, field: string) => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw refuse("BAD_INPUT", "A filter in a query string is JSON.", { field }, error);
  }
  if (!Value.Check(filterSchema, parsed))
    throw refuse("BAD_INPUT", 'This is no filter: {"field": "country", "eq": "DE"} is one.', { field });
  return toFilter(parsed);
};

const matcher = (names: string | undefined, filter: string | undefined, field: string) => {
  const events = listOf(names);
  return {
    ...(events.length === 0 ? {} : { events }),
    ...(filter === undefined ? {} : { filter: filterParameter(filter, field) }),
  };
};

/** What coming back is worth; null where nothing is said of it. */
const valueOf = ({ value_of: of, currency }: Query) => {
  if (of === undefined) return currency === undefined ? null : { of: "revenue", currency };
  return { of: toFieldName(of), ...(currency === undefined ? {} : { currency }) };
};

/** Parts of the question that are asked for only where they are said. */
const partsOf = (query: Query): Readonly<Record<string, unknown>> => {
  const asOf = momentParameter(query.as_of, "as_of");
  return {
    ...(query.brackets === undefined ? {} : { brackets: listOf(query.brackets).map(Number) }),
    ...(query.max_groups === undefined ? {} : { maxGroups: Number(query.max_groups) }),
    ...(query.cohorts === undefined ? {} : { cohorts: listOf(query.cohorts) }),
    ...(query.confidence === undefined ? {} : { confidence: Number(query.confidence) }),
    ...(asOf === null ? {} : { asOf }),
    ...(query.sample === undefined ? {} : { sample: Number(query.sample) }),
    ...(query.fast === undefined ? {} : { fast: query.fast === "true" }),
    ...(query.allow_unknown === undefined ? {} : { allowUnknown: query.allow_unknown === "true" }),
  };
};

/** The range that a query string asks about: relative to now, or by its moments, of which one that is missing is as far from the other as there are columns. */
const rangeOf = (query: Query, lengthMs: number, nowMs: number): TimeRangeInput => {
  const { sliding, calendar_unit: unit, calendar_ending: ending, calendar_count: count, calendar_ago: ago } = query;
  const [from, to] = [momentParameter(query.from, "from"), momentParameter(query.to, "to")];
  if (unit === undefined) {
    const [part, given] = Object.entries({ ending, count, ago }).find(([, value]) => value !== undefined) ?? [];
    if (given !== undefined)
      throw refuse("BAD_INPUT", "A range of the calendar needs its unit.", { field: `calendar_${part ?? ""}` });
  }
  if (sliding !== undefined || unit !== undefined) {
    const calendar = {
      ...(ending === undefined ? {} : { ending }),
      ...(count === undefined ? {} : { count: Number(count) }),
      ...(ago === undefined ? {} : { ago: Number(ago) }),
    };
    return toRange({
      ...(from === null ? {} : { from }),
      ...(to === null ? {} : { to }),
      ...(unit === undefined ? {} : { calendar: { unit, ...calendar } }),
      ...(sliding === undefined ? {} : { sliding }),
    });
  }
  const end = to ?? new Date(nowMs).toISOString();
  return { from: from ?? new Date(Date.parse(end) - lengthMs).toISOString(), to: end };
};

/** The question about retention that a query string asks; `nowMs` is where a range ends that says nothing else. */
export const toRetentionInput = (query: Query, nowMs: number): Readonly<Record<string, unknown>> => {
  const periods = Number(query.periods ?? DEFAULTS.periods);
  const reach = Number(listOf(query.brackets).at(-1) ?? periods);
  const period = query.period ?? DEFAULTS.period;
  return {
    ...{
      range: rangeOf(query, reach * LENGTH_MS[period], nowMs),
      start: matcher(query.start_events, query.start_filter, "start_filter"),
      returning: matcher(query.return_events, query.return_filter, "return_filter"),
      periods,
    },
    startAt: (query.start_at ?? "first_in_range").toUpperCase(),
    kind: (query.kind ?? "exact").toUpperCase(),
    period: period.toUpperCase(),
    clock: (query.clock ?? "calendar").toUpperCase(),
    timeZone: query.time_zone ?? "UTC",
    minimum: Number(query.minimum ?? DEFAULTS.minimum),
    value: valueOf(query),
    splitBy: listOf(query.split_by).map(toFieldName),
    ...partsOf(query),
  };
};

const NAMES: Readonly<Record<string, string>> = {
  "start.events": "start_events",
  "returning.events": "return_events",
  "value.currency": "currency",
  "value.of": "value_of",
  "start.filter": "start_filter",
  "returning.filter": "return_filter",
};

/** The part of a question in the route's own words: what is asked of retention stands in the query itself. */
const naming = (field: string): string => {
  const own = field
    .replace(/^(?:input|retention)\./, "")
    .replace(/^range\./, "")
    .replace(/^calendar\./, "calendar_");
  const known = Object.entries(NAMES).find(([name]) => own.startsWith(name));
  return known === undefined ? snakeCase(own) : known[1];
};

const inWords = (value: object): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== "__typename")
      .map(([name, part]): [string, unknown] => [snakeCase(name), inRestWords(part, name)]),
  );

/** A part of a definition without what it does not say, as the graph takes it. */
const asSent = (part: unknown): unknown => {
  if (Array.isArray(part)) return part.map(asSent);
  if (typeof part !== "object" || part === null) return part;
  return Object.fromEntries(
    Object.entries(part)
      .filter(([name, member]: [string, unknown]) => name !== "__typename" && member !== null)
      .map(([name, member]: [string, unknown]) => [name, asSent(member)]),
  );
};

const cohort = graphQuestion(RestCohortDocument, naming);

/** Adds GET /api/v2/analytics/cohort/{cohort_id}. */
export const registerCohort = (server: HttpServer, deps: GraphRouteDeps): void =>
  serveRoute(server, deps, cohortDescription, async (request) => {
    const { query, path } = request;
    const variables = {
      id: path["cohort_id"] ?? "",
      history: Number(query.history ?? DEFAULTS.history),
      retention: toRetentionInput(query, Date.now()),
      ...toMaxStaleness(query),
    };
    const { data, warnings } = await cohort(deps.graph, request, variables);
    if (data.cohort === null) throw refuse("NOT_FOUND", "The tenant has no cohort of this id.", { field: "cohort_id" });
    const { definition, retention, ...rest } = data.cohort;
    const { provenance, ...numbers } = retention;
    return {
      ...inWords(rest),
      unit: rest.unit.toLowerCase(),
      // Names within a definition are those of the input that makes one, so that it can be sent as it is.
      definition: asSent(definition),
      retention: {
        ...inWords(numbers),
        provenance: toProvenance(provenance),
      },
      ...(warnings.length === 0 ? {} : { warnings }),
    };
  });
