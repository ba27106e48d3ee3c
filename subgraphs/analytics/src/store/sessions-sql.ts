import type { BehaviourTable } from "../domain/behaviour-source.ts";
import type { Field } from "../domain/fields.ts";
import type { SessionDefinition, SessionMarks, SessionsQuestion } from "../domain/sessions/sessions.ts";
import type { TimeRange } from "../domain/time-range.ts";
import { behaviourRange, matcherSql } from "./behaviour-sql.ts";
import { conditionSql } from "./condition-sql.ts";
import { groupExpression } from "./field-sql.ts";
import type { Params } from "./params.ts";

/** What statements about sessions need to know beside the question. */
export interface SessionsSource {
  readonly table: BehaviourTable;
  readonly tenantId: string;
  readonly marks: SessionMarks;
  /** Where events are looked at: the range, and what lies before and after. */
  readonly reach: TimeRange;
}

/** What of each event a statement needs beside what makes sessions: expressions by the place their values have in {@link carried}. */
export interface SessionColumns {
  readonly texts: readonly string[];
  /** Units whose sessions are wanted, as texts; null for all. */
  readonly units: readonly string[] | null;
}

/** Elements of an event's tuple that every statement has: when, its place in the batch, mark, campaign, person, money. */
const FIXED = 6;

/** The element of an event's tuple that holds a text of {@link SessionColumns}. */
export const carried = (place: number): number => FIXED + 1 + place;

/** The text of a field; empty where an event carries none. */
export const fieldText = (field: Field, params: Params): string =>
  `ifNull(toString(${groupExpression(field, params)}), '')`;

const markSql = ({ matchers }: SessionMarks, params: Params): string =>
  matchers.map((matcher, bit) => `bitShiftLeft(toUInt64(${matcherSql(matcher, params)}), ${bit})`).join(" + ");

const CAMPAIGN =
  "if(utm_source = '' AND utm_medium = '' AND utm_campaign = '', 0, cityHash64(utm_source, utm_medium, utm_campaign))";

const moneySql = ({ currency }: SessionsQuestion, params: Params): string =>
  currency === null
    ? "toInt64(0)"
    : `if(currency = ${params.place("String", currency)}, toInt64(ifNull(revenue, 0) * 10000), 0)`;

const unitOf = ({ definition }: SessionsQuestion): { readonly key: string; readonly present: string } =>
  definition.kind === "SENT"
    ? { key: "session_id", present: "session_id != ''" }
    : { key: "person", present: "person != 0" };

/** Each unit's events in order, those of each source for themselves where sessions are so: rows with `unit`, `flow` and `events`. */
const unitsSql = (
  question: SessionsQuestion,
  source: SessionsSource,
  { texts, units }: SessionColumns,
  params: Params,
): string => {
  const { definition } = question;
  const unit = unitOf(question);
  const where = [
    behaviourRange(source.table, source.reach, source.tenantId, params),
    unit.present,
    ...(question.filter === null ? [] : [conditionSql(question.filter, params)]),
    ...(units === null ? [] : [`toString(${unit.key}) IN ${params.place("Array(String)", units)}`]),
  ];
  const campaigns = definition.kind === "GAP" && definition.cutAtCampaign;
  const event = [
    ...["toUnixTimestamp64Milli(time)", "sequence", markSql(source.marks, params)],
    ...[campaigns ? CAMPAIGN : "toUInt64(0)", "person", moneySql(question, params), ...texts],
  ];
  const flow = definition.kind === "GAP" && definition.bySource ? "toString(source)" : "''";
  return [
    `SELECT ${unit.key} AS unit, ${flow} AS flow, arraySort(groupArray((${event.join(", ")}))) AS events`,
    `FROM ${source.table} WHERE ${where.join(" AND ")} GROUP BY unit${flow === "''" ? "" : ", flow"}`,
  ].join(" ");
};

/** The list with each element's predecessor in its place; the first has itself. */
const before = (list: string): string => `arrayPushFront(arrayPopBack(${list}), ${list}[1])`;

const brokenSql = (definition: Extract<SessionDefinition, { kind: "GAP" }>, params: Params): string => {
  const times = "arrayMap(x -> x.1, events)";
  const gap = `at - earlier > ${params.place("Int64", definition.gapMs)}`;
  const { midnightsMs } = definition;
  if (midnightsMs === null) return `arrayMap((at, earlier) -> ${gap}, ${times}, ${before(times)})`;
  const days = params.place("Array(Int64)", midnightsMs);
  const other = `roundDown(at, ${days}) != roundDown(earlier, ${days})`;
  return `arrayMap((at, earlier) -> ${gap} OR ${other}, ${times}, ${before(times)})`;
};

/** Cuts where an event carries another campaign than the last one carried before it in the session, none being another. */
const CAMPAIGN_CUT = `arrayMap((c, earlier) -> c != 0 AND c != earlier, arrayMap(x -> x.4, s), ${before(
  "arrayFill(c -> c != 0, arrayMap(x -> x.4, s))",
)})`;

