import type { DriftHeld } from "../../domain/behind/drift-cell.ts";
import type { DriftQuestion } from "../../domain/quality/drift.ts";
import { eventsFrom, type EventsSource } from "../behaviour-sql.ts";
import type { Params } from "../params.ts";
import { driftBinSql, driftValueSql } from "../quality/drift-sql.ts";
import type { BehindSql } from "./behind-sql.ts";

const heldSql = (held: DriftHeld, params: Params): string => {
  switch (held.kind) {
    case "ALL":
      return "v IS NOT NULL";
    case "MISSING":
      return "v IS NULL";
    case "BIN":
      return `v IS NOT NULL AND ${driftBinSql(held.cuts, params)} = ${params.place("Int64", held.bin)}`;
  }
};

/** The events whose values a number of `drift` counts; each is a unit by itself. */
export const driftBehindSql =
  (question: DriftQuestion, held: DriftHeld, source: EventsSource): BehindSql =>
  (params) => {
    const events =
      `SELECT person, toUnixTimestamp64Milli(time) AS at, event_id AS id, ${driftValueSql(question, params)} AS v ` +
      `FROM ${eventsFrom(source, question.event, [], params)}`;
    return `SELECT id AS unit, person, at, id FROM (${events}) WHERE ${heldSql(held, params)}`;
  };
