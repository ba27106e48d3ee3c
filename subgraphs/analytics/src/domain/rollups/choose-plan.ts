import type { Plan, RejectedTable } from "../planner.ts";
import type { OwnPlan } from "./own-plan.ts";

/** A way to answer with the rows that the store's index leaves to be read for it. */
export interface MeasuredPlan {
  readonly plan: Plan;
  readonly rows: number;
}

const holdsToo = (rows: number, taken: number): string =>
  `It holds the answer too, and would read ${rows} rows where ${taken} are read.`;

/** Why each of a tenant's own rollups that can't answer can't. */
export const rejectedOwn = (plans: readonly OwnPlan[]): readonly RejectedTable[] =>
  plans.flatMap(({ table, reason }) => (reason === null ? [] : [{ table, reason }]));

/** Rows for each event up to which a rollup is taken in place of single events without another look. */
const FEW_ROWS = 0.5;

/**
 * The plan of the rollup with the fewest rows for each event, as measured when it was built, where nothing but single events answers beside the tenant's own; null
 * where that is not so, or where none has few enough to be sure without asking the store's index.
 */
export const chooseByMeasure = (
  shared: Plan,
  own: readonly Plan[],
  rejected: readonly RejectedTable[],
): Plan | null => {
  if (shared.rollup !== null) return null;
  const measured = (plan: Plan): number => plan.own?.rowsPerEvent ?? Infinity;
  const [best, ...others] = own.toSorted((one, other) => measured(one) - measured(other));
  if (best === undefined || measured(best) > FEW_ROWS) return null;
  const more = others.flatMap(({ rollup }) =>
    rollup === null ? [] : [{ table: rollup, reason: "It holds the answer too, and has more rows for each event." }],
  );
  return { ...best, rejected: [...shared.rejected, ...rejected, ...more], settled: true };
};

/**
 * The plan with the fewest rows: the shared one unless one of the tenant's own rollups has fewer. It tells of every other why not, and is settled: nothing
 * below chooses again.
 */
export const choosePlan = (
  shared: MeasuredPlan,
  own: readonly MeasuredPlan[],
  rejected: readonly RejectedTable[],
): Plan => {
  const best = own.reduce((least, one) => (one.rows < least.rows ? one : least), shared);
  const others = [shared, ...own].flatMap(({ plan, rows }) =>
    plan === best.plan || plan.rollup === null ? [] : [{ table: plan.rollup, reason: holdsToo(rows, best.rows) }],
  );
  return { ...best.plan, rejected: [...shared.plan.rejected, ...rejected, ...others], settled: true };
};
