import type { StoreStatement } from "@tessera/platform/store/event-store";
import type { AttributionQuestion, TouchDimension } from "../domain/attribution/question.ts";
import type { UnitSlice } from "../domain/funnel/unit-slice.ts";
import type { BehaviourTable } from "../domain/behaviour-source.ts";
import { anyNameSql, behaviourRange, matcherSql, sliceSql, unitSql } from "./behaviour-sql.ts";
import { conditionSql } from "./condition-sql.ts";
import { groupExpression } from "./group-sql.ts";
import { numberOf } from "./measure-sql.ts";
import { createParams, type Params } from "./params.ts";
import { MOST_WORTH } from "./property-sql.ts";

/** Conversions and touchpoints of one person that are looked at; who has more is a machine, and is told as excluded. */
export const MAX_PERSON_EVENTS = 5_000;
/** Distinct paths of one answer. */
export const MAX_PATHS = 50_000;
/** Label of touchpoints that carry no value of a field. */
export const NO_LABEL = "(none)";
/** Before every moment, in milliseconds. */
const NEVER = "toInt64(-9000000000000000)";
/** After every moment. */
const FOREVER = "toInt64(9000000000000000)";

/** What one statement reads: a question, by one dimension, from one table. */
export interface PathsRequest {
  readonly question: AttributionQuestion;
  readonly of: TouchDimension;
  readonly table: BehaviourTable;
  readonly stitched: boolean;
  /** The units that are looked at; null for all. */
  readonly slice: UnitSlice | null;
  /** Whether journeys tell the events they are made of. */
  readonly listed?: true;
  /** What journeys carry of the conversions that end them, as an expression: in `carried`, where neither events nor open journeys are told. Left out where they carry nothing. */
  readonly carried?: string;
}

const carriedSql = ({ carried }: PathsRequest, expression: string): readonly string[] =>
  carried === undefined ? [] : [expression];

const labelSql = ({ question, of }: PathsRequest, params: Params): string => {
  if (of.kind === "CHANNEL") {
    const rules = question.rules.map(
      ({ channel, filter }) => `${conditionSql(filter, params)}, ${params.place("String", channel)}`,
    );
    return `multiIf(${rules.join(", ")}, ${params.place("String", question.otherwise)})`;
  }
  const text = `ifNull(toString(${groupExpression(of.field, params)}), '')`;
  return `if(${text} = '', '${NO_LABEL}', ${text})`;
};

/** Which visitor was first seen as which person: the first signed-in event of an anonymous id in the range says whose it is. */
const stitchesSql = (range: string): string =>
  [
    "(SELECT cityHash64(tenant_id, anonymous_id, toUInt8(0)) AS visitor, argMin(person, (time, user_id)) AS owner",
    `FROM events WHERE ${range} AND user_id != '' AND anonymous_id != '' GROUP BY visitor)`,
  ].join(" ");

/** Whose events are looked at: of stitched visitors it is their owner who is drawn. */
const personsSql = ({ question, slice, stitched }: PathsRequest, params: Params): readonly string[] => {
  if (slice === null) return [];
  if (!stitched) return sliceSql(question.unit, slice, params);
  return [
    ...(slice.hashFrom === null ? [] : [`unit >= ${params.place("UInt64", slice.hashFrom)}`]),
    ...(slice.hashTo === null ? [] : [`unit < ${params.place("UInt64", slice.hashTo)}`]),
  ];
};

/** What a conversion is worth; 0 where it carries no number, or one that can't be added up. */
const worthSql = ({ value }: AttributionQuestion, params: Params): string => {
  if (value === null) return "0";
  const number = `ifNull(toFloat64(${numberOf(value, null, params)}), 0)`;
  return value.kind === "REVENUE"
    ? number
    : `if(abs(${number}) <= ${params.place("Float64", MOST_WORTH)}, ${number}, 0)`;
};

