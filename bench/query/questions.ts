import { DAYS } from "../analytics/generated-events.ts";

/** One representative question: as the graph is asked it, and as somebody writes it by hand for the bare engine. */
export interface Question {
  readonly title: string;
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  /** Over `{from}` and `{to}` (milliseconds) of `{tenant}`; the same work for the same answer, without anything beside it. */
  readonly sql: string;
  /** Places in the graph's answer whose numbers must add up to what the columns `n` of the rows by hand add up to; null where either estimates. */
  readonly equal: ((data: unknown) => number) | null;
  /** The number by which an answer that is to be fast is compared with the exact one; null where all of a grouped answer's are. Absent where a question can't be fast. */
  readonly fast?: ((data: unknown) => number) | null;
}

const DAY_MS = 86_400_000;
const PROVENANCE =
  "provenance { tables { table } rowsRead elapsedMs relativeError approximations { column relativeError } sampling { reason fraction } }";
const VALUES =
  "name role ... on IntegerColumn { integers } ... on TextColumn { texts } ... on TimeColumn { times } ... on NumberColumn { numbers } ... on DecimalColumn { decimals }";
const COLUMNS = `columns { ${VALUES} }`;
const WITHIN =
  "time >= fromUnixTimestamp64Milli({from: Int64}, 'UTC') AND time < fromUnixTimestamp64Milli({to: Int64}, 'UTC')";
const OF = `tenant_id = {tenant: String} AND ${WITHIN}`;
const NAMES = ["sign_in", "search", "add_to_cart", "purchase"] as const;

/** The place of a value in an answer, by names and numbers. */
const at = (data: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined),
    data,
  );
const sumOf = (value: unknown): number =>
  Array.isArray(value) ? value.reduce<number>((sum, each) => sum + Number(each ?? 0), 0) : Number.NaN;
const column = (data: unknown, root: string, index: number, kind: string): number =>
  sumOf(at(data, root, "columns", index, kind));

const COUNT = { function: "COUNT", name: "events" } as const;
const PEOPLE = { function: "UNIQUES", of: "persons", name: "people" } as const;
const olap = (
  title: string,
  input: Readonly<Record<string, unknown>>,
  sql: string,
  equal: Question["equal"],
): Question => ({
  ...{ title, sql, equal },
  query: `query Ask($input: OlapInput!, $maxStaleness: Duration! = "PT0S") { olap(input: $input, maxStaleness: $maxStaleness) { rowCount ${COLUMNS} totals { ${VALUES} } standardErrors { ${VALUES} } totalStandardErrors { ${VALUES} } ${PROVENANCE} } }`,
  variables: { input },
  fast: null,
});

interface Ranges {
  readonly month: { readonly from: string; readonly to: string };
  readonly week: { readonly from: string; readonly to: string };
}

const aggregates = ({ month, week }: Ranges): readonly Question[] => [
  olap(
    "people per hour and name, a week",
    { range: week, measures: [COUNT, PEOPLE], dimensions: ["name"], granularity: "HOUR", limit: 10_000 },
    `SELECT toStartOfHour(time) AS hour, name, count() AS n, uniqCombined64(14)(person) FROM events WHERE tenant_id = {tenant: String}
         AND time >= fromUnixTimestamp64Milli({to: Int64} - ${7 * DAY_MS}, 'UTC') AND time < fromUnixTimestamp64Milli({to: Int64}, 'UTC') GROUP BY hour, name ORDER BY hour, name`,
    (data) => column(data, "olap", 2, "integers"),
  ),
  olap(
    "people per day and name, a month",
    { range: month, measures: [COUNT, PEOPLE], dimensions: ["name"], granularity: "DAY", limit: 10_000 },
    `SELECT toDate(time) AS day, name, count() AS n, uniqCombined64(14)(person) FROM events WHERE ${OF} GROUP BY day, name ORDER BY day, name`,
    (data) => column(data, "olap", 2, "integers"),
  ),
  olap(
    "events and revenue per day (rollup)",
    {
      range: month,
      measures: [COUNT, { function: "SUM", of: "revenue", currency: "EUR", name: "eur" }],
      granularity: "DAY",
    },
    `SELECT toDate(time) AS day, count() AS n, sumIf(revenue, currency = 'EUR') FROM events WHERE ${OF} GROUP BY day ORDER BY day`,
    (data) => column(data, "olap", 1, "integers"),
  ),
  olap(
    "cube of country and device",
    {
      range: month,
      measures: [COUNT, PEOPLE],
      dimensions: ["country", "device"],
      subtotals: [["country"], ["device"]],
    },
    `SELECT country, device, count() AS n, uniqCombined64(12)(person) FROM events WHERE ${OF} GROUP BY country, device ORDER BY n DESC`,
    (data) => column(data, "olap", 2, "integers"),
  ),
];

