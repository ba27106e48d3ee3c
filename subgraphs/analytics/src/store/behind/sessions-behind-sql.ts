import type { SessionBehind, SessionCell } from "../../domain/behind/session-cell.ts";
import type { Params } from "../params.ts";
import { AT, carried, groupText, PERSON, fieldText, sessionsSql, type SessionsSource } from "../sessions-sql.ts";
import type { BehindSql } from "./behind-sql.ts";

const HELD: Readonly<Record<SessionCell["outcome"], string | null>> = {
  ALL: null,
  BOUNCED: "bounced",
  NOT_BOUNCED: "NOT bounced",
  ENGAGED: "engaged",
  NOT_ENGAGED: "NOT engaged",
  CONVERTED: "converted",
  NOT_CONVERTED: "NOT converted",
};

/** Pages of a session's events, in order; the page is the first text that is carried. */
const PAGES = `arrayFilter(page -> page != '', arrayMap(x -> x.${carried(0)}, s))`;

const pageSql = ({ page, role }: NonNullable<SessionCell["page"]>, params: Params): string => {
  const named = params.place("String", page);
  switch (role) {
    case "ANY":
      return `has(${PAGES}, ${named})`;
    case "ENTRY":
      return `${PAGES}[1] = ${named}`;
    case "EXIT":
      return `${PAGES}[-1] = ${named}`;
  }
};

const cellSql = ({ outcome, starts, values, page }: SessionCell, params: Params): readonly string[] => {
  const held = HELD[outcome];
  return [
    ...(held === null ? [] : [held]),
    ...(starts === null
      ? []
      : [`start_ms >= ${params.place("Int64", starts.fromMs)}`, `start_ms < ${params.place("Int64", starts.toMs)}`]),
    ...(values ?? []).map(
      (value, place) => `s[1].${carried(place)} = ${params.place("String", value === null ? "" : `=${value}`)}`,
    ),
    ...(page === null ? [] : [pageSql(page, params)]),
  ];
};

/** The events of the sessions that a number of `sessionMetrics` counts; a session is told by the id of its first event. */
export const sessionsBehindSql =
  ({ question, cell }: SessionBehind, source: SessionsSource): BehindSql =>
  (params) => {
    // What is carried decides which of the events of one moment is the first: as it does where the number is counted, and only then the id.
    const texts =
      cell.page === null
        ? question.breakdown.map((field) => groupText(field, params))
        : [fieldText(question.page, params)];
    const sessions = sessionsSql(
      question,
      source,
      { texts: [...texts, "event_id"], units: null, sumsAlone: false },
      params,
    );
    const id = carried(texts.length);
    const where = cellSql(cell, params);
    const held = where.length === 0 ? "" : ` WHERE ${where.join(" AND ")}`;
    return (
      `SELECT s[1].${id} AS unit, event.${PERSON} AS person, event.${AT} AS at, event.${id} AS id ` +
      `FROM (SELECT s, arrayJoin(s) AS event FROM (${sessions})${held})`
    );
  };
