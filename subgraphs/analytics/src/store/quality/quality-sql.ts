import type { StoreStatement } from "@tessera/platform/store/event-store";
import { z } from "zod";
import type { EventMatcher } from "../../domain/event-matcher.ts";
import type { EventQualityQuestion } from "../../domain/quality/event-quality.ts";
import type { Expectation } from "../../domain/quality/expectation.ts";
import { eventsFrom, matcherSql, type EventsSource } from "../behaviour-sql.ts";
import { conditionSql } from "../condition-sql.ts";
import { createParams, type Params } from "../params.ts";
import { inTimeSql, keySql, LATE } from "./tested-sql.ts";

const allOf = (conditions: readonly string[]): string => (conditions.length === 0 ? "1" : conditions.join(" AND "));

/** How many events an expectation was tested of, how many passed, and how late they came, as columns `tested<n>`, `passed<n>` and `late<n>`. */
const columnsOf = ({ test, of }: Expectation, place: number, params: Params): readonly string[] => {
  const among = of === null ? [] : [matcherSql(of, params)];
  const told = (tested: string, passed: string): readonly string[] => [
    `toFloat64(${tested}) AS tested${place}`,
    `toFloat64(${passed}) AS passed${place}`,
  ];
  switch (test.kind) {
    case "EACH": {
      const tested = allOf([...among, ...(test.tested === null ? [] : [conditionSql(test.tested, params)])]);
      return told(`countIf(${tested})`, `countIf(${tested} AND ${conditionSql(test.passes, params)})`);
    }
    case "UNIQUE": {
      const { key, present } = keySql(test.fields, params);
      const whole = allOf([...among, ...present]);
      return told(`countIf(${whole})`, `uniqExactIf(${key}, ${whole})`);
    }
    case "TIMELY": {
      const tested = allOf(among);
      const quantiles = `quantilesExactInclusiveIf(0.5, 0.95, 0.99)(${LATE}, ${tested})`;
      return [
        ...told(`countIf(${tested})`, `countIf(${tested} AND ${inTimeSql(test.withinMs, params)})`),
        `arrayConcat(${quantiles}, [toFloat64(maxIf(${LATE}, ${tested}))]) AS late${place}`,
      ];
    }
  }
};

/** One row of `events`: how many there are to look at. */
export const sizeStatement = (event: EventMatcher, source: EventsSource): StoreStatement => {
  const params = createParams();
  const text = `SELECT toFloat64(count()) AS events FROM ${eventsFrom(source, event, [], params)}`;
  return { name: "events-size", text, params: params.values };
};

const sizeRow = z.object({ events: z.number() });
/** Reads the row of {@link sizeStatement}. */
export const sizeOf = (row: unknown): number => sizeRow.parse(row).events;

/** One row: how many events there are, and what came of testing each expectation. */
export const qualityStatement = (question: EventQualityQuestion, source: EventsSource): StoreStatement => {
  const params = createParams();
  const columns = question.expect.flatMap((expectation, place) => columnsOf(expectation, place, params));
  const text = `SELECT ${["toFloat64(count()) AS events", ...columns].join(", ")} FROM ${eventsFrom(source, question.event, [], params)}`;
  return { name: "event-quality", text, params: params.values };
};
