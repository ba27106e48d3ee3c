import { DAY_MS, HOUR_MS, parseDuration, SECOND_MS } from "./duration.ts";
import { parseField } from "./fields.ts";
import type { Measure } from "./measures.ts";
import type { AnalyticQuery } from "./query.ts";
import { zoneOffset } from "@tessera/platform/time/zone";

/** Names in `topNames`. */
export const MAX_TOP_NAMES = 50;
/** How far realtime questions look back: longer ones are `timeSeries`. */
export const TIMEFRAME_BOUNDS = { minMs: SECOND_MS, maxMs: DAY_MS } as const;

/** Widths of the series' buckets by timeframe: up to 120 buckets; above six hours whole hours, so that the hourly rollup can answer. */
const WIDTHS: readonly { readonly upToMs: number; readonly widthMs: number }[] = [
  { upToMs: 120_000, widthMs: 1_000 },
  { upToMs: 600_000, widthMs: 5_000 },
  { upToMs: 1_800_000, widthMs: 15_000 },
  { upToMs: 7_200_000, widthMs: 60_000 },
  { upToMs: 21_600_000, widthMs: 300_000 },
];

/** Width of the series' buckets in milliseconds for a timeframe. */
export const bucketWidthMs = (timeframeMs: number): number =>
  WIDTHS.find(({ upToMs }) => timeframeMs <= upToMs)?.widthMs ?? HOUR_MS;

/** Reads a timeframe, PT1S to PT24H, in milliseconds; refuses with BAD_INPUT. */
export const parseTimeframe = (text: string): number => parseDuration(text, "timeframe", TIMEFRAME_BOUNDS);

/** Order of the measures of {@link realtimeQuery}. */
export const REALTIME_MEASURES: readonly Measure[] = [
  { name: "events", type: "INTEGER", formula: { kind: "COUNT" }, filter: null },
  { name: "users", type: "INTEGER", formula: { kind: "UNIQUES", of: { kind: "PERSONS" }, exact: false }, filter: null },
  {
    name: "sessions",
    type: "INTEGER",
    formula: { kind: "UNIQUES", of: { kind: "SESSIONS" }, exact: false },
    filter: null,
  },
  { name: "revenue", type: "DECIMAL", formula: { kind: "SUM", of: { kind: "REVENUE", currency: null } }, filter: null },
];

/** The question behind `realtimeMetrics`: the last `timeframeMs` before `nowMs`, by bucket, by currency and by name. */
export const realtimeQuery = (timeframeMs: number, nowMs: number): AnalyticQuery => {
  const range = { fromMs: nowMs - timeframeMs, toMs: nowMs };
  const width = bucketWidthMs(timeframeMs);
  const startsMs: number[] = [];
  for (let ms = Math.floor(range.fromMs / width) * width; ms < range.toMs; ms += width) startsMs.push(ms);
  return {
    range,
    timeZone: "UTC",
    offsetAt: zoneOffset("UTC"),
    buckets: { startsMs, endMs: (startsMs.at(-1) ?? range.fromMs) + width },
    dimensions: [parseField("currency", "currency"), parseField("name", "name")],
    measures: REALTIME_MEASURES,
    filter: null,
  };
};
