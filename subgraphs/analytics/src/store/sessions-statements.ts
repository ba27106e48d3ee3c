import type { StoreStatement } from "@tessera/platform/store/event-store";
import { z } from "zod";
import type { SessionPage } from "../domain/sessions/session-page.ts";
import type { SessionMetricsQuestion, SessionsQuestion } from "../domain/sessions/sessions.ts";
import { behaviourRange } from "./behaviour-sql.ts";
import { conditionSql } from "./condition-sql.ts";
import { createParams, type Params } from "./params.ts";
import {
  carried,
  fieldText,
  groupText,
  isByPerson,
  partSql,
  sessionsSql,
  type SessionsSource,
} from "./sessions-sql.ts";

/** How many events there are to look at: one row with `events`. */
export const sessionSizeStatement = (question: SessionsQuestion, source: SessionsSource): StoreStatement => {
  const params = createParams();
  const where = [
    behaviourRange(source.table, source.reach, source.tenantId, params),
    ...partSql(question, params),
    ...(question.filter === null ? [] : [conditionSql(question.filter, params)]),
  ];
  const text = `SELECT toFloat64(count()) AS events FROM ${source.table} WHERE ${where.join(" AND ")}`;
  return { name: "session-size", text, params: params.values };
};

const size = z.object({ events: z.coerce.number() });
/** Reads the row of {@link sessionSizeStatement}. */
export const sessionSizeOf = (row: unknown): number => size.parse(row).events;

/** Which sessions are on a page and one more, newest first: rows with `id`, `unit` and `start_ms`. */
export const sessionPageStatement = (
  question: SessionsQuestion,
  source: SessionsSource,
  { first, after }: SessionPage,
): StoreStatement => {
  const params = createParams();
  const sessions = sessionsSql(question, source, { texts: [], units: null, sumsAlone: false }, params);
  const place =
    after === null
      ? ""
      : `WHERE (start_ms, id) < (${params.place("Int64", after.startMs)}, ${params.place("String", after.id)}) `;
  const text = [
    `SELECT id, toString(unit) AS unit, start_ms FROM (${sessions})`,
    `${place}ORDER BY start_ms DESC, id DESC LIMIT ${params.place("UInt64", first + 1)}`,
  ].join("\n");
  return { name: "session-page", text, params: params.values };
};

/** What is told of a session's first event, by the name its column has in an answer. */
const TOLD = {
  session_id: "session_id",
  source: "toString(source)",
  utm_source: "toString(utm_source)",
  utm_medium: "toString(utm_medium)",
  utm_campaign: "toString(utm_campaign)",
  country: "toString(country)",
  device: "toString(device)",
  user_id: "user_id",
  anonymous_id: "anonymous_id",
} as const;

/** Names, pages and where a session came from, of the sessions of these units with these ids; from `events`, which holds them all. */
export const sessionDetailsStatement = (
  question: SessionsQuestion,
  source: SessionsSource,
  { units, ids }: { readonly units: readonly string[]; readonly ids: readonly string[] },
): StoreStatement => {
  const params = createParams();
  const told = Object.entries(TOLD);
  const texts = ["toString(name)", fieldText(question.page, params), ...told.map(([, sql]) => sql)];
  const sessions = sessionsSql(question, source, { texts, units, sumsAlone: false }, params);
  const pages = `arrayFilter(page -> page != '', arrayMap(x -> x.${carried(1)}, s))`;
  const text = [
    "SELECT id, toFloat64(start_ms) AS start_ms, toFloat64(end_ms) AS end_ms, toFloat64(active_ms) AS active_ms,",
    "toFloat64(events) AS events, toFloat64(views) AS views, bounced, engaged, converted, toString(money) AS money,",
    `s[1].${carried(0)} AS entry_name, s[-1].${carried(0)} AS exit_name, ${pages}[1] AS entry_page, ${pages}[-1] AS exit_page,`,
    told.map(([name], place) => `s[1].${carried(place + 2)} AS ${name}`).join(", "),
    `FROM (${sessions}) WHERE id IN ${params.place("Array(String)", ids)} ORDER BY start_ms DESC, id DESC`,
  ].join("\n");
  return { name: "session-details", text, params: params.values };
};

/** The sum over persons of the square of how many sessions they began: sessions of one person are drawn together. */
const SQUARES = "toFloat64(arraySum(n -> n * n, sumMap([person], [toUInt64(1)]).2))";

/** What can't be added up over slices of units, as it can be put together: how long sessions lasted, and, where persons are no units, the least hashes of theirs. */
const apartSql = (question: SessionMetricsQuestion, persons: number): readonly string[] => [
  "sumMap([toUInt64(end_ms - start_ms)], [toUInt64(1)]) AS by_duration",
  // As texts: hundreds of thousands of numbers are read in a fraction of the time that a list of pairs takes.
  ...["by_duration.1", "by_duration.2"].map(
    (list, place) =>
      `arrayStringConcat(arrayMap(x -> toString(x), ${list}), ' ') AS ${["lasted", "sessions_lasted"][place]}`,
  ),
  isByPerson(question)
    ? "CAST([], 'Array(UInt64)') AS persons"
    : `arraySlice(arraySort(groupUniqArrayIf(person, person != 0)), 1, ${persons}) AS persons`,
];

const togetherSql = ({ levels }: SessionMetricsQuestion): readonly string[] => [
  `quantilesExactInclusive(${levels.map(String).join(", ")})(end_ms - start_ms) AS durations_ms`,
];

