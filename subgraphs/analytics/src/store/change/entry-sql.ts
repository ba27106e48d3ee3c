import type { ReadBy } from "../../domain/change/reading.ts";
import type { Field } from "../../domain/field.ts";
import type { Params } from "../params.ts";
import { dimensionSql } from "../retention-sql.ts";

/** An event that stands for its unit, as a tuple that is ordered as events are: its moment, its place in the batch, and the texts of some fields. */
export const entrySql = (fields: readonly Field[], params: Params): string =>
  `tuple(${[
    ...["toUnixTimestamp64Milli(time)", "sequence"],
    ...fields.map((field) => `CAST(${dimensionSql(field, params)} AS String)`),
  ].join(", ")})`;

/** The columns `at`, `d0`, `d1` … of an entry. */
export const entryColumns = (entry: string, fields: readonly Field[]): string =>
  [`${entry}.1 AS at`, ...fields.map((_field, place) => `${entry}.${place + 3} AS d${place}`)].join(", ");

/** How units are told apart, and whether it is asked whom their events concern. */
export type ReadingBy = ReadBy & { readonly reach: boolean };

/** Whom one event concerns, and its revenue in ten-thousandths by currency: the columns `person` and `cents`; nobody and nothing where that is not asked. */
export const reachColumns = ({ reach }: ReadingBy): string =>
  reach
    ? "person, map(toString(currency), toInt64(ifNull(revenue, 0) * 10000)) AS cents"
    : "toUInt64(0) AS person, map('', toInt64(0)) AS cents";
