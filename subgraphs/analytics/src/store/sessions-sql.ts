import type { AnalysisUnit } from "../domain/analysis-unit.ts";
import type { BehaviourTable } from "../domain/behaviour-source.ts";
import type { Field } from "../domain/field.ts";
import type { SessionDefinition, SessionMarks, SessionsQuestion } from "../domain/sessions/sessions.ts";
import type { TimeRange } from "../domain/time-range.ts";
import { behaviourRange, matcherSql, sliceSql, unitSql } from "./behaviour-sql.ts";
import { conditionSql } from "./condition-sql.ts";
import { groupExpression } from "./group-sql.ts";
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
  /** Whether sums over sessions are all that is asked: then which of the events of one moment is the first does not matter. */
  readonly sumsAlone: boolean;
}

/** Elements of an event's tuple that every statement has: when, its place in the batch, mark, campaign, person, money. */
const FIXED = 6;
/** The element of an event's tuple that holds when it was, in milliseconds. */
export const AT = 1;
/** The element of an event's tuple that holds its person, 0 for nobody known. */
export const PERSON = 5;

/** The element of an event's tuple that holds a text of {@link SessionColumns}. */
export const carried = (place: number): number => FIXED + 1 + place;

/** How an element of a unit's list tells of its event: as a tuple, or as one number where that is enough. */
interface EventLayout {
  /** The unit's events in order, from rows with `at` and what else is asked of each. */
  readonly list: string;
  readonly at: (event: string) => string;
  readonly mark: (event: string) => string;
  /** Of a session's list `s`: the person it began with, its money, and what its id is made of. */
  readonly person: string;
  readonly money: string;
  readonly first: string;
}

/** Bits of a number that an event's marks take; the others hold its milliseconds since the first that is looked at, 2^48 of them. */
const MARK_BITS = 16;

/** The text of a field; empty where an event carries none. */
export const fieldText = (field: Field, params: Params): string =>
  `ifNull(toString(${groupExpression(field, params)}), '')`;

/** The text of a field by which sessions are grouped: `=` and the value, or the empty text where an event carries none. */
export const groupText = (field: Field, params: Params): string => {
  const text = fieldText(field, params);
  return `if(${text} = '', '', concat('=', ${text}))`;
};

const markSql = ({ matchers }: SessionMarks, params: Params): string =>
  matchers.map((matcher, bit) => `bitShiftLeft(toUInt64(${matcherSql(matcher, params)}), ${bit})`).join(" + ");

const CAMPAIGN =
  "if(utm_source = '' AND utm_medium = '' AND utm_campaign = '', 0, cityHash64(utm_source, utm_medium, utm_campaign))";

const moneySql = ({ currency }: SessionsQuestion, params: Params): string =>
  currency === null
    ? "toInt64(0)"
    : `if(currency = ${params.place("String", currency)}, toInt64(ifNull(revenue, 0) * 10000), 0)`;

/** Whose events are put together: sessions as they were sent are units themselves. */
const unitOf = ({ definition }: SessionsQuestion): AnalysisUnit =>
  definition.kind === "SENT" ? { kind: "SESSION" } : definition.unit;

/** Whether persons are the units. */
export const isByPerson = (question: SessionsQuestion): boolean => unitOf(question).kind === "PERSON";

const cutsAtCampaigns = ({ definition }: SessionsQuestion): boolean =>
  definition.kind === "GAP" && definition.cutAtCampaign;

/** Whether nothing of an event matters but when it was and how it is marked. */
const isPacked = (question: SessionsQuestion, { marks }: SessionsSource, columns: SessionColumns): boolean =>
  columns.sumsAlone &&
  columns.texts.length === 0 &&
  isByPerson(question) &&
  !cutsAtCampaigns(question) &&
  question.currency === null &&
  marks.entry === null &&
  marks.exit === null &&
  marks.matchers.length <= MARK_BITS;

/** A list of as many constants as a unit has events. */
const constant = (value: string): string => `arrayWithConstant(length(groupArray(at)), ${value})`;

