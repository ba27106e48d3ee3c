import type { StoreStatement } from "@tessera/platform/store/event-store";
import type { WindowsRequest } from "../domain/windows.ts";
import { groupExpression } from "./group-sql.ts";
import { createParams, type Params } from "./params.ts";
import { partWhere } from "./source-sql.ts";

/** What is counted per window, over rows with `on_time` (taken), `was_late` (arrived after the window's end), person, revenue and currency. */
const countsSql = (sketchBits: number): string =>
  [
    "countIf(on_time) AS events",
    `uniqCombined64If(${sketchBits})(person, on_time AND person != 0) AS users`,
    "CAST(sumMapIf(map(toString(currency), toDecimal128(ifNull(revenue, 0), 4)), on_time AND isNotNull(revenue)), 'Map(String, String)') AS amounts",
    "countIf(on_time AND was_late) AS late",
    "countIf(NOT on_time) AS too_late",
  ].join(", ");

/** The single events a question looks at, with their key and both times in milliseconds. */
const eventsSql = ({ query, firstMs, nowMs }: WindowsRequest, tenantId: string, params: Params): string => {
  const part = { table: "events", fromMs: firstMs, toMs: nowMs } as const;
  const key = query.keyBy === null ? "''" : groupExpression(query.keyBy, params);
  return `SELECT ${key} AS window_key, toUnixTimestamp64Milli(time) AS at, toUnixTimestamp64Milli(received_at) AS received, person, revenue, currency
  FROM events WHERE ${partWhere(part, query.filter, tenantId, params)}`;
};

const slidingSql = (
  { sizeMs, slideMs }: { readonly sizeMs: number; readonly slideMs: number },
  request: WindowsRequest,
  tenantId: string,
  params: Params,
): string => {
  const { query, firstMs, sketchBits } = request;
  const [size, slide] = [params.place("Int64", sizeMs), params.place("Int64", slideMs)];
  const overlap = params.place("UInt64", Math.ceil(sizeMs / slideMs));
  const first = params.place("Int64", firstMs);
  const lateness = params.place("Int64", query.allowedLatenessMs);
  const starts = `arrayFilter(s -> s >= ${first} AND s + ${size} > at, arrayMap(k -> intDiv(at, ${slide}) * ${slide} - toInt64(k) * ${slide}, range(${overlap})))`;
  return [
    `SELECT window_key, start, start + ${size} AS end, ${countsSql(sketchBits)}`,
    `FROM (SELECT *, arrayJoin(${starts}) AS start, received < start + ${size} + ${lateness} AS on_time, received >= start + ${size} AS was_late`,
    `FROM (${eventsSql(request, tenantId, params)}))`,
    `GROUP BY window_key, start`,
  ].join("\n");
};

/** A session goes on while the next event comes within the gap; an event that came too late neither begins nor prolongs one. */
const sessionSql = (gapMs: number, request: WindowsRequest, tenantId: string, params: Params): string => {
  const { query, sketchBits } = request;
  const gap = params.place("Int64", gapMs);
  const lateness = params.place("Int64", query.allowedLatenessMs);
  return [
    `SELECT window_key, minIf(at, on_time) AS start, maxIf(at, on_time) + ${gap} AS end, ${countsSql(sketchBits)}`,
    `FROM (SELECT *, sum(begins) OVER (PARTITION BY window_key ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS session`,
    `FROM (SELECT *, on_time AND (isNull(before) OR at - before >= ${gap}) AS begins, on_time OR ifNull(at - before < ${gap}, 0) AS belongs`,
    `FROM (SELECT *, received < at + ${gap} + ${lateness} AS on_time, received >= at + ${gap} AS was_late,`,
    `max(if(on_time, at, NULL)) OVER (PARTITION BY window_key ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before`,
    `FROM (${eventsSql(request, tenantId, params)}))) WHERE belongs)`,
    `GROUP BY window_key, session`,
  ].join("\n");
};

/** The windows of a request, newest first. */
export const windowsStatement = (request: WindowsRequest, tenantId: string): StoreStatement => {
  const params = createParams();
  const { layout } = request.query;
  const body =
    layout.kind === "SESSION"
      ? sessionSql(layout.gapMs, request, tenantId, params)
      : slidingSql(layout, request, tenantId, params);
  const text = `${body}\nORDER BY start DESC, window_key ASC\nLIMIT ${params.place("UInt64", request.limit)}`;
  return { name: `live-windows-${layout.kind.toLowerCase()}`, text, params: params.values };
};
