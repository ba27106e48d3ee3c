import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import type { EventStore } from "@tessera/platform/store/event-store";
import type { NowMs } from "@tessera/platform/time/clock";
import { accessOf } from "../domain/access.ts";
import { behaviourRules } from "../domain/behaviour-rules.ts";
import type { Cohort } from "../domain/cohort.ts";
import { requireUnitOf, unitOf } from "../domain/cohort-unit.ts";
import { EVERYTHING_SINCE_MS } from "../domain/cohort-window.ts";
import type { Approximation } from "../domain/planner.ts";
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
import { relativeErrorOf } from "../domain/sampling.ts";
import type { Members } from "../domain/members.ts";
import type { BehaviourStatements } from "../store/behaviour-statements.ts";
import type { CohortStore } from "../store/cohort-store.ts";
import { fromPart, type PartStore } from "./asked-part.ts";
import type { NotesUses } from "./telling-uses.ts";
import { bothOf, namedMembers, peopleOf } from "./cohort-people.ts";

/** Of those who began, how many came back; as in the SDL. */
export interface RetentionAnswer {
  readonly columns: readonly RetentionColumn[];
  readonly groups: readonly RetentionGroup[];
  readonly hasMoreGroups: boolean;
  readonly total: RetentionCells;
  readonly provenance: Provenance;
}

/** What questions about behaviour need. */
export interface BehaviourDeps extends NotesUses {
  readonly eventStore: Pick<EventStore, "query">;
  readonly cohorts: CohortStore;
  readonly statements: BehaviourStatements;
  readonly nowMs: NowMs;
}

/** What draws a sample for questions about behaviour. */
export const partStore = ({ eventStore, statements }: Pick<BehaviourDeps, "eventStore" | "statements">): PartStore => ({
  estimate: statements.rowsEstimate(eventStore),
  persons: statements.personsCount(eventStore),
});

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
  members: Members | null,
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

const byCohorts = async (
  deps: BehaviourDeps,
  caller: Caller,
  query: RetentionQuery,
  outer: Members | null,
  signal: AbortSignal | undefined,
) => {
  const found = [];
  for (const [index, id] of query.cohorts.entries()) {
    const named = { unit: query.unit, where: `input.cohorts.${index}` };
    const members = await namedMembers(deps, caller, id, named);
    const { lines, cost } = await readLines(deps, caller, query, bothOf(members, outer), signal);
    found.push({ group: groupOf(query, lines, { dimensions: [], cohortId: members.cohort.id }), cost });
  }
  return found;
};

/** How sure the numbers of all starts are. */
const approximationsOf = ({ size, sizeError, returned, returnedErrors }: RetentionCells): readonly Approximation[] => {
  if (sizeError === null || returnedErrors === null) return [];
  const method = "sample of the persons";
  const worst = returned.map((count, index) => relativeErrorOf(count, returnedErrors[index] ?? 0) ?? 0);
  return [
    { column: "size", method, relativeError: relativeErrorOf(size, sizeError) ?? 1 },
    { column: "returned", method, relativeError: Math.max(0, ...worst) },
  ];
};

/** Answers `retention`, of everybody or of the members of one cohort, who are its units where it names none. */
export const queryRetention =
  (deps: BehaviourDeps) =>
  async (
    caller: Caller,
    input: RetentionInput,
    of: Cohort | null = null,
    signal?: AbortSignal,
  ): Promise<RetentionAnswer> => {
    const unit = input.unit ?? (of === null ? null : unitOf(of));
    const asked = parseRetention({ ...input, unit }, accessOf(caller), deps.nowMs());
    if (of !== null) requireUnitOf(of, asked.unit, "input.unit.kind");
    const outer = of === null ? null : await peopleOf(deps, caller, of);
    const source = behaviourRules.retentionSource(asked, caller.dataPolicy);
    const fromMs = asked.startAt === "FIRST_EVER" ? EVERYTHING_SINCE_MS : asked.range.fromMs;
    const part = { table: source.table, fromMs, toMs: Math.max(asked.asOfMs, fromMs) };
    const looked = { table: source.table, range: part, matchers: [asked.start, asked.returning] };
    const drawn = await fromPart(partStore(deps), { caller, asked: asked.asked, looked, signal }, async (persons) => {
      const query = { ...asked, part: persons };
      const { lines, cost } = await readLines(deps, caller, query, outer, signal);
      return { query, lines, cost, cohorts: await byCohorts(deps, caller, query, outer, signal) };
    });
    const { query, lines, cohorts } = drawn.answer;
    const costs = [drawn.answer.cost, ...cohorts.map((one) => one.cost), ...drawn.costs];
    const total = totalCells(query, lines);
    return {
      columns: query.columns,
      groups: query.cohorts.length > 0 ? cohorts.map(({ group }) => group) : groupsByFields(query, lines),
      hasMoreGroups: query.cohorts.length === 0 && countGroups(lines) > query.maxGroups,
      total,
      provenance: provenanceOf(
        { parts: [part], rejected: source.rejected, approximations: approximationsOf(total) },
        ...([costs, query.asOfMs, query.timeZone, caller.dataPolicy, drawn.sampling] as const),
      ),
    };
  };
