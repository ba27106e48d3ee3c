import type { TimeRange } from "../../domain/time-range.ts";
import type { BehindSql } from "../../store/behind/behind-sql.ts";
import type { BudgetDeps } from "../answer-within-budget.ts";
import type { Effort, Pace } from "../effort.ts";
import type { FraudDeps } from "../fraud/query-fraud.ts";
import type { FindKeptDeps } from "../quality/find-kept.ts";
import type { QualityDeps } from "../quality/query-quality.ts";
import type { BehaviourDeps } from "../query-retention.ts";
import type { ResolveDeps } from "../semantic/resolve-question.ts";

/** What finding out what is behind a number needs. */
export type BehindDeps = BehaviourDeps &
  ResolveDeps &
  FindKeptDeps &
  BudgetDeps &
  Pick<FraudDeps, "fraud"> &
  Pick<QualityDeps, "quality"> & {
    /** How much may be looked at; what is when somebody waits for the answer unless it says another. */
    readonly effort?: Effort;
  };

/** A question, and the place of a number in its answer. */
export interface Of<Input, Cell> {
  readonly input: Input;
  readonly cell: Cell;
}

/** What is behind a number in slices of its units, of which each unit is in one. */
export interface SlicedLines {
  readonly slices: readonly BehindSql[];
  /** Whether each person is in one slice too. */
  readonly personsApart: boolean;
  readonly effort: Effort;
  readonly pace: Pace;
}

/** What is behind a number, as the store is asked for it. */
export interface BehindLines {
  readonly sql: BehindSql;
  /** The same in slices, where there is too much to be put together at once. */
  readonly sliced?: SlicedLines;
  /** What the question is about. */
  readonly range: TimeRange;
  /** Where the events lie, when that is elsewhere. */
  readonly reach?: TimeRange;
  readonly timeZone: string;
}

/** The range a question is about. */
export const rangeOf = ({ range }: { readonly range: { readonly from: string; readonly to: string } }): TimeRange => ({
  fromMs: Date.parse(range.from),
  toMs: Date.parse(range.to),
});
