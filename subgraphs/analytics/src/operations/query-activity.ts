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
import { approximationOf, estimated } from "../domain/asked-part.ts";
import { behaviourRules } from "../domain/behaviour-rules.ts";
import { EVERYTHING_SINCE_MS } from "../domain/cohort-window.ts";
import { provenanceOf, type Provenance } from "../domain/provenance.ts";
import type { Members } from "../domain/members.ts";
import type { Scope } from "../store/retention-sql.ts";
import { fromPart } from "./asked-part.ts";
import { namedMembers } from "./cohort-people.ts";
import { partStore, type BehaviourDeps } from "./query-retention.ts";

interface Question<Line> {
  readonly query: ActivityQuery;
  /** Where what is read begins. */
  readonly fromMs: number;
  readonly statement: (query: ActivityQuery, scope: Scope, members: Members | null) => StoreStatement;
  readonly parse: (row: unknown) => Line;
}

/** What was read, and how to tell of it. */
interface Read<Line> {
  readonly lines: readonly Line[];
  readonly asOfMs: number;
  /** Numbers of all units from those of the part. */
  readonly scale: (counts: readonly number[]) => readonly number[];
  /** Where the answer comes from, and how sure its lists are, each of units that count once in each of its numbers. */
  readonly told: (lists: Readonly<Record<string, readonly number[]>>) => Provenance;
}

const ask = async <Line>(
  deps: BehaviourDeps,
  caller: Caller,
  { query: given, fromMs, statement, parse }: Question<Line>,
  signal: AbortSignal | undefined,
): Promise<Read<Line>> => {
  const asOfMs = deps.nowMs();
  const members =
    given.cohortId === null
      ? null
      : await namedMembers(deps, caller, given.cohortId, { unit: given.unit, where: "input.cohort" });
  const scope = { rules: behaviourRules, tenantId: caller.tenantId, policy: caller.dataPolicy };
  const source = behaviourRules.sourceOf({ matchers: [given.event], unit: given.unit }, caller.dataPolicy);
  const read = { table: source.table, fromMs, toMs: given.reach.toMs };
  const looked = { table: source.table, range: read, matchers: [given.event] };
  const { answer, part, sampling, costs } = await fromPart(
    partStore(deps),
    { caller, asked: given.asked, looked, signal },
    (drawn) => {
      const built = statement({ ...given, part: drawn }, scope, members);
      return deps.eventStore.query(caller, built, parse, signal === undefined ? {} : { signal });
    },
  );
  return {
    ...{ lines: answer.rows, asOfMs },
    scale: (counts) => counts.map((count) => estimated(part, count)),
    told: (lists) => {
      const approximations = Object.entries(lists).flatMap(([name, counts]) =>
        approximationOf(part, name, Math.max(0, ...counts)),
      );
      const facts = { parts: [read], rejected: source.rejected, approximations };
      const all = [answer.statistics, ...costs];
      return provenanceOf(facts, all, asOfMs, given.timeZone, caller.dataPolicy, sampling);
    },
  };
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
    const { stickinessStatement: statement, stickinessLineOf: parse } = deps.statements;
    const question = { query, fromMs: query.reach.fromMs, statement, parse };
    const { lines, asOfMs, scale, told } = await ask(deps, caller, question, signal);
    const periods = query.buckets.startsMs.length;
    const byPeriods = new Map(lines.map((line) => [line.periods, line.units]));
    const units = Array.from({ length: periods }, (_, index) => byPeriods.get(index + 1) ?? 0);
    const atLeast = units.map((_count, index) => units.slice(index).reduce((sum, count) => sum + count, 0));
    const total = atLeast[0] ?? 0;
    const active = units.reduce((sum, count, index) => sum + count * (index + 1), 0);
    return {
      ...{ periods, units: scale(units), atLeast: scale(atLeast), total: scale([total])[0] ?? 0 },
      mean: total === 0 ? null : active / total,
      complete: endedPeriods(query, asOfMs).every(Boolean),
      provenance: told({ units, atLeast, total: [total] }),
    };
  };

/** Answers `lifecycle`. */
export const queryLifecycle =
  (deps: BehaviourDeps) => async (caller: Caller, input: ActivityInput, signal?: AbortSignal) => {
    const query = parseActivity(input, accessOf(caller), { before: 1, period: input.period ?? "WEEK" });
    const { lifecycleStatement: statement, lifecycleLineOf: parse } = deps.statements;
    const question = { query, fromMs: EVERYTHING_SINCE_MS, statement, parse };
    const { lines, asOfMs, scale, told } = await ask(deps, caller, question, signal);
    const complete = endedPeriods(query, asOfMs);
    const fresh = inOrder(query, lines, (line) => line.fresh);
    const returning = inOrder(query, lines, (line) => line.returning);
    const resurrecting = inOrder(query, lines, (line) => line.resurrecting);
    const dormant = inOrder(query, lines, (line) => line.dormant);
    return {
      ...{ starts: startsOf(query), complete },
      ...{ fresh: scale(fresh), returning: scale(returning), resurrecting: scale(resurrecting) },
      dormant: scale(dormant).map((count, index) => (complete[index] === true ? count : null)),
      provenance: told({ fresh, returning, resurrecting, dormant }),
    };
  };

/** Answers `activeUsers`. */
export const queryActiveUsers =
  (deps: BehaviourDeps) => async (caller: Caller, input: ActivityInput, signal?: AbortSignal) => {
    const query = parseActivity(input, accessOf(caller), { before: ACTIVE_WINDOWS.month - 1, period: "DAY" });
    const { activeUsersStatement: statement, activeLineOf: parse } = deps.statements;
    const question = { query, fromMs: query.reach.fromMs, statement, parse };
    const { lines, asOfMs, scale, told } = await ask(deps, caller, question, signal);
    const daily = inOrder(query, lines, (line) => line.daily);
    const weekly = inOrder(query, lines, (line) => line.weekly);
    const monthly = inOrder(query, lines, (line) => line.monthly);
    return {
      ...{ days: startsOf(query), complete: endedPeriods(query, asOfMs) },
      ...{ daily: scale(daily), weekly: scale(weekly), monthly: scale(monthly) },
      ratio: monthly.map((month, index) => (month === 0 ? null : (daily[index] ?? 0) / month)),
      provenance: told({ daily, weekly, monthly }),
    };
  };
