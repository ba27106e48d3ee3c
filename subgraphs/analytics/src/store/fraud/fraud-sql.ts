import type { StoreStatement } from "@tessera/platform/store/event-store";
import type { EventMatcher } from "../../domain/event-matcher.ts";
import type { Field } from "../../domain/field.ts";
import type { RingsQuestion } from "../../domain/fraud/rings.ts";
import type { VelocityQuestion } from "../../domain/fraud/velocity.ts";
import { eventsFrom, unitSql, type EventsSource } from "../behaviour-sql.ts";
import { createParams, type Params } from "../params.ts";

/** Where events are read, and of when. */
export type FraudSource = EventsSource;

const valueOf = (field: Field, params: Params) => unitSql({ kind: "FIELD", field }, params);

/** One row of `events`: how many there are to look at. */
export const fraudSizeStatement = (source: FraudSource, event: EventMatcher, by: Field): StoreStatement => {
  const params = createParams();
  const { present } = valueOf(by, params);
  const text = `SELECT count() AS events FROM ${eventsFrom(source, event, [present], params)}`;
  return { name: "fraud-size", text, params: params.values };
};

/** Rows of `value`: those of some values that a field of the events has. */
export const seenValuesStatement = (source: FraudSource, field: Field, values: readonly string[]): StoreStatement => {
  const params = createParams();
  const { key } = valueOf(field, params);
  const any = `has(${params.place("Array(String)", values)}, ${key})`;
  const text = `SELECT DISTINCT ${key} AS value FROM ${eventsFrom(source, { names: [], filter: null }, [any], params)}`;
  return { name: "seen-values", text, params: params.values };
};

/** For each entity the moments at which something comes into its window (`starts`) and goes out of it (`ends`), and its events of the range. */
const comingAndGoing = (question: VelocityQuestion, source: FraudSource, params: Params): string => {
  const by = valueOf(question.by, params);
  const within = params.place("Int64", question.withinMs);
  const inRange = `t >= ${params.place("Int64", question.range.fromMs)}`;
  const moment = "toUnixTimestamp64Milli(time) AS t";
  if (question.distinct === null) {
    const rows = `SELECT ${by.key} AS entity, ${moment} FROM ${eventsFrom(source, question.event, [by.present], params)}`;
    return `SELECT entity, countIf(${inRange}) AS events, groupArray(t) AS starts, arrayMap(x -> x + ${within}, starts) AS ends FROM (${rows}) GROUP BY entity`;
  }
  const other = valueOf(question.distinct, params);
  const from = eventsFrom(source, question.event, [by.present, other.present], params);
  const rows = `SELECT ${by.key} AS entity, ${other.key} AS other, ${moment} FROM ${from}`;
  // A value leaves the window a window's length after its last event, or is told anew by the next.
  const pairs =
    `SELECT entity, countIf(${inRange}) AS n, arraySort(groupArray(t)) AS ts, ` +
    `arrayMap((x, next) -> least(x + ${within}, next), ts, arrayPushBack(arrayPopFront(ts), ts[-1] + ${within})) AS gone ` +
    `FROM (${rows}) GROUP BY entity, other`;
  return `SELECT entity, sum(n) AS events, groupArrayArray(ts) AS starts, groupArrayArray(gone) AS ends FROM (${pairs}) GROUP BY entity`;
};

/**
 * Entities whose window ever held more than the bound at a moment of the range: rows of `entity`, `events`, `peak`, `peak_ms`, `stretches` and `first_ms`. What is in the window of (t - within, t] is a step function of t that
 * changes where something comes or goes; of several changes at one moment the last is what it holds.
 */
