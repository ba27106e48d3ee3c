import type { StoreStatement } from "@tessera/platform/store/event-store";
import type { CohortRun } from "../domain/cohort.ts";
import type { ClosedNode } from "../domain/cohort-references.ts";
import type { Accounts } from "../domain/field.ts";
import { cohortSql, listTable, type CohortScope } from "./cohort-sql.ts";
import { accountIdSql, accountNumberSql, memberSql } from "./member-sql.ts";
import { createParams, type Params } from "./params.ts";
import { momentSql } from "./time-sql.ts";

/** Whose facts, up to the moment of which finished computation; null for all that was ever written. */
export interface Recorded {
  readonly tenantId: string;
  readonly cohortId: string;
  readonly asOfMs: number | null;
}

const factsOf = ({ tenantId, cohortId, asOfMs }: Recorded, params: Params): string =>
  [
    `FROM worker_cohort_changes WHERE tenant_id = ${params.place("String", tenantId)}`,
    `cohort_id = ${params.place("UUID", cohortId)}`,
    ...(asOfMs === null ? [] : [`at <= ${momentSql(asOfMs, params)}`]),
  ].join(" AND ");

/** Whether somebody was in by the facts up to a moment; of none nobody was. */
const belongedSql = (beforeMs: number | null, params: Params): string =>
  beforeMs === null ? "false" : `argMaxIf(entered, (at, run), at <= ${momentSql(beforeMs, params)})`;

/** People who were in a cohort by what is recorded, as a statement that gives `person`. */
export const recordedMembersSql = (recorded: Recorded, params: Params): string =>
  `SELECT person ${factsOf(recorded, params)} GROUP BY person HAVING argMax(entered, (at, run)) = 1`;

/** Whose facts, up to the moments of a finished computation and of the one before it; null where there was none. */
interface RecordedMove extends Recorded {
  readonly beforeMs: number | null;
}

/** People, or accounts, who were not in a cohort at the computation before, or were and are no more, as a statement that gives `person`. */
export const movedMembersSql = (
  { beforeMs, ...recorded }: RecordedMove,
  direction: "ENTERED" | "LEFT",
  params: Params,
): string => {
  const belonged = belongedSql(beforeMs, params);
  const [was, is] = [`(${belonged}) = ${direction === "LEFT" ? 1 : 0}`, direction === "LEFT" ? 0 : 1];
  return `SELECT person ${factsOf(recorded, params)} GROUP BY person HAVING argMax(entered, (at, run)) = ${is} AND ${was}`;
};

/** Writes who has come in and who has left since the facts that are there. */
export const computeStatement = (run: CohortRun, node: ClosedNode, rules: CohortScope["rules"]): StoreStatement => {
  const params = createParams();
  const { tenantId, id, version } = run.cohort;
  const accounts = rules.accountsOf(tenantId, run.cohort);
  const scope: CohortScope = { rules, tenantId, policy: null, accounts, asOfMs: run.asOfMs };
  const columns = [
    `${params.place("String", tenantId)} AS tenant_id`,
    `${params.place("UUID", id)} AS cohort_id`,
    `person, ${momentSql(run.asOfMs, params)} AS at, toUInt32(${params.place("UInt32", run.run)}) AS run`,
    `toUInt32(${params.place("UInt32", version)}) AS version, max(belongs) AS entered`,
  ];
  const before = recordedMembersSql({ tenantId, cohortId: id, asOfMs: null }, params);
  return {
    name: "compute-cohort",
    text:
      "INSERT INTO tessera.worker_cohort_changes (tenant_id, cohort_id, person, at, run, version, entered) " +
      `SELECT ${columns.join(", ")} FROM (` +
      `SELECT person, true AS belongs, false AS belonged FROM (${cohortSql(node, scope, params)}) UNION ALL ` +
      `SELECT person, false AS belongs, true AS belonged FROM (${before})) GROUP BY person HAVING max(belongs) != max(belonged)`,
    params: params.values,
  };
};

/** One row: how many are in by the facts up to a run, how many of them were not before it, and how many were and are no more. */
export const countStatement = (run: CohortRun, beforeMs: number | null): StoreStatement => {
  const params = createParams();
  const facts = factsOf({ tenantId: run.cohort.tenantId, cohortId: run.cohort.id, asOfMs: null }, params);
  const before = belongedSql(beforeMs, params);
  return {
    name: "count-cohort",
    text:
      "SELECT countIf(belongs) AS size, countIf(belongs AND NOT belonged) AS entered, countIf(belonged AND NOT belongs) AS departed " +
      `FROM (SELECT argMax(entered, (at, run)) AS belongs, ${before} AS belonged ${facts} GROUP BY person)`,
    params: params.values,
  };
};

