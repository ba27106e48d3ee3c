import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import type { EventStore } from "@tessera/platform/store/event-store";
import type { NowMs } from "@tessera/platform/time/clock";
import { accessOf } from "../domain/access.ts";
import { behaviourRules } from "../domain/behaviour-rules.ts";
import type { Cohort } from "../domain/cohort.ts";
import { EVERYTHING_SINCE_MS } from "../domain/cohort-window.ts";
import { provenanceOf, type Cost, type Provenance } from "../domain/provenance.ts";
import {
  parseRetention,
  RETENTION_LIMITS,
  type RetentionColumn,
  type RetentionInput,
  type RetentionQuery,
} from "../domain/retention.ts";
import {
  countGroups,
  groupOf,
  groupsByFields,
  totalCells,
  type RetentionCells,
  type RetentionGroup,
  type RetentionLine,
} from "../domain/retention-answer.ts";
import { retentionLineFrom } from "../domain/retention-cells.ts";
import type { BehaviourStatements } from "../store/behaviour-statements.ts";
import type { CohortStore } from "../store/cohort-store.ts";
import type { MembersSql } from "../store/retention-sql.ts";
import { namedPeople, peopleOf, type CohortPeople } from "./cohort-people.ts";

/** Of those who began, how many came back; as in the SDL. */
export interface RetentionAnswer {
  readonly columns: readonly RetentionColumn[];
  readonly groups: readonly RetentionGroup[];
  readonly hasMoreGroups: boolean;
  readonly total: RetentionCells;
  readonly provenance: Provenance;
}

/** What questions about behaviour need. */
export interface BehaviourDeps {
  readonly eventStore: Pick<EventStore, "query">;
  readonly cohorts: CohortStore;
  readonly statements: BehaviourStatements;
  readonly nowMs: NowMs;
}

/** Starts of one row lie within one calendar period, an hour longer than an elapsed one where clocks change: three numbers of ended periods at most. */
const PARTS_OF_A_ROW = 3;

interface Lines {
  readonly lines: readonly RetentionLine[];
  readonly cost: Cost;
}

const readLines = async (
  { eventStore, statements }: BehaviourDeps,
  caller: Caller,
  query: RetentionQuery,
  members: MembersSql,
  signal: AbortSignal | undefined,
): Promise<Lines> => {
  const scope = { rules: behaviourRules, tenantId: caller.tenantId, policy: caller.dataPolicy };
  const most = RETENTION_LIMITS.lines * PARTS_OF_A_ROW + 1;
  const answer = await eventStore.query(
    caller,
    statements.retentionStatement(query, scope, members, most),
    statements.storedStartsOf,
    signal === undefined ? {} : { signal },
  );
  const distinct = new Set(answer.rows.map(({ row, dimensions }) => JSON.stringify([row, dimensions])));
  if (answer.rows.length === most || distinct.size > RETENTION_LIMITS.lines)
    throw refuse(
      "BAD_INPUT",
      `The groups and rows make more than ${RETENTION_LIMITS.lines} lines: split by fewer fields, or take a shorter range or longer periods.`,
      { field: "input.splitBy" },
    );
  return { lines: answer.rows.map((stored) => retentionLineFrom(query, stored)), cost: answer.statistics };
};

/** The people of all cohorts, or of one within which the question is asked. */
const within =
  (one: CohortPeople, outer: CohortPeople | null): MembersSql =>
  (params) =>
    outer === null ? one.sql(params) : `SELECT person FROM (${one.sql(params)}) WHERE person IN (${outer.sql(params)})`;

const byCohorts = async (
  deps: BehaviourDeps,
  caller: Caller,
  query: RetentionQuery,
  outer: CohortPeople | null,
  signal: AbortSignal | undefined,
) => {
  const found = [];
  for (const [index, id] of query.cohorts.entries()) {
    const people = await namedPeople(deps, caller, id, `input.cohorts.${index}`);
    const { lines, cost } = await readLines(deps, caller, query, within(people, outer), signal);
    found.push({ group: groupOf(query, lines, { dimensions: [], cohortId: people.cohort.id }), cost });
  }
  return found;
};

/** Answers `retention`, of everybody or of the people of one cohort. */
export const queryRetention =
  (deps: BehaviourDeps) =>
  async (
    caller: Caller,
    input: RetentionInput,
    of: Cohort | null = null,
    signal?: AbortSignal,
  ): Promise<RetentionAnswer> => {
    const query = parseRetention(input, accessOf(caller), deps.nowMs());
    if (of !== null && query.unit.kind !== "PERSON")
      throw refuse("BAD_INPUT", "Cohorts are of people: take the unit PERSON.", { field: "input.unit.kind" });
    const outer = of === null ? null : await peopleOf(deps, caller, of);
    const { lines, cost } = await readLines(deps, caller, query, outer === null ? null : outer.sql, signal);
    const cohorts = await byCohorts(deps, caller, query, outer, signal);
    const source = behaviourRules.retentionSource(query, caller.dataPolicy);
    const fromMs = query.startAt === "FIRST_EVER" ? EVERYTHING_SINCE_MS : query.range.fromMs;
    const part = { table: source.table, fromMs, toMs: Math.max(query.asOfMs, fromMs) };
    const costs = [cost, ...cohorts.map((one) => one.cost)];
    return {
      columns: query.columns,
      groups: query.cohorts.length > 0 ? cohorts.map(({ group }) => group) : groupsByFields(query, lines),
      hasMoreGroups: query.cohorts.length === 0 && countGroups(lines) > query.maxGroups,
      total: totalCells(query, lines),
      provenance: provenanceOf(
        { parts: [part], rejected: source.rejected, approximations: [] },
        costs,
        query.asOfMs,
        query.timeZone,
        caller.dataPolicy,
      ),
    };
  };