/** One row per conversion or touchpoint of somebody. */
const touchesSql = (request: PathsRequest, tenantId: string, params: Params): string => {
  const { question, table, stitched } = request;
  const range = { fromMs: question.range.fromMs - question.lookbackMs, toMs: question.range.toMs };
  const matchers = [question.conversion, ...question.touchpoints];
  const { key, present } = unitSql(question.unit, params);
  const where = [
    behaviourRange(table, range, tenantId, params),
    present,
    ...anyNameSql(matchers, params),
    "(won OR touched)",
    ...personsSql(request, params),
  ];
  const columns = [
    `${stitched ? "if(owner != 0, owner, person)" : key} AS unit`,
    "toUnixTimestamp64Milli(time) AS at",
    "sequence",
    `toUInt8(${matcherSql(question.conversion, params)}) AS won`,
    `toUInt8(${question.touchpoints.map((one) => matcherSql(one, params)).join(" OR ")}) AS touched`,
    `${labelSql(request, params)} AS label`,
    `${worthSql(question, params)} AS worth`,
    ...(request.listed === true ? ["event_id AS id", `${stitched ? "unit" : "person"} AS whose`] : []),
    ...carriedSql(request, `${request.carried} AS carried`),
  ];
  const stitches = stitchesSql(behaviourRange("events", range, tenantId, params));
  const join = stitched ? ` LEFT JOIN ${stitches} AS stitches ON person = visitor` : "";
  return `SELECT ${columns.join(", ")} FROM ${table}${join} WHERE ${where.join(" AND ")}`;
};

/** What is known of a person's events of one kind, in order. Lists of single values are put together by the store in less time than a list of tuples. */
const listSql = (values: readonly string[], kind: string): string => {
  const lists = values.map((value) => `groupArrayIf(${MAX_PERSON_EVENTS})(${value}, ${kind})`);
  return `arraySort(arrayZip(${lists.join(", ")}))`;
};

/**
 * Every journey of a person that ended in no conversion, each by its last touchpoint: none follows it within the lookback, and no conversion does. A
 * conversion between two touchpoints that are no further apart than a lookback is one of the first, so that it need not be looked for apart.
 */
const lostSql = (
  { lookbackMs }: AttributionQuestion,
  { from, nobodys }: { readonly from: string; readonly nobodys: string },
  params: Params,
): string => {
  const lookback = params.place("Int64", lookbackMs);
  const next = `arraySlice(arrayPushBack(arrayPopFront(times), ${FOREVER}), 1, length(times))`;
  const ends =
    `arrayFilter((time, next) -> time >= ${from} AND next - time > ${lookback} ` +
    `AND NOT arrayExists(win -> win >= time AND win <= time + ${lookback}, win_times), times, ${next})`;
  const before = `arrayLast(win -> win < time, arrayPushFront(win_times, ${NEVER}))`;
  return `arrayMap(time -> (time, toFloat64(0), toUInt8(0), ${before} + 1${nobodys}), ${ends})`;
};

/** Id and person of the conversion that a journey did not end in, where those are told. */
const NO_CONVERSION = ", toUUID('00000000-0000-0000-0000-000000000000'), toUInt64(0)";

/**
 * Per person: touchpoints in order (ties by place in the batch, then label), and journeys as (end, worth, outcome, first moment that counts). Outcomes
 * are 1 for a conversion, 0 for the open journey after the last conversion, 2 for a person with too many events. Where events are told a journey also holds
 * the id and the person of its conversion.
 */
const journeysSql = (request: PathsRequest, tenantId: string, params: Params): string => {
  const { question, listed = false } = request;
  const events = listed ? ["id", "whose"] : [];
  const nobodys = listed ? NO_CONVERSION : "";
  const own = `${listed ? ", win.3, win.4" : ""}${carriedSql(request, ", win.3").join("")}`;
  const from = params.place("Int64", question.range.fromMs);
  const since = question.reset === "NEVER" ? NEVER : "previous + 1";
  const counted = `arrayFilter(one -> one.1 >= ${from}, arrayMap((win, previous) -> (win.1, win.2, toUInt8(1), ${since}${own}), wins, earlier))`;
  const closed = question.count === "EVERY" ? counted : `arraySlice(${counted}, 1, 1)`;
  const isOpen = `notEmpty(times) AND times[-1] > last_win AND times[-1] >= ${from}`;
  const last = `if(${isOpen}, [(times[-1], toFloat64(0), toUInt8(0), last_win + 1${nobodys})], [])`;
  const open = question.openJourneys === "LAST" ? last : lostSql(question, { from, nobodys }, params);
  const journeys = question.nonConverting ? `arrayConcat(${closed}, ${open})` : closed;
  const excluded =
    request.carried === undefined ? `[(toInt64(0), toFloat64(0), toUInt8(2), toInt64(0)${nobodys})]` : "[]";
  return [
    `SELECT ${listSql(["at", "sequence", "label", ...events], "touched")} AS touches,`,
    `${listSql(["at", "worth", ...events, ...carriedSql(request, "carried")], "won")} AS wins,`,
    `touches.1 AS times, touches.3 AS labels, wins.1 AS win_times,${listed ? " touches.4 AS ids, touches.5 AS persons," : ""}`,
    `arrayFill((before, win) -> before < win, arraySlice(arrayPushFront(win_times, ${NEVER}), 1, length(win_times)), win_times) AS earlier,`,
    `if(empty(win_times), ${NEVER}, win_times[-1]) AS last_win,`,
    `if(count() > ${MAX_PERSON_EVENTS}, ${excluded}, ${journeys}) AS journeys`,
    `FROM (${touchesSql(request, tenantId, params)}) GROUP BY unit`,
  ].join("\n");
};

