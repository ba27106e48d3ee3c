import type { StoreStatement } from "@tessera/platform/store/event-store";
import { z } from "zod";
import type { BehindUnit, UnitEvent } from "../../domain/funnel/funnel-cell.ts";
import type { Funnel } from "../../domain/funnel/funnel.ts";
import { columnsOf, markSql, unitNumber, unitsWhere, type FunnelSource } from "../funnel-sql.ts";
import { createParams } from "../params.ts";
import { momentSql } from "../time-sql.ts";

/** All units: which of them is said by their numbers. */
const EVERY = { from: 0, to: 0, hashFrom: null, hashTo: null } as const;

/**
 * The events of some units at the moments of those they are listed by: `unit`, `at` (milliseconds) and `id`, in the very order in which the funnel looked at
 * them, so that the one of a moment is told by how many come before it. Single events are read, which alone have ids.
 */
export const funnelEventsStatement = (
  funnel: Funnel,
  given: FunnelSource,
  listed: readonly BehindUnit[],
): StoreStatement => {
  const params = createParams();
  const times = listed.map(({ timeMs }) => timeMs);
  const read = { fromMs: Math.min(...times), toMs: Math.max(...times) + 1 };
  const source: FunnelSource = { ...given, table: "events", read };
  const columns = columnsOf(funnel, source, params);
  const units = params.place(
    "Array(String)",
    listed.map(({ unit }) => unit),
  );
  const where = [
    ...unitsWhere(funnel, source, EVERY, params),
    `unit IN (SELECT arrayJoin(arrayMap(one -> toUInt64(one), ${units})))`,
    `time IN (SELECT arrayJoin(arrayMap(one -> fromUnixTimestamp64Milli(one, 'UTC'), ${params.place("Array(Int64)", times)})))`,
    `time >= ${momentSql(read.fromMs, params)}`,
  ];
  const selected = [
    `${unitNumber(funnel, params)} AS unit`,
    `${markSql(funnel, source.marks, params)} AS mark`,
    ...columns.map(([letter, sql]) => `${sql} AS ${letter}`),
    "toString(unit) AS key, toUnixTimestamp64Milli(time) AS at, toString(event_id) AS id",
  ];
  const order = ["unit", "time", "sequence", "mark", ...columns.map(([letter]) => letter), "event_id"];
  return {
    name: "funnel-events",
    text: `SELECT key, at, id FROM (SELECT ${selected.join(", ")} FROM events WHERE ${where.join(" AND ")} ORDER BY ${order.join(", ")})`,
    params: params.values,
  };
};

const unitEvent = z
  .object({ key: z.string(), at: z.coerce.number(), id: z.string() })
  .transform(({ key, at, id }): UnitEvent => ({ unit: key, timeMs: at, id }));
/** Reads a row of {@link funnelEventsStatement}. */
export const unitEventOf = (row: unknown): UnitEvent => unitEvent.parse(row);
