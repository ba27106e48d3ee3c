import type { StoreStatement } from "@tessera/platform/store/event-store";
import type { Funnel } from "../domain/funnel/funnel.ts";
import type { EventBits } from "../domain/funnel/packed-events.ts";
import type { UnitSlice } from "../domain/funnel/unit-slice.ts";
import { markSql, unitNumber, unitsWhere, type FunnelSource } from "./funnel-sql.ts";
import { createParams } from "./params.ts";

/** The bits of the first step. */
const firstMark = ({ marks }: FunnelSource): number => (marks.steps[0] ?? []).reduce((sum, bit) => sum + 2 ** bit, 0);

/**
 * The same events as `funnelUnitsStatement`, where nothing but moments and marks is asked about: one row per unit that did the first step, with `events`, a number for each (docs of `EventBits`) in order, and `wide`, 1 where
 * one has a place in its batch that does not fit. Numbers of one unit are put in order at a third of what it takes to put all events in order.
 */
export const funnelListsStatement = (
  funnel: Funnel,
  source: FunnelSource,
  slice: UnitSlice,
  bits: EventBits,
): StoreStatement => {
  const params = createParams();
  const at = `toUInt64(toUnixTimestamp64Milli(time) - ${params.place("Int64", source.read.fromMs)})`;
  const place = `bitShiftLeft(sequence, ${bits.mark})`;
  const selected = [
    `${unitNumber(funnel, params)} AS unit`,
    `${markSql(funnel, source.marks, params)} AS mark`,
    `sequence >= ${params.place("UInt64", 2 ** bits.sequence)} AS is_wide`,
    `bitOr(bitShiftLeft(${at}, ${bits.sequence + bits.mark}), bitOr(${place}, toUInt64(mark))) AS event`,
  ];
  const where = unitsWhere(funnel, source, slice, params).join(" AND ");
  const text = [
    "SELECT arraySort(groupArray(event)) AS events, max(is_wide) AS wide",
    `FROM (SELECT ${selected.join(", ")} FROM ${source.table} WHERE ${where})`,
    // Who never did the first step is in none of the numbers.
    `GROUP BY unit HAVING max(bitAnd(mark, ${firstMark(source)})) != 0`,
  ].join("\n");
  return { name: "funnel-lists", text, params: params.values };
};