const sumsSql = ({ part }: SessionMetricsQuestion): readonly string[] => [
  `${part.fraction === 1 ? "toFloat64(0)" : SQUARES} AS squares`,
  "toFloat64(count()) AS sessions",
  "toFloat64(uniqExactIf(person, person != 0)) AS people",
  "toFloat64(uniqExact(unit)) AS units",
  "toFloat64(sum(events)) AS all_events",
  "toFloat64(sum(views)) AS page_views",
  "toFloat64(sum(end_ms - start_ms)) AS duration_ms",
  "toFloat64(sum(active_ms)) AS active",
  "toFloat64(countIf(bounced)) AS bounces",
  "toFloat64(countIf(engaged)) AS engagements",
  "toFloat64(countIf(converted)) AS conversions",
  "toString(sum(toInt128(money))) AS all_money",
];

/** The start of the bucket a session lies in, in seconds since the epoch. */
const bucketSql = ({ buckets }: SessionMetricsQuestion, params: Params): string => {
  const starts = (buckets?.startsMs ?? []).map((ms) => ms / 1_000);
  return `roundDown(intDiv(start_ms, 1000), ${params.place("Array(Int64)", starts)})`;
};

/** Every way the numbers are put together: all sessions, by bucket, by group, and by both. */
const groupingSets = (bucket: readonly string[], groups: readonly string[]): readonly (readonly string[])[] => [
  [],
  ...(bucket.length === 0 ? [] : [bucket]),
  ...(groups.length === 0 ? [] : [groups]),
  ...(bucket.length === 0 || groups.length === 0 ? [] : [[...groups, ...bucket]]),
];

/** What statements about numbers over sessions have beside the sums. */
interface MetricsAsked {
  readonly more: readonly string[];
  readonly lines: number;
  readonly name: string;
}

const metricsStatement = (
  question: SessionMetricsQuestion,
  source: SessionsSource,
  { more, lines, name }: MetricsAsked,
): StoreStatement => {
  const params = createParams();
  const texts = question.breakdown.map((field) => groupText(field, params));
  const sessions = sessionsSql(question, source, { texts, units: null, sumsAlone: true }, params);
  const bucket = question.buckets === null ? [] : ["b"];
  const groups = texts.map((_text, place) => `d${place}`);
  const keys = [
    ...bucket.map((alias) => `${bucketSql(question, params)} AS ${alias}`),
    ...groups.map((alias, place) => `s[1].${carried(place)} AS ${alias}`),
  ];
  const told = [...bucket, ...groups];
  const sets = groupingSets(bucket, groups).map((set) => `(${set.join(", ")})`);
  const text = [
    `SELECT ${[
      bucket.length === 0 ? "1 AS total_b" : "grouping(b) AS total_b",
      groups.length === 0 ? "1 AS total_d" : "grouping(d0) AS total_d",
      ...told,
      ...sumsSql(question),
      ...more,
    ].join(", ")}`,
    `FROM (SELECT *${keys.map((key) => `, ${key}`).join("")} FROM (${sessions}))`,
    ...(told.length === 0 ? [] : [`GROUP BY GROUPING SETS (${sets.join(", ")})`]),
    `LIMIT ${params.place("UInt64", lines + 1)}`,
  ].join("\n");
  return { name, text, params: params.values };
};

/** Numbers over sessions: rows with `total_b` and `total_d` that say over what, `b`, `d0` ... and the sums; one row more than allowed tells that there are too many. */
export const sessionMetricsStatement = (
  question: SessionMetricsQuestion,
  source: SessionsSource,
  lines: number,
): StoreStatement =>
  metricsStatement(question, source, { more: togetherSql(question), lines, name: "session-metrics" });

/** The same of a slice of the units, with what puts slices together in place of what can't be added up: of persons that are no units at most so many. */
export const sessionSliceStatement = (
  question: SessionMetricsQuestion,
  source: SessionsSource,
  { lines, persons }: { readonly lines: number; readonly persons: number },
): StoreStatement =>
  metricsStatement(question, source, { more: apartSql(question, persons), lines, name: "session-slice" });

/** The pages of most sessions, at most so many: what they are to sessions, and in each row how many pages there are. */
export const sessionPagesStatement = (
  question: SessionMetricsQuestion,
  source: SessionsSource,
  most: number = question.pages,
): StoreStatement => {
  const params = createParams();
  const sessions = sessionsSql(
    question,
    source,
    { texts: [fieldText(question.page, params)], units: null, sumsAlone: false },
    params,
  );
  const text = [
    "SELECT page, toFloat64(count()) AS sessions, toFloat64(countIf(page = pages[1])) AS entries, toFloat64(countIf(page = pages[-1])) AS exits,",
    "toFloat64(countIf(page = pages[1] AND bounced)) AS bounces, toFloat64(sum(viewed)) AS page_views, toFloat64(count() OVER ()) AS all_pages",
    `FROM (SELECT bounced, pages, page, arrayCount((own, m) -> own = page AND bitTest(m, ${source.marks.view}), all_pages_of, marked) AS viewed`,
    `FROM (SELECT bounced, marked, arrayMap(x -> x.${carried(0)}, s) AS all_pages_of, arrayFilter(one -> one != '', all_pages_of) AS pages FROM (${sessions}))`,
    "ARRAY JOIN arrayDistinct(pages) AS page)",
    `GROUP BY page ORDER BY count() DESC, page LIMIT ${params.place("UInt64", most)}`,
  ].join("\n");
  return { name: "session-pages", text, params: params.values };
};
