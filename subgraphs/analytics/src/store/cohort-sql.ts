import type { DataPolicy } from "@tessera/contracts/data-policy";
import type { BehaviourRules } from "../domain/behaviour-rules.ts";
import type { ClosedNode } from "../domain/cohort-references.ts";
import type { EventMatcher } from "../domain/event-matcher.ts";
import type { Accounts, Condition, Field } from "../domain/field.ts";
import type { TimeRange } from "../domain/time-range.ts";
import { anyNameSql, behaviourRange, matcherSql } from "./behaviour-sql.ts";
import { columnSql, conditionSql } from "./condition-sql.ts";
import { memberSql } from "./member-sql.ts";
import { testSql } from "./people/people-sql.ts";
import { propertyText } from "./property-sql.ts";
import { createParams, type Params } from "./params.ts";
import { momentSql } from "./time-sql.ts";

/** For whom, and as of when, a definition is written as SQL. */
export interface CohortScope {
  readonly rules: BehaviourRules;
  readonly tenantId: string;
  readonly policy: DataPolicy | null;
  /** What the members are: accounts, or null for people. A member's number is told as `person` either way. */
  readonly accounts: Accounts | null;
  /** Only events before this moment count; milliseconds since the epoch. */
  readonly asOfMs: number;
}

interface Read {
  readonly from: string;
  readonly where: string;
  /** What tells members apart. */
  readonly key: string;
}

const readOf = (matchers: readonly EventMatcher[], range: TimeRange, scope: CohortScope, params: Params): Read => {
  const fields = scope.accounts === null ? [] : [scope.accounts.field];
  const { table } = scope.rules.sourceOf({ matchers, fields }, scope.policy);
  const { key, present } = memberSql(scope.accounts, params);
  const parts = [
    behaviourRange(table, range, scope.tenantId, params),
    present,
    ...(matchers.length === 0 ? [] : anyNameSql(matchers, params)),
  ];
  return { from: table, where: parts.join(" AND "), key };
};

/** Everybody of whom an event before the moment is known. */
export const everybodySql = (scope: CohortScope, params: Params): string => {
  const { from, where, key } = readOf([], { fromMs: scope.rules.everythingSinceMs, toMs: scope.asOfMs }, scope, params);
  return `SELECT DISTINCT ${key} AS person FROM ${from} WHERE ${where}`;
};

const doers = (
  { event, window }: Extract<ClosedNode, { kind: "DID" }>,
  having: string,
  scope: CohortScope,
  params: Params,
): string => {
  const { from, where, key } = readOf([event], scope.rules.rangeOfWindow(window, scope.asOfMs), scope, params);
  return `SELECT ${key} AS person FROM ${from} WHERE ${where} AND ${matcherSql(event, params)} GROUP BY ${key} HAVING ${having}`;
};

const didSql = (node: Extract<ClosedNode, { kind: "DID" }>, scope: CohortScope, params: Params): string => {
  const times = (count: number): string => params.place("UInt64", count);
  if (node.comparison === "AT_LEAST") return doers(node, `count() >= ${times(node.times)}`, scope, params);
  if (node.comparison === "EXACTLY" && node.times > 0)
    return doers(node, `count() = ${times(node.times)}`, scope, params);
  const more = doers(node, `count() > ${times(node.times)}`, scope, params);
  return `SELECT person FROM (${everybodySql(scope, params)}) WHERE person NOT IN (${more})`;
};

const firstSql = (
  { event, window }: Extract<ClosedNode, { kind: "FIRST" }>,
  scope: CohortScope,
  params: Params,
): string => {
  const range = scope.rules.rangeOfWindow(window, scope.asOfMs);
  const { from, where, key } = readOf(
    [event],
    { fromMs: scope.rules.everythingSinceMs, toMs: range.toMs },
    scope,
    params,
  );
  return (
    `SELECT ${key} AS person FROM ${from} WHERE ${where} AND ${matcherSql(event, params)} ` +
    `GROUP BY ${key} HAVING min(time) >= ${momentSql(range.fromMs, params)}`
  );
};

/**
 * One pass over each person's events in order. Of each prefix of the steps the latest start is kept, which is the one that leaves most time; an event
 * goes on from what was kept before it, so that none serves for two steps.
 */
const sequenceSql = (
  { steps, window, withinMs }: Extract<ClosedNode, { kind: "SEQUENCE" }>,
  scope: CohortScope,
  params: Params,
): string => {
  const { from, where, key } = readOf(steps, scope.rules.rangeOfWindow(window, scope.asOfMs), scope, params);
  const flags = steps.map((step) => `toUInt8(${matcherSql(step, params)})`).join(", ");
  const within = params.place("Int64", withinMs);
  const none = steps.map(() => "toInt64(-1)").join(", ");
  const next = steps
    .map((_step, index) => {
      const [flag, kept] = [`e.3[${index + 1}] = 1`, `acc[${index + 1}]`];
      const before = index === 0 ? "e.1" : `acc[${index}]`;
      return index === 0
        ? `if(${flag}, e.1, ${kept})`
        : `if(${flag} AND ${before} >= 0 AND e.1 - ${before} <= ${within}, ${before}, ${kept})`;
    })
    .join(", ");
  const order = "(e.1, e.2, arrayFirstIndex(f -> f = 1, e.3), e.3)";
  const events = `arraySort(e -> ${order}, groupArray((toUnixTimestamp64Milli(time), sequence, [${flags}])))`;
  return (
    `SELECT ${key} AS person FROM ${from} WHERE ${where} AND (${steps.map((step) => matcherSql(step, params)).join(" OR ")}) GROUP BY ${key} ` +
    `HAVING arrayFold((acc, e) -> [${next}], ${events}, [${none}])[${steps.length}] >= 0`
  );
};

