import type { StoreStatement } from "@tessera/platform/store/event-store";
import type { BehaviourTable } from "../domain/behaviour-source.ts";
import type { EventMatcher } from "../domain/event-matcher.ts";
import type { UnitSlice } from "../domain/funnel/unit-slice.ts";
import type { LabelRule, PathAnchor, PathEvents } from "../domain/paths/paths.ts";
import { anyNameSql, behaviourRange, matcherSql, sliceSql, unitSql } from "./behaviour-sql.ts";
import { groupExpression } from "./group-sql.ts";
import { dimensionSql } from "./retention-sql.ts";
import { createParams, type Params } from "./params.ts";

/** Words and bounds of paths that statements are written by; they are the domain's and handed over with each question. */
export interface PathTerms {
  readonly noLabel: string;
  readonly separator: string;
  readonly labelCharacters: number;
  readonly unitEvents: number;
  readonly namedLabels: number;
  readonly marks: { readonly STEP: number; readonly START: number; readonly END: number; readonly GOAL: number };
  readonly backward: boolean;
  /** Whether a unit has one path, whose events the store can tell: from one anchor on, as far as it is told. */
  readonly onePath: boolean;
}

/** What the statements of paths need to know beside the question. */
export interface PathsSource {
  readonly table: BehaviourTable;
  readonly tenantId: string;
  readonly terms: PathTerms;
}

/** Bits of a label's hash that travel: as many as a number of JSON holds exactly. */
const HASH_BITS = 53;

const ruleSql = ({ pattern, template }: LabelRule, value: string, params: Params): string => {
  const given = params.place("String", pattern);
  const parts = template.map((part) =>
    typeof part === "string" ? params.place("String", part) : `extractGroups(${value}, ${given})[${part}]`,
  );
  const label = parts.length === 1 ? (parts[0] ?? "''") : `concat(${parts.join(", ")})`;
  return `match(${value}, ${given}), ${label}`;
};

/** The label of an event: the values of its fields, by the first rule that takes them, cut to so many characters. */
const labelSql = ({ rules }: PathEvents, { terms }: PathsSource, fields: readonly string[], params: Params): string => {
  const none = params.place("String", terms.noLabel);
  const values = fields.map((field) => {
    const value = `ifNull(toString(${field}), '')`;
    return `if(${value} = '', ${none}, ${value})`;
  });
  const separator = params.place("String", terms.separator);
  const value = values.length === 1 ? (values[0] ?? "''") : `concat(${values.join(`, ${separator}, `)})`;
  const ruled =
    rules.length === 0 ? value : `multiIf(${rules.map((rule) => ruleSql(rule, value, params)).join(", ")}, ${value})`;
  return `leftUTF8(${ruled}, ${params.place("UInt64", terms.labelCharacters)})`;
};

const anySql = (matchers: readonly EventMatcher[], params: Params): string =>
  matchers.length === 0 ? "0" : `(${matchers.map((matcher) => matcherSql(matcher, params)).join(" OR ")})`;

const matcherOf = (anchor: PathAnchor | null): readonly EventMatcher[] =>
  anchor === null || anchor.matcher === null ? [] : [anchor.matcher];

/** Whether an event is an anchor: by its matcher, or by the label it has as a step. */
const anchorSql = (anchor: PathAnchor | null, params: Params): string => {
  if (anchor === null) return "0";
  return anchor.matcher === null
    ? `label = ${params.place("String", anchor.label ?? "")}`
    : matcherSql(anchor.matcher, params);
};

const stepSql = (events: PathEvents, params: Params): string => {
  const anchors = [...matcherOf(events.start), ...matcherOf(events.end)];
  const made = anySql([...events.steps, ...anchors], params);
  return events.excluded.length === 0 ? made : `(${made} AND NOT ${anySql(events.excluded, params)})`;
};

const markSql = (events: PathEvents, { terms }: PathsSource, params: Params): string => {
  const bits = [
    `if(${stepSql(events, params)}, ${terms.marks.STEP}`,
    ...(events.start === null ? [] : [` + if(${anchorSql(events.start, params)}, ${terms.marks.START}, 0)`]),
    ...(events.end === null ? [] : [` + if(${anchorSql(events.end, params)}, ${terms.marks.END}, 0)`]),
    `, 0)`,
    ...(events.goal === null ? [] : [` + if(${matcherSql(events.goal, params)}, ${terms.marks.GOAL}, 0)`]),
  ];
  return `toUInt8(${bits.join("")})`;
};

