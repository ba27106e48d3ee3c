import type { Reading } from "../../domain/change/reading.ts";
import { eventsFrom, type EventsSource } from "../behaviour-sql.ts";
import type { Params } from "../params.ts";
import { driftBinSql, driftValueSql } from "../quality/drift-sql.ts";
import { entryColumns, entrySql, reachColumns, type ReadingBy } from "./entry-sql.ts";

/** Events with a value of a field, each with what its bin adds to the index; those of bins are told that the range has more of than the reference. */
export const valueReadingsSql = (
  { number, question, cuts, scores, unmoved }: Extract<Reading, { readonly kind: "VALUES" }>,
  source: EventsSource,
  by: ReadingBy,
  params: Params,
): string => {
  const { fields } = by;
  const rows = `SELECT ${driftValueSql(question, params)} AS v, ${entrySql(fields, params)} AS e, ${reachColumns(by)} FROM ${eventsFrom(source, question.event, [], params)}`;
  const bins = params.place(
    "Array(Int64)",
    scores.map((_score, bin) => bin),
  );
  const score = `transform(toInt64(${driftBinSql(cuts, params)}), ${bins}, ${params.place("Array(Float64)", scores)}, toFloat64(0))`;
  const scored = `SELECT ${number === "psi" ? score : "toFloat64(1)"} AS score, e, person, cents FROM (${rows}) WHERE v IS NOT NULL`;
  return (
    `SELECT score AS value, toFloat64(1) AS base, toFloat64(1) AS units, toFloat64(0) AS seen, ${number === "psi" ? `score > ${params.place("Float64", unmoved)}` : "1"} AS counts, ` +
    `${entryColumns("e", fields)}, [person] AS who, cents AS spent FROM (${scored})`
  );
};
