import type { QualityBehind } from "../../domain/behind/quality-cell.ts";
import { eventsFrom, matcherSql, type EventsSource } from "../behaviour-sql.ts";
import { conditionSql } from "../condition-sql.ts";
import type { Params } from "../params.ts";
import { firstOfKeySql, inTimeSql, keySql } from "../quality/tested-sql.ts";
import type { BehindSql } from "./behind-sql.ts";

/** Whether an event is tested, as conditions that all hold, and whether it passes. */
interface Tested {
  readonly tested: readonly string[];
  readonly passed: string;
}

/** Of events that share a key the first passes, in the order of {@link firstOfKeySql}. */
const testedSql = ({ test }: QualityBehind, params: Params): Tested => {
  switch (test.kind) {
    case "EACH":
      return {
        tested: test.tested === null ? [] : [conditionSql(test.tested, params)],
        passed: conditionSql(test.passes, params),
      };
    case "UNIQUE": {
      const own = keySql(test.fields, params);
      return { tested: own.present, passed: firstOfKeySql(own) };
    }
    case "TIMELY":
      return { tested: [], passed: inTimeSql(test.withinMs, params) };
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
    const among = behind.of === null ? [] : [matcherSql(behind.of, params)];
    const events =
      `SELECT person, toUnixTimestamp64Milli(time) AS at, event_id AS id, ${passed} AS passed ` +
      `FROM ${eventsFrom(source, behind.question.event, [...among, ...tested], params)}`;
    return `SELECT id AS unit, person, at, id FROM (${events})${HELD[behind.outcome]}`;
  };