/** The number of 64 bits by which a unit's events come together: a person's key, which is one, or the hash of another unit's id. */
export const unitNumber = ({ unit }: PathEvents, params: Params): string => {
  const { key } = unitSql(unit, params);
  return unit.kind === "PERSON" ? key : `cityHash64(${key})`;
};

/** Milliseconds of 2^32: ranges below it need half the bytes. */
const NARROW_RANGE_MS = 4_294_967_296;

/** Milliseconds from the start of the range. */
const atSql = ({ range }: PathEvents, params: Params): string => {
  const type = range.toMs - range.fromMs <= NARROW_RANGE_MS ? "UInt32" : "Float64";
  return `to${type}(toUnixTimestamp64Milli(time) - ${params.place("Int64", range.fromMs)})`;
};

const hashSql = (label: string): string => `toInt64(bitShiftRight(cityHash64(${label}), ${64 - HASH_BITS}))`;

/** Matchers one of which each event passes that is read. */
export const readMatchers = ({ steps, start, end, goal }: PathEvents): readonly EventMatcher[] => [
  ...[...steps, ...matcherOf(start), ...matcherOf(end)],
  ...(goal === null ? [] : [goal]),
];

const whereSql = (events: PathEvents, source: PathsSource, slice: UnitSlice, params: Params): string => {
  const goal = events.goal === null ? [] : [events.goal];
  return [
    behaviourRange(source.table, events.range, source.tenantId, params),
    unitSql(events.unit, params).present,
    ...anyNameSql(readMatchers(events), params),
    ...sliceSql(events.unit, slice, params),
    `(${[stepSql(events, params), ...goal.map((one) => matcherSql(one, params))].join(" OR ")})`,
  ].join(" AND ");
};

/** Every event that makes a step or is the goal, with its `label`, the `code` of that, and its `mark`. */
export const eventsSql = (
  events: PathEvents,
  source: PathsSource,
  { part, columns }: { readonly part: PathsPart; readonly columns: readonly string[] },
  params: Params,
): string => {
  const fields = events.labels.map((field) => groupExpression(field, params));
  const named = [
    `${labelSql(events, source, fields, params)} AS label`,
    `${codeSql(fields, part.frequent, params)} AS code`,
    `${markSql(events, source, params)} AS mark`,
  ];
  const where = whereSql(events, source, part.slice, params);
  return `WITH ${named.join(", ")} SELECT ${columns.join(", ")} FROM ${source.table} WHERE ${where}`;
};

/** The labels of most events: rows with `label`, `code`, and in each how many events there are in all. Values are counted before they are made labels. */
export const pathLabelsStatement = (events: PathEvents, source: PathsSource, slice: UnitSlice): StoreStatement => {
  const params = createParams();
  const letters = events.labels.map((_field, place) => `l${place}`);
  const values = events.labels.map((field, place) => `${groupExpression(field, params)} AS l${place}`);
  const text = [
    `SELECT label, ${hashSql("label")} AS code, toFloat64(sum(sum(one)) OVER ()) AS events`,
    `FROM (SELECT ${labelSql(events, source, letters, params)} AS label, one FROM (`,
    `SELECT ${values.join(", ")}, count() AS one FROM ${source.table} WHERE ${whereSql(events, source, slice, params)} GROUP BY ${letters.join(", ")}))`,
    `GROUP BY label ORDER BY sum(one) DESC, label LIMIT ${params.place("UInt64", source.terms.namedLabels)}`,
  ].join("\n");
  return { name: "path-labels", text, params: params.values };
};

/** Of steps in the order they are followed, those that a path of so many labels can be told by: and one more, by which it goes on. */
const toldSql = (events: PathEvents, list: string, params: Params): string => {
  const most = params.place("UInt64", events.maxDepth + 1);
  if (events.repeats === "KEEP") return `arraySlice(${list}, 1, ${most})`;
  const codes = `arrayMap(x -> x.4, ${list})`;
  const runs = `arrayCumSum(arrayMap(change -> toUInt64(change != 0), arrayDifference(${codes})))`;
  return `arraySlice(${list}, 1, arrayCount(run -> run < ${most}, ${runs}))`;
};

/** Of a unit's events those its one path is made of. */
const keptSql = (events: PathEvents, { terms }: PathsSource, params: Params): string => {
  const first = (bit: number): string => `arrayFirstIndex(x -> bitAnd(x.3, ${bit}) != 0, events)`;
  if (terms.backward) {
    const before = `arrayReverse(arraySlice(events, 1, ${first(terms.marks.END)}))`;
    return toldSql(events, before, params);
  }
  return toldSql(events, events.start === null ? "events" : `arraySlice(events, ${first(terms.marks.START)})`, params);
};