const steps = NAMES.map((name) => ({ anyOf: [{ events: [name] }] }));

const behaviour = ({ month }: Ranges): readonly Question[] => [
  {
    title: "funnel of 4 steps, window of a week",
    query: `query Ask($input: FunnelInput!) { funnel(input: $input) { result { steps { reached } } ${PROVENANCE} } }`,
    variables: { input: { range: month, steps, window: "P7D" } },
    sql: `SELECT countIf(level >= 1) + countIf(level >= 2) + countIf(level >= 3) + countIf(level >= 4) AS n FROM (
         SELECT windowFunnel(604800000)(toUInt64(toUnixTimestamp64Milli(time)), ${NAMES.map((name) => `name = '${name}'`).join(", ")}) AS level
         FROM events_by_person WHERE ${OF} AND name IN (${NAMES.map((name) => `'${name}'`).join(", ")}) AND person != 0 GROUP BY person)`,
    fast: (data) => Number(at(data, "funnel", "result", "steps", 0, "reached")),
    // windowFunnel takes one entry a person and no repeats as docs/funnel-semantics.md defines them.
    equal: null,
  },
  {
    title: "weekly retention",
    query: `query Ask($input: RetentionInput!) { retention(input: $input) { total { size returned } ${PROVENANCE} } }`,
    variables: {
      input: {
        range: month,
        start: { events: ["sign_in"] },
        returning: { events: ["purchase"] },
        period: "WEEK",
        periods: 5,
      },
    },
    sql: `SELECT count() AS n, countIf(has(weeks, week)), countIf(has(weeks, week + 7)), countIf(has(weeks, week + 14)), countIf(has(weeks, week + 21)) FROM (
         SELECT toMonday(minIf(time, name = 'sign_in')) AS week, groupUniqArrayIf(toMonday(time), name = 'purchase') AS weeks, countIf(name = 'sign_in') AS starts
         FROM events_by_person WHERE ${OF} AND name IN ('sign_in', 'purchase') AND person != 0 GROUP BY person HAVING starts > 0)`,
    equal: (data) => Number(at(data, "retention", "total", "size")),
    fast: (data) => Number(at(data, "retention", "total", "size")),
  },
  {
    title: "attribution: last touch and linear by source",
    query: `query Ask($input: AttributionInput!) { attribution(input: $input) { conversions breakdowns { models { kind credits { label conversions } } } ${PROVENANCE} } }`,
    variables: {
      input: {
        ...{
          range: month,
          conversion: { events: ["purchase"] },
          touchpoints: [{ events: ["page_view", "click"] }],
          dimensions: ["source"],
        },
        ...{
          models: [{ kind: "LAST" }, { kind: "LINEAR" }],
          identity: "PERSON",
          nonConverting: false,
          topPaths: 0,
        },
      },
    },
    sql: `SELECT arrayJoin(labels) AS label, count() AS n FROM (SELECT person, arraySort(groupArray((time, sequence, name, source))) AS path,
         arrayMap(place -> path[arrayLastIndex(before -> before.3 != 'purchase', arraySlice(path, 1, place))].4, arrayFilter(place -> path[place].3 = 'purchase', arrayEnumerate(path))) AS labels
         FROM events_by_person WHERE ${OF} AND name IN ('purchase', 'page_view', 'click') AND person != 0 GROUP BY person) GROUP BY label`,
    equal: (data) => Number(at(data, "attribution", "conversions")),
    fast: (data) => Number(at(data, "attribution", "conversions")),
  },
];

