import type { StoreStatement } from "@tessera/platform/store/event-store";
import type { EventMatcher } from "../../domain/event-matcher.ts";
import type { EventPlace } from "../../domain/event-page.ts";
import type { TraitTest } from "../../domain/people/trait-tests.ts";
import type { TimeRange } from "../../domain/time-range.ts";
import { behaviourRange, matcherSql } from "../behaviour-sql.ts";
import { EVENT_COLUMNS } from "../event-rows.ts";
import { createParams, type Params } from "../params.ts";
import { momentSql, sinceSql, untilSql } from "../time-sql.ts";

/** What tells ids of different kinds apart in their numbers; the first two as `events` does. */
const NUMBERED = { VISITOR: 0, USER: 1, GROUP: 2 } as const;

/** The numbers that events of ids are stored with, one row each: `place` in the lists, from 1, and `person`. */
export const numbersStatement = (
  tenantId: string,
  ids: readonly { readonly kind: "USER" | "VISITOR" | "GROUP"; readonly id: string }[],
): StoreStatement => ({
  name: "numbers-of-people",
  text:
    "SELECT place, toString(cityHash64({tenant: String}, id, toUInt8(kind))) AS person " +
    "FROM (SELECT {ids: Array(String)} AS ids, {kinds: Array(UInt8)} AS kinds) ARRAY JOIN ids AS id, kinds AS kind, arrayEnumerate(ids) AS place ORDER BY place",
  params: { tenant: tenantId, ids: ids.map(({ id }) => id), kinds: ids.map(({ kind }) => NUMBERED[kind]) },
});

/** Somebody as the event store knows them: the numbers that events of any of the person's ids are stored with. */
export interface StoredPerson {
  readonly tenantId: string;
  readonly numbers: readonly string[];
}

const ofPerson = ({ tenantId, numbers }: StoredPerson, params: Params): string =>
  `tenant_id = ${params.place("String", tenantId)} AND person IN (SELECT toUInt64(arrayJoin(${params.place("Array(String)", numbers)})))`;

/** The events of somebody: the copy in order of persons tells their places in the table, so that only those blocks are read. */
export const eventsOf = (person: StoredPerson, params: Params, and = ""): string =>
  `events WHERE ${ofPerson(person, params)}${and} AND (toStartOfHour(time), name, person) IN ` +
  `(SELECT toStartOfHour(time), name, person FROM events_by_person WHERE ${ofPerson(person, params)}${and})`;

/** People as the event store knows them: numbers, and for each whom it counts as. */
export interface StoredPeople extends StoredPerson {
  readonly countAs: readonly string[];
}

/** What is known of people from events: a row for each of whom there are any to see. */
export const seenPeopleStatement = (people: StoredPeople, ids: number): StoreStatement => {
  const params = createParams();
  const numbers = (list: readonly string[]): string =>
    `arrayMap(one -> toUInt64(one), ${params.place("Array(String)", list)})`;
  const idsOf = (column: string): string =>
    `arraySort(groupUniqArrayIf(${Math.trunc(ids)})(${column}, ${column} != ''))`;
  const text =
    `SELECT toString(transform(person, ${numbers(people.numbers)}, ${numbers(people.countAs)}, person)) AS who, toFloat64(count()) AS events, ` +
    "toFloat64(uniqExactIf(session_id, session_id != '')) AS sessions, " +
    "toUnixTimestamp64Milli(min(time)) AS first_ms, toUnixTimestamp64Milli(max(time)) AS last_ms, " +
    `${idsOf("user_id")} AS users, ${idsOf("anonymous_id")} AS visitors FROM ${eventsOf(people, params)} GROUP BY who`;
  return { name: "seen-people", text, params: params.values };
};

/** Revenue of somebody, one row per currency. */
export const revenueStatement = (person: StoredPerson, currencies: number): StoreStatement => {
  const params = createParams();
  const text =
    `SELECT toString(currency) AS currency, toString(sum(revenue)) AS amount, toFloat64(count()) AS events FROM ${eventsOf(person, params)} ` +
    `AND revenue IS NOT NULL GROUP BY currency ORDER BY currency LIMIT ${params.place("UInt64", currencies)}`;
  return { name: "person-revenue", text, params: params.values };
};

/** Somebody's events, the newest first, after a place; one row more tells that there are more. */
export const timelineStatement = (
  person: StoredPerson,
  page: { readonly first: number; readonly after: EventPlace | null },
): StoreStatement => {
  const params = createParams();
  const { first, after } = page;
  const newest = params.place("UInt64", first + 1);
  const until = after === null ? "" : ` AND time < ${momentSql(after.timeMs, params)}`;
  const since = `(SELECT min(time) FROM (SELECT time FROM events_by_person WHERE ${ofPerson(person, params)}${until} ORDER BY time DESC LIMIT ${newest}))`;
  const from = after === null ? since : `if(${since} = 0, ${momentSql(after.timeMs, params)}, ${since})`;
  const upTo =
    after === null
      ? ""
      : ` AND time <= ${momentSql(after.timeMs, params)} AND (time < ${momentSql(after.timeMs, params)} OR event_id < ${params.place("UUID", after.id)})`;
  const text =
    `SELECT ${EVENT_COLUMNS} FROM ${eventsOf(person, params, ` AND time >= ${from}`)}${upTo} ` +
    `ORDER BY time DESC, event_id DESC LIMIT ${newest}`;
  return { name: "person-timeline", text, params: params.values };
};