/** The person an id names: as the store hashes it, or whom that one counts as. */
export const personSql = (
  tenantId: string,
  { userId, anonymousId }: { readonly userId: string | null; readonly anonymousId: string | null },
  params: Params,
): string => {
  const tenant = params.place("String", tenantId);
  const stored = `cityHash64(${tenant}, ${params.place("String", userId ?? anonymousId ?? "")}, toUInt8(${userId === null ? 0 : 1}))`;
  return `(SELECT if(count() = 0, ${stored}, argMax(canonical, version)) FROM worker_people WHERE tenant_id = ${tenant} AND person = ${stored})`;
};

/** One row: whether a person is among some people. */
export const isMemberStatement = (
  person: (params: Params) => string,
  members: (params: Params) => string,
): StoreStatement => {
  const params = createParams();
  const text = `SELECT toUInt8(count() > 0) AS member FROM (${members(params)}) WHERE person = ${person(params)}`;
  return { name: "cohort-member", text, params: params.values };
};

/** One row: what the last fact of a person says, and of when it is; no row when there is none. */
export const recordedStatement = (person: (params: Params) => string, recorded: Recorded): StoreStatement => {
  const params = createParams();
  const text =
    `SELECT toUInt8(argMax(entered, (at, run))) AS member, toUnixTimestamp64Milli(max(at)) AS since ` +
    `${factsOf(recorded, params)} AND person = ${person(params)} HAVING count() > 0`;
  return { name: "cohort-recorded-member", text, params: params.values };
};

/** A page of people after a person, by person, with an id each of the events that may be seen; one row more tells that there are more. */
export const membersStatement = (
  scope: Pick<CohortScope, "tenantId">,
  members: (params: Params) => string,
  page: { readonly first: number; readonly after: string },
): StoreStatement => {
  const params = createParams();
  const people = `SELECT person FROM (${members(params)}) WHERE person > toUInt64(${params.place("String", page.after)}) ORDER BY person LIMIT ${params.place("UInt64", page.first + 1)}`;
  return {
    name: "cohort-members",
    text:
      "WITH people AS (" +
      people +
      ") " +
      "SELECT toString(p.person) AS person, e.user_id AS user_id, e.anonymous_id AS anonymous_id FROM people AS p LEFT JOIN (" +
      `SELECT person, max(user_id) AS user_id, max(anonymous_id) AS anonymous_id FROM events WHERE tenant_id = ${params.place("String", scope.tenantId)} ` +
      "AND person IN (SELECT person FROM people) GROUP BY person) AS e ON e.person = p.person ORDER BY p.person",
    params: params.values,
  };
};

/** A page of accounts after a number, by number, with the id each has in events that may be seen; one row more tells that there are more. */
export const accountMembersStatement = (
  accounts: Accounts,
  members: (params: Params) => string,
  page: { readonly first: number; readonly after: string },
): StoreStatement => {
  const params = createParams();
  const { key, present } = memberSql(accounts, params);
  const shown = `SELECT person FROM (${members(params)}) WHERE person > toUInt64(${params.place("String", page.after)}) ORDER BY person LIMIT ${params.place("UInt64", page.first + 1)}`;
  const named =
    `SELECT ${key} AS number, any(${accountIdSql(accounts.field, params)}) AS id FROM events ` +
    `WHERE tenant_id = ${params.place("String", accounts.tenantId)} AND ${present} AND ${key} IN (SELECT person FROM shown) GROUP BY ${key}`;
  return {
    name: "cohort-accounts",
    text:
      `WITH shown AS (${shown}) SELECT toString(s.person) AS person, e.id AS account ` +
      `FROM shown AS s LEFT JOIN (${named}) AS e ON e.number = s.person ORDER BY s.person`,
    params: params.values,
  };
};

/** The number of an account by its id. */
export const accountSql = (id: string, accounts: Accounts, params: Params): string =>
  accountNumberSql(params.place("String", id), accounts, params);

/** One row: how many are on a cohort's list once a change is made. */
export const listedStatement = (tenantId: string, cohortId: string, accounts: Accounts | null): StoreStatement => ({
  name: "cohort-listed",
  text:
    `SELECT count() AS listed FROM (SELECT person FROM ${listTable(accounts)} WHERE tenant_id = {tenant: String} AND cohort_id = {cohort: UUID} ` +
    "GROUP BY person HAVING argMax(listed, (at, change)) = 1)",
  params: { tenant: tenantId, cohort: cohortId },
});
