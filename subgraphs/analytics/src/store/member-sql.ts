import type { Accounts, Field } from "../domain/field.ts";
import type { Members } from "../domain/members.ts";
import type { Params } from "./params.ts";
import { propertyText } from "./property-sql.ts";

/** What tells the members of cohorts apart. */
interface MemberSql {
  /** A UInt64: the number of the event's person, or of the account it names. */
  readonly key: string;
  /** 1 for events that are of somebody. */
  readonly present: string;
}

/** The id of the account that an event names in a field; empty where it names none. */
export const accountIdSql = (field: Field, params: Params): string =>
  field.kind === "PROPERTY" ? `ifNull(${propertyText(field.path, params)}, '')` : "''";

/** The number under which what is known of an account is kept, by an expression of its id. */
export const accountNumberSql = (id: string, { type, tenantId }: Omit<Accounts, "field">, params: Params): string =>
  `cityHash64(${params.place("String", tenantId)}, concat(${params.place("String", `${type}:`)}, ${id}), toUInt8(2))`;

/** Writes what tells the members of cohorts apart: people, or accounts. */
export const memberSql = (accounts: Accounts | null, params: Params): MemberSql => {
  if (accounts === null) return { key: "person", present: "person != 0" };
  const id = accountIdSql(accounts.field, params);
  return { key: accountNumberSql(id, accounts, params), present: `${id} != ''` };
};

/** Writes that an event's person, or the account it names, is among members: of nobody known it is among none. */
export const amongSql = ({ accounts, sql }: Members, params: Params): string =>
  `${memberSql(accounts, params).key} IN (${sql(params)})`;