const valueSql = (field: Field, params: Params): { readonly value: string; readonly present: string } => {
  if (field.kind !== "PROPERTY") {
    const column = columnSql(field, params);
    return { value: column, present: `${column} != ''` };
  }
  const value = propertyText(field.path, params);
  return { value, present: `isNotNull(${value})` };
};

/** The condition over latest values: each field stands as the column of its alias. */
const overAliases = (condition: Condition, aliasOf: (field: Field) => Field): Condition => {
  if ("parts" in condition) return { ...condition, parts: condition.parts.map((part) => overAliases(part, aliasOf)) };
  if (condition.kind === "NOT") return { kind: "NOT", part: overAliases(condition.part, aliasOf) };
  if (condition.kind === "IN_COHORT") return condition;
  return { ...condition, field: aliasOf(condition.field) };
};

const latestSql = (
  { condition }: Extract<ClosedNode, { kind: "LATEST" }>,
  scope: CohortScope,
  params: Params,
): string => {
  const fields = [...new Map(scope.rules.fieldsOf(condition).map((field) => [field.name, field])).values()];
  const range = { fromMs: scope.rules.everythingSinceMs, toMs: scope.asOfMs };
  const latest = fields.map((field, index) => {
    const { value, present } = valueSql(field, params);
    return `argMaxIf(${value}, (time, sequence, event_id), ${present}) AS latest${index}`;
  });
  const aliasOf = (field: Field): Field => {
    const alias = `latest${fields.findIndex(({ name }) => name === field.name)}`;
    if (field.kind === "PROPERTY") return { ...field, path: alias };
    return { kind: "COLUMN", name: field.name, type: field.type, column: alias };
  };
  const { key, present } = memberSql(scope.accounts, params);
  return (
    `SELECT member AS person FROM (SELECT ${key} AS member, ${latest.join(", ")} FROM events ` +
    `WHERE ${behaviourRange("events", range, scope.tenantId, params)} AND ${present} GROUP BY ${key}) ` +
    `WHERE ${conditionSql(overAliases(condition, aliasOf), params)}`
  );
};

/** The table of the lists of people, or of accounts. */
export const listTable = (accounts: Accounts | null): string =>
  accounts === null ? "worker_cohort_list" : "worker_cohort_accounts";

/** What was said of members up to the moment; one of whom no event is known yet, or none may be seen, is not counted. */
const traitsSql = ({ tests }: Extract<ClosedNode, { kind: "TRAITS" }>, scope: CohortScope, params: Params): string =>
  `SELECT person FROM (${everybodySql(scope, params)}) WHERE ${tests.map((test) => testSql(test, "person", scope, params)).join(" AND ")}`;

const listSql = ({ cohortId }: Extract<ClosedNode, { kind: "LIST" }>, scope: CohortScope, params: Params): string => {
  if (cohortId === null) return `SELECT person FROM (${everybodySql(scope, params)}) WHERE 0`;
  const listed =
    `SELECT person FROM ${listTable(scope.accounts)} WHERE tenant_id = ${params.place("String", scope.tenantId)} ` +
    `AND cohort_id = ${params.place("UUID", cohortId)} AND at <= ${momentSql(scope.asOfMs, params)} ` +
    "GROUP BY person HAVING argMax(listed, (at, change)) = 1";
  // Somebody of whom no event is known yet, or none may be seen, is not counted.
  return `SELECT person FROM (${everybodySql(scope, params)}) WHERE person IN (${listed})`;
};

/** Writes who is in a definition as a statement without order that gives each `person` once. */
export const cohortSql = (node: ClosedNode, scope: CohortScope, params: Params): string => {
  const inner = (part: ClosedNode): string => cohortSql(part, scope, params);
  switch (node.kind) {
    case "DID":
      return didSql(node, scope, params);
    case "FIRST":
      return firstSql(node, scope, params);
    case "SEQUENCE":
      return sequenceSql(node, scope, params);
    case "LATEST":
      return latestSql(node, scope, params);
    case "TRAITS":
      return traitsSql(node, scope, params);
    case "LIST":
      return listSql(node, scope, params);
    case "UNION":
      return `SELECT DISTINCT person FROM (${node.parts.map(inner).join(" UNION ALL ")})`;
    case "INTERSECT": {
      const [first = "", ...others] = node.parts.map(inner);
      const held = others.map((other) => `person IN (${other})`);
      return `SELECT person FROM (${first})${held.length === 0 ? "" : ` WHERE ${held.join(" AND ")}`}`;
    }
    case "EXCEPT":
      return `SELECT person FROM (${inner(node.of)}) WHERE person NOT IN (${inner(node.without)})`;
  }
};

/** One row with the size of a definition, and of everybody. */
export const cohortSizeStatement = (node: ClosedNode, scope: CohortScope) => {
  const params = createParams();
  const text = `SELECT (SELECT count() FROM (${cohortSql(node, scope, params)})) AS size, (SELECT count() FROM (${everybodySql(scope, params)})) AS everybody`;
  return { name: "cohort-size", text, params: params.values };
};