/** Lists of single values are put together by the store in half the time that a list of tuples takes it. */
const layoutOf = (
  question: SessionsQuestion,
  source: SessionsSource,
  columns: SessionColumns,
  params: Params,
): EventLayout => {
  if (isPacked(question, source, columns)) {
    const fromMs = params.place("Int64", source.reach.fromMs);
    return {
      list: `arraySort(groupArray(bitShiftLeft(toUInt64(at - ${fromMs}), ${MARK_BITS}) + mark))`,
      at: (event) => `(toInt64(bitShiftRight(${event}, ${MARK_BITS})) + ${fromMs})`,
      mark: (event) => event,
      ...{ person: "unit", money: "toInt64(0)", first: "s[1]" },
    };
  }
  const lists = [
    ...["groupArray(at)", "groupArray(sequence)", "groupArray(mark)"],
    cutsAtCampaigns(question) ? "groupArray(campaign)" : constant("toUInt64(0)"),
    isByPerson(question) ? constant("unit") : "groupArray(person)",
    question.currency === null ? constant("toInt64(0)") : "groupArray(cents)",
    ...columns.texts.map((_text, place) => `groupArray(t${place})`),
  ];
  return {
    list: `arraySort(arrayZip(${lists.join(", ")}))`,
    at: (event) => `${event}.1`,
    mark: (event) => `${event}.3`,
    ...{ person: "s[1].5", money: "arraySum(arrayMap(x -> x.6, s))", first: "s[1].1, s[1].2, s[1].4" },
  };
};

/** The units whose sessions are looked at. */
export const partSql = (question: SessionsQuestion, params: Params): readonly string[] =>
  question.part.slice === null ? [] : sliceSql(unitOf(question), question.part.slice, params);

/** Each unit's events in order, those of each source for themselves where sessions are so: rows with `unit`, `flow` and `events`. */
const unitsSql = (
  question: SessionsQuestion,
  source: SessionsSource,
  columns: SessionColumns,
  params: Params,
): string => {
  const { definition } = question;
  const unit = unitSql(unitOf(question), params);
  const where = [
    behaviourRange(source.table, source.reach, source.tenantId, params),
    unit.present,
    ...partSql(question, params),
    ...(question.filter === null ? [] : [conditionSql(question.filter, params)]),
    ...(columns.units === null ? [] : [`toString(${unit.key}) IN ${params.place("Array(String)", columns.units)}`]),
  ];
  const event = [
    ...[`${unit.key} AS unit`, "person", "toUnixTimestamp64Milli(time) AS at", "sequence"],
    `${markSql(source.marks, params)} AS mark`,
    ...(cutsAtCampaigns(question) ? [`${CAMPAIGN} AS campaign`] : []),
    ...(question.currency === null ? [] : [`${moneySql(question, params)} AS cents`]),
    ...columns.texts.map((text, place) => `${text} AS t${place}`),
  ];
  const flow = definition.kind === "GAP" && definition.bySource;
  const rows = `SELECT ${[...event, ...(flow ? ["toString(source) AS flow"] : [])].join(", ")} FROM ${source.table} WHERE ${where.join(" AND ")}`;
  const { list } = layoutOf(question, source, columns, params);
  return `SELECT unit, ${flow ? "flow" : "'' AS flow"}, ${list} AS events FROM (${rows}) GROUP BY unit${flow ? ", flow" : ""}`;
};

/** The list with each element's predecessor in its place; the first has itself. */
const before = (list: string): string => `arrayPushFront(arrayPopBack(${list}), ${list}[1])`;

/** The moments of a list's events. */
const timesSql = (list: string, { at }: EventLayout): string => `arrayMap(x -> ${at("x")}, ${list})`;

/** The list of a unit's events in parts, from its moments `times`: one begins where a gap or another day does. */
const chainsSql = ({ gapMs, midnightsMs }: Extract<SessionDefinition, { kind: "GAP" }>, params: Params): string => {
  const gap = `later > ${params.place("Int64", gapMs)}`;
  if (midnightsMs === null) return `arraySplit((x, later) -> ${gap}, events, arrayDifference(times))`;
  const days = params.place("Array(Int64)", midnightsMs);
  const places = `arrayDifference(arrayMap(at -> roundDown(at, ${days}), times))`;
  return `arraySplit((x, later, day) -> ${gap} OR day != 0, events, arrayDifference(times), ${places})`;
};

