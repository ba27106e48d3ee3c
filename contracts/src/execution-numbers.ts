import type { Caller } from "./caller.ts";
import type { ExecutionKind } from "./events/execution-recorded.ts";

/** What executions are told apart by. */
export type ExecutionGrouping = "NONE" | "OPERATION" | "KIND" | "CODE" | "CALLER" | "TRANSPORT";

/** Executions that are told apart as one of some values; null among them: those without one. */
export interface ExecutionCondition {
  readonly by: Exclude<ExecutionGrouping, "NONE">;
  readonly values: readonly (string | null)[];
}

/** Which executions of a tenant's API are added up; the input of the governance room's field `executionNumbers`, which says what each part means. */
export interface AskedExecutions {
  /** Where buckets begin, and where the last one ends, RFC 3339. */
  readonly edges: readonly string[];
  /** Null: those that somebody waits for. */
  readonly kinds: readonly ExecutionKind[] | null;
  /** Null: all. */
  readonly operations: readonly string[] | null;
  readonly by: ExecutionGrouping;
  /** All of them hold. */
  readonly where: readonly ExecutionCondition[];
  readonly first: number;
  /** Milliseconds: executions that took longer are counted; null: none are. */
  readonly slowerThanMs: number | null;
}

/** Executions of one group; each list has a number for each bucket. */
export interface ExecutionSeries {
  readonly group: string | null;
  readonly executions: readonly number[];
  readonly refused: readonly number[];
  readonly failed: readonly number[];
  readonly serverErrors: readonly number[];
  /** Those that were not refused and took longer than was asked about. */
  readonly slower: readonly number[];
  /** Different callers of each of the five. */
  readonly callers: readonly number[];
  readonly refusedCallers: readonly number[];
  readonly failedCallers: readonly number[];
  readonly serverErrorCallers: readonly number[];
  readonly slowerCallers: readonly number[];
  readonly latencyMsP50: readonly (number | null)[];
  readonly latencyMsP95: readonly (number | null)[];
  readonly latencyMsP99: readonly (number | null)[];
}

/** How executions went over time; moments are milliseconds since the epoch. */
export interface ToldExecutions {
  /** Those of most executions first. */
  readonly groups: readonly ExecutionSeries[];
  readonly groupCount: number;
  /** What began before is told whole. */
  readonly completeToMs: number;
}

/**
 * Asks the governance room, wherever it runs, with the permissions of the caller. Rejects with the room's own refusals, and with DEPENDENCY_UNAVAILABLE when it gives
 * no answer.
 */
export interface AskExecutions {
  executionNumbers(caller: Caller, asked: AskedExecutions, signal?: AbortSignal): Promise<ToldExecutions>;
}