/** Cohorts somebody is in by what is recorded: rows with `cohort_id`. */
export const cohortsOfStatement = (person: StoredPerson, cohorts: number): StoreStatement => {
  const params = createParams();
  const text =
    `SELECT toString(cohort_id) AS cohort_id FROM worker_cohort_changes WHERE ${ofPerson(person, params)} ` +
    `GROUP BY cohort_id HAVING argMax(entered, (at, run, entered)) = 1 ORDER BY cohort_id LIMIT ${params.place("UInt64", cohorts)}`;
  return { name: "cohorts-of-person", text, params: params.values };
};

/** What was said of somebody up to a moment, each trait's facts in the order they count. */
export const traitFactsStatement = (person: StoredPerson, asOfMs: number, facts: number): StoreStatement => {
  const params = createParams();
  const text =
    "SELECT DISTINCT toString(trait) AS trait, toUnixTimestamp64Milli(at) AS at_ms, toString(op) AS op, value, at, place FROM worker_traits " +
    `WHERE ${ofPerson(person, params)} AND at <= ${momentSql(asOfMs, params)} ORDER BY trait, at, place LIMIT ${params.place("UInt64", facts + 1)}`;
  return { name: "trait-facts", text, params: params.values };
};

/** Folds a trait's facts into its JSON text, the empty text for none: as `traitsAfter` does. */
const TRAIT_NOW =
  "arrayFold((so_far, fact) -> multiIf(fact.3 = 'SET', fact.4, fact.3 = 'UNSET', '', fact.3 = 'SET_ONCE', if(so_far = '', fact.4, so_far), " +
  "toString(toFloat64OrZero(so_far) + toFloat64OrZero(fact.4))), arraySort(groupUniqArray((at, place, toString(op), value))), '')";

/** Which people, or groups, pass tests of their traits, as conditions on an expression of their number; by what was said up to a moment, where one is given. */
export const testSql = (
  { trait, equals, exists }: TraitTest,
  number: string,
  known: { readonly tenantId: string; readonly asOfMs: number | null },
  params: Params,
): string => {
  const said = known.asOfMs === null ? "" : ` AND at <= ${momentSql(known.asOfMs, params)}`;
  const now =
    `SELECT person FROM worker_traits WHERE tenant_id = ${params.place("String", known.tenantId)} AND trait = ${params.place("String", trait)}${said} ` +
    `GROUP BY person HAVING ${TRAIT_NOW} ${equals === null ? "!= ''" : `= ${params.place("String", equals)}`}`;
  return `${number} ${exists ? "IN" : "NOT IN"} (${now})`;
};

/** People who did something in a range and are what tests ask, by number after a number; one row more tells that there are more. */
export const peopleStatement = (
  tenantId: string,
  asked: {
    readonly range: TimeRange;
    readonly matcher: EventMatcher;
    readonly traits: readonly TraitTest[];
    readonly first: number;
    readonly after: string;
  },
): StoreStatement => {
  const params = createParams();
  const where = [
    behaviourRange("events", asked.range, tenantId, params),
    `person > toUInt64(${params.place("String", asked.after)})`,
    matcherSql(asked.matcher, params),
    ...asked.traits.map((test) => testSql(test, "person", { tenantId, asOfMs: null }, params)),
  ];
  const text = `SELECT toString(person) AS number FROM events WHERE ${where.join(" AND ")} GROUP BY person ORDER BY person LIMIT ${params.place("UInt64", asked.first + 1)}`;
  return { name: "people", text, params: params.values };
};

/** Where a stored batch's events lie, and which of them say who is who. */
export interface SeenBatch {
  readonly batchId: string;
  readonly minTimeMs: number;
  readonly maxTimeMs: number;
  /** Events of this name alone; null for every event. */
  readonly name: string | null;
}

const ofBatch = ({ batchId, minTimeMs, maxTimeMs, name }: SeenBatch, tenantId: string, params: Params): string =>
  [
    `tenant_id = ${params.place("String", tenantId)}`,
    ...[sinceSql(minTimeMs, params), untilSql(maxTimeMs, params, true)],
    `batch_id = ${params.place("UUID", batchId)}`,
    ...(name === null ? [] : [`name = ${params.place("String", name)}`]),
  ].join(" AND ");

/** Visitors of a batch with the users they were seen as, in the order they came; each pair once. */
export const seenPairsStatement = (batch: SeenBatch, tenantId: string, most: number): StoreStatement => {
  const params = createParams();
  const text =
    `SELECT user_id, anonymous_id FROM events WHERE ${ofBatch(batch, tenantId, params)} AND user_id != '' AND anonymous_id != '' ` +
    `GROUP BY user_id, anonymous_id ORDER BY min(batch_row) LIMIT ${params.place("UInt64", most)}`;
  return { name: "seen-pairs", text, params: params.values };
};

/** What the events of a batch say of people: rows with the id of who it is said of, the moment, the event and its properties. */
export const saidStatement = (batch: SeenBatch, tenantId: string, most: number): StoreStatement => {
  const params = createParams();
  const text =
    "SELECT user_id, anonymous_id, toUnixTimestamp64Milli(time) AS at_ms, toString(event_id) AS event_id, properties " +
    `FROM events WHERE ${ofBatch(batch, tenantId, params)} AND (user_id != '' OR anonymous_id != '') ORDER BY batch_row LIMIT ${params.place("UInt64", most)}`;
  return { name: "said-of-people", text, params: params.values };
};