/** Cuts where an event carries another campaign than the last one carried before it in the session, none being another. */
const CAMPAIGN_CUT = `arrayMap((c, earlier) -> c != 0 AND c != earlier, arrayMap(x -> x.4, s), ${before(
  "arrayFill(c -> c != 0, arrayMap(x -> x.4, s))",
)})`;

/** Cuts before the first event that is later after the start than a session may last, and so on from there. */
const lengthCut = (maxMs: number, layout: EventLayout, params: Params): string => {
  const times = timesSql("s", layout);
  const starts = `arrayFold((starts, at) -> if(at - starts[-1] > ${params.place("Int64", maxMs)}, arrayPushBack(starts, at), starts), ${times}, [${layout.at("s[1]")}])`;
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
  const layout = layoutOf(question, source, columns, params);
  const timed = `SELECT unit, flow, events, ${timesSql("events", layout)} AS times FROM (${units})`;
  const chains = `SELECT unit, flow, s FROM (${timed}) ARRAY JOIN ${chainsSql(definition, params)} AS s`;
  const byCampaign = definition.cutAtCampaign
    ? `SELECT unit, flow, part AS s FROM (${chains}) ARRAY JOIN arraySplit((x, cut) -> cut, s, ${CAMPAIGN_CUT}) AS part`
    : chains;
  if (definition.maxLengthMs === null) return byCampaign;
  const flagged = `SELECT unit, flow, s, ${lengthCut(definition.maxLengthMs, layout, params)} FROM (${byCampaign})`;
  return `SELECT unit, flow, part AS s FROM (${flagged}) ARRAY JOIN arraySplit((x, cut) -> cut, s, flags) AS part`;
};

const bounceSql = ({ bounce }: SessionsQuestion): string => {
  if (bounce === "SINGLE_EVENT") return "events = 1";
  return bounce === "SINGLE_PAGE" ? "views <= 1" : "NOT engaged";
};

/** A session's own numbers, from its events `s`, their moments `times` and their marks. */
const numbersSql = (
  question: SessionsQuestion,
  { marks }: SessionsSource,
  layout: EventLayout,
  params: Params,
): readonly string[] => {
  const bit = (place: number | null): string => (place === null ? "0" : `bitTest(m, ${place})`);
  const idle = params.place("Int64", question.idleMs);
  const isSent = question.definition.kind === "SENT";
  return [
    "times[1] AS start_ms",
    "times[-1] AS end_ms",
    "length(s) AS events",
    `arrayCount(m -> ${bit(marks.view)}, marked) AS views`,
    `${marks.conversion === null ? "toUInt8(0)" : `arrayExists(m -> ${bit(marks.conversion)}, marked)`} AS converted`,
    `arraySum(arrayMap(later -> least(later, ${idle}), arrayDifference(times))) AS active_ms`,
    `${layout.person} AS person`,
    `${layout.money} AS money`,
    `(end_ms - start_ms >= ${params.place("Int64", question.engagedAfterMs)} OR converted OR views >= ${params.place("UInt64", question.engagedViews)}) AS engaged`,
    `${bounceSql(question)} AS bounced`,
    `${isSent ? "unit" : `lower(hex(cityHash64(unit, flow, ${layout.first})))`} AS id`,
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
  const layout = layoutOf(question, source, columns, params);
  const numbers = numbersSql(question, source, layout, params).join(", ");
  const where = conditionsSql(question, source, params).join(" AND ");
  const lists = `${timesSql("s", layout)} AS times, arrayMap(x -> ${layout.mark("x")}, s) AS marked`;
  const laidOut = `SELECT unit, flow, s, ${lists} FROM (${laidOutSql(question, source, columns, params)})`;
  return `SELECT unit, s, marked, ${numbers} FROM (${laidOut}) WHERE ${where}`;
};
