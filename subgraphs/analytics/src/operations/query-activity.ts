import type { Caller } from "@tessera/contracts/caller";
import type { StoreStatement } from "@tessera/platform/store/event-store";
import { accessOf } from "../domain/access.ts";
import {
  ACTIVE_WINDOWS,
  endedPeriods,
  parseActivity,
  startsOf,
  type ActivityInput,
  type ActivityQuery,
} from "../domain/activity.ts";
import { behaviourRules } from "../domain/behaviour-rules.ts";
import { EVERYTHING_SINCE_MS } from "../domain/cohort-window.ts";
import { provenanceOf, type Cost, type Provenance } from "../domain/provenance.ts";
import type { MembersSql, Scope } from "../store/retention-sql.ts";
import { namedPeople } from "./cohort-people.ts";
import type { BehaviourDeps } from "./query-retention.ts";

interface Question<Line> {
  readonly query: ActivityQuery;
  readonly statement: (query: ActivityQuery, scope: Scope, members: MembersSql) => StoreStatement;
  readonly parse: (row: unknown) => Line;
}

const ask = async <Line>(
  deps: BehaviourDeps,
  caller: Caller,
  { query, statement, parse }: Question<Line>,
  signal: AbortSignal | undefined,
): Promise<{ readonly lines: readonly Line[]; readonly cost: Cost; readonly asOfMs: number }> => {
  const asOfMs = deps.nowMs();
  const people = query.cohortId === null ? null : await namedPeople(deps, caller, query.cohortId, "input.cohort");
  const scope = { rules: behaviourRules, tenantId: caller.tenantId, policy: caller.dataPolicy };
  const built = statement(query, scope, people?.sql ?? null);
  const answer = await deps.eventStore.query(caller, built, parse, signal === undefined ? {} : { signal });
  return { lines: answer.rows, cost: answer.statistics, asOfMs };
};

const told = (query: ActivityQuery, caller: Caller, cost: Cost, asOfMs: number, fromMs: number): Provenance => {
  const { table, rejected } = behaviourRules.sourceOf({ matchers: [query.event], unit: query.unit }, caller.dataPolicy);
  const facts = { parts: [{ table, fromMs, toMs: query.reach.toMs }], rejected, approximations: [] };
  return provenanceOf(facts, [cost], asOfMs, query.timeZone, caller.dataPolicy);
};

/** Numbers by period that is told of, in order; zero where the store has no line. */
const inOrder = <Line extends { readonly place: number }>(
  { calendar, buckets }: ActivityQuery,
  lines: readonly Line[],
  read: (line: Line) => number,
): readonly number[] => {
  const before = calendar.startsMs.length - buckets.startsMs.length;
  const byPlace = new Map(lines.map((line) => [line.place, read(line)]));
  return buckets.startsMs.map((_start, index) => byPlace.get(before + index) ?? 0);
};

/** Answers `stickiness`. */
export const queryStickiness =
  (deps: BehaviourDeps) => async (caller: Caller, input: ActivityInput, signal?: AbortSignal) => {
    const query = parseActivity(input, accessOf(caller), { before: 0, period: input.period ?? "DAY" });
    const question = { query, statement: deps.statements.stickinessStatement, parse: deps.statements.stickinessLineOf };
    const { lines, cost, asOfMs } = await ask(deps, caller, question, signal);
    const periods = query.buckets.startsMs.length;
    const byPeriods = new Map(lines.map((line) => [line.periods, line.units]));
    const units = Array.from({ length: periods }, (_, index) => byPeriods.get(index + 1) ?? 0);
    const atLeast = units.map((_count, index) => units.slice(index).reduce((sum, count) => sum + count, 0));
    const total = atLeast[0] ?? 0;
    const active = units.reduce((sum, count, index) => sum + count * (index + 1), 0);
    return {
      ...{ periods, units, atLeast, total },
      mean: total === 0 ? null : active / total,
      complete: endedPeriods(query, asOfMs).every(Boolean),
      provenance: told(query, caller, cost, asOfMs, query.reach.fromMs),
    };
  };

/** Answers `lifecycle`. */
export const queryLifecycle =
  (deps: BehaviourDeps) => async (caller: Caller, input: ActivityInput, signal?: AbortSignal) => {
    const query = parseActivity(input, accessOf(caller), { before: 1, period: input.period ?? "WEEK" });
    const question = { query, statement: deps.statements.lifecycleStatement, parse: deps.statements.lifecycleLineOf };
    const { lines, cost, asOfMs } = await ask(deps, caller, question, signal);
    const complete = endedPeriods(query, asOfMs);
    return {
      starts: startsOf(query),
      complete,
      fresh: inOrder(query, lines, (line) => line.fresh),
      returning: inOrder(query, lines, (line) => line.returning),
      resurrecting: inOrder(query, lines, (line) => line.resurrecting),
      dormant: inOrder(query, lines, (line) => line.dormant).map((count, index) =>
        complete[index] === true ? count : null,
      ),
      provenance: told(query, caller, cost, asOfMs, EVERYTHING_SINCE_MS),
    };
  };

/** Answers `activeUsers`. */
export const queryActiveUsers =
  (deps: BehaviourDeps) => async (caller: Caller, input: ActivityInput, signal?: AbortSignal) => {
    const query = parseActivity(input, accessOf(caller), { before: ACTIVE_WINDOWS.month - 1, period: "DAY" });
    const question = { query, statement: deps.statements.activeUsersStatement, parse: deps.statements.activeLineOf };
    const { lines, cost, asOfMs } = await ask(deps, caller, question, signal);
    const [daily, monthly] = [
      inOrder(query, lines, (line) => line.daily),
      inOrder(query, lines, (line) => line.monthly),
    ];
    return {
      days: startsOf(query),
      complete: endedPeriods(query, asOfMs),
      daily,
      weekly: inOrder(query, lines, (line) => line.weekly),
      monthly,
      ratio: monthly.map((month, index) => (month === 0 ? null : (daily[index] ?? 0) / month)),
      provenance: told(query, caller, cost, asOfMs, query.reach.fromMs),
    };
  };