/** Cuts before the first event that is later after the start than a session may last, and so on from there. */
const lengthCut = (maxMs: number, params: Params): string => {
  const times = "arrayMap(x -> x.1, s)";
  const starts = `arrayFold((starts, at) -> if(at - starts[-1] > ${params.place("Int64", maxMs)}, arrayPushBack(starts, at), starts), ${times}, [s[1].1])`;
  return `arrayMap((at, earlier) -> at != earlier AND has(cuts, at), ${times}, ${before(times)}) AS flags, ${starts} AS cuts`;
};

/** Sessions as their events in order: rows with `unit`, `flow` and `s`. */
const laidOutSql = (
  question: SessionsQuestion,
  source: SessionsSource,
  columns: SessionColumns,
  params: Params,
): string => {
  const units = unitsSql(question, source, columns, params);
  const { definition } = question;
  if (definition.kind === "SENT") return `SELECT unit, flow, events AS s FROM (${units})`;
  const broken = `arraySplit((x, cut) -> cut, events, ${brokenSql(definition, params)})`;
  const chains = `SELECT unit, flow, s FROM (${units}) ARRAY JOIN ${broken} AS s`;
  const byCampaign = definition.cutAtCampaign
    ? `SELECT unit, flow, part AS s FROM (${chains}) ARRAY JOIN arraySplit((x, cut) -> cut, s, ${CAMPAIGN_CUT}) AS part`
    : chains;
  if (definition.maxLengthMs === null) return byCampaign;
  const flagged = `SELECT unit, flow, s, ${lengthCut(definition.maxLengthMs, params)} FROM (${byCampaign})`;
  return `SELECT unit, flow, part AS s FROM (${flagged}) ARRAY JOIN arraySplit((x, cut) -> cut, s, flags) AS part`;
};

const bounceSql = ({ bounce }: SessionsQuestion): string => {
  if (bounce === "SINGLE_EVENT") return "events = 1";
  return bounce === "SINGLE_PAGE" ? "views <= 1" : "NOT engaged";
};

/** A session's own numbers, from its events `s`. */
const numbersSql = (question: SessionsQuestion, { marks }: SessionsSource, params: Params): readonly string[] => {
  const bit = (place: number | null): string => (place === null ? "0" : `bitTest(m, ${place})`);
  const times = "arrayMap(x -> x.1, s)";
  const idle = params.place("Int64", question.idleMs);
  const isSent = question.definition.kind === "SENT";
  return [
    "s[1].1 AS start_ms",
    "s[-1].1 AS end_ms",
    "length(s) AS events",
    "arrayMap(x -> x.3, s) AS marked",
    `arrayCount(m -> ${bit(marks.view)}, marked) AS views`,
    `arrayExists(m -> ${bit(marks.conversion)}, marked) AS converted`,
    `arraySum(arrayMap((at, earlier) -> least(at - earlier, ${idle}), ${times}, ${before(times)})) AS active_ms`,
    "s[1].5 AS person",
    "arraySum(arrayMap(x -> x.6, s)) AS money",
    `(end_ms - start_ms >= ${params.place("Int64", question.engagedAfterMs)} OR converted OR views >= ${params.place("UInt64", question.engagedViews)}) AS engaged`,
    `${bounceSql(question)} AS bounced`,
    `${isSent ? "unit" : "lower(hex(cityHash64(unit, flow, s[1].1, s[1].2, s[1].4)))"} AS id`,
  ];
};

const conditionsSql = (
  { range, conditions }: SessionsQuestion,
  { marks }: SessionsSource,
  params: Params,
): readonly string[] => {
  const bound = (value: string, sign: string, limit: number | null): readonly string[] =>
    limit === null ? [] : [`${value} ${sign} ${params.place("Int64", limit)}`];
  const flag = (name: string, wanted: boolean | null): readonly string[] =>
    wanted === null ? [] : [wanted ? name : `NOT ${name}`];
  return [
    `start_ms >= ${params.place("Int64", range.fromMs)}`,
    `start_ms < ${params.place("Int64", range.toMs)}`,
    ...(marks.entry === null ? [] : [`bitTest(marked[1], ${marks.entry})`]),
    ...(marks.exit === null ? [] : [`bitTest(marked[-1], ${marks.exit})`]),
    ...marks.has.map((bit) => `arrayExists(m -> bitTest(m, ${bit}), marked)`),
    ...marks.hasNot.map((bit) => `NOT arrayExists(m -> bitTest(m, ${bit}), marked)`),
    ...bound("end_ms - start_ms", ">=", conditions.durationMs.least),
    ...bound("end_ms - start_ms", "<=", conditions.durationMs.most),
    ...bound("toInt64(events)", ">=", conditions.events.least),
    ...bound("toInt64(events)", "<=", conditions.events.most),
    ...flag("bounced", conditions.bounced),
    ...flag("engaged", conditions.engaged),
    ...flag("converted", conditions.converted),
  ];
};

/** The sessions that are asked about, one per row, with their numbers and their events `s`. */
export const sessionsSql = (
  question: SessionsQuestion,
  source: SessionsSource,
  columns: SessionColumns,
  params: Params,
): string => {
  const numbers = numbersSql(question, source, params).join(", ");
  const where = conditionsSql(question, source, params).join(" AND ");
  return `SELECT unit, s, ${numbers} FROM (${laidOutSql(question, source, columns, params)}) WHERE ${where}`;
};
