import type { Reading } from "../../domain/change/reading.ts";
import { eventsFrom, unitSql, type EventsSource } from "../behaviour-sql.ts";
import { beyondSql } from "../fraud/fraud-sql.ts";
import type { Params } from "../params.ts";
import { firstOfKeySql, inTimeSql, keySql } from "../quality/tested-sql.ts";
import { entryColumns, entrySql, reachColumns, type ReadingBy } from "./entry-sql.ts";

type Of<Kind extends Reading["kind"]> = Extract<Reading, { readonly kind: Kind }>;

/** What an event that is tested adds to a number, and whether it is one of those that are told of. */
const EXPECTED = {
  share: ["passed", "NOT passed"],
  tested: ["1", "1"],
  passed: ["passed", "passed"],
  failed: ["NOT passed", "NOT passed"],
  beyond: ["NOT passed", "NOT passed"],
} as const;

const passedSql = (test: Of<"EXPECTATION">["test"], params: Params) => {
  if (test.kind === "TIMELY") return { passed: inTimeSql(test.withinMs, params), present: [] };
  const own = keySql(test.fields, params);
  return { passed: firstOfKeySql(own), present: own.present };
};

/** Events that are tested together: of those that share a key the first passes, or each that came in time. */
export const expectationReadingsSql = (
  { event, test, number }: Of<"EXPECTATION">,
  source: EventsSource,
  by: ReadingBy,
  params: Params,
): string => {
  const { fields } = by;
  const entry = entrySql(fields, params);
  const { passed, present } = passedSql(test, params);
  const rows = `SELECT ${passed} AS passed, ${entry} AS e, ${reachColumns(by)} FROM ${eventsFrom(source, event, present, params)}`;
  const [value, counts] = EXPECTED[number];
  const units = number === "share" || number === "beyond" ? "1" : value;
  return (
    `SELECT toFloat64(${value}) AS value, toFloat64(1) AS base, toFloat64(${units}) AS units, toFloat64(1) AS seen, ${counts} AS counts, ` +
    `${entryColumns("e", fields)}, [person] AS who, cents AS spent FROM (${rows})`
  );
};

/** Every entity with events in the range: whether its window ever held more than the bound, and the event that took it beyond; of others their last. */
export const entityReadingsSql = (
  { question }: Of<"ENTITIES" | "PEAK">,
  source: EventsSource,
  by: ReadingBy,
  params: Params,
): string => {
  const { fields } = by;
  const beyond = `SELECT entity, first_ms FROM (${beyondSql(question, source, params)})`;
  const owner = unitSql({ kind: "FIELD", field: question.by }, params);
  const counted =
    question.distinct === null ? [] : [unitSql({ kind: "FIELD", field: question.distinct }, params).present];
  const here = `e.1 >= ${params.place("Int64", question.range.fromMs)}`;
  const rows = `SELECT ${owner.key} AS entity, ${entrySql(fields, params)} AS e, ${reachColumns(by)} FROM ${eventsFrom(source, question.event, [owner.present, ...counted], params)}`;
  const entities =
    `SELECT r.entity AS entity, max(f.first_ms) AS beyond_ms, beyond_ms > 0 AS beyond, maxIf(e, f.first_ms = 0 OR e.1 <= f.first_ms) AS last, countIf(${here}) AS own, ` +
    `groupUniqArrayIf(person, ${here}) AS who, sumMapIf(cents, ${here}) AS spent FROM (${rows}) AS r LEFT JOIN (${beyond}) AS f ON r.entity = f.entity GROUP BY r.entity`;
  return (
    `SELECT toFloat64(beyond) AS value, toFloat64(1) AS base, toFloat64(beyond) AS units, toFloat64(1) AS seen, beyond AS counts, ` +
    `${entryColumns("last", fields)}, who, spent FROM (${entities}) WHERE beyond OR own > 0`
  );
};

/** What the window of an entity holds where it holds most: its events, or of each of the different values the last. */
export const peakReadingsSql = (
  { question }: Of<"ENTITIES" | "PEAK">,
  source: EventsSource,
  by: ReadingBy,
  params: Params,
): string => {
  const { fields } = by;
  const peak = `(SELECT max(peak_ms) FROM (${beyondSql(question, source, params)}))`;
  const owner = unitSql({ kind: "FIELD", field: question.by }, params);
  const other = question.distinct === null ? null : unitSql({ kind: "FIELD", field: question.distinct }, params);
  const moment = "toUnixTimestamp64Milli(time)";
  const present = [
    ...[owner.present, `${moment} <= ${peak}`, `${moment} > ${peak} - ${params.place("Int64", question.withinMs)}`],
    ...(other === null ? [] : [other.present]),
  ];
  const entry = entrySql(fields, params);
  const counts = other === null ? "1" : `row_number() OVER (PARTITION BY ${other.key} ORDER BY ${entry} DESC) = 1`;
  const rows = `SELECT ${counts} AS told, ${entry} AS e, ${reachColumns(by)} FROM ${eventsFrom(source, question.event, present, params)}`;
  return (
    `SELECT toFloat64(told) AS value, toFloat64(1) AS base, toFloat64(told) AS units, toFloat64(0) AS seen, told AS counts, ` +
    `${entryColumns("e", fields)}, [person] AS who, cents AS spent FROM (${rows})`
  );
};

/** Units of a field, each with the first of its events and what it adds to a number. */
export const memberReadingsSql = (
  { event, of, weights }: Of<"MEMBERS">,
  source: EventsSource,
  by: ReadingBy,
  params: Params,
): string => {
  const { fields } = by;
  const { key, present } = unitSql({ kind: "FIELD", field: of }, params);
  const names = params.place("Array(String)", [...weights.keys()]);
  const own = `transform(member, ${names}, ${params.place("Array(Float64)", [...weights.values()])}, toFloat64(0))`;
  const rows = `SELECT ${key} AS member, ${entrySql(fields, params)} AS e, ${reachColumns(by)} FROM ${eventsFrom(source, event, [present], params)}`;
  const members = `SELECT member, min(e) AS began, groupUniqArray(person) AS who, sumMap(cents) AS spent FROM (${rows}) GROUP BY member`;
  return (
    `SELECT ${weights.size === 0 ? "toFloat64(0)" : own} AS value, toFloat64(1) AS base, value AS units, toFloat64(1) AS seen, value > 0 AS counts, ` +
    `${entryColumns("began", fields)}, who, spent FROM (${members})`
  );
};