/**
 * What an event's label is known by until it travels: where each label is one value of one field, its place among them, which the store looks up once per
 * value; else its hash.
 */
const codeSql = (fields: readonly string[], { values }: FrequentLabels, params: Params): string => {
  const [field] = fields;
  if (values === null || field === undefined) return hashSql("label");
  const texts = params.place(
    "Array(String)",
    values.map(({ value }) => value),
  );
  const places = params.place(
    "Array(Int64)",
    values.map(({ place }) => place),
  );
  return `transform(${field}, ${texts}, ${places}, toInt64(0))`;
};

/** The code a label travels as: the most frequent ones are short, and where all are, they all take two bytes. */
const shortSql = (code: string, frequent: FrequentLabels, params: Params): string => {
  if (frequent.values !== null) return `CAST(${code} AS UInt16)`;
  const codes = params.place("Array(Int64)", frequent.codes);
  const places = `arrayMap(place -> toInt64(place), range(1, length(${codes}) + 1))`;
  // What is stored meanwhile may have a label that was not seen: it has no name then, and number 0.
  const other = frequent.areAll ? "toInt64(0)" : code;
  return `CAST(transform(${code}, ${codes}, ${places}, ${other}) AS ${frequent.areAll ? "UInt16" : "Float64"})`;
};

/** Events of units that have one path, cut to what it can be told by. */
const cutUnitsSql = (events: PathEvents, source: PathsSource, part: PathsPart, params: Params): string => {
  const { marks, unitEvents, backward } = source.terms;
  const most = params.place("UInt64", unitEvents);
  const free = events.start === null && events.end === null;
  const anchor = free ? marks.STEP : backward ? marks.END : marks.START;
  const columns = [
    `${unitNumber(events, params)} AS unit`,
    `${atSql(events, params)} AS at`,
    "sequence",
    "mark",
    "code",
  ];
  return [
    `SELECT unit, x.1 AS at, x.3 AS mark, ${shortSql("x.4", part.frequent, params)} AS c, cut`,
    `FROM (SELECT unit, cut, ${keptSql(events, source, params)} AS kept`,
    `FROM (SELECT unit, toUInt8(length(all_events) > ${most}) AS cut, arraySlice(all_events, 1, ${most}) AS events`,
    // Lists of single values are put together by the store in less time than a list of tuples.
    "FROM (SELECT unit, arraySort(arrayZip(groupArray(at), groupArray(sequence), groupArray(mark), groupArray(code))) AS all_events",
    `FROM (${eventsSql(events, source, { part, columns }, params)})`,
    `GROUP BY unit HAVING max(bitAnd(mark, ${anchor})) != 0))) ARRAY JOIN kept AS x`,
    "ORDER BY unit, x",
  ].join("\n");
};

/** Codes of labels that are known by a short number, and whether there are no others. */
export interface FrequentLabels {
  readonly codes: readonly number[];
  readonly areAll: boolean;
  /** Where there are no others and each is one value of one field: the places of the values, from 1; else null. */
  readonly values: readonly { readonly value: string; readonly place: number }[] | null;
}

/** A part of the units, and how their labels travel. */
export interface PathsPart {
  readonly slice: UnitSlice;
  readonly frequent: FrequentLabels;
}

/**
 * The events of a slice of the units, one per row: `unit`, `at` (milliseconds from the start of the range), `mark`, `c` (the code of the label) and, where the
 * store cut units to what is told, `cut`, where steps are told apart `f0`, `f1` … (the values of their fields). In order of their units, and a unit's of time, then of their place in the batch, then of what is known of them;
 * `events_by_person` is in this order but for the last, so that the store has little to sort.
 */
export const pathUnitsStatement = (events: PathEvents, source: PathsSource, part: PathsPart): StoreStatement => {
  const params = createParams();
  if (source.terms.onePath) {
    const text = cutUnitsSql(events, source, part, params);
    return { name: "path-units-cut", text, params: params.values };
  }
  const columns = [
    `${unitNumber(events, params)} AS unit`,
    `${atSql(events, params)} AS at`,
    "mark",
    `${shortSql("code", part.frequent, params)} AS c`,
  ];
  const values = (events.apart?.fields ?? []).map(
    (field, place) =>
      `if(bitAnd(mark, ${source.terms.marks.STEP}) = 0, '', CAST(${dimensionSql(field, params)} AS String)) AS f${place}`,
  );
  const selected = eventsSql(events, source, { part, columns: [...columns, ...values] }, params);
  const text = `${selected}\nORDER BY unit, time, sequence, mark, code`;
  return { name: "path-units", text, params: params.values };
};