const visits = ({ month }: Ranges): readonly Question[] => [
  {
    title: "paths of 5 steps from the first",
    query: `query Ask($input: PathsInput!) { paths(input: $input) { paths nodes { label } links { paths } ${PROVENANCE} } }`,
    variables: { input: { range: month, maxDepth: 5, topPaths: 0 } },
    sql: `SELECT count() AS n, path FROM (SELECT person, arraySlice(arrayCompact(groupArray(name)), 1, 5) AS path
         FROM (SELECT person, name FROM events_by_person WHERE ${OF} AND person != 0 ORDER BY person, time, sequence) GROUP BY person) GROUP BY path`,
    equal: (data) => Number(at(data, "paths", "paths")),
    fast: (data) => Number(at(data, "paths", "paths")),
  },
  {
    title: "sessions by gaps of 30 minutes",
    query: `query Ask($input: SessionMetricsInput!) { sessionMetrics(input: $input) { total { sessions } ${PROVENANCE} } }`,
    variables: { input: { range: month } },
    sql: `SELECT sum(arrayCount((time, before) -> time - before > 1800, times, arrayPushFront(arrayPopBack(times), toDateTime64(0, 3, 'UTC')))) AS n
         FROM (SELECT person, arraySort(groupArray(time)) AS times FROM events_by_person WHERE ${OF} AND person != 0 GROUP BY person)`,
    fast: (data) => Number(at(data, "sessionMetrics", "total", "sessions")),
    // By hand a session that began before the range is one that begins with it.
    equal: null,
  },
];

const lists = ({ month }: Ranges): readonly Question[] => [
  olap(
    "top 10 pages with people",
    { range: month, measures: [COUNT, PEOPLE], dimensions: ["url"], limit: 10 },
    `SELECT url, count() AS n, uniqCombined64(14)(person) FROM events WHERE ${OF} GROUP BY url ORDER BY n DESC, url LIMIT 10`,
    (data) => column(data, "olap", 1, "integers"),
  ),
  olap(
    "quantiles of revenue",
    {
      range: month,
      measures: [COUNT, { function: "QUANTILES", of: "revenue", currency: "EUR", levels: [0.5, 0.9, 0.99], name: "q" }],
    },
    `SELECT count() AS n, quantilesTDigestIf(0.5, 0.9, 0.99)(toFloat64(assumeNotNull(revenue)), currency = 'EUR') FROM events WHERE ${OF}`,
    (data) => column(data, "olap", 0, "integers"),
  ),
  {
    title: "drill to the events of a cell",
    query: `query Ask($input: OlapInput!, $cell: CellInput!) { rowsBehind(input: $input, cell: $cell, first: 50) { edges { node { id name time } } ${PROVENANCE} } }`,
    variables: {
      input: { range: month, measures: [COUNT], dimensions: ["country", "device"] },
      cell: { dimensions: ["DE", "mobile"] },
    },
    sql: `SELECT event_id, name, time, 1 AS n FROM events WHERE ${OF} AND country = 'DE' AND device = 'mobile' ORDER BY time DESC, event_id DESC LIMIT 50`,
    equal: (data) => {
      const edges = at(data, "rowsBehind", "edges");
      return Array.isArray(edges) ? edges.length : Number.NaN;
    },
  },
  {
    title: "live window of 5 minutes",
    query: `query Ask { realtimeMetrics(timeframe: "PT5M") { events users series { events } topNames { name events } ${PROVENANCE} } }`,
    variables: {},
    sql: `SELECT name, count() AS n, uniqExact(person) FROM events WHERE tenant_id = {tenant: String} AND time >= now64(3) - 300 AND time < now64(3) GROUP BY name`,
    equal: null,
  },
];

/** The questions over a month that ends at `endMs`. */
export const questionsUntil = (endMs: number): readonly Question[] => {
  const iso = (ms: number): string => new Date(ms).toISOString();
  const ranges = {
    month: { from: iso(endMs - DAYS * DAY_MS), to: iso(endMs) },
    week: { from: iso(endMs - 7 * DAY_MS), to: iso(endMs) },
  };
  return [...aggregates(ranges), ...behaviour(ranges), ...visits(ranges), ...lists(ranges)];
};
