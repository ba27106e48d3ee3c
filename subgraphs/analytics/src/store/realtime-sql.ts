import type { StoreStatement } from "@tessera/platform/store/event-store";
import type { Plan } from "../domain/planner.ts";
import type { AnalyticQuery } from "../domain/query.ts";
import { bodyOf } from "./olap-sql.ts";
import { createParams } from "./params.ts";

/** Groups of each kind in one answer: all buckets and currencies there can be, and more names than are shown. */
export const MAX_REALTIME_GROUPS = 200;

/**
 * Totals, buckets, currencies and names of the realtime question in one pass: rows have `part` (TOTAL, BUCKET, CURRENCY or NAME), the keys
 * `b`, `d0` (currency), `d1` (name) and the measures.
 */
export const realtimeStatement = (query: AnalyticQuery, plan: Plan, tenantId: string): StoreStatement => {
  const params = createParams();
  const { keys, from, measures } = bodyOf({ query, plan, lines: null }, tenantId, params);
  const selected = measures.map(({ select }, index) => `${select} AS m${index}`);
  const text = [
    `SELECT multiIf(grouping(b) = 0, 'BUCKET', grouping(d0) = 0, 'CURRENCY', grouping(d1) = 0, 'NAME', 'TOTAL') AS part, ${[...keys, ...selected].join(", ")}`,
    `FROM ${from}`,
    `GROUP BY GROUPING SETS ((b), (d0), (d1), ())`,
    `ORDER BY part, m0 DESC, d0, d1`,
    `LIMIT ${params.place("UInt64", MAX_REALTIME_GROUPS)} BY part`,
  ].join("\n");
  return { name: "realtime", text, params: params.values };
};