/** What is told of the events of a journey beside labels and ages. */
const EVENTS_TOLD = [
  "journey.5 AS won_id, journey.6 AS won_by,",
  "if(outcome = 2, [], arraySlice(ids, before + cut + 1, met - cut)) AS step_ids,",
  "if(outcome = 2, [], arraySlice(persons, before + cut + 1, met - cut)) AS step_persons,",
];

/** One row per journey with its latest touchpoints within the lookback, and their ages at its end; where events are told also the ids and persons of them and of its conversion. */
export const stepsSql = (request: PathsRequest, tenantId: string, params: Params): string => {
  const { lookbackMs, maxPathLength } = request.question;
  const own = request.slice === null ? "toUInt64(0)" : "length(arrayFilter(one -> one.3 = 1, journeys))";
  return [
    `SELECT journey.1 AS ended, journey.2 AS worth, journey.3 AS outcome, ${own} AS own,`,
    ...carriedSql(request, "journey.5 AS carried,"),
    `greatest(ended - ${params.place("Int64", lookbackMs)}, journey.4) AS since,`,
    `toInt64(arrayCount(time -> time < since, times)) AS before,`,
    `greatest(toInt64(arrayCount(time -> time <= ended, times)) - before, 0) AS met,`,
    `greatest(met - ${params.place("Int64", maxPathLength)}, 0) AS cut,`,
    ...(request.listed === true ? EVENTS_TOLD : []),
    `if(outcome = 2, [], arraySlice(labels, before + cut + 1, met - cut)) AS steps,`,
    `if(outcome = 2, [], arrayMap(time -> ended - time, arraySlice(times, before + cut + 1, met - cut))) AS ages`,
    `FROM (${journeysSql(request, tenantId, params)}) ARRAY JOIN journeys AS journey`,
  ].join("\n");
};

/** Shares of a TIME_DECAY model: weights halve with age; counted from the youngest touchpoint, so that none of them vanish together. */
const sharesSql = (halfLifeMs: number, place: number, params: Params): readonly string[] => {
  const halfLife = params.place("Float64", halfLifeMs);
  return [
    `arrayMap(age -> exp2((ages[-1] - age) / ${halfLife}), ages) AS weights${place}`,
    `arrayMap(weight -> weight / arraySum(weights${place}), weights${place}) AS shares${place}`,
  ];
};

/**
 * Paths of a question: one row per distinct sequence of labels, with what came of its journeys; the empty path holds conversions without a
 * touchpoint, and persons that were excluded. One row more than allowed tells that there are too many.
 */
export const pathsStatement = (request: PathsRequest, tenantId: string): StoreStatement => {
  const params = createParams();
  const decays = request.question.models.flatMap((model) => (model.kind === "TIME_DECAY" ? [model.halfLifeMs] : []));
  const shares = decays.flatMap((halfLifeMs, place) => sharesSql(halfLifeMs, place, params));
  const timed = decays.flatMap((_halfLife, place) => [
    `sumForEachIf(shares${place}, outcome = 1) AS timed${place}`,
    `sumForEachIf(arrayMap(share -> share * worth, shares${place}), outcome = 1) AS timed_worth${place}`,
  ]);
  const columns = [
    "steps",
    "countIf(outcome = 1) AS conversions",
    "sumIf(worth, outcome = 1) AS value",
    "sumIf(worth * worth, outcome = 1) AS value_squares",
    "countIf(outcome = 0) AS losses",
    "countIf(outcome = 2) AS excluded",
    "sumIf(own, outcome = 1) AS squares",
    "sumIf(if(empty(ages), 0, ages[1]), outcome = 1) AS to_convert",
    "countIf(cut > 0 AND outcome < 2) AS cut_journeys",
    ...timed,
  ];
  const source = stepsSql(request, tenantId, params);
  const text = [
    `SELECT ${columns.join(", ")}`,
    `FROM (SELECT *${shares.map((share) => `, ${share}`).join("")} FROM (${source}))`,
    `GROUP BY steps LIMIT ${MAX_PATHS + 1}`,
  ].join("\n");
  return { name: "attribution-paths", text, params: params.values };
};
