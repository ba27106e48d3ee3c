import type { StoreStatement } from "@tessera/platform/store/event-store";
import type { BehindUnit } from "../../domain/funnel/funnel-cell.ts";
import type { PathEvents } from "../../domain/paths/paths.ts";
import { createParams } from "../params.ts";
import { eventsSql, unitNumber, type FrequentLabels, type PathsSource } from "../paths-sql.ts";
import { momentSql } from "../time-sql.ts";

/** All units: which of them is said by their numbers. */
const EVERY = { from: 0, to: 0, hashFrom: null, hashTo: null } as const;

/**
 * The events of some units at the moments of the steps they are listed by: `key` (the unit's number), `at` (milliseconds) and `id`, in the very order in which
 * paths were followed, so that the step of a moment is told by how many come before it. Single events are read, which alone have ids.
 */
export const pathStepsStatement = (
  events: PathEvents,
  given: PathsSource,
  { frequent, listed }: { readonly frequent: FrequentLabels; readonly listed: readonly BehindUnit[] },
): StoreStatement => {
  const params = createParams();
  const source: PathsSource = { ...given, table: "events" };
  const times = listed.map(({ timeMs }) => timeMs);
  const unit = unitNumber(events, params);
  const columns = [
    ...["time", "sequence", "mark", "code", "event_id", `${unit} AS unit`],
    "toString(unit) AS key, toUnixTimestamp64Milli(time) AS at, toString(event_id) AS id",
  ];
  const units = params.place("Array(String)", [...new Set(listed.map((one) => one.unit))]);
  const moments = params.place("Array(Int64)", [...new Set(times)]);
  const where = [
    `${unit} IN (SELECT arrayJoin(arrayMap(one -> toUInt64(one), ${units})))`,
    `time IN (SELECT arrayJoin(arrayMap(one -> fromUnixTimestamp64Milli(one, 'UTC'), ${moments})))`,
    `time >= ${momentSql(Math.min(...times), params)} AND time < ${momentSql(Math.max(...times) + 1, params)}`,
  ];
  const selected = eventsSql(events, source, { part: { slice: EVERY, frequent }, columns }, params);
  return {
    name: "path-steps",
    text: `SELECT key, at, id FROM (${selected} AND ${where.join(" AND ")} ORDER BY unit, time, sequence, mark, code, event_id)`,
    params: params.values,
  };
};
