import type { Field } from "../../domain/field.ts";
import { unitSql } from "../behaviour-sql.ts";
import type { Params } from "../params.ts";

/** Milliseconds from the time of an event to its arrival. */
export const LATE = "(toUnixTimestamp64Milli(received_at) - toUnixTimestamp64Milli(time))";

/** Whether an event arrived soon enough after its time. */
export const inTimeSql = (withinMs: number, params: Params): string => `${LATE} <= ${params.place("Int64", withinMs)}`;

/** What tells the keys of events apart, as one expression, and what holds of events that have all of it. */
export interface KeySql {
  readonly key: string;
  readonly present: readonly string[];
}

/** Writes the key of some fields: an event has one where none of its values is missing or empty. */
export const keySql = (fields: readonly Field[], params: Params): KeySql => {
  const parts = fields.map((field) => unitSql({ kind: "FIELD", field }, params));
  return { key: `(${parts.map(({ key }) => key).join(", ")})`, present: parts.map(({ present }) => present) };
};

/** Whether an event, among those that have a key, is the first with its own: by time, then by its place in its batch, then by its id; of `events` alone, which knows ids. */
export const firstOfKeySql = ({ key }: KeySql): string =>
  `row_number() OVER (PARTITION BY ${key} ORDER BY time, sequence, toString(event_id)) = 1`;
