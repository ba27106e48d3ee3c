import type { Reading, ReadBy, SessionNumber } from "../../domain/change/reading.ts";
import type { EventsSource } from "../behaviour-sql.ts";
import type { Params } from "../params.ts";
import { dimensionSql } from "../retention-sql.ts";
import { carried, sessionsSql } from "../sessions-sql.ts";

type Sessions = Extract<Reading, { readonly kind: "SESSIONS" }>;

/** What a session adds to a number; of a ratio to its upper part. */
const ADDS: Readonly<Record<SessionNumber, string>> = {
  ...{ sessions: "1", people: "1", events: "events", eventsPerSession: "events" },
  ...{ pageViews: "views", pagesPerSession: "views" },
  ...{ meanDurationSeconds: "(end_ms - start_ms) / 1000", meanActiveSeconds: "active_ms / 1000" },
  ...{ bounced: "bounced", bounceRate: "bounced", engaged: "engaged", engagementRate: "engaged" },
  ...{ converted: "converted", conversionRate: "converted" },
  ...{ revenue: "money / 10000", revenuePerSession: "money / 10000" },
};
/** Numbers that count those sessions that are so, among all. */
const COUNTED_AMONG: ReadonlySet<SessionNumber> = new Set(["bounced", "engaged", "converted"]);

/** Sessions, each with the event it is entered by; of people each with the first of theirs. */
export const sessionReadingsSql = (
  { number, question, marks }: Sessions,
  source: EventsSource,
  { fields }: ReadBy,
  params: Params,
): string => {
  const texts = fields.map((field) => `CAST(${dimensionSql(field, params)} AS String)`);
  const columns = { texts, units: null, sumsAlone: false };
  const sessions = sessionsSql(question, { ...source, marks }, columns, params);
  const values = texts.map((_text, place) => `s[1].${carried(place)}`);
  const money =
    question.currency === null ? "map('', toInt64(0))" : `map(${params.place("String", question.currency)}, money)`;
  const adds = ADDS[number];
  const among = COUNTED_AMONG.has(number);
  const told = (at: string, dimensions: readonly string[], counts: string): string =>
    `SELECT toFloat64(${adds}) AS value, toFloat64(1) AS base, toFloat64(${among ? adds : "1"}) AS units, toFloat64(${among ? "1" : "0"}) AS seen, ${counts} AS counts, ` +
    [
      `${at} AS at`,
      ...dimensions.map((text, place) => `${text} AS d${place}`),
      "[person] AS who",
      `${money} AS spent`,
    ].join(", ");
  if (number !== "people") return `${told("start_ms", values, `${adds} > 0`)} FROM (${sessions})`;
  const first = `min(tuple(start_ms, id${values.map((value) => `, ${value}`).join("")}))`;
  const people = `SELECT person, ${first} AS began, sum(money) AS all_money FROM (${sessions}) WHERE person != 0 GROUP BY person`;
  return `${told(
    "began.1",
    texts.map((_text, place) => `began.${place + 3}`),
    "1",
  )} FROM (SELECT person, began, all_money AS money FROM (${people}))`;
};
