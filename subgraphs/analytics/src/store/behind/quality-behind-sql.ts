import type { QualityBehind } from "../../domain/behind/quality-cell.ts";
import { eventsFrom, unitSql, type EventsSource } from "../behaviour-sql.ts";
import { conditionSql } from "../condition-sql.ts";
import type { Params } from "../params.ts";
import { LATE } from "../quality/quality-sql.ts";
import type { BehindSql } from "./behind-sql.ts";

/** Whether an event is tested, as conditions that all hold, and whether it passes. */
interface Tested {
  readonly tested: readonly string[];
  readonly passed: string;
}

/** Of events that share a key the first passes; which of those of one moment is first, their ids say. */
const testedSql = ({ test }: QualityBehind, params: Params): Tested => {
  switch (test.kind) {
    case "EACH":
      return {
        tested: test.tested === null ? [] : [conditionSql(test.tested, params)],
        passed: conditionSql(test.passes, params),
      };
    case "UNIQUE": {
      const keys = test.fields.map((field) => unitSql({ kind: "FIELD", field }, params));
      return {
        tested: keys.map(({ present }) => present),
        passed: `row_number() OVER (PARTITION BY ${keys.map(({ key }) => key).join(", ")} ORDER BY time, toString(event_id)) = 1`,
      };
    }
    case "TIMELY":
      return { tested: [], passed: `${LATE} <= ${params.place("Int64", test.withinMs)}` };
  }
};

const HELD: Readonly<Record<QualityBehind["outcome"], string>> = {
  TESTED: "",
  PASSED: " WHERE ifNull(passed, 0)",
  FAILED: " WHERE NOT ifNull(passed, 0)",
};

/** The events that a number of `eventQuality` counts; each is a unit by itself. */
export const qualityBehindSql =
  (behind: QualityBehind, source: EventsSource): BehindSql =>
  (params) => {
    const { tested, passed } = testedSql(behind, params);
    const events =
      `SELECT person, toUnixTimestamp64Milli(time) AS at, event_id AS id, ${passed} AS passed ` +
      `FROM ${eventsFrom(source, behind.question.event, tested, params)}`;
    return `SELECT id AS unit, person, at, id FROM (${events})${HELD[behind.outcome]}`;
  };
