import type { DataPolicy } from "@tessera/contracts/data-policy";
import { plan, planOn, ROLLUP_TABLES, whyNotRollup, type Plan, type PlanPart } from "./planner.ts";
import type { AnalyticQuery } from "./query.ts";

/** Name of the table a way to answer is known by: its rollup, or the single events. */
export type PlannedTable = PlanPart["table"];

/** A way to answer a question: from a rollup with single events at the range's ends, or from single events alone. */
export interface PlanCandidate {
  readonly table: PlannedTable;
  readonly plan: Plan;
  readonly chosen: boolean;
  /** Why it can't give this very answer; null when it can. */
  readonly reason: string | null;
}

/** What reading takes, as the event store tells before it reads. */
export interface ReadEstimate {
  readonly rows: number;
  /** Those of them that are of rollups. */
  readonly rollupRows: number;
  /** Blocks of rows that the primary keys leave to be read. */
  readonly marks: number;
  readonly parts: number;
}

/** Another order of a table's rows, or its rows merged, that the engine keeps inside the table and reads in their place where that is less. */
export interface TakenProjection {
  readonly table: string;
  readonly name: string;
}

/** What a table's reads were like lately. */
export interface ReadRate {
  readonly bytesPerRow: number;
  readonly rowsPerMs: number;
  /** Milliseconds any query takes, however little it reads. */
  readonly leastMs: number;
}

/** Every way there is to answer a question, cheapest table first; one is chosen. */
export const candidatesOf = (query: AnalyticQuery, policy: DataPolicy | null): readonly PlanCandidate[] => {
  const chosen = plan(query, policy).rollup;
  const rollups = ROLLUP_TABLES.map((table) => {
    const reason = whyNotRollup(table, query, policy);
    return { table, chosen: table === chosen, reason, plan: planOn(reason === null ? table : null, [], query) };
  });
  return [...rollups, { table: "events", chosen: chosen === null, reason: null, plan: planOn(null, [], query) }];
};

/** What an estimate comes to in bytes and milliseconds, where reads go on as they did lately. */
export const predicted = (
  { rows }: ReadEstimate,
  { bytesPerRow, rowsPerMs, leastMs }: ReadRate,
): { readonly bytes: number; readonly milliseconds: number } => ({
  bytes: Math.round(rows * bytesPerRow),
  milliseconds: leastMs + rows / rowsPerMs,
});

/** Why a way to answer was not taken; null for the one that was. */
export const whyNotTaken = (candidate: PlanCandidate, rows: number | null): string | null => {
  if (candidate.chosen) return null;
  if (candidate.reason !== null) return candidate.reason;
  return `It holds the answer too, and is taken when no table before it can answer: it would read ${rows ?? 0} rows.`;
};
