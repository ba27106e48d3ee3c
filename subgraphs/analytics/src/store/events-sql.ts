import type { StoreStatement } from "@tessera/platform/store/event-store";
import type { EventPageQuery } from "../domain/event-page.ts";
import type { Condition } from "../domain/field.ts";
import { conditionSql } from "./condition-sql.ts";
import { EVENT_COLUMNS } from "./event-rows.ts";
import { createParams, type Params } from "./params.ts";
import { momentSql, sinceSql, untilSql } from "./time-sql.ts";

const filterSql = (filter: Condition | null, params: Params): readonly string[] =>
  filter === null ? [] : [conditionSql(filter, params)];

/**
 * The hour in which, counting back from the page's start, enough events have been passed to fill it, by the hourly rollup; the beginning of time
 * when there are fewer. Without it the store reads a block of every part of the table before it knows the newest rows.
 */
const enoughSinceSql = ({ range, first, after }: EventPageQuery, tenantId: string, params: Params): string => {
  const ends = [after?.timeMs, range?.toMs].filter((ms) => ms !== undefined);
  const before = ends.map((ms) => ` AND hour < toStartOfHour(${momentSql(ms, params)})`).join("");
  return [
    `(SELECT max(hour) FROM (SELECT hour, sum(sum(events)) OVER (ORDER BY hour DESC) AS newer FROM rollup_hour_name`,
    `WHERE tenant_id = ${params.place("String", tenantId)}${before} GROUP BY hour)`,
    `WHERE newer > ${params.place("UInt64", first)})`,
  ].join(" ");
};

/** How a page is looked for: in the newest hours that hold enough events, or in all of them. */
export type PageReach = "NEWEST_HOURS" | "EVERYTHING";

/** A page of a tenant's events, newest first, and one row more to tell whether it goes on; the order follows the table's key. */
export const eventPageStatement = (query: EventPageQuery, reach: PageReach, tenantId: string): StoreStatement => {
  const { filter, range, first, after } = query;
  const params = createParams();
  const where = [`tenant_id = ${params.place("String", tenantId)}`];
  if (range !== null) where.push(sinceSql(range.fromMs, params), untilSql(range.toMs, params));
  if (after !== null) {
    const time = momentSql(after.timeMs, params);
    where.push(
      untilSql(after.timeMs, params, true),
      `(time < ${time} OR event_id < ${params.place("UUID", after.id)})`,
    );
  }
  if (reach === "NEWEST_HOURS") where.push(`toStartOfHour(time) >= ${enoughSinceSql(query, tenantId, params)}`);
  const text = [
    `SELECT ${EVENT_COLUMNS}`,
    `FROM events`,
    `WHERE ${[...where, ...filterSql(filter, params)].join(" AND ")}`,
    `ORDER BY toStartOfHour(time) DESC, time DESC, event_id DESC`,
    `LIMIT ${params.place("UInt64", first + 1)}`,
  ].join("\n");
  return { name: "event-page", text, params: params.values };
};

/** Events by id: the id index tells each event's place in the events table, so that only its granules are read. */
export const eventsByIdStatement = (ids: readonly string[], tenantId: string): StoreStatement => {
  const params = createParams();
  const tenant = `tenant_id = ${params.place("String", tenantId)}`;
  const wanted = `event_id IN ${params.place("Array(UUID)", ids)}`;
  const text = [
    `SELECT ${EVENT_COLUMNS}`,
    `FROM events`,
    `WHERE ${tenant} AND ${wanted}`,
    `  AND (toStartOfHour(time), name, person) IN (SELECT toStartOfHour(time), name, person FROM event_ids WHERE ${tenant} AND ${wanted})`,
  ].join("\n");
  return { name: "events-by-id", text, params: params.values };
};

/** A part of a stored batch: where its events lie in time, and after which row to go on. */
export interface BatchSlice {
  readonly batchId: string;
  readonly minTimeMs: number;
  readonly maxTimeMs: number;
  readonly afterRow: number;
  readonly limit: number;
}

/** The events of a batch that pass a filter, in order of their rows. */
export const batchEventsStatement = (slice: BatchSlice, filter: Condition | null, tenantId: string): StoreStatement => {
  const params = createParams();
  const where = [
    `tenant_id = ${params.place("String", tenantId)}`,
    sinceSql(slice.minTimeMs, params),
    untilSql(slice.maxTimeMs, params, true),
    `batch_id = ${params.place("UUID", slice.batchId)}`,
    `toInt64(batch_row) > ${params.place("Int64", slice.afterRow)}`,
    ...filterSql(filter, params),
  ];
  const text = [
    `SELECT ${EVENT_COLUMNS}`,
    `FROM events`,
    `WHERE ${where.join(" AND ")}`,
    `ORDER BY batch_row`,
    `LIMIT ${params.place("UInt64", slice.limit)}`,
  ].join("\n");
  return { name: "batch-events", text, params: params.values };
};
