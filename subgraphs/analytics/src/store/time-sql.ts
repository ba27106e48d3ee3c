import type { Params } from "./params.ts";

/** A moment of the store's own time type, from a parameter in milliseconds since the epoch. */
export const momentSql = (ms: number, params: Params): string =>
  `fromUnixTimestamp64Milli(${params.place("Int64", ms)}, 'UTC')`;

/**
 * Events before a moment (or at it, when inclusive). The hour is compared as well: it is what the table is ordered by, and the store does not
 * conclude from the time to the hour by itself; without it a question about minutes reads the whole month.
 */
export const untilSql = (ms: number, params: Params, inclusive = false): string => {
  const moment = momentSql(ms, params);
  return `toStartOfHour(time) <= toStartOfHour(${moment}) AND time ${inclusive ? "<=" : "<"} ${moment}`;
};

/** Events at or after a moment; see {@link untilSql}. */
export const sinceSql = (ms: number, params: Params): string => {
  const moment = momentSql(ms, params);
  return `toStartOfHour(time) >= toStartOfHour(${moment}) AND time >= ${moment}`;
};
