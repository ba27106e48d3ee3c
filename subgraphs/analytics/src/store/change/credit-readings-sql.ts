import type { OwnCreditModel, Reading } from "../../domain/change/reading.ts";
import { stepsSql } from "../attribution-sql.ts";
import type { EventsSource } from "../behaviour-sql.ts";
import type { Params } from "../params.ts";
import { entryColumns, entrySql, type ReadingBy } from "./entry-sql.ts";

/** Weights of a journey's touchpoints, an expression of `step` and its `place`; credit is given in proportion. */
const weightSql = (model: OwnCreditModel, params: Params): string => {
  const number = (value: number): string => params.place("Float64", value);
  switch (model.kind) {
    case "FIRST":
      return "toFloat64(place = 1)";
    case "LAST":
      return "toFloat64(place = length(steps))";
    case "LAST_NON_DIRECT":
      return `toFloat64(place = if(last_told = 0, length(steps), last_told))`;
    case "LINEAR":
      return "toFloat64(1)";
    case "POSITION":
      return `multiIf(place = 1, ${number(model.first)}, place = length(steps), ${number(model.last)}, ${number(model.middle)} / (length(steps) - 2))`;
    case "POSITION_DECAY":
      return `exp2((toFloat64(place) - length(steps)) / ${number(model.halfLifeSteps)})`;
    case "TIME_DECAY":
      return `exp2((ages[-1] - ages[place]) / ${number(model.halfLifeMs)})`;
    case "SHAPLEY":
      // Each label that a journey has gets an equal part of it, however often it was there.
      return "1 / countEqual(steps, step)";
  }
};

/** The share of each journey's conversion that a label is given: 0 where it was no touchpoint. */
const shareSql = (
  { credited, question }: Extract<Reading, { readonly kind: "CREDITS" }>,
  params: Params,
): readonly string[] => {
  if (credited === null) return ["toFloat64(1) AS share"];
  const direct = params.place("Array(String)", question.directLabels);
  const label = params.place("String", credited.label);
  return [
    `arrayLastIndex(step -> NOT has(${direct}, step), steps) AS last_told`,
    `arrayMap((step, place) -> ${weightSql(credited.model, params)}, steps, arrayEnumerate(steps)) AS weights`,
    `arraySum(arrayMap((step, weight) -> if(step = ${label}, weight, 0), steps, weights)) AS own_weight`,
    // Weights that a path has no place for leave none: its touchpoints share evenly then.
    `if(empty(steps), 0, if(arraySum(weights) > 0, own_weight / arraySum(weights), countEqual(steps, ${label}) / length(steps))) AS share`,
  ];
};

/** Conversions, each with what a label is given of it. */
export const creditReadingsSql = (
  reading: Extract<Reading, { readonly kind: "CREDITS" }>,
  { table, tenantId }: EventsSource,
  { fields, reach }: ReadingBy,
  params: Params,
): string => {
  const { question, of, stitched, number } = reading;
  const person = stitched ? "if(owner != 0, owner, person)" : "person";
  const told = reach
    ? [person, "toString(currency)", "toInt64(ifNull(revenue, 0) * 10000)"]
    : ["toUInt64(0)", "''", "toInt64(0)"];
  const carried = `tuple(${[entrySql(fields, params), ...told].join(", ")})`;
  const journeys = stepsSql({ question, of, table, stitched, slice: null, carried }, tenantId, params);
  const rows = `SELECT *, carried.1 AS e, ${shareSql(reading, params).join(", ")} FROM (${journeys}) WHERE outcome = 1`;
  const counts = number === "conversions" ? "1" : "share > 0";
  const [base, units] = number === "share" ? ["notEmpty(steps)", "notEmpty(steps)"] : ["1", counts];
  return (
    `SELECT toFloat64(${number === "value" ? "share * worth" : "share"}) AS value, toFloat64(${base}) AS base, toFloat64(${units}) AS units, toFloat64(1) AS seen, ${counts} AS counts, ` +
    `${entryColumns("e", fields)}, [carried.2] AS who, map(carried.3, carried.4) AS spent FROM (${rows})`
  );
};
