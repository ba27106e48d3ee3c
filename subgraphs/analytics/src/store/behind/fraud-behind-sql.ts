import type { RingsBehind, RingValue, VelocityBehind } from "../../domain/behind/fraud-cell.ts";
import { eventsFrom, unitSql, type EventsSource } from "../behaviour-sql.ts";
import { beyondSql } from "../fraud/fraud-sql.ts";
import type { Params } from "../params.ts";
import type { BehindSql } from "./behind-sql.ts";

const LINE = "person, toUnixTimestamp64Milli(time) AS at, event_id AS id";

/** What is counted of the events of an entity, and which of them are meant. */
const velocityNumber = ({ question, number }: VelocityBehind, params: Params) => {
  const window = (moment: string): string =>
    `r.at <= ${moment} AND r.at > ${moment} - ${params.place("Int64", question.withinMs)}`;
  switch (number) {
    case "ENTITIES":
      return { unit: "r.entity", meant: window("b.first_ms") };
    case "PEAK":
      return { unit: "r.counted", meant: window("b.peak_ms") };
    case "EVENTS":
      return { unit: "toString(r.id)", meant: `r.at >= ${params.place("Int64", question.range.fromMs)}` };
  }
};

/** The events that a number of `velocity` counts: of each entity those of the window that took it beyond the bound; of one, those of its fullest window, or of the range. */
export const velocityBehindSql =
  (behind: VelocityBehind, source: EventsSource): BehindSql =>
  (params) => {
    const { question, entity } = behind;
    const by = unitSql({ kind: "FIELD", field: question.by }, params);
    const other = question.distinct === null ? null : unitSql({ kind: "FIELD", field: question.distinct }, params);
    const present = [
      by.present,
      ...(other === null ? [] : [other.present]),
      ...(entity === null ? [] : [`${by.key} = ${params.place("String", entity)}`]),
    ];
    const rows = `SELECT ${by.key} AS entity, ${other?.key ?? "toString(event_id)"} AS counted, ${LINE} FROM ${eventsFrom(source, question.event, present, params)}`;
    const beyond = `SELECT entity, peak_ms, first_ms FROM (${beyondSql(question, source, params)})`;
    const { unit, meant } = velocityNumber(behind, params);
    return `SELECT ${unit} AS unit, r.person AS person, r.at AS at, r.id AS id FROM (${rows}) AS r INNER JOIN (${beyond}) AS b ON r.entity = b.entity WHERE ${meant}`;
  };

/** What a number of rings counts; an event that carries two shared values is counted for each. */
const RING_UNITS = {
  ...{ RINGS: "ring", MEMBERS: "member", LINKS: "tuple(member, pair.1, pair.2)", EVENTS: "tuple(id, pair.1, pair.2)" },
} as const satisfies Record<RingsBehind["number"], string>;

/** The events that a number of `rings` counts: those by which members have the values that connect them. */
export const ringsBehindSql =
  ({ question, number }: RingsBehind, values: readonly RingValue[], source: EventsSource): BehindSql =>
  (params) => {
    const of = unitSql({ kind: "FIELD", field: question.of }, params);
    const pairs = question.through.map(
      (field, place) => `(toUInt8(${place}), ${unitSql({ kind: "FIELD", field }, params).key})`,
    );
    const texts = values.map(({ through, value }) => `${through} ${value}`);
    const ring =
      values.length === 0
        ? "toInt64(-1)"
        : `transform(concat(toString(pair.1), ' ', pair.2), ${params.place("Array(String)", texts)}, ` +
          `${params.place(
            "Array(Int64)",
            values.map((one) => one.ring),
          )}, toInt64(-1))`;
    const rows = `SELECT ${of.key} AS member, ${LINE}, arrayJoin([${pairs.join(", ")}]) AS pair FROM ${eventsFrom(source, question.event, [of.present], params)}`;
    return `SELECT ${RING_UNITS[number]} AS unit, person, at, id FROM (SELECT member, person, at, id, pair, ${ring} AS ring FROM (${rows})) WHERE ring >= 0`;
  };
