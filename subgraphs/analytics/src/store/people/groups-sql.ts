import type { StoreStatement } from "@tessera/platform/store/event-store";
import { z } from "zod";
import type { Accounts } from "../../domain/field.ts";
import type { TraitTest } from "../../domain/people/trait-tests.ts";
import type { TimeRange } from "../../domain/time-range.ts";
import { behaviourRange } from "../behaviour-sql.ts";
import { accountIdSql, accountNumberSql } from "../member-sql.ts";
import { createParams } from "../params.ts";
import { eventsOf, testSql, type StoredPerson } from "./people-sql.ts";

const COUNTED =
  "toFloat64(count()) AS events, toFloat64(uniqExactIf(person, person != 0)) AS persons, toFloat64(uniqExactIf(session_id, session_id != '')) AS sessions, " +
  "toUnixTimestamp64Milli(min(time)) AS first_ms, toUnixTimestamp64Milli(max(time)) AS last_ms";

/** Groups of a type that did something in a range and pass tests, by id after an id; one row more tells that there are more. `only` holds it to one group. */
export const groupsStatement = (asked: {
  readonly type: Accounts;
  readonly range: TimeRange;
  readonly traits: readonly TraitTest[];
  readonly only: string | null;
  readonly first: number;
  readonly after: string;
}): StoreStatement => {
  const params = createParams();
  const { type, range, traits, only } = asked;
  const { tenantId } = type;
  const where = [
    ...(only === null ? ["id != ''"] : [`id = ${params.place("String", only)}`]),
    `id > ${params.place("String", asked.after)}`,
    ...traits.map((test) => testSql(test, accountNumberSql("id", type, params), { tenantId, asOfMs: null }, params)),
  ];
  const events = `SELECT ${accountIdSql(type.field, params)} AS id, person, session_id, time FROM events WHERE ${behaviourRange("events", range, tenantId, params)}`;
  const text = `SELECT id, ${COUNTED} FROM (${events}) WHERE ${where.join(" AND ")} GROUP BY id ORDER BY id LIMIT ${params.place("UInt64", asked.first + 1)}`;
  return { name: "groups", text, params: params.values };
};

/** Groups of a type that somebody's events name, those with the latest events first. */
export const groupsOfPersonStatement = (
  person: StoredPerson,
  { field }: Pick<Accounts, "field">,
  most: number,
): StoreStatement => {
  const params = createParams();
  const events = `SELECT ${accountIdSql(field, params)} AS id, person, session_id, time FROM ${eventsOf(person, params)}`;
  const text = `SELECT id, ${COUNTED} FROM (${events}) WHERE id != '' GROUP BY id ORDER BY last_ms DESC, id LIMIT ${params.place("UInt64", most)}`;
  return { name: "groups-of-person", text, params: params.values };
};

/** What a group did. */
export interface GroupCounts {
  readonly id: string;
  readonly events: number;
  readonly persons: number;
  readonly sessions: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

const counts = z
  .object({
    ...{ id: z.string(), events: z.coerce.number(), persons: z.coerce.number(), sessions: z.coerce.number() },
    ...{ first_ms: z.coerce.number(), last_ms: z.coerce.number() },
  })
  .transform(({ first_ms, last_ms, ...row }): GroupCounts => ({ ...row, firstMs: first_ms, lastMs: last_ms }));
/** Parses what a group did. */
export const groupRow = (row: unknown): GroupCounts => counts.parse(row);