export const beyondSql = (question: VelocityQuestion, source: FraudSource, params: Params): string => {
  const changes = comingAndGoing(question, source, params);
  const [from, to] = [question.range.fromMs, question.range.toMs].map((ms) => params.place("Int64", ms));
  const bound = params.place("Int64", question.moreThan);
  const steps = `SELECT entity, events, arraySort(arrayConcat(arrayMap(x -> (x, toInt64(1)), starts), arrayMap(x -> (x, toInt64(-1)), ends))) AS steps FROM (${changes})`;
  const held =
    `SELECT entity, events, arrayMap(s -> s.1, steps) AS moments, ` +
    `arrayFilter((p, next) -> p.1 != next, arrayZip(moments, arrayCumSum(s -> s.2, steps)), arrayPushBack(arrayPopFront(moments), toInt64(9223372036854775807))) AS held FROM (${steps})`;
  // What the window holds when the range begins, then at each change within it.
  const levels =
    `SELECT entity, events, arrayPushFront(arrayFilter(p -> p.1 > ${from} AND p.1 < ${to}, held), ` +
    `(${from}, (arrayFilter(p -> p.1 <= ${from}, held)[-1]).2)) AS points, arrayMap(p -> p.2, points) AS levels FROM (${held})`;
  return (
    `SELECT entity, events, arrayMax(levels) AS peak, (points[indexOf(levels, peak)]).1 AS peak_ms, ` +
    `arrayCount((level, before) -> level > ${bound} AND before <= ${bound}, levels, arrayPushFront(arrayPopBack(levels), toInt64(0))) AS stretches, ` +
    `(points[arrayFirstIndex(level -> level > ${bound}, levels)]).1 AS first_ms FROM (${levels}) WHERE peak > ${bound}`
  );
};

/** Entities beyond the bound, the highest peaks first: `entities` is how many there are. */
export const velocityStatement = (question: VelocityQuestion, source: FraudSource): StoreStatement => {
  const params = createParams();
  const told = beyondSql(question, source, params);
  return {
    name: "velocity",
    text:
      `SELECT entity, toFloat64(events) AS events, toFloat64(peak) AS peak, toFloat64(peak_ms) AS peak_ms, toFloat64(stretches) AS stretches, toFloat64(first_ms) AS first_ms, ` +
      `toFloat64(count() OVER ()) AS entities FROM (${told}) ORDER BY peak DESC, entity LIMIT ${params.place("UInt64", question.first)}`,
    params: params.values,
  };
};

const linksFrom = (question: RingsQuestion, source: FraudSource, params: Params): string => {
  const of = valueOf(question.of, params);
  const through = question.through.map((field, place) => `(toUInt8(${place}), ${valueOf(field, params).key})`);
  const rows =
    `SELECT ${of.key} AS member, toUnixTimestamp64Milli(time) AS t, arrayJoin([${through.join(", ")}]) AS pair ` +
    `FROM ${eventsFrom(source, question.event, [of.present], params)}`;
  const links = `SELECT member, pair.1 AS through, pair.2 AS value, count() AS n, min(t) AS first_ms FROM (${rows}) WHERE value != '' GROUP BY member, through, value`;
  return `SELECT through, value, groupArray((member, toFloat64(n), toFloat64(first_ms))) AS links, count() AS degree FROM (${links}) GROUP BY through, value`;
};

/** One row: `links` of values that some but not too many share, and `hubs`, values that too many do. */
export const ringsSizeStatement = (question: RingsQuestion, source: FraudSource): StoreStatement => {
  const params = createParams();
  const most = params.place("UInt64", question.sharedByAtMost);
  const text = `SELECT toFloat64(sumIf(degree, degree BETWEEN 2 AND ${most})) AS links, toFloat64(countIf(degree > ${most})) AS hubs FROM (${linksFrom(question, source, params)})`;
  return { name: "rings-size", text, params: params.values };
};

/** Values that some but not too many share, with who does. */
export const ringsStatement = (question: RingsQuestion, source: FraudSource): StoreStatement => {
  const params = createParams();
  const most = params.place("UInt64", question.sharedByAtMost);
  return {
    name: "rings",
    text: `SELECT through, value, links FROM (${linksFrom(question, source, params)}) WHERE degree BETWEEN 2 AND ${most} ORDER BY through, value`,
    params: params.values,
  };
};
