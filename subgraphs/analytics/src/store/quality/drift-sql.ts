import type { StoreStatement } from "@tessera/platform/store/event-store";
import type { DriftCuts } from "../../domain/quality/drift-bins.ts";
import type { DriftQuestion } from "../../domain/quality/drift.ts";
import { eventsFrom, unitSql, type EventsSource } from "../behaviour-sql.ts";
import { columnSql } from "../condition-sql.ts";
import { propertyNumber } from "../property-sql.ts";
import { createParams, type Params } from "../params.ts";

/** A value of the field, null where an event has none; 0 is added so that -0 is 0. */
export const driftValueSql = ({ field, kind }: Pick<DriftQuestion, "field" | "kind">, params: Params): string => {
  if (kind === "CATEGORICAL") return `nullIf(${unitSql({ kind: "FIELD", field }, params).key}, '')`;
  const number =
    field.kind === "PROPERTY" ? propertyNumber(field.path, params) : `toFloat64(${columnSql(field, params)})`;
  return `(${number} + 0)`;
};

const valuesFrom = (question: DriftQuestion, source: EventsSource, params: Params): string =>
  `SELECT ${driftValueSql(question, params)} AS v FROM ${eventsFrom(source, question.event, [], params)}`;

/**
 * One row of the reference's numbers: at most `bins` different ones as they are (`few`), else the smallest numbers up to which an i-th of the bins' share of all lie, each once (`cuts`): of m numbers in order those at the places
 * ceil(i m / bins).
 */
export const numericReferenceStatement = (question: DriftQuestion, source: EventsSource): StoreStatement => {
  const params = createParams();
  const bins = params.place("Int64", question.bins);
  const sorted = `SELECT arraySort(groupArray(assumeNotNull(v))) AS sorted, toInt64(length(sorted)) AS n, uniqExact(v) AS different FROM (${valuesFrom(question, source, params)}) WHERE v IS NOT NULL`;
  const text =
    `SELECT if(different <= ${bins}, arrayDistinct(sorted), []) AS few, ` +
    `if(different <= ${bins}, [], arrayDistinct(arrayMap(i -> sorted[intDiv(i * n + ${bins} - 1, ${bins})], range(1, ${bins})))) AS cuts FROM (${sorted})`;
  return { name: "drift-numeric-reference", text, params: params.values };
};

/** The reference's most frequent values, equally frequent ones by their text. */
export const categoricalReferenceStatement = (question: DriftQuestion, source: EventsSource): StoreStatement => {
  const params = createParams();
  const text =
    `SELECT assumeNotNull(v) AS value FROM (${valuesFrom(question, source, params)}) WHERE v IS NOT NULL ` +
    `GROUP BY v ORDER BY count() DESC, value LIMIT ${params.place("UInt64", question.bins)}`;
  return { name: "drift-categorical-reference", text, params: params.values };
};

/** The number of the bin in which a value `v` lies that is not null: from 1, of everything else 0. */
export const driftBinSql = (cuts: DriftCuts, params: Params): string => {
  switch (cuts.kind) {
    case "BETWEEN":
      return `arrayFirstIndex(cut -> assumeNotNull(v) <= cut, ${params.place("Array(Float64)", cuts.cuts)})`;
    case "NUMBERS":
      return `indexOf(${params.place("Array(Float64)", cuts.values)}, assumeNotNull(v))`;
    case "TEXTS":
      return `indexOf(${params.place("Array(String)", cuts.values)}, assumeNotNull(v))`;
  }
};

/** How many values lie in each bin, by its number from 1; 0 is everything else, -1 are events without a value. */
export const driftCountsStatement = (
  question: DriftQuestion,
  cuts: DriftCuts,
  source: EventsSource,
): StoreStatement => {
  const params = createParams();
  const bin = `if(v IS NULL, toInt64(-1), toInt64(${driftBinSql(cuts, params)}))`;
  const text = `SELECT toFloat64(${bin}) AS bin, toFloat64(count()) AS n FROM (${valuesFrom(question, source, params)}) GROUP BY bin`;
  return { name: "drift-counts", text, params: params.values };
};
